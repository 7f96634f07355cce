/**
 * Rows of blocks of 256 weights (Q2_K..Q6_K) times q8x256, for any type that can multiply four
 * blocks. A block's product is one float; a row's result is the sum of its blocks' in order, so all
 * paths give the same bits.
 *
 * A type is a class without fields, made by changetype<T>(0): its inlined methods pick the code.
 */
import { WIDE_BYTES, WIDE_SCALE, WIDE_SUMS16 } from "./activations.as";
import { pairs, put, scaleHalves, words } from "./lanes.as";

/**
 * One token. All rows are one run of blocks, taken four at a time in memory order: DRAM reads them
 * half as fast again as four rows side by side (measured, 1536 columns of Q4_K).
 */
export function wideRun<T>(
  type: T,
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  const xEnd = x + <usize>(cols >> 8) * WIDE_BYTES;
  const end = out + (<usize>rows << 2);
  const gap = rowBytes - <usize>(cols >> 8) * type.bytes;
  // The last four may reach past the end: they repeat the last block, and nothing stores them.
  const last = w + <usize>rows * rowBytes - gap - type.bytes;
  let x0 = x;
  let sum: f32 = 0;
  while (true) {
    const x1 = next(x0, x, xEnd);
    const x2 = next(x1, x, xEnd);
    const x3 = next(x2, x, xEnd);
    const w1 = min(w + type.bytes + (x1 == x ? gap : 0), last);
    const w2 = min(w1 + type.bytes + (x2 == x ? gap : 0), last);
    const w3 = min(w2 + type.bytes + (x3 == x ? gap : 0), last);
    const four = type.four(w, w1, w2, w3, x0, x1, x2, x3);
    sum += f32x4.extract_lane(four, 0);
    if (x1 == x) {
      put(out, sum, accumulate);
      if ((out += 4) == end) return;
      sum = 0;
    }
    sum += f32x4.extract_lane(four, 1);
    if (x2 == x) {
      put(out, sum, accumulate);
      if ((out += 4) == end) return;
      sum = 0;
    }
    sum += f32x4.extract_lane(four, 2);
    if (x3 == x) {
      put(out, sum, accumulate);
      if ((out += 4) == end) return;
      sum = 0;
    }
    x0 = next(x3, x, xEnd);
    sum += f32x4.extract_lane(four, 3);
    if (x0 == x) {
      put(out, sum, accumulate);
      if ((out += 4) == end) return;
      sum = 0;
    }
    w = w3 + type.bytes + (x0 == x ? gap : 0);
  }
}

/** The block after x, from the start again after the last. */
@inline
function next(x: usize, start: usize, end: usize): usize {
  return x + WIDE_BYTES == end ? start : x + WIDE_BYTES;
}

/** One row times four tokens. */
export function wideTokens<T>(
  type: T,
  w: usize,
  cols: i32,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
): v128 {
  let total = f32x4.splat(0);
  for (let c = 0; c < cols; c += 256) {
    total = f32x4.add(total, type.shared(w, x0, x1, x2, x3));
    w += type.bytes;
    x0 += WIDE_BYTES;
    x1 += WIDE_BYTES;
    x2 += WIDE_BYTES;
    x3 += WIDE_BYTES;
  }
  return total;
}

/** The scales of four activation blocks. */
@inline
export function scalesOf(x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  return words(x0 + WIDE_SCALE, x1 + WIDE_SCALE, x2 + WIDE_SCALE, x3 + WIDE_SCALE);
}

/** d * (scale of x) * sum, four at a time; `d` holds halves in the high 16 bits of each lane. */
@inline
export function scaled(d: v128, scaleX: v128, sum: v128): v128 {
  // The sums come first: it is they that need the registers.
  return f32x4.mul(f32x4.convert_i32x4_s(sum), f32x4.mul(scaleHalves(d), scaleX));
}

/** The same less dmin * (scale of x) * minSum; a lane is d, dmin as neighbouring halves. */
@inline
export function scaledLessMin(both: v128, scaleX: v128, sum: v128, minSum: v128): v128 {
  return f32x4.sub(scaled(i32x4.shl(both, 16), scaleX, sum), scaled(both, scaleX, minSum));
}

/** Sum of 16 factors (i8x16, signed) * (sum of 16 activations), in four lanes. */
@inline
export function sum16(factors: v128, x: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(factors), v128.load(x + WIDE_SUMS16)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(factors), v128.load(x + WIDE_SUMS16 + 16)),
  );
}

/** 16 activations times 16 unsigned weights <= 63 times their scale, in four lanes. */
@inline
export function step16(x: usize, weights: v128, scale: v128): v128 {
  return i32x4.dot_i16x8_s(pairs(v128.load(x), weights), scale);
}
