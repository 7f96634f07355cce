/**
 * f32 rows -> F2_K, F3_K, Q4_K and Q5_K blocks with the least weighted error, each weight's error counted
 * by its importance (GGML's importance matrix, ggml-quants.c, MIT). Scales of runs are chosen
 * among the neighbours of the nearest by the error they really leave. Its own module: encode.wasm.
 */
import { fitError, fitLevels, step, stepAndOffset } from "./fit.as";
import { half } from "./lanes.as";
import { toF16 } from "./vectors.as";

// TensorType's numbers, flash/layout.ts. All have 16 bytes of scales and mins for eight runs of 32.
const Q4_K: i32 = 12;
const F2_K: i32 = 102;
const F3_K: i32 = 103;
const RUN: usize = 32;
const SCALE_TOP: f32 = 63;

// Layout of the scratch: f32 arrays, one number a run, of which the last eight stay 0.
const STEPS: usize = 0;
const OFFSETS: usize = 64;
const WEIGHTS: usize = 128;
const PAIR: usize = 192;
/** The levels of one run, i32. */
const LEVELS: usize = 208;
/** Bytes of scratch that `encode` wants. */
const SCRATCH_BYTES: i32 = 384;

@inline
function orByte(at: usize, bits: i32): void {
  store<u8>(at, load<u8>(at) | <u8>bits);
}

/** Stores a half and gives what it holds. */
function storedHalf(value: f32, scratch: usize, at: usize): f32 {
  store<f32>(scratch, value, PAIR);
  toF16(scratch + PAIR, 1, at);
  return half(load<u16>(at));
}

/** How much run s matters, for the choice of the block's scale. */
function weigh(w: usize, s: usize, scratch: usize): void {
  let sum: f32 = 0;
  for (let i: usize = 0; i < RUN; i++) sum += load<f32>(w + (s << 7) + (i << 2));
  store<f32>(scratch + (s << 2), sum, WEIGHTS);
}

@inline
function clampLevel(value: f32, low: f32, high: f32): f32 {
  return max(low, min(high, nearest(value)));
}

/** Steps and offsets of all runs and the block's two halves; they lie at `halves`. */
function fitBlock(
  x: usize,
  w: usize,
  top: f32,
  scratch: usize,
  halves: usize,
): void {
  memory.fill(scratch, 0, SCRATCH_BYTES);
  for (let s: usize = 0; s < 8; s++) {
    const at = s << 7;
    stepAndOffset(x + at, w + at, RUN, top, scratch + PAIR);
    store<f32>(scratch + (s << 2), load<f32>(scratch, PAIR), STEPS);
    store<f32>(scratch + (s << 2), load<f32>(scratch, PAIR + 4), OFFSETS);
    weigh(w, s, scratch);
  }
  const weights = scratch + WEIGHTS;
  const d = step(scratch + STEPS, weights, 16, 0, SCALE_TOP, SCALE_TOP);
  const m = step(scratch + OFFSETS, weights, 16, 0, SCALE_TOP, SCALE_TOP);
  storedHalf(d, scratch, halves);
  storedHalf(m, scratch, halves + 2);
}

/**
 * The best scale (times 64) and offset of run s as the block can store them; the error they
 * leave is put into the scratch.
 */
function chooseScales(
  x: usize,
  w: usize,
  s: usize,
  top: f32,
  scratch: usize,
  halves: usize,
): i32 {
  const d = half(load<u16>(halves)), m = half(load<u16>(halves, 2));
  const nearD: f32 = d == 0 ? 0 : nearest(load<f32>(scratch + (s << 2), STEPS) / d);
  const nearM: f32 = m == 0 ? 0 : nearest(load<f32>(scratch + (s << 2), OFFSETS) / m);
  const xs = x + (s << 7), ws = w + (s << 7);
  let scale = clampLevel(nearD, 0, SCALE_TOP), offset = clampLevel(nearM, 0, SCALE_TOP);
  let best = fitError(xs, ws, RUN, d * scale, m * offset, 0, top);
  for (let k: f32 = -1; k <= 1; k += 2) {
    const tried = clampLevel(nearD + k, 0, SCALE_TOP);
    const left = fitError(xs, ws, RUN, d * tried, m * offset, 0, top);
    if (left >= best) continue;
    best = left;
    scale = tried;
  }
  for (let k: f32 = -1; k <= 1; k += 2) {
    const tried = clampLevel(nearM + k, 0, SCALE_TOP);
    const left = fitError(xs, ws, RUN, d * scale, m * tried, 0, top);
    if (left >= best) continue;
    best = left;
    offset = tried;
  }
  store<f32>(scratch, best, PAIR);
  return (<i32>scale << 6) | <i32>offset;
}

/** Scale and offset of run s among the twelve bytes from byte 4 (sixes.as.ts). */
@inline
function storeScales(out: usize, s: usize, scale: i32, offset: i32): void {
  if (s < 4) {
    orByte(out + 4 + s, scale);
    orByte(out + 8 + s, offset);
  } else {
    orByte(out + 8 + s, (scale & 15) | ((offset & 15) << 4));
    orByte(out + s, (scale >> 4) << 6);
    orByte(out + 4 + s, (offset >> 4) << 6);
  }
}

/** Level q of weight i of run s, as each type packs it. */
@inline
function storeLevel(type: i32, out: usize, s: usize, i: usize, q: i32): void {
  const at = out + 16 + i;
  if (type == F2_K) orByte(at + ((s >> 2) << 5), q << (<i32>(s & 3) << 1));
  else if (type == F3_K) {
    if (s < 6) return orByte(at + ((s >> 1) << 5), q << (<i32>(s & 1) * 3));
    orByte(at + ((s & 1) << 5), (q & 3) << 6);
    orByte(at + 64, (q >> 2) << <i32>s);
  } else if (type == Q4_K) orByte(at + ((s >> 1) << 5), q << (<i32>(s & 1) << 2));
  else {
    orByte(at + 32 + ((s >> 1) << 5), (q & 15) << (<i32>(s & 1) << 2));
    orByte(at, (q >> 4) << <i32>s);
  }
}

function encodeBlock(type: i32, top: f32, x: usize, w: usize, scratch: usize, out: usize): f32 {
  fitBlock(x, w, top, scratch, out);
  const d = half(load<u16>(out)), m = half(load<u16>(out, 2));
  let error: f32 = 0;
  for (let s: usize = 0; s < 8; s++) {
    const both = chooseScales(x, w, s, top, scratch, out);
    error += load<f32>(scratch, PAIR);
    const scale = both >> 6, offset = both & 63;
    storeScales(out, s, scale, offset);
    fitLevels(x + (s << 7), 32, d * <f32>scale, m * <f32>offset, 0, top, scratch + LEVELS);
    for (let i: usize = 0; i < 32; i++) {
      storeLevel(type, out, s, i, load<i32>(scratch + (i << 2), LEVELS));
    }
  }
  return error;
}

/**
 * Encodes one row; gives the sum of w (x - x')^2 of what it decodes to.
 * @param type     number of F2_K, F3_K, Q4_K or Q5_K
 * @param x        (cols) f32; cols is a multiple of 256
 * @param w        (cols) f32, importance of each weight, >= 0
 * @param scratch  SCRATCH_BYTES
 */
export function encode(
  type: i32,
  x: usize,
  w: usize,
  cols: i32,
  scratch: usize,
  out: usize,
): f64 {
  const bytes = type == F2_K ? 80 : type == F3_K ? 112 : type == Q4_K ? 144 : 176;
  const top: f32 = type == F2_K ? 3 : type == F3_K ? 7 : type == Q4_K ? 15 : 31;
  memory.fill(out, 0, cols / 256 * bytes);
  let error: f64 = 0;
  for (let c = 0; c < cols; c += 256, x += 1024, w += 1024, out += bytes) {
    error += encodeBlock(type, top, x, w, scratch, out);
  }
  return error;
}
