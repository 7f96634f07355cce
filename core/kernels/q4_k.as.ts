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
  upper,
} from "./lanes.as";
import { fourBlocks } from "./sixes.as";

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
export class Q4K {
  @inline
  get bytes(): usize {
    return 144;
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
}
