/**
 * f32 rows -> Q2_K, Q3_K and Q4_K blocks with the least weighted error, each weight's error counted
 * by its importance (GGML's importance matrix, ggml-quants.c, MIT). Scales of sub-blocks are chosen
 * among the neighbours of the nearest by the error they really leave. Its own module: encode.wasm.
 */
import { fitError, fitLevels, step, stepAndOffset } from "./fit.as";
import { half } from "./lanes.as";
import { toF16 } from "./vectors.as";

// Layout of the scratch: f32 arrays of up to 16 sub-blocks.
const STEPS: usize = 0;
const OFFSETS: usize = 64;
const WEIGHTS: usize = 128;
const PAIR: usize = 192;
/** The levels of one sub-block, i32. */
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

/** How much sub-block s of `size` matters, for the choice of the block's scale. */
function weigh(w: usize, size: usize, s: usize, scratch: usize): void {
  let sum: f32 = 0;
  for (let i: usize = 0; i < size; i++) sum += load<f32>(w + ((s * size + i) << 2));
  store<f32>(scratch + (s << 2), sum, WEIGHTS);
}

@inline
function clampLevel(value: f32, low: f32, high: f32): f32 {
  return max(low, min(high, nearest(value)));
}

function encodeQ3K(x: usize, w: usize, scratch: usize, out: usize): f32 {
  for (let s: usize = 0; s < 16; s++) {
    store<f32>(scratch + (s << 2), step(x + (s << 6), w + (s << 6), 16, -4, 3, -4), STEPS);
    weigh(w, 16, s, scratch);
  }
  const wanted = step(scratch + STEPS, scratch + WEIGHTS, 16, -32, 31, -32);
  const d = storedHalf(wanted, scratch, out + 108);
  let error: f32 = 0;
  for (let s: usize = 0; s < 16; s++) {
    const xs = x + (s << 6), ws = w + (s << 6);
    const near: f32 = d == 0 ? 0 : nearest(load<f32>(scratch + (s << 2), STEPS) / d);
    let best: f32 = f32.MAX_VALUE, scale: f32 = 0;
    for (let k: f32 = -1; k <= 1; k++) {
      const tried = clampLevel(near + k, -32, 31);
      const left = fitError(xs, ws, 16, d * tried, 0, -4, 3);
      if (left >= best) continue;
      best = left;
      scale = tried;
    }
    error += best;
    const stored = <i32>scale + 32;
    orByte(out + 96 + (s & 7), (stored & 15) << (<i32>(s >> 3) << 2));
    orByte(out + 104 + (s & 3), (stored >> 4) << (<i32>(s >> 2) << 1));
    fitLevels(xs, 16, d * scale, 0, -4, 3, scratch + LEVELS);
    for (let i: usize = 0; i < 16; i++) {
      const at = (s << 4) + i;
      const q = load<i32>(scratch + (i << 2), LEVELS);
      orByte(out + 32 + ((at >> 7) << 5) + (at & 31), (q & 3) << (<i32>(at >> 5 & 3) << 1));
      orByte(out + (at & 31), (q >> 2) << <i32>(at >> 5));
    }
  }
  return error;
}

/** Steps and offsets of all sub-blocks and the block's two halves; they lie at `halves`. */
function fitBlock(
  x: usize,
  w: usize,
  size: usize,
  top: f32,
  scaleTop: f32,
  scratch: usize,
  halves: usize,
): void {
  const count: usize = 256 / size;
  memory.fill(scratch, 0, SCRATCH_BYTES);
  for (let s: usize = 0; s < count; s++) {
    const at = s * size << 2;
    stepAndOffset(x + at, w + at, size, top, scratch + PAIR);
    store<f32>(scratch + (s << 2), load<f32>(scratch, PAIR), STEPS);
    store<f32>(scratch + (s << 2), load<f32>(scratch, PAIR + 4), OFFSETS);
    weigh(w, size, s, scratch);
  }
  const weights = scratch + WEIGHTS;
  const d = step(scratch + STEPS, weights, 16, 0, scaleTop, scaleTop);
  const m = step(scratch + OFFSETS, weights, 16, 0, scaleTop, scaleTop);
  storedHalf(d, scratch, halves);
  storedHalf(m, scratch, halves + 2);
}

/**
 * The best scale (times 64) and offset of sub-block s as the block can store them; the error they
 * leave is put into the scratch.
 */
function chooseScales(
  x: usize,
  w: usize,
  size: usize,
  s: usize,
  top: f32,
  scaleTop: f32,
  scratch: usize,
  halves: usize,
): i32 {
  const d = half(load<u16>(halves)), m = half(load<u16>(halves, 2));
  const nearD: f32 = d == 0 ? 0 : nearest(load<f32>(scratch + (s << 2), STEPS) / d);
  const nearM: f32 = m == 0 ? 0 : nearest(load<f32>(scratch + (s << 2), OFFSETS) / m);
  const xs = x + (s * size << 2), ws = w + (s * size << 2);
  let scale = clampLevel(nearD, 0, scaleTop), offset = clampLevel(nearM, 0, scaleTop);
  let best = fitError(xs, ws, size, d * scale, m * offset, 0, top);
  for (let k: f32 = -1; k <= 1; k += 2) {
    const tried = clampLevel(nearD + k, 0, scaleTop);
    const left = fitError(xs, ws, size, d * tried, m * offset, 0, top);
    if (left >= best) continue;
    best = left;
    scale = tried;
  }
  for (let k: f32 = -1; k <= 1; k += 2) {
    const tried = clampLevel(nearM + k, 0, scaleTop);
    const left = fitError(xs, ws, size, d * scale, m * tried, 0, top);
    if (left >= best) continue;
    best = left;
    offset = tried;
  }
  store<f32>(scratch, best, PAIR);
  return (<i32>scale << 6) | <i32>offset;
}

function encodeQ2K(x: usize, w: usize, scratch: usize, out: usize): f32 {
  fitBlock(x, w, 16, 3, 15, scratch, out + 80);
  const d = half(load<u16>(out, 80)), m = half(load<u16>(out, 82));
  let error: f32 = 0;
  for (let s: usize = 0; s < 16; s++) {
    const both = chooseScales(x, w, 16, s, 3, 15, scratch, out + 80);
    error += load<f32>(scratch, PAIR);
    const scale = both >> 6, offset = both & 63;
    store<u8>(out + s, scale | (offset << 4));
    fitLevels(x + (s << 6), 16, d * <f32>scale, m * <f32>offset, 0, 3, scratch + LEVELS);
    for (let i: usize = 0; i < 16; i++) {
      const at = (s << 4) + i;
      const q = load<i32>(scratch + (i << 2), LEVELS);
      orByte(out + 16 + ((at >> 7) << 5) + (at & 31), q << (<i32>(at >> 5 & 3) << 1));
    }
  }
  return error;
}

function encodeQ4K(x: usize, w: usize, scratch: usize, out: usize): f32 {
  fitBlock(x, w, 32, 15, 63, scratch, out);
  const d = half(load<u16>(out)), m = half(load<u16>(out, 2));
  let error: f32 = 0;
  for (let s: usize = 0; s < 8; s++) {
    const both = chooseScales(x, w, 32, s, 15, 63, scratch, out);
    error += load<f32>(scratch, PAIR);
    const scale = both >> 6, offset = both & 63;
    if (s < 4) {
      orByte(out + 4 + s, scale);
      orByte(out + 8 + s, offset);
    } else {
      orByte(out + 8 + s, (scale & 15) | ((offset & 15) << 4));
      orByte(out + s, (scale >> 4) << 6);
      orByte(out + 4 + s, (offset >> 4) << 6);
    }
    fitLevels(x + (s << 7), 32, d * <f32>scale, m * <f32>offset, 0, 15, scratch + LEVELS);
    for (let i: usize = 0; i < 32; i++) {
      const q = load<i32>(scratch + (i << 2), LEVELS);
      orByte(out + 16 + ((s >> 1) << 5) + i, q << (<i32>(s & 1) << 2));
    }
  }
  return error;
}

/**
 * Encodes one row; gives the sum of w (x - x')^2 of what it decodes to.
 * @param type     GGML's number of Q2_K (10), Q3_K (11) or Q4_K (12)
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
  const bytes = type == 10 ? 84 : type == 11 ? 110 : 144;
  memory.fill(out, 0, cols / 256 * bytes);
  let error: f64 = 0;
  for (let c = 0; c < cols; c += 256, x += 1024, w += 1024, out += bytes) {
    error += type == 10
      ? encodeQ2K(x, w, scratch, out)
      : type == 11
      ? encodeQ3K(x, w, scratch, out)
      : encodeQ4K(x, w, scratch, out);
  }
  return error;
}
