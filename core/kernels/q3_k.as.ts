/**
 * Q3_K times q8x256. Block (110 bytes for 256 weights): 32 bytes of third bits, 64 bytes of low
 * 2-bit parts, 12 bytes with sixteen 6-bit scales (less 32), f16 d.
 * Low parts lie as in Q2_K; the third bit of weight 32k + i is bit k of byte i; weight = q - 4.
 */
import { first16, rotated, second16, shorts, sums, words } from "./lanes.as";
import { scaled, step16, sum16 } from "./wide.as";
import { WIDE_BYTES, WIDE_SCALE } from "./activations.as";

const BLOCK: usize = 110;

/** The sixteen scales as i8x16: four low bits each in bytes 0-7, two high bits in bytes 8-11. */
@inline
function scales3(w: usize): v128 {
  const low = load<u64>(w, 96);
  const high = load<u32>(w, 104);
  const top = (<u64>((high >>> 2) & 0x03030303) << 32) | (high & 0x03030303);
  const next = (<u64>((high >>> 6) & 0x03030303) << 32) | ((high >>> 4) & 0x03030303);
  const first = (low & 0x0f0f0f0f0f0f0f0f) | (top << 4);
  const second = ((low >>> 4) & 0x0f0f0f0f0f0f0f0f) | (next << 4);
  return i8x16.sub(i64x2.replace_lane(i64x2.splat(first), 1, second), i8x16.splat(32));
}

/** One row's block times one token's: the sum over 256 weights, spread over four lanes. */
@inline
function blockSum(w: usize, x: usize): v128 {
  const scales = scales3(w);
  let sum = i32x4.splat(0);
  let h = v128.load(w);
  let i = v128.load(w, 16);
  const two = i8x16.splat(3);
  const one = i8x16.splat(1);
  for (let n: usize = 0; n < 2; n++) {
    let a = v128.load(w + (n << 5), 32);
    let b = v128.load(w + (n << 5), 48);
    let eight = n == 0
      ? i16x8.extend_low_i8x16_s(scales)
      : i16x8.extend_high_i8x16_s(scales);
    for (let j: usize = 0; j < 128; j += 32) {
      const at = x + (n << 7) + j;
      const first = v128.or(v128.and(a, two), i16x8.shl(v128.and(h, one), 2));
      const second = v128.or(v128.and(b, two), i16x8.shl(v128.and(i, one), 2));
      sum = i32x4.add(sum, step16(at, first, first16(eight)));
      sum = i32x4.add(sum, step16(at + 16, second, second16(eight)));
      a = i16x8.shr_u(a, 2);
      b = i16x8.shr_u(b, 2);
      h = i16x8.shr_u(h, 1);
      i = i16x8.shr_u(i, 1);
      eight = rotated(eight);
    }
  }
  return i32x4.sub(sum, i32x4.shl(sum16(scales, x), 2));
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q3k(
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
    const d = shorts(w0 + 108, w1 + 108, w2 + 108, w3 + 108);
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
