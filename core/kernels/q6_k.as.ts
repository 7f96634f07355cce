/**
 * Q6_K times q8x256. Block (210 bytes for 256 weights): 128 bytes of low nibbles, 64 bytes of high
 * 2-bit parts, 16 i8 scales (one for 16 weights), f16 d; weight = d * scale * (q - 32).
 * Half n (128 weights), i in 0..32: weight 32k+i has the low (k = 0, 1) or high (k = 2, 3) nibble of
 * byte 64n + 32(k & 1) + i, and bits 2k, 2k+1 of high byte 32n + i.
 */
import { lower, shorts, sums, upper, words } from "./lanes.as";
import { scaled, step16, sum16 } from "./wide.as";
import { WIDE_BYTES, WIDE_SCALE } from "./activations.as";

const BLOCK: usize = 210;

/** 64 weights: 16 each at x, x + 32, x + 64, x + 96; scales in lanes 0, 2, 4, 6. */
@inline
function quarterSum(low: usize, high: usize, scales: v128, x: usize): v128 {
  const a = v128.load(low);
  const b = v128.load(low, 32);
  const h = v128.load(high);
  const top = i8x16.splat(0x30);
  const q0 = v128.or(lower(a), v128.and(i16x8.shl(h, 4), top));
  const q1 = v128.or(lower(b), v128.and(i16x8.shl(h, 2), top));
  const q2 = v128.or(upper(a), v128.and(h, top));
  const q3 = v128.or(upper(b), v128.and(i16x8.shr_u(h, 2), top));
  const s0 = v128.shuffle<i16>(scales, scales, 0, 0, 0, 0, 0, 0, 0, 0);
  const s1 = v128.shuffle<i16>(scales, scales, 2, 2, 2, 2, 2, 2, 2, 2);
  const s2 = v128.shuffle<i16>(scales, scales, 4, 4, 4, 4, 4, 4, 4, 4);
  const s3 = v128.shuffle<i16>(scales, scales, 6, 6, 6, 6, 6, 6, 6, 6);
  return i32x4.add(
    i32x4.add(step16(x, q0, s0), step16(x + 32, q1, s1)),
    i32x4.add(step16(x + 64, q2, s2), step16(x + 96, q3, s3)),
  );
}

/** One row's block times one token's: the sum over 256 weights, spread over four lanes. */
@inline
function blockSum(w: usize, x: usize): v128 {
  let sum = i32x4.splat(0);
  for (let n: usize = 0; n < 2; n++) {
    const even = v128.load_ext<i8>(w + (n << 3), 192);
    const odd = i32x4.shr_u(even, 16);
    sum = i32x4.add(sum, quarterSum(w + (n << 6), w + (n << 5) + 128, even, x + (n << 7)));
    sum = i32x4.add(sum, quarterSum(w + (n << 6) + 16, w + (n << 5) + 144, odd, x + (n << 7) + 16));
  }
  return i32x4.sub(sum, i32x4.shl(sum16(v128.load(w, 192), x), 5));
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q6k(
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
    const d = shorts(w0 + 208, w1 + 208, w2 + 208, w3 + 208);
    total = f32x4.add(total, scaled(d, scaleX, sum));
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
