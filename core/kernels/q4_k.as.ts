/**
 * Q4_K times q8x256. Block (144 bytes for 256 weights): f16 d, f16 dmin, 12 bytes of 6-bit scales
 * and mins (8 each), 128 bytes of nibbles: byte 32j+i holds weight 64j+i (low) and 64j+32+i (high).
 *   weight = d * scale[k] * q - dmin * min[k],  k = index / 32
 */
import { first16, lower, pairs32, rotated, second16, sums, upper, words } from "./lanes.as";
import { mins6, minSum32, scaledLessMin, scales6 } from "./wide.as";
import { WIDE_BYTES, WIDE_SCALE, WIDE_SUMS32 } from "./activations.as";

const BLOCK: usize = 144;

/** One row's block times one token's: the sum over 256 weights, spread over four lanes. */
@inline
function blockSum(w: usize, x: usize): v128 {
  let scales = scales6(w);
  let sum = i32x4.splat(0);
  for (let j: usize = 0; j < 4; j++) {
    const a = v128.load(w + (j << 5), 16);
    const b = v128.load(w + (j << 5), 32);
    const low = pairs32(x + (j << 6), lower(a), lower(b));
    const high = pairs32(x + (j << 6) + 32, upper(a), upper(b));
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(low, first16(scales)));
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(high, second16(scales)));
    scales = rotated(scales);
  }
  return sum;
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q4k(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  cols: i32,
): v128 {
  let total = f32x4.splat(0);
  for (let c = 0; c < cols; c += 256) {
    const sum = sums(blockSum(w0, x0), blockSum(w1, x1), blockSum(w2, x2), blockSum(w3, x3));
    const minSum = sums(
      minSum32(w0, x0),
      minSum32(w1, x1),
      minSum32(w2, x2),
      minSum32(w3, x3),
    );
    const scaleX = words(x0 + WIDE_SCALE, x1 + WIDE_SCALE, x2 + WIDE_SCALE, x3 + WIDE_SCALE);
    total = f32x4.add(total, scaledLessMin(words(w0, w1, w2, w3), scaleX, sum, minSum));
    w0 += BLOCK;
    w1 += BLOCK;
    w2 += BLOCK;
    w3 += BLOCK;
    x0 += WIDE_BYTES;
    x1 += WIDE_BYTES;
    x2 += WIDE_BYTES;
    x3 += WIDE_BYTES;
  }
  return total;
}

/** One row times four tokens. */
export function q4kTokens(w: usize, x0: usize, x1: usize, x2: usize, x3: usize, cols: i32): v128 {
  let total = f32x4.splat(0);
  for (let c = 0; c < cols; c += 256) {
    let scales = scales6(w);
    let s0 = i32x4.splat(0);
    let s1 = i32x4.splat(0);
    let s2 = i32x4.splat(0);
    let s3 = i32x4.splat(0);
    for (let j: usize = 0; j < 256; j += 64) {
      const a = v128.load(w + (j >> 1), 16);
      const b = v128.load(w + (j >> 1), 32);
      const a0 = lower(a);
      const b0 = lower(b);
      const a1 = upper(a);
      const b1 = upper(b);
      const low = first16(scales);
      const high = second16(scales);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(pairs32(x0 + j, a0, b0), low));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(pairs32(x1 + j, a0, b0), low));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(pairs32(x2 + j, a0, b0), low));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(pairs32(x3 + j, a0, b0), low));
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(pairs32(x0 + j + 32, a1, b1), high));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(pairs32(x1 + j + 32, a1, b1), high));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(pairs32(x2 + j + 32, a1, b1), high));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(pairs32(x3 + j + 32, a1, b1), high));
      scales = rotated(scales);
    }
    const mins = mins6(w);
    const minSum = sums(
      i32x4.dot_i16x8_s(mins, v128.load(x0, WIDE_SUMS32)),
      i32x4.dot_i16x8_s(mins, v128.load(x1, WIDE_SUMS32)),
      i32x4.dot_i16x8_s(mins, v128.load(x2, WIDE_SUMS32)),
      i32x4.dot_i16x8_s(mins, v128.load(x3, WIDE_SUMS32)),
    );
    const scaleX = words(x0 + WIDE_SCALE, x1 + WIDE_SCALE, x2 + WIDE_SCALE, x3 + WIDE_SCALE);
    const both = v128.load_splat<u32>(w);
    total = f32x4.add(total, scaledLessMin(both, scaleX, sums(s0, s1, s2, s3), minSum));
    w += BLOCK;
    x0 += WIDE_BYTES;
    x1 += WIDE_BYTES;
    x2 += WIDE_BYTES;
    x3 += WIDE_BYTES;
  }
  return total;
}
