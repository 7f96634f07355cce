/**
 * Q2_K times q8x256. Block (84 bytes for 256 weights): 16 bytes with a 4-bit scale (low) and min
 * (high) for each 16 weights, 64 bytes of 2-bit weights, f16 d, f16 dmin.
 * Byte 32n+i, bits 2j and 2j+1: weight 128n + 32j + i.
 */
import { lane0, lane1, NIBBLES, rotated, sums, upper, words } from "./lanes.as";
import { scaledLessMin, scalesOf, step16, sum16 } from "./wide.as";

/** 128 weights from the 32 bytes at w, with their eight scales. */
@inline
function halfSum(w: usize, scales: v128, x: usize): v128 {
  let sum = i32x4.splat(0);
  let a = v128.load(w);
  let b = v128.load(w + 16);
  const two = i8x16.splat(3);
  for (let j: usize = 0; j < 128; j += 32) {
    sum = i32x4.add(sum, step16(x + j, v128.and(a, two), lane0(scales)));
    sum = i32x4.add(sum, step16(x + j + 16, v128.and(b, two), lane1(scales)));
    a = i16x8.shr_u(a, 2);
    b = i16x8.shr_u(b, 2);
    scales = rotated(scales);
  }
  return sum;
}

/** One block's 256 products, times their scales, in four lanes. */
@inline
function blockSum(w: usize, x: usize): v128 {
  const scales = v128.and(v128.load(w), i32x4.splat(NIBBLES));
  return i32x4.add(
    halfSum(w + 16, i16x8.extend_low_i8x16_u(scales), x),
    halfSum(w + 48, i16x8.extend_high_i8x16_u(scales), x + 128),
  );
}

@inline
function minSum(w: usize, x: usize): v128 {
  return sum16(upper(v128.load(w), i32x4.splat(NIBBLES)), x);
}

@unmanaged
export class Q2K {
  @inline
  get bytes(): usize {
    return 84;
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
    const sum = sums(blockSum(w0, x0), blockSum(w1, x1), blockSum(w2, x2), blockSum(w3, x3));
    const mins = sums(minSum(w0, x0), minSum(w1, x1), minSum(w2, x2), minSum(w3, x3));
    const both = words(w0 + 80, w1 + 80, w2 + 80, w3 + 80);
    return scaledLessMin(both, scalesOf(x0, x1, x2, x3), sum, mins);
  }

  /** Lane i is block w times x_i. */
  @inline
  shared(w: usize, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
    return this.four(w, w, w, w, x0, x1, x2, x3);
  }
}
