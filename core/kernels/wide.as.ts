/** What the K types (blocks of 256 weights) share: one block's integer sums become floats. */
import { halves, pairs } from "./lanes.as";
import { WIDE_SUMS16, WIDE_SUMS32 } from "./activations.as";

/** d * (scale of x) * sum, four at a time; `d` holds halves in the low 16 bits of each lane. */
@inline
export function scaled(d: v128, scaleX: v128, sum: v128): v128 {
  return f32x4.mul(f32x4.mul(halves(d), scaleX), f32x4.convert_i32x4_s(sum));
}

/** The same less dmin * (scale of x) * minSum; a lane is d, dmin as neighbouring halves. */
@inline
export function scaledLessMin(both: v128, scaleX: v128, sum: v128, minSum: v128): v128 {
  return f32x4.sub(
    scaled(v128.and(both, i32x4.splat(0xffff)), scaleX, sum),
    scaled(i32x4.shr_u(both, 16), scaleX, minSum),
  );
}

/** The eight 6-bit scales of a Q4_K or Q5_K block as i16x8. */
@inline
export function scales6(block: usize): v128 {
  const a = load<u32>(block, 4);
  const c = load<u32>(block, 12);
  const high = (c & 0x0f0f0f0f) | ((a >>> 2) & 0x30303030);
  return i16x8.extend_low_i8x16_u(i64x2.splat(((<u64>high) << 32) | (a & 0x3f3f3f3f)));
}

/** The eight 6-bit mins of a Q4_K or Q5_K block as i16x8. */
@inline
export function mins6(block: usize): v128 {
  const b = load<u32>(block, 8);
  const c = load<u32>(block, 12);
  const high = ((c >>> 4) & 0x0f0f0f0f) | ((b >>> 2) & 0x30303030);
  return i16x8.extend_low_i8x16_u(i64x2.splat(((<u64>high) << 32) | (b & 0x3f3f3f3f)));
}

/** Sum of min * (sum of 32 activations) over a Q4_K or Q5_K block, in four lanes. */
@inline
export function minSum32(block: usize, x: usize): v128 {
  return i32x4.dot_i16x8_s(mins6(block), v128.load(x, WIDE_SUMS32));
}

/** Sum of 16 factors (i8x16, signed) * (sum of 16 activations), in four lanes. */
@inline
export function sum16(factors: v128, x: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(factors), v128.load(x, WIDE_SUMS16)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(factors), v128.load(x, WIDE_SUMS16 + 16)),
  );
}

/** 16 activations times 16 unsigned weights <= 63 times their scale, in four lanes. */
@inline
export function step16(x: usize, weights: v128, scale: v128): v128 {
  return i32x4.dot_i16x8_s(pairs(v128.load(x), weights), scale);
}
