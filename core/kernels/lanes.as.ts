/** The SIMD building blocks every kernel is made of. Only locals: nothing here touches a static. */

/** 2^112: moves a half's exponent, read as a float's, to where a float has it. */
const HALF_BIAS: f32 = reinterpret<f32>(0x77800000);

/**
 * (u32x4, a half in the low 16 bits of each) -> f32x4. Exact, subnormals included: the half's bits
 * shifted to a float's place are that number times 2^-112. Infinity and NaN become about 1e5.
 */
@inline
export function halves(bits: v128): v128 {
  const magnitude = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13);
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
  return v128.or(f32x4.mul(magnitude, f32x4.splat(HALF_BIAS)), sign);
}

/** One half as a float; the scalar twin of `halves`. */
@inline
export function half(bits: u32): f32 {
  const magnitude = reinterpret<f32>((bits & 0x7fff) << 13) * HALF_BIAS;
  return reinterpret<f32>(reinterpret<u32>(magnitude) | ((bits & 0x8000) << 16));
}

/**
 * i8x16 times unsigned 7-bit x16, neighbours added: i16x8. Never saturates for weights <= 127, so
 * the relaxed instruction (whose second operand is the 7-bit one) and the plain form agree exactly.
 */
@inline
export function pairs(x: v128, weights: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_dot<i16>(x, weights);
  const even = i16x8.mul(i16x8.shr_s(i16x8.shl(x, 8), 8), v128.and(weights, i16x8.splat(0xff)));
  return i16x8.add(even, i16x8.mul(i16x8.shr_s(x, 8), i16x8.shr_u(weights, 8)));
}

/** (sum a, sum b, sum c, sum d) of four i32x4. */
@inline
export function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(
    v128.shuffle<i32>(a, b, 0, 4, 1, 5),
    v128.shuffle<i32>(a, b, 2, 6, 3, 7),
  );
  const cd = i32x4.add(
    v128.shuffle<i32>(c, d, 0, 4, 1, 5),
    v128.shuffle<i32>(c, d, 2, 6, 3, 7),
  );
  return i32x4.add(
    v128.shuffle<i32>(ab, cd, 0, 1, 4, 5),
    v128.shuffle<i32>(ab, cd, 2, 3, 6, 7),
  );
}

/** (sum a, sum b, sum c, sum d) of four f32x4, each as (l0 + l2) + (l1 + l3). */
@inline
export function floatSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(
    v128.shuffle<i32>(a, b, 0, 4, 1, 5),
    v128.shuffle<i32>(a, b, 2, 6, 3, 7),
  );
  const cd = f32x4.add(
    v128.shuffle<i32>(c, d, 0, 4, 1, 5),
    v128.shuffle<i32>(c, d, 2, 6, 3, 7),
  );
  return f32x4.add(
    v128.shuffle<i32>(ab, cd, 0, 1, 4, 5),
    v128.shuffle<i32>(ab, cd, 2, 3, 6, 7),
  );
}

/** (l0 + l2) + (l1 + l3): the order `floatSums` has. */
@inline
export function floatSum(a: v128): f32 {
  return (f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 2)) +
    (f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 3));
}

/** Four 32-bit words from four places. */
@inline
export function words(a: usize, b: usize, c: usize, d: usize): v128 {
  let lanes = v128.load_zero<u32>(a);
  lanes = v128.load_lane<u32>(b, lanes, 1);
  lanes = v128.load_lane<u32>(c, lanes, 2);
  return v128.load_lane<u32>(d, lanes, 3);
}

/** Four 16-bit words from four places, each in the low half of a 32-bit lane; high halves are 0. */
@inline
export function shorts(a: usize, b: usize, c: usize, d: usize): v128 {
  let lanes = i32x4.splat(0);
  lanes = v128.load_lane<u16>(a, lanes, 0);
  lanes = v128.load_lane<u16>(b, lanes, 2);
  lanes = v128.load_lane<u16>(c, lanes, 4);
  return v128.load_lane<u16>(d, lanes, 6);
}

/** Lane 0 of an i16x8 in every lane. */
@inline
export function first16(lanes: v128): v128 {
  return v128.shuffle<i16>(lanes, lanes, 0, 0, 0, 0, 0, 0, 0, 0);
}

/** Lane 1 of an i16x8 in every lane. */
@inline
export function second16(lanes: v128): v128 {
  return v128.shuffle<i16>(lanes, lanes, 1, 1, 1, 1, 1, 1, 1, 1);
}

/** Moves lanes 2.. of an i16x8 to the front: the next two scales. */
@inline
export function rotated(lanes: v128): v128 {
  return v128.shuffle<i32>(lanes, lanes, 1, 2, 3, 0);
}

/** The low nibble of each byte. */
@inline
export function lower(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(15));
}

/** The high nibble of each byte. */
@inline
export function upper(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(15));
}

/** 32 activations times 32 unsigned weights (two vectors of 16): i16x8, weights <= 63. */
@inline
export function pairs32(x: usize, first: v128, second: v128): v128 {
  return i16x8.add(pairs(v128.load(x), first), pairs(v128.load(x, 16), second));
}
