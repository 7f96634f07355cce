/**
 * Q5_0 and Q5_1 times q16x32. Blocks of 32 weights: f16 d, for Q5_1 f16 m, 32 fifth bits (bit i:
 * weight i), nibbles as in Q4_0.
 *   Q5_0 (22 bytes) d * (q - 16)   Q5_1 (24 bytes) d * q + m
 */
import { NIBBLES, shorts, upper, words } from "./lanes.as";
import { products, scaled, scaledAndMin } from "./narrow.as";

/** 32 fifth bits and 16 bytes of nibbles times 32 activations, in four lanes. */
@inline
function fives(qh: usize, x: usize): v128 {
  const nibble = i32x4.splat(NIBBLES);
  const bits = v128.load_splat<u32>(qh);
  const bytes = v128.load(qh + 4);
  const each = i64x2.splat(0x8040201008040201);
  const sixteen = i8x16.splat(16);
  const first = i8x16.shuffle(bits, bits, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const second = i8x16.shuffle(bits, bits, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const low = v128.and(i8x16.eq(v128.and(first, each), each), sixteen);
  const high = v128.and(i8x16.eq(v128.and(second, each), each), sixteen);
  return products(x, v128.or(v128.and(bytes, nibble), low), v128.or(upper(bytes, nibble), high));
}

@unmanaged
export class Q50 {
  @inline
  get bytes(): usize {
    return 22;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    return fives(w + 2, x + (lane << 5));
  }

  /** d, or d and m, of four blocks, as `product` takes them. */
  @inline
  heads(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
    return shorts(w0, w1, w2, w3);
  }

  @inline
  head(w: usize): v128 {
    return v128.load_splat<u16>(w);
  }

  /** Four blocks' results from their heads and the scales and sums of their activations. */
  @inline
  product(heads: v128, sum: v128, scales: v128, scaledSums: v128, whole: v128): v128 {
    return scaled(heads, scales, i32x4.sub(sum, i32x4.shl(whole, 4)));
  }
}

@unmanaged
export class Q51 {
  @inline
  get bytes(): usize {
    return 24;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    return fives(w + 4, x + (lane << 5));
  }

  /** d, or d and m, of four blocks, as `product` takes them. */
  @inline
  heads(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
    return words(w0, w1, w2, w3);
  }

  @inline
  head(w: usize): v128 {
    return v128.load_splat<u32>(w);
  }

  /** Four blocks' results from their heads and the scales and sums of their activations. */
  @inline
  product(heads: v128, sum: v128, scales: v128, scaledSums: v128, whole: v128): v128 {
    return scaledAndMin(heads, scales, sum, scaledSums);
  }
}
