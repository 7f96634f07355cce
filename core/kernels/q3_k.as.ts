/**
 * Q3_K times q8x256. Block (110 bytes for 256 weights): 32 bytes of third bits, 64 bytes of low
 * 2-bit parts, 12 bytes with sixteen 6-bit scales (less 32), f16 d.
 * Low parts lie as in Q2_K; the third bit of weight 32k + i is bit k of byte i; weight = q - 4.
 */
import { lane0, lane1, rotated, shorts, sums } from "./lanes.as";
import { scaled, scalesOf, step16, sum16 } from "./wide.as";

/** The sixteen scales as i8x16: four low bits each in bytes 0-7, two high bits in bytes 8-11. */
@inline
function scales3(w: usize): v128 {
  const low = load<u64>(w + 96);
  const high = load<u32>(w + 104);
  const top = (<u64>((high >>> 2) & 0x03030303) << 32) | (high & 0x03030303);
  const next = (<u64>((high >>> 6) & 0x03030303) << 32) | ((high >>> 4) & 0x03030303);
  const first = (low & 0x0f0f0f0f0f0f0f0f) | (top << 4);
  const second = ((low >>> 4) & 0x0f0f0f0f0f0f0f0f) | (next << 4);
  return i8x16.sub(i64x2.replace_lane(i64x2.splat(first), 1, second), i8x16.splat(32));
}

/** 128 weights from the 32 bytes at w; their third bits are bits 0-3 of h and i. */
@inline
function halfSum(w: usize, h: v128, i: v128, scales: v128, x: usize): v128 {
  let sum = i32x4.splat(0);
  let a = v128.load(w);
  let b = v128.load(w + 16);
  const two = i8x16.splat(3);
  const one = i8x16.splat(1);
  for (let j: usize = 0; j < 128; j += 32) {
    const first = v128.or(v128.and(a, two), i16x8.shl(v128.and(h, one), 2));
    const second = v128.or(v128.and(b, two), i16x8.shl(v128.and(i, one), 2));
    sum = i32x4.add(sum, step16(x + j, first, lane0(scales)));
    sum = i32x4.add(sum, step16(x + j + 16, second, lane1(scales)));
    a = i16x8.shr_u(a, 2);
    b = i16x8.shr_u(b, 2);
    h = i16x8.shr_u(h, 1);
    i = i16x8.shr_u(i, 1);
    scales = rotated(scales);
  }
  return sum;
}

/** One block's 256 products, times their scales, in four lanes. */
@inline
function blockSum(w: usize, x: usize): v128 {
  const scales = scales3(w);
  const h = v128.load(w);
  const i = v128.load(w + 16);
  const first = halfSum(w + 32, h, i, i16x8.extend_low_i8x16_s(scales), x);
  const second = halfSum(
    w + 64,
    i16x8.shr_u(h, 4),
    i16x8.shr_u(i, 4),
    i16x8.extend_high_i8x16_s(scales),
    x + 128,
  );
  return i32x4.sub(i32x4.add(first, second), i32x4.shl(sum16(scales, x), 2));
}

@unmanaged
export class Q3K {
  @inline
  get bytes(): usize {
    return 110;
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
    const d = shorts(w0 + 108, w1 + 108, w2 + 108, w3 + 108);
    return scaled(d, scalesOf(x0, x1, x2, x3), sum);
  }

  /** Lane i is block w times x_i. */
  @inline
  shared(w: usize, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
    return this.four(w, w, w, w, x0, x1, x2, x3);
  }
}
