/**
 * Q6_K times q8x256. Block (210 bytes for 256 weights): 128 bytes of low nibbles, 64 bytes of high
 * 2-bit parts, 16 i8 scales (one for 16 weights), f16 d; weight = d * scale * (q - 32).
 * Half n (128 weights), i in 0..32: weight 32k+i has the low (k = 0, 1) or high (k = 2, 3) nibble
 * of byte 64n + 32(k & 1) + i, and bits 2k, 2k+1 of high byte 32n + i.
 */
import {
  interleaved,
  lanes01,
  lanes23,
  lanes45,
  lanes67,
  NIBBLES,
  pairs,
  shorts,
  sums,
  TOPS,
  upper,
} from "./lanes.as";
import { scaled, scalesOf, sum16 } from "./wide.as";

/** 32 weights times 32 activations; `scales` are those of the first and second 16 in turn. */
@inline
function step(x: usize, first: v128, second: v128, scales: v128): v128 {
  // Each pair sum is at most 2 * 63 * 127, so two of them still fit 16 bits.
  const dots = interleaved(pairs(v128.load(x), first), pairs(v128.load(x + 16), second));
  return i32x4.dot_i16x8_s(dots, scales);
}

/** 128 weights with their eight scales (i16x8), in four lanes. */
@inline
function halfSum(low: usize, high: usize, scales: v128, x: usize): v128 {
  const nibble = i32x4.splat(NIBBLES);
  const top = i32x4.splat(TOPS);
  const a = v128.load(low);
  const b = v128.load(low + 16);
  const c = v128.load(low + 32);
  const d = v128.load(low + 48);
  const h = v128.load(high);
  const i = v128.load(high + 16);
  let sum = step(
    x,
    v128.or(v128.and(a, nibble), v128.and(i16x8.shl(h, 4), top)),
    v128.or(v128.and(b, nibble), v128.and(i16x8.shl(i, 4), top)),
    lanes01(scales),
  );
  sum = i32x4.add(
    sum,
    step(
      x + 32,
      v128.or(v128.and(c, nibble), v128.and(i16x8.shl(h, 2), top)),
      v128.or(v128.and(d, nibble), v128.and(i16x8.shl(i, 2), top)),
      lanes23(scales),
    ),
  );
  sum = i32x4.add(
    sum,
    step(
      x + 64,
      v128.or(upper(a, nibble), v128.and(h, top)),
      v128.or(upper(b, nibble), v128.and(i, top)),
      lanes45(scales),
    ),
  );
  return i32x4.add(
    sum,
    step(
      x + 96,
      v128.or(upper(c, nibble), v128.and(i16x8.shr_u(h, 2), top)),
      v128.or(upper(d, nibble), v128.and(i16x8.shr_u(i, 2), top)),
      lanes67(scales),
    ),
  );
}

/** One block's 256 products, times their scales, in four lanes. */
@inline
function blockSum(w: usize, x: usize): v128 {
  const scales = v128.load(w + 192);
  const sum = i32x4.add(
    halfSum(w, w + 128, i16x8.extend_low_i8x16_s(scales), x),
    halfSum(w + 64, w + 160, i16x8.extend_high_i8x16_s(scales), x + 128),
  );
  return i32x4.sub(sum, i32x4.shl(sum16(scales, x), 5));
}

@unmanaged
export class Q6K {
  @inline
  get bytes(): usize {
    return 210;
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
    const d = shorts(w0 + 208, w1 + 208, w2 + 208, w3 + 208);
    return scaled(d, scalesOf(x0, x1, x2, x3), sum);
  }

  /** Lane i is block w times x_i. */
  @inline
  shared(w: usize, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
    return this.four(w, w, w, w, x0, x1, x2, x3);
  }
}
