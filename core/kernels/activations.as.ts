/**
 * Float activations to the int8 forms the weights are multiplied with. One row is a run of blocks.
 * A q16x32 row is two such runs: the values rounded to 8 bits, then what that left, rounded alike:
 * weights in blocks of 32 belong to small models, which 8 bits visibly hurt (top-1 agreement with
 * f32 activations 95.7 %, with two runs 99.6 %; SmolLM2-135M, 256 tokens).
 *
 *   q8x256, 320 bytes for 256 values         q16x32, 192 bytes for 4 x 32 values
 *     0  i8  x 256  values                     0  i8  x 128  values
 *   256  i16 x 16   sums of each 16 values   128  f32 x 4    scales
 *   288  i16 x 8    sums of each 32 values   144  f32 x 4    scale * sum of 32 values
 *   304  f32        scale                    160  i32 x 4    sums of 32 values
 *   308  unused                              176  unused; blocks beyond the row are all zero
 */
export const WIDE_BYTES: usize = 320;
export const WIDE_SUMS16: usize = 256;
export const WIDE_SUMS32: usize = 288;
export const WIDE_SCALE: usize = 304;
export const NARROW_BYTES: usize = 192;
export const NARROW_SCALES: usize = 128;
export const NARROW_SCALED_SUMS: usize = 144;
export const NARROW_SUMS: usize = 160;

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

/** Writes 16 int8 values, nearest even, and returns their sum. */
@inline
function quantize16(x: usize, inverse: v128, out: usize): i32 {
  const low = i16x8.narrow_i32x4_s(rounded(x, inverse), rounded(x + 16, inverse));
  const high = i16x8.narrow_i32x4_s(rounded(x + 32, inverse), rounded(x + 48, inverse));
  v128.store(out, i8x16.narrow_i16x8_s(low, high));
  const four = i32x4.dot_i16x8_s(i16x8.add(low, high), i16x8.splat(1));
  const two = i32x4.add(four, v128.shuffle<i32>(four, four, 2, 3, 0, 1));
  return i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
}

export function quantizeWide(x: usize, cols: i32, out: usize): void {
  for (let c = 0; c < cols; c += 256, x += 1024, out += WIDE_BYTES) {
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
  }
}

/** Subtracts from 32 floats what their int8 values stand for. */
@inline
function subtract32(x: usize, values: usize, scale: v128): void {
  for (let i: usize = 0; i < 32; i += 4) {
    const four = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(values + i)));
    const at = x + (i << 2);
    v128.store(at, f32x4.sub(v128.load(at), f32x4.mul(scale, f32x4.convert_i32x4_s(four))));
  }
}

/** One block of 32 to lane `lane` of a group of four. */
@inline
function quantize32(x: usize, group: usize, lane: usize): f32 {
  const most = largest(x, 32);
  const inverse = f32x4.splat(most < TINY ? 0 : <f32>127 / most);
  const scale: f32 = most < TINY ? 0 : most / <f32>127;
  const sum = quantize16(x, inverse, group + (lane << 5)) +
    quantize16(x + 64, inverse, group + (lane << 5) + 16);
  store<f32>(group + NARROW_SCALES + (lane << 2), scale);
  store<f32>(group + NARROW_SCALED_SUMS + (lane << 2), scale * <f32>sum);
  store<i32>(group + NARROW_SUMS + (lane << 2), sum);
  return scale;
}

/** Both runs of a row; the 32 floats behind them hold what the first run left of a block. */
export function quantizeNarrow(x: usize, cols: i32, out: usize): void {
  const run = <usize>((cols + 127) >> 7) * NARROW_BYTES;
  const rest = out + 2 * run;
  memory.fill(out, 0, 2 * run);
  for (let block: usize = 0; block < <usize>cols >> 5; block++, x += 128) {
    const lane = block & 3;
    const group = out + (block >> 2) * NARROW_BYTES;
    const scale = quantize32(x, group, lane);
    memory.copy(rest, x, 128);
    subtract32(rest, group + (lane << 5), f32x4.splat(scale));
    quantize32(rest, group + run, lane);
  }
}
