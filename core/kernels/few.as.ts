/**
 * F3_K and F2_K times q8x256: Flint's own coarse types, which no file has. They are Q4_K with three
 * and two bits a weight: the same 16 bytes of scales and mins for runs of 32, so that few bits cost
 * about what four do (Q3_K and Q2_K, with runs of 16, take two to three times as long).
 *   weight = d * scale[k] * q - dmin * min[k],  k = index / 32
 * F2_K (80 bytes): 64 bytes; bits 2j, 2j+1 of byte 32n+i are weight 128n+32j+i.
 * F3_K (112 bytes): 96 bytes, three runs of 32; bits 0-2 and 3-5 of byte i of run n are weights
 * 64n+i and 64n+32+i. Weights 192+i have their low bits in the top two of run 0, 224+i in those of
 * run 1; their third bits are bits 6 and 7 of run 2.
 */
import {
  FOURS,
  interleaved,
  lanes01,
  lanes23,
  lanes45,
  lanes67,
  pairs32,
  SEVENS,
  THREES,
} from "./lanes.as";
import { fourBlocks } from "./sixes.as";

/** 64 activations times 64 weights; `scales` are the two halves' in turn. */
@inline
function step(x: usize, a: v128, b: v128, c: v128, d: v128, scales: v128): v128 {
  return i32x4.dot_i16x8_s(interleaved(pairs32(x, a, b), pairs32(x + 32, c, d)), scales);
}

/** Bits from `bits` on of each byte, as `mask` has them. */
@inline
function field(bytes: v128, bits: i32, mask: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, bits), mask);
}

/** The two low bits from the top of `low`, the third from bit 6 + `bit` of `high`. */
@inline
function split(low: v128, high: v128, bit: i32, three: v128, four: v128): v128 {
  return v128.or(field(low, 6, three), field(high, 4 + bit, four));
}

/** One block's 256 products, times the eight scales (i16x8), in four lanes. */
@inline
function blockSum3(w: usize, x: usize, scales: v128): v128 {
  const seven = i32x4.splat(SEVENS);
  const three = i32x4.splat(THREES);
  const four = i32x4.splat(FOURS);
  const a = v128.load(w + 16);
  const b = v128.load(w + 32);
  const c = v128.load(w + 48);
  const d = v128.load(w + 64);
  const e = v128.load(w + 80);
  const f = v128.load(w + 96);
  const first = v128.and(a, seven);
  const third = v128.and(c, seven);
  const fifth = v128.and(e, seven);
  let sum = step(x, first, v128.and(b, seven), field(a, 3, seven), field(b, 3, seven), lanes01(scales));
  sum = i32x4.add(
    sum,
    step(x + 64, third, v128.and(d, seven), field(c, 3, seven), field(d, 3, seven), lanes23(scales)),
  );
  sum = i32x4.add(
    sum,
    step(x + 128, fifth, v128.and(f, seven), field(e, 3, seven), field(f, 3, seven), lanes45(scales)),
  );
  return i32x4.add(
    sum,
    step(
      x + 192,
      split(a, e, 0, three, four),
      split(b, f, 0, three, four),
      split(c, e, 1, three, four),
      split(d, f, 1, three, four),
      lanes67(scales),
    ),
  );
}

@inline
function blockSum2(w: usize, x: usize, scales: v128): v128 {
  const three = i32x4.splat(THREES);
  const a = v128.load(w + 16);
  const b = v128.load(w + 32);
  const c = v128.load(w + 48);
  const d = v128.load(w + 64);
  const first = v128.and(a, three);
  const fifth = v128.and(c, three);
  let sum = step(x, first, v128.and(b, three), field(a, 2, three), field(b, 2, three), lanes01(scales));
  sum = i32x4.add(
    sum,
    step(
      x + 64,
      field(a, 4, three),
      field(b, 4, three),
      field(a, 6, three),
      field(b, 6, three),
      lanes23(scales),
    ),
  );
  sum = i32x4.add(
    sum,
    step(x + 128, fifth, v128.and(d, three), field(c, 2, three), field(d, 2, three), lanes45(scales)),
  );
  return i32x4.add(
    sum,
    step(
      x + 192,
      field(c, 4, three),
      field(d, 4, three),
      field(c, 6, three),
      field(d, 6, three),
      lanes67(scales),
    ),
  );
}

@unmanaged
export class F3K {
  @inline
  get bytes(): usize {
    return 112;
  }

  @inline
  sum(w: usize, x: usize, scales: v128): v128 {
    return blockSum3(w, x, scales);
  }

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

  @inline
  shared(w: usize, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
    return fourBlocks(this, w, w, w, w, x0, x1, x2, x3);
  }
}

@unmanaged
export class F2K {
  @inline
  get bytes(): usize {
    return 80;
  }

  @inline
  sum(w: usize, x: usize, scales: v128): v128 {
    return blockSum2(w, x, scales);
  }

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

  @inline
  shared(w: usize, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
    return fourBlocks(this, w, w, w, w, x0, x1, x2, x3);
  }
}
