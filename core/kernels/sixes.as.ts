/**
 * The 6-bit scales and mins of Q4_K and Q5_K: twelve bytes after d and dmin. With bytes a (0-3),
 * b (4-7) and c (8-11): scales 0-3 are the low six bits of a, mins 0-3 those of b; of scales 4-7
 * the low nibbles of c are the low bits and the top two bits of a the high ones; mins 4-7 have the
 * high nibbles of c and the top of b.
 */
import { WIDE_SUMS32 } from "./activations.as";
import { NIBBLES, SIXES, sums, TOPS, upper, words } from "./lanes.as";
import { scaledLessMin, scalesOf } from "./wide.as";

/** First four (scales: `a` from byte 4; mins: from byte 8) of four blocks, one block a lane. */
@inline
export function firstSixes(a: v128): v128 {
  return v128.and(a, i32x4.splat(SIXES));
}

/** Last four: `low` has four bits of each, `a` the two top bits in its bytes' top. */
@inline
export function lastSixes(low: v128, a: v128): v128 {
  return v128.or(low, v128.and(i32x4.shr_u(a, 2), i32x4.splat(TOPS)));
}

/** One block's eight scales as i16x8. */
@inline
export function scales6(block: usize): v128 {
  const a = load<u32>(block + 4);
  const c = load<u32>(block + 12);
  const high = (c & 0x0f0f0f0f) | ((a >>> 2) & 0x30303030);
  return i16x8.extend_low_i8x16_u(i64x2.splat(((<u64>high) << 32) | (a & 0x3f3f3f3f)));
}

/** One block's eight mins as i16x8. */
@inline
export function mins6(block: usize): v128 {
  const b = load<u32>(block + 8);
  const c = load<u32>(block + 12);
  const high = ((c >>> 4) & 0x0f0f0f0f) | ((b >>> 2) & 0x30303030);
  return i16x8.extend_low_i8x16_u(i64x2.splat(((<u64>high) << 32) | (b & 0x3f3f3f3f)));
}

/** Lane i: the mins of block w_i times the sums of 32 activations of x_i. */
@inline
export function minSums(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
): v128 {
  const b = words(w0 + 8, w1 + 8, w2 + 8, w3 + 8);
  const c = words(w0 + 12, w1 + 12, w2 + 12, w3 + 12);
  const first = firstSixes(b);
  const last = lastSixes(upper(c, i32x4.splat(NIBBLES)), b);
  const two = v128.shuffle<i32>(first, last, 0, 4, 1, 5);
  const next = v128.shuffle<i32>(first, last, 2, 6, 3, 7);
  return sums(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(two), v128.load(x0 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(two), v128.load(x1 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(next), v128.load(x2 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(next), v128.load(x3 + WIDE_SUMS32)),
  );
}

/** Lane i: the mins of one block times the sums of 32 activations of x_i. */
@inline
export function minSumsShared(w: usize, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  const mins = mins6(w);
  return sums(
    i32x4.dot_i16x8_s(mins, v128.load(x0 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(mins, v128.load(x1 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(mins, v128.load(x2 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(mins, v128.load(x3 + WIDE_SUMS32)),
  );
}

/** Lane i: block w_i times x_i; `type.sum(w, x, scales)` is a block's products times its scales. */
@inline
export function fourBlocks<T>(
  type: T,
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
): v128 {
  const a = words(w0 + 4, w1 + 4, w2 + 4, w3 + 4);
  const c = words(w0 + 12, w1 + 12, w2 + 12, w3 + 12);
  const first = firstSixes(a);
  const last = lastSixes(v128.and(c, i32x4.splat(NIBBLES)), a);
  const two = v128.shuffle<i32>(first, last, 0, 4, 1, 5);
  const next = v128.shuffle<i32>(first, last, 2, 6, 3, 7);
  const sum = sums(
    type.sum(w0, x0, i16x8.extend_low_i8x16_u(two)),
    type.sum(w1, x1, i16x8.extend_high_i8x16_u(two)),
    type.sum(w2, x2, i16x8.extend_low_i8x16_u(next)),
    type.sum(w3, x3, i16x8.extend_high_i8x16_u(next)),
  );
  const minSum = minSums(w0, w1, w2, w3, x0, x1, x2, x3);
  return scaledLessMin(words(w0, w1, w2, w3), scalesOf(x0, x1, x2, x3), sum, minSum);
}
