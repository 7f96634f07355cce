/** Q8_0 times q16x32. Block (34 bytes for 32 weights): f16 d, 32 i8; weight = d * q. */
import { NARROW_WHOLES } from "./activations.as";
import { shorts } from "./lanes.as";
import { scaled } from "./narrow.as";

/** 16 signed bytes times 16 whole activations, in four lanes; not `pairs`: weights reach -128. */
@inline
function bytes16(qs: usize, wholes: usize): v128 {
  const bytes = v128.load(qs);
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(bytes), v128.load(wholes)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(bytes), v128.load(wholes + 16)),
  );
}

@unmanaged
export class Q80 {
  @inline
  get bytes(): usize {
    return 34;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    const wholes = x + NARROW_WHOLES + (lane << 6);
    return i32x4.add(bytes16(w + 2, wholes), bytes16(w + 18, wholes + 32));
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
    return scaled(heads, scales, sum);
  }
}
