/**
 * Q4_K times q8x256. Block (144 bytes for 256 weights): f16 d, f16 dmin, 12 bytes of 6-bit scales
 * and mins (8 each), 128 bytes of nibbles: byte 32j+i holds weight 64j+i (low) and 64j+32+i (high).
 *   weight = d * scale[k] * q - dmin * min[k],  k = index / 32
 */
import {
  interleaved,
  lanes01,
  lanes23,
  lanes45,
  lanes67,
  NIBBLES,
  pairs32,
  sums,
  upper,
  words,
} from "./lanes.as";
import { firstSixes, lastSixes, minSums } from "./sixes.as";
import { scaledLessMin, scalesOf, wideRun } from "./wide.as";

/** 64 weights (32 bytes at w) times 64 activations; `scales` are the two halves' in turn. */
@inline
function step(w: usize, x: usize, scales: v128, nibble: v128): v128 {
  const a = v128.load(w);
  const b = v128.load(w + 16);
  const low = pairs32(x, v128.and(a, nibble), v128.and(b, nibble));
  const high = pairs32(x + 32, upper(a, nibble), upper(b, nibble));
  return i32x4.dot_i16x8_s(interleaved(low, high), scales);
}

/** One block's 256 products, times the eight scales (i16x8), in four lanes. */
@inline
function blockSum(w: usize, x: usize, scales: v128): v128 {
  const nibble = i32x4.splat(NIBBLES);
  let sum = step(w + 16, x, lanes01(scales), nibble);
  sum = i32x4.add(sum, step(w + 48, x + 64, lanes23(scales), nibble));
  sum = i32x4.add(sum, step(w + 80, x + 128, lanes45(scales), nibble));
  return i32x4.add(sum, step(w + 112, x + 192, lanes67(scales), nibble));
}

@unmanaged
class Q4K {
  @inline
  get bytes(): usize {
    return 144;
  }

  /** Lane i is block w_i times x_i. */
  @inline
  four(
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
      blockSum(w0, x0, i16x8.extend_low_i8x16_u(two)),
      blockSum(w1, x1, i16x8.extend_high_i8x16_u(two)),
      blockSum(w2, x2, i16x8.extend_low_i8x16_u(next)),
      blockSum(w3, x3, i16x8.extend_high_i8x16_u(next)),
    );
    const minSum = minSums(w0, w1, w2, w3, x0, x1, x2, x3);
    return scaledLessMin(words(w0, w1, w2, w3), scalesOf(x0, x1, x2, x3), sum, minSum);
  }
}

export function q4kRun(
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  wideRun(changetype<Q4K>(0), w, rowBytes, rows, cols, x, out, accumulate);
}
