/**
 * Q5_K times q8x256. Block (176 bytes for 256 weights): f16 d, f16 dmin, 12 bytes of 6-bit scales
 * and mins as in Q4_K, 32 bytes of fifth bits (byte i, bit k: weight 32k+i), nibbles as in Q4_K.
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
} from "./lanes.as";
import { fourBlocks, minSumsShared, scales6 } from "./sixes.as";
import { scaledLessMin, scalesOf } from "./wide.as";

/** The bit of each byte that `bit` selects, moved to bit 4 by the caller's shift before. */
@inline
function fifth(bits: v128): v128 {
  return v128.and(bits, i8x16.splat(16));
}

/** 64 weights (32 bytes of nibbles at w, their two fifth bits in bits 4 and 5 of h and i). */
@inline
function step(w: usize, h: v128, i: v128, x: usize, scales: v128, nibble: v128): v128 {
  const a = v128.load(w);
  const b = v128.load(w + 16);
  const low = pairs32(
    x,
    v128.or(v128.and(a, nibble), fifth(h)),
    v128.or(v128.and(b, nibble), fifth(i)),
  );
  const high = pairs32(
    x + 32,
    v128.or(upper(a, nibble), fifth(i16x8.shr_u(h, 1))),
    v128.or(upper(b, nibble), fifth(i16x8.shr_u(i, 1))),
  );
  return i32x4.dot_i16x8_s(interleaved(low, high), scales);
}

/** One block's 256 products, times the eight scales (i16x8), in four lanes. */
@inline
function blockSum(w: usize, x: usize, scales: v128): v128 {
  const nibble = i32x4.splat(NIBBLES);
  const h = v128.load(w + 16);
  const i = v128.load(w + 32);
  const h4 = i16x8.shl(h, 4);
  const i4 = i16x8.shl(i, 4);
  const h2 = i16x8.shl(h, 2);
  const i2 = i16x8.shl(i, 2);
  let sum = step(w + 48, h4, i4, x, lanes01(scales), nibble);
  sum = i32x4.add(sum, step(w + 80, h2, i2, x + 64, lanes23(scales), nibble));
  sum = i32x4.add(sum, step(w + 112, h, i, x + 128, lanes45(scales), nibble));
  const h6 = i16x8.shr_u(h, 2);
  const i6 = i16x8.shr_u(i, 2);
  return i32x4.add(sum, step(w + 144, h6, i6, x + 192, lanes67(scales), nibble));
}

@unmanaged
export class Q5K {
  @inline
  get bytes(): usize {
    return 176;
  }

  @inline
  sum(w: usize, x: usize, scales: v128): v128 {
    return blockSum(w, x, scales);
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
    return fourBlocks(this, w0, w1, w2, w3, x0, x1, x2, x3);
  }

  /** Lane i is block w times x_i. */
  @inline
  shared(w: usize, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
    const scales = scales6(w);
    const sum = sums(
      blockSum(w, x0, scales),
      blockSum(w, x1, scales),
      blockSum(w, x2, scales),
      blockSum(w, x3, scales),
    );
    const minSum = minSumsShared(w, x0, x1, x2, x3);
    return scaledLessMin(v128.load_splat<u32>(w), scalesOf(x0, x1, x2, x3), sum, minSum);
  }
}
