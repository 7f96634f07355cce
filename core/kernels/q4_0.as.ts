/**
 * Q4_0 and Q4_1 times q16x32. Blocks of 32 weights: f16 d, for Q4_1 f16 m, 16 bytes of nibbles
 * (byte i: weight i low, weight 16+i high).
 *   Q4_0 (18 bytes) d * (q - 8)   Q4_1 (20 bytes) d * q + m
 */
import { NIBBLES, shorts, upper, words } from "./lanes.as";
import { products, scaled, scaledAndMin } from "./narrow.as";

/** 16 bytes of nibbles times 32 activations, in four lanes. */
@inline
function nibbles(qs: usize, x: usize): v128 {
  const nibble = i32x4.splat(NIBBLES);
  const bytes = v128.load(qs);
  return products(x, v128.and(bytes, nibble), upper(bytes, nibble));
}

@unmanaged
export class Q40 {
  @inline
  get bytes(): usize {
    return 18;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    return nibbles(w + 2, x + (lane << 5));
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
    return scaled(heads, scales, i32x4.sub(sum, i32x4.shl(whole, 3)));
  }
}

@unmanaged
export class Q41 {
  @inline
  get bytes(): usize {
    return 20;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    return nibbles(w + 4, x + (lane << 5));
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
