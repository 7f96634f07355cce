/**
 * Q5_K times q8x256. Block (176 bytes for 256 weights): f16 d, f16 dmin, 12 bytes of 6-bit scales
 * and mins as in Q4_K, 32 bytes of fifth bits (byte i, bit k: weight 32k+i), nibbles as in Q4_K.
 */
import { first16, lower, pairs32, rotated, second16, sums, upper, words } from "./lanes.as";
import { minSum32, scaledLessMin, scales6 } from "./wide.as";
import { WIDE_BYTES, WIDE_SCALE } from "./activations.as";

const BLOCK: usize = 176;

/** Bit 0 of each byte as 16. */
@inline
function fifth(bits: v128): v128 {
  return i16x8.shl(v128.and(bits, i8x16.splat(1)), 4);
}

/** One row's block times one token's: the sum over 256 weights, spread over four lanes. */
@inline
function blockSum(w: usize, x: usize): v128 {
  let scales = scales6(w);
  let sum = i32x4.splat(0);
  let h = v128.load(w, 16);
  let i = v128.load(w, 32);
  for (let j: usize = 0; j < 256; j += 64) {
    const a = v128.load(w + (j >> 1), 48);
    const b = v128.load(w + (j >> 1), 64);
    const low = pairs32(x + j, v128.or(lower(a), fifth(h)), v128.or(lower(b), fifth(i)));
    h = i16x8.shr_u(h, 1);
    i = i16x8.shr_u(i, 1);
    const high = pairs32(x + j + 32, v128.or(upper(a), fifth(h)), v128.or(upper(b), fifth(i)));
    h = i16x8.shr_u(h, 1);
    i = i16x8.shr_u(i, 1);
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(low, first16(scales)));
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(high, second16(scales)));
    scales = rotated(scales);
  }
  return sum;
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q5k(
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
    const scaleX = words(x0 + WIDE_SCALE, x1 + WIDE_SCALE, x2 + WIDE_SCALE, x3 + WIDE_SCALE);
    const minSum = sums(
      minSum32(w0, x0),
      minSum32(w1, x1),
      minSum32(w2, x2),
      minSum32(w3, x3),
    );
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
