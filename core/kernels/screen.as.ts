/**
 * Screening of the output head: which rows can have the highest logit, from two bits a weight. After
 * RaBitQ (Gao & Long 2024, arXiv 2405.12497; Gao et al. 2024, arXiv 2409.09913): rows less their
 * mean, in units of what their columns matter, are rotated at random, so that the error of a logit
 * is near normal with a deviation that is known for each row; scales make it unbiased.
 *
 *   row of cols / 4 + 8 bytes                 input of cols + 64 bytes
 *     0         cols / 4  levels 0..3           0       i8 x cols  rotated activations
 *     cols / 4  f32       scale                 cols    f32        their scale
 *     + 4       f32       deviation             + 4     f32        1.5 * sum of the i8
 *                                               + 8     f32        deviation's factor
 *                                               + 12    f32        what all rows have in common
 * Byte 32n + i, bits 2j and 2j + 1: level of weight 128n + 32j + i; weight = scale * (level - 1.5).
 */
import { WIDE_BYTES, WIDE_SCALE } from "./activations.as";
import { floatSum, ONES, pairs, THREES } from "./lanes.as";

/** The second level in each byte (times 4), and 4 in each 16 bits; see lanes.as.ts. */
export let SECOND: i32 = 0x0c0c0c0c;
export let QUADRUPLE: i32 = 0x00040004;
/** Steps of the four levels that are tried, in a row's root mean square: 1 suits a normal one. */
const STEP_LEAST: f32 = 0.95;
const STEP_TRY: f32 = 0.05;
const STEP_TRIES = 3;
/** Largest rotated activation in their root mean square for which CREST_ERROR holds. */
const CREST: f32 = 6;
/** Variance of an activation's rounding to 127 levels at that crest: (6 / 127)^2 / 12. */
const CREST_ERROR: f32 = 1.86e-4;

/** Sums and differences of values `half` apart in runs of `size` (a power of two): Walsh-Hadamard. */
function hadamard(x: usize, cols: i32, size: i32): void {
  const end = x + (<usize>cols << 2);
  for (let at = x; at < end; at += 16) {
    const v = v128.load(at);
    const a = f32x4.add(
      v128.shuffle<i32>(v, v, 0, 0, 2, 2),
      v128.xor(v128.shuffle<i32>(v, v, 1, 1, 3, 3), i32x4(0, i32.MIN_VALUE, 0, i32.MIN_VALUE)),
    );
    const b = f32x4.add(
      v128.shuffle<i32>(a, a, 0, 1, 0, 1),
      v128.xor(
        v128.shuffle<i32>(a, a, 2, 3, 2, 3),
        i32x4(0, 0, i32.MIN_VALUE, i32.MIN_VALUE),
      ),
    );
    v128.store(at, b);
  }
  for (let half: usize = 16; half < <usize>size << 2; half <<= 1) {
    for (let run = x; run < end; run += half << 1) {
      for (let at = run; at < run + half; at += 16) {
        const a = v128.load(at), b = v128.load(at + half);
        v128.store(at, f32x4.add(a, b));
        v128.store(at + half, f32x4.sub(a, b));
      }
    }
  }
}

/**
 * out = R (x * factors): two rounds of Walsh-Hadamard in runs of the largest power of two that
 * divides cols, between them the runs are interleaved. Orthogonal; `factors` hold the random signs.
 * x is destroyed. (cols) f32 each; cols is a multiple of 256.
 */
export function rotate(x: usize, factors: usize, cols: i32, out: usize): void {
  const size = cols & -cols;
  const runs = <usize>(cols / size);
  const norm = f32x4.splat(<f32>1 / <f32>size);
  for (let at: usize = 0; at < <usize>cols << 2; at += 16) {
    const value = f32x4.mul(v128.load(x + at), v128.load(factors + at));
    v128.store(x + at, f32x4.mul(value, norm));
  }
  hadamard(x, cols, size);
  for (let run: usize = 0; run < runs; run++) {
    for (let i: usize = 0; i < <usize>size; i++, x += 4) {
      store<f32>(out + ((i * runs + run) << 2), load<f32>(x));
    }
  }
  hadamard(out, cols, size);
}

@inline
function squares(x: usize, cols: i32): f32 {
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < <usize>cols << 2; at += 16) {
    const value = v128.load(x + at);
    sum = f32x4.add(sum, f32x4.mul(value, value));
  }
  return floatSum(sum);
}

/** Levels less 1.5 of four values: -1.5, -0.5, 0.5 or 1.5. */
@inline
function leveled(value: v128, inverse: v128): v128 {
  const level = f32x4.floor(f32x4.mul(value, inverse));
  const most = f32x4.splat(1), least = f32x4.splat(-2);
  return f32x4.add(f32x4.pmax(least, f32x4.pmin(most, level)), f32x4.splat(0.5));
}

/** (row . levels, levels . levels) for an inverse step. */
let along: f32 = 0;
let length: f32 = 0;

function measure(x: usize, cols: i32, inverse: f32): void {
  let products = f32x4.splat(0), levels = f32x4.splat(0);
  const inverses = f32x4.splat(inverse);
  for (let at: usize = 0; at < <usize>cols << 2; at += 16) {
    const value = v128.load(x + at);
    const level = leveled(value, inverses);
    products = f32x4.add(products, f32x4.mul(value, level));
    levels = f32x4.add(levels, f32x4.mul(level, level));
  }
  along = floatSum(products);
  length = floatSum(levels);
}

/** The inverse step whose levels point most nearly where the row does. */
function bestInverse(x: usize, cols: i32, rms: f32): f32 {
  let best: f32 = -1, found: f32 = 0;
  for (let k = 0; k < STEP_TRIES; k++) {
    const inverse = <f32>1 / (rms * (STEP_LEAST + STEP_TRY * <f32>k));
    measure(x, cols, inverse);
    const closeness = along * along / length;
    if (closeness <= best) continue;
    best = closeness;
    found = inverse;
  }
  return found;
}

/** A rotated row (cols) f32 -> its levels, scale and deviation. */
export function encodeScreen(x: usize, cols: i32, out: usize): void {
  const energy = squares(x, cols);
  memory.fill(out, 0, <usize>(cols >> 2) + 8);
  if (energy < 1e-30) return; // the row is what all have in common, exactly
  if (!(energy < 1e30)) return store<f32>(out + (cols >> 2), Infinity, 4); // never screened out
  const inverse = bestInverse(x, cols, sqrt<f32>(energy / <f32>cols));
  const inverses = f32x4.splat(inverse);
  for (let c: usize = 0; c < <usize>cols; c += 4) {
    const levels = i32x4.trunc_sat_f32x4_s(
      f32x4.add(leveled(v128.load(x + (c << 2)), inverses), f32x4.splat(1.5)),
    );
    const at = out + ((c >> 7) << 5) + (c & 31);
    const four = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(levels, levels), levels);
    const shift = (c >> 5 & 3) << 1;
    store<u32>(at, load<u32>(at) | (<u32>i32x4.extract_lane(four, 0) << <u32>shift));
  }
  // Unbiased: the error has no part along the row, where the winner's activations point.
  measure(x, cols, inverse);
  const scale = energy / along;
  const whole = scale * scale * length;
  const error = max<f32>(0, whole - energy) + CREST_ERROR * whole;
  store<f32>(out + (cols >> 2), scale);
  store<f32>(out + (cols >> 2), sqrt<f32>(error / <f32>cols), 4);
}

/** q8x256 back to f32 (cols): the activations that the head's kernels really multiply with. */
export function widen(x: usize, cols: i32, out: usize): void {
  for (let c = 0; c < cols; c += 256, x += WIDE_BYTES) {
    const scale = load<f32>(x, WIDE_SCALE);
    for (let i: usize = 0; i < 256; i++, out += 4) store<f32>(out, scale * <f32>load<i8>(x + i));
  }
}

/**
 * Activations (cols) f32 -> input of `screen`; x and scratch (cols f32) are destroyed.
 * @param center   what all rows have in common, f32 (cols)
 * @param factors  1 / those the rows were rotated with, f32 (cols)
 * @param z        deviations between a logit and what is given for it
 */
export function screenInput(
  x: usize,
  center: usize,
  factors: usize,
  cols: i32,
  z: f32,
  scratch: usize,
  out: usize,
): void {
  let common: f64 = 0;
  for (let at: usize = 0; at < <usize>cols << 2; at += 4) {
    common += <f64>load<f32>(x + at) * <f64>load<f32>(center + at);
  }
  rotate(x, factors, cols, scratch);
  let most: f32 = 0;
  for (let c: usize = 0; c < <usize>cols; c++) {
    most = max(most, abs(load<f32>(scratch + (c << 2))));
  }
  const length = sqrt<f32>(squares(scratch, cols));
  const inverse: f32 = most > 0 ? 127 / most : 0;
  let sum = 0;
  for (let c: usize = 0; c < <usize>cols; c++) {
    const value = <i32>nearest(load<f32>(scratch + (c << 2)) * inverse);
    store<i8>(out + c, value);
    sum += value;
  }
  const crest = length > 0 ? most * sqrt<f32>(<f32>cols) / length : 0;
  const end = out + <usize>cols;
  store<f32>(end, most / 127);
  store<f32>(end, <f32>1.5 * <f32>sum, 4);
  store<f32>(end, z * length * max<f32>(1, crest / CREST), 8);
  store<f32>(end, <f32>common, 12);
}

/** 64 levels of a row times their activations: first and third 16 are added to `even`. */
@inline
function evens(even: v128, codes: v128, x0: v128, x2: v128): v128 {
  const low = i32x4.splat(THREES);
  const first = i16x8.add(even, pairs(x0, v128.and(codes, low)));
  return i16x8.add(first, pairs(x2, v128.and(i16x8.shr_u(codes, 4), low)));
}

/** Second and fourth 16, times 4: no shift brings them down. */
@inline
function odds(odd: v128, codes: v128, x1: v128, x3: v128): v128 {
  const second = i32x4.splat(SECOND);
  const first = i16x8.add(odd, pairs(x1, v128.and(codes, second)));
  return i16x8.add(first, pairs(x3, v128.and(i16x8.shr_u(codes, 4), second)));
}

/** 4 * even + odd, in four lanes. */
@inline
function widened(even: v128, odd: v128): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(even, i32x4.splat(QUADRUPLE)),
    i32x4.dot_i16x8_s(odd, i32x4.splat(ONES)),
  );
}

@inline
function laneSum(four: v128): i32 {
  const two = i32x4.add(four, v128.shuffle<i32>(four, four, 2, 3, 0, 1));
  return i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
}

/** What a row with 4 * dot products of its levels is given for a token whose input ends at `end`. */
@inline
function bound(fields: usize, dots: v128, end: usize): f32 {
  const dot = load<f32>(end) * (<f32>0.25 * <f32>laneSum(dots) - load<f32>(end, 4));
  return load<f32>(fields) * dot + load<f32>(fields, 4) * load<f32>(end, 8) + load<f32>(end, 12);
}

/** Two rows, so that activations are loaded for both at once; v may be w, out2 out. */
@inline
function twoRows(w: usize, v: usize, cols: usize, x: usize, out: usize, out2: usize): void {
  const end = x + cols;
  let sumW = i32x4.splat(0), sumV = i32x4.splat(0);
  while (x < end) {
    // In 256 weights at most 8 pair sums of 2 * 12 * 127 meet in a lane: they fit 16 bits.
    let evenW = i32x4.splat(0), oddW = evenW, evenV = evenW, oddV = evenW;
    for (let n = 0; n < 2; n++) {
      for (let half = 0; half < 2; half++) {
        const x0 = v128.load(x), x1 = v128.load(x, 32);
        const x2 = v128.load(x, 64), x3 = v128.load(x, 96);
        const a = v128.load(w), b = v128.load(v);
        evenW = evens(evenW, a, x0, x2);
        oddW = odds(oddW, a, x1, x3);
        evenV = evens(evenV, b, x0, x2);
        oddV = odds(oddV, b, x1, x3);
        x += 16;
        w += 16;
        v += 16;
      }
      x += 96;
    }
    sumW = i32x4.add(sumW, widened(evenW, oddW));
    sumV = i32x4.add(sumV, widened(evenV, oddV));
  }
  store<f32>(out, bound(w, sumW, end));
  store<f32>(out2, bound(v, sumV, end));
}

/**
 * out[t][r] = what row r times token t exceeds by z deviations' chance only.
 * @param w  rows of the plane, cols / 4 + 8 bytes each
 * @param x  inputs, cols + 64 bytes each
 */
export function screen(
  w: usize,
  rows: i32,
  cols: i32,
  x: usize,
  tokens: i32,
  out: usize,
  outStride: usize,
): void {
  const rowBytes = <usize>(cols >> 2) + 8;
  for (let r = 0; r < rows; r += 2, w += 2 * rowBytes, out += 8) {
    const both = r + 1 < rows;
    const v = both ? w + rowBytes : w;
    const out2: usize = both ? 4 : 0;
    for (let t: usize = 0; t < <usize>tokens; t++) {
      const at = out + t * outStride;
      twoRows(w, v, cols, x + t * (<usize>cols + 64), at, at + out2);
    }
  }
}
