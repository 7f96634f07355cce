/** The SIMD building blocks of all kernels. Only locals: no kernel has memory of its own. */

/**
 * Constants of the inner loops. V8 builds a v128.const anew (three instructions) wherever it is
 * used, and the optimizer carries constants back to their uses. An exported mutable global is
 * opaque to both: `i32x4.splat(NIBBLES)` once before the work leaves it in a register. Globals
 * belong to an instance, so threads do not share them.
 */
export let NIBBLES: i32 = 0x0f0f0f0f;
export let SIXES: i32 = 0x3f3f3f3f;
export let TOPS: i32 = 0x30303030;
export let SEVENS: i32 = 0x07070707;
export let FOURS: i32 = 0x04040404;
export let THREES: i32 = 0x03030303;
export let ONES: i32 = 0x00010001;
export let STEPS: i32 = 0x00800080;
/** 2^112: moves a half's exponent, read as a float's, to where a float has it. */
export let HALF_BIAS: i32 = 0x77800000;
/** Sign, exponent and fraction of a half once it lies in a float's place. */
export let HALF_BITS: i32 = 0x8fffe000;

/**
 * (u32x4, a half in the high 16 bits of each) -> f32x4. Exact, subnormals included: the half's bits
 * shifted to a float's place are that number times 2^-112. Infinity and NaN become about 1e5, so a
 * hostile block cannot poison a row.
 */
@inline
export function halves(bits: v128): v128 {
  const placed = v128.and(i32x4.shr_s(bits, 3), i32x4.splat(HALF_BITS));
  return f32x4.mul(placed, i32x4.splat(HALF_BIAS));
}

/**
 * The same without arithmetic on subnormal floats, which here costs some 60 cycles (measured on
 * Zen 3): nearly all scales of a Q6_K model are subnormal halves, 99.9 % in Qwen2.5-Coder-1.5B.
 * Exponents are moved by integer addition; what had exponent 0 then has 2^-15 too much of 2 x.
 */
@inline
export function scaleHalves(bits: v128): v128 {
  const magnitude = i32x4.shr_u(v128.and(bits, i32x4.splat(0x7fff0000)), 3);
  const moved = i32x4.add(magnitude, i32x4.splat(112 << 23));
  const small = f32x4.sub(f32x4.add(moved, moved), f32x4.splat(6.103515625e-5));
  const isSmall = i32x4.lt_s(magnitude, i32x4.splat(1 << 23));
  const value = v128.bitselect(small, moved, isSmall);
  return v128.or(value, v128.and(bits, i32x4.splat(0x80000000)));
}

/** One half as a float; the scalar twin of `halves`. */
@inline
export function half(bits: u32): f32 {
  const placed = (<i32>(bits << 16) >> 3) & <i32>0x8fffe000;
  return reinterpret<f32>(placed) * reinterpret<f32>(0x77800000);
}

/** Eight halves at `at`: the first four. */
@inline
export function lowHalves(eight: v128): v128 {
  return halves(v128.shuffle<i16>(i32x4.splat(0), eight, 0, 8, 1, 9, 2, 10, 3, 11));
}

/** The last four. */
@inline
export function highHalves(eight: v128): v128 {
  return halves(v128.shuffle<i16>(i32x4.splat(0), eight, 4, 12, 5, 13, 6, 14, 7, 15));
}

/**
 * i8x16 times unsigned 7-bit x16, neighbours added: i16x8. Never saturates for weights <= 127, so
 * the relaxed instruction (whose second operand is the 7-bit one) and the plain form agree exactly.
 */
@inline
export function pairs(x: v128, weights: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_dot<i16>(x, weights);
  const even = i16x8.mul(
    i16x8.shr_s(i16x8.shl(x, 8), 8),
    i16x8.shr_u(i16x8.shl(weights, 8), 8),
  );
  return i16x8.add(even, i16x8.mul(i16x8.shr_s(x, 8), i16x8.shr_u(weights, 8)));
}

/** 32 activations times 32 unsigned weights (two vectors of 16): i16x8, weights <= 63. */
@inline
export function pairs32(x: usize, first: v128, second: v128): v128 {
  return i16x8.add(pairs(v128.load(x), first), pairs(v128.load(x + 16), second));
}

/**
 * Two i16x8 to one whose even lanes sum to the first's sum and odd lanes to the second's, so that
 * two factors in turn (lanes01) serve both in one dot product.
 */
@inline
export function interleaved(a: v128, b: v128): v128 {
  return i16x8.add(
    v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11),
    v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15),
  );
}

/** Lanes 0 and 1 of an i16x8, in turn: 0 1 0 1 0 1 0 1. */
@inline
export function lanes01(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 0, 0, 0, 0);
}

@inline
export function lanes23(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 1, 1, 1);
}

@inline
export function lanes45(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 2, 2, 2);
}

@inline
export function lanes67(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 3, 3, 3, 3);
}

/** Lane 0 of an i16x8 in all lanes. */
@inline
export function lane0(a: v128): v128 {
  return v128.shuffle<i16>(a, a, 0, 0, 0, 0, 0, 0, 0, 0);
}

/** Lane 1 of an i16x8 in all lanes. */
@inline
export function lane1(a: v128): v128 {
  return v128.shuffle<i16>(a, a, 1, 1, 1, 1, 1, 1, 1, 1);
}

/** Moves lanes 2.. of an i16x8 to the front. */
@inline
export function rotated(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 2, 3, 0);
}

/** The high nibble of each byte; `nibble` is 15 in each. */
@inline
export function upper(bytes: v128, nibble: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), nibble);
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
  const two = f32x4.add(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(two, 0) + f32x4.extract_lane(two, 1);
}

/** Four 32-bit words from four places. */
@inline
export function words(a: usize, b: usize, c: usize, d: usize): v128 {
  let lanes = v128.load_zero<u32>(a);
  lanes = v128.load_lane<u32>(b, lanes, 1);
  lanes = v128.load_lane<u32>(c, lanes, 2);
  return v128.load_lane<u32>(d, lanes, 3);
}

/** Four 16-bit words from four places, each in the high half of a 32-bit lane; low halves are 0. */
@inline
export function shorts(a: usize, b: usize, c: usize, d: usize): v128 {
  let lanes = i32x4.splat(0);
  lanes = v128.load_lane<u16>(a, lanes, 1);
  lanes = v128.load_lane<u16>(b, lanes, 3);
  lanes = v128.load_lane<u16>(c, lanes, 5);
  return v128.load_lane<u16>(d, lanes, 7);
}

/** Adds to or replaces the float at `at`. */
@inline
export function put(at: usize, value: f32, accumulate: bool): void {
  store<f32>(at, accumulate ? load<f32>(at) + value : value);
}

/** Stores the first `count` lanes, `stride` bytes apart. */
@inline
export function putLanes(
  at: usize,
  stride: usize,
  values: v128,
  count: i32,
  accumulate: bool,
): void {
  put(at, f32x4.extract_lane(values, 0), accumulate);
  if (count > 1) put(at + stride, f32x4.extract_lane(values, 1), accumulate);
  if (count > 2) put(at + 2 * stride, f32x4.extract_lane(values, 2), accumulate);
  if (count > 3) put(at + 3 * stride, f32x4.extract_lane(values, 3), accumulate);
}
