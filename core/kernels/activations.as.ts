/**
 * Float activations to the int8 forms the weights are multiplied with. One row is a run of blocks.
 *
 *   q8x256, 320 bytes for 256 values         q8x32, 192 bytes for 4 x 32 values
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

export function quantizeNarrow(x: usize, cols: i32, out: usize): void {
  memory.fill(out, 0, <usize>((cols + 127) >> 7) * NARROW_BYTES);
  for (let block: usize = 0; block < <usize>cols >> 5; block++, x += 128) {
    const most = largest(x, 32);
    const inverse = f32x4.splat(most < TINY ? 0 : <f32>127 / most);
    const scale: f32 = most < TINY ? 0 : most / <f32>127;
    const lane = block & 3;
    const group = out + (block >> 2) * NARROW_BYTES;
    const sum = quantize16(x, inverse, group + (lane << 5)) +
      quantize16(x + 64, inverse, group + (lane << 5) + 16);
    store<f32>(group + NARROW_SCALES + (lane << 2), scale);
    store<f32>(group + NARROW_SCALED_SUMS + (lane << 2), scale * <f32>sum);
    store<i32>(group + NARROW_SUMS + (lane << 2), sum);
  }
}
