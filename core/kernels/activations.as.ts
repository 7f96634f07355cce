/**
 * Float activations to the integer forms the weights are multiplied with. One row is a run of
 * blocks. q8x256 has int8 values. q16x32 has values of -16256..16256, since weights in blocks of 32
 * belong to small models, which 8 bits visibly hurt (SmolLM2-135M, 256 tokens: top-1 agreement with
 * f32 activations 95.7 %; with twice the bits 99.6 %); each is 128 * high + low.
 *
 *   q8x256, 320 bytes for 256 values         q16x32, 576 bytes for 4 x 32 values
 *     0  i8  x 256  values                     0  i8  x 128  highs, -127..127
 *   256  i16 x 16   sums of each 16 values   128  i8  x 128  lows, -64..63
 *   288  i16 x 8    sums of each 32 values   256  i16 x 128  values
 *   304  f32        scale                    512  f32 x 4    scales
 *   308  unused                              528  f32 x 4    scale * sum of 32 values
 *  and behind all blocks of the row, for     544  i32 x 4    sums of 32 values
 *  each i8 x 256 values, woven (woven.as.ts) 560  unused; blocks beyond the row are all zero
 */
import { weave } from "./woven.as";

export const WIDE_BYTES: usize = 320;
export const WIDE_SUMS16: usize = 256;
export const WIDE_SUMS32: usize = 288;
export const WIDE_SCALE: usize = 304;
export const NARROW_BYTES: usize = 576;
export const NARROW_LOWS: usize = 128;
export const NARROW_WHOLES: usize = 256;
export const NARROW_SCALES: usize = 512;
export const NARROW_SCALED_SUMS: usize = 528;
export const NARROW_SUMS: usize = 544;
/** Largest value: 127 * 128, so that the rounded high half stays in -127..127. */
const NARROW_LEVELS: f32 = 16256;

/** Below this the reciprocal of the scale would overflow; such a block counts as zero. */
const TINY: f32 = 1e-30;

@inline
function largest(x: usize, count: usize): f32 {
  let most = f32x4.splat(0);
  for (let i: usize = 0; i < count; i += 4) {
    most = f32x4.max(most, f32x4.abs(v128.load(x + (i << 2))));
  }
  most = f32x4.max(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  most = f32x4.max(most, v128.shuffle<i32>(most, most, 1, 0, 3, 2));
  return f32x4.extract_lane(most, 0);
}

@inline
function rounded(x: usize, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse)));
}

@inline
function laneSum(four: v128): i32 {
  const two = i32x4.add(four, v128.shuffle<i32>(four, four, 2, 3, 0, 1));
  return i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
}

/** Writes 16 int8 values, nearest even, and returns their sum. */
@inline
function quantize16(x: usize, inverse: v128, out: usize): i32 {
  const low = i16x8.narrow_i32x4_s(rounded(x, inverse), rounded(x + 16, inverse));
  const high = i16x8.narrow_i32x4_s(rounded(x + 32, inverse), rounded(x + 48, inverse));
  v128.store(out, i8x16.narrow_i16x8_s(low, high));
  return laneSum(i32x4.dot_i16x8_s(i16x8.add(low, high), i16x8.splat(1)));
}

export function quantizeWide(x: usize, cols: i32, out: usize): void {
  let woven = out + <usize>(cols >> 8) * WIDE_BYTES;
  for (let c = 0; c < cols; c += 256, x += 1024, out += WIDE_BYTES, woven += 256) {
    const most = largest(x, 256);
    const inverse = f32x4.splat(most < TINY ? 0 : <f32>127 / most);
    for (let i: usize = 0; i < 8; i++) {
      const first = quantize16(x + (i << 7), inverse, out + (i << 5));
      const second = quantize16(x + (i << 7) + 64, inverse, out + (i << 5) + 16);
      store<i16>(out + WIDE_SUMS16 + (i << 2), <i16>first);
      store<i16>(out + WIDE_SUMS16 + (i << 2) + 2, <i16>second);
      store<i16>(out + WIDE_SUMS32 + (i << 1), <i16>(first + second));
    }
    store<f32>(out + WIDE_SCALE, most < TINY ? 0 : most / <f32>127);
    weaveHalf(out, woven);
    weaveHalf(out + 128, woven + 128);
  }
}

/** Four runs of 32 values. */
@inline
function weaveHalf(x: usize, out: usize): void {
  for (let i: usize = 0; i < 32; i += 16) {
    const at = x + i;
    const runs = out + 4 * i;
    weave(v128.load(at), v128.load(at + 32), v128.load(at + 64), v128.load(at + 96), runs);
  }
}

/** 16 values, each 128 * high + low, as bytes and whole; returns their sum. */
@inline
function quantize16Bits(x: usize, inverse: v128, bytes: usize, whole: usize): i32 {
  const first = i16x8.narrow_i32x4_s(rounded(x, inverse), rounded(x + 16, inverse));
  const second = i16x8.narrow_i32x4_s(rounded(x + 32, inverse), rounded(x + 48, inverse));
  v128.store(whole, first);
  v128.store(whole + 16, second);
  const half = i16x8.splat(64);
  const firstHigh = i16x8.shr_s(i16x8.add(first, half), 7);
  const secondHigh = i16x8.shr_s(i16x8.add(second, half), 7);
  const firstLow = i16x8.sub(first, i16x8.shl(firstHigh, 7));
  const secondLow = i16x8.sub(second, i16x8.shl(secondHigh, 7));
  v128.store(bytes, i8x16.narrow_i16x8_s(firstHigh, secondHigh));
  v128.store(bytes + NARROW_LOWS, i8x16.narrow_i16x8_s(firstLow, secondLow));
  const ones = i16x8.splat(1);
  return laneSum(i32x4.add(i32x4.dot_i16x8_s(first, ones), i32x4.dot_i16x8_s(second, ones)));
}

export function quantizeNarrow(x: usize, cols: i32, out: usize): void {
  memory.fill(out, 0, <usize>((cols + 127) >> 7) * NARROW_BYTES);
  for (let block: usize = 0; block < <usize>cols >> 5; block++, x += 128) {
    const lane = block & 3;
    const group = out + (block >> 2) * NARROW_BYTES;
    const bytes = group + (lane << 5);
    const whole = group + NARROW_WHOLES + (lane << 6);
    const most = largest(x, 32);
    const inverse = f32x4.splat(most < TINY ? 0 : NARROW_LEVELS / most);
    const scale: f32 = most < TINY ? 0 : most / NARROW_LEVELS;
    const sum = quantize16Bits(x, inverse, bytes, whole) +
      quantize16Bits(x + 64, inverse, bytes + 16, whole + 32);
    store<f32>(group + NARROW_SCALES + (lane << 2), scale);
    store<f32>(group + NARROW_SCALED_SUMS + (lane << 2), scale * <f32>sum);
    store<i32>(group + NARROW_SUMS + (lane << 2), sum);
  }
}
