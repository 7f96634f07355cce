/** Q6_K (layout: q6_k.as.ts) times batches of tokens; see woven.as.ts. */
import { WIDE_SUMS16 } from "./activations.as";
import { NIBBLES, pairs, sums, TOPS, upper } from "./lanes.as";
import { scaled, scalesOf } from "./wide.as";
import { addPairs, UNPACKED, UNPACKED_SCALES, weave } from "./woven.as";

/**
 * Behind the weights: for each quarter (of a half's runs the first 16, then the second) its four
 * scales twice (i16x8), then all sixteen in order (2 x i16x8), then d in each lane's high 16 bits.
 */
const SCALES: usize = UNPACKED_SCALES + 64;
const D: usize = SCALES + 32;

/** Sixteen products with a token: 64 weights' pair sums, two by two, times their scales. */
@inline
function quarterStep(x: v128, y: v128, w: v128, v: v128, scale: v128): v128 {
  // Two pair sums of at most 2 * 63 * 127 fit 16 bits.
  return i32x4.dot_i16x8_s(addPairs(pairs(x, w), y, v), scale);
}

/** What 32 too much of each weight makes of a token's block, in four lanes. */
@inline
function excess(first: v128, last: v128, x: usize): v128 {
  const sum = i32x4.add(
    i32x4.dot_i16x8_s(first, v128.load(x + WIDE_SUMS16)),
    i32x4.dot_i16x8_s(last, v128.load(x + WIDE_SUMS16 + 16)),
  );
  return i32x4.shl(sum, 5);
}

/** One row's 256 products with four tokens, scaled, added to the four floats at `total`. */
@inline
function addRow(
  row: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  scaleX: v128,
  sum: v128,
  total: usize,
): void {
  const first = v128.load(row + SCALES);
  const last = v128.load(row + SCALES + 16);
  const less = sums(
    excess(first, last, x0),
    excess(first, last, x1),
    excess(first, last, x2),
    excess(first, last, x3),
  );
  const product = scaled(v128.load(row + D), scaleX, i32x4.sub(sum, less));
  v128.store(total, f32x4.add(v128.load(total), product));
}

@unmanaged
export class WovenQ6K {
  @inline
  get bytes(): usize {
    return 210;
  }

  unpack(w: usize, out: usize): void {
    const nibble = i32x4.splat(NIBBLES);
    const top = i32x4.splat(TOPS);
    for (let i: usize = 0; i < 2; i++) {
      for (let j: usize = 0; j < 32; j += 16) {
        const a = v128.load(w + (i << 6) + j);
        const b = v128.load(w + (i << 6) + 32 + j);
        const high = v128.load(w + 128 + (i << 5) + j);
        weave(
          v128.or(v128.and(a, nibble), v128.and(i16x8.shl(high, 4), top)),
          v128.or(v128.and(b, nibble), v128.and(i16x8.shl(high, 2), top)),
          v128.or(upper(a, nibble), v128.and(high, top)),
          v128.or(upper(b, nibble), v128.and(i16x8.shr_u(high, 2), top)),
          out + (i << 7) + 4 * j,
        );
      }
    }
    const scales = v128.load(w + 192);
    const first = i16x8.extend_low_i8x16_s(scales);
    const last = i16x8.extend_high_i8x16_s(scales);
    const at = out + UNPACKED_SCALES;
    v128.store(at, v128.shuffle<i16>(first, first, 0, 2, 4, 6, 0, 2, 4, 6));
    v128.store(at + 16, v128.shuffle<i16>(first, first, 1, 3, 5, 7, 1, 3, 5, 7));
    v128.store(at + 32, v128.shuffle<i16>(last, last, 0, 2, 4, 6, 0, 2, 4, 6));
    v128.store(at + 48, v128.shuffle<i16>(last, last, 1, 3, 5, 7, 1, 3, 5, 7));
    v128.store(out + SCALES, first);
    v128.store(out + SCALES + 16, last);
    v128.store(out + D, i32x4.splat(<i32>load<u16>(w + 208) << 16));
  }

  @inline
  tile(
    w: usize,
    x0: usize,
    x1: usize,
    x2: usize,
    x3: usize,
    woven: usize,
    total: usize,
  ): void {
    const y0 = x0 + woven;
    const y1 = x1 + woven;
    const y2 = x2 + woven;
    const y3 = x3 + woven;
    let s00 = i32x4.splat(0);
    let s01 = i32x4.splat(0);
    let s02 = i32x4.splat(0);
    let s03 = i32x4.splat(0);
    let s10 = i32x4.splat(0);
    let s11 = i32x4.splat(0);
    let s12 = i32x4.splat(0);
    let s13 = i32x4.splat(0);
    for (let i: usize = 0; i < 256; i += 32) {
      const row = w + i;
      const quarter = w + UNPACKED_SCALES + ((i >> 6) << 4);
      const scale0 = v128.load(quarter);
      const scale1 = v128.load(quarter + UNPACKED);
      const w0 = v128.load(row);
      const v0 = v128.load(row + 16);
      const w1 = v128.load(row + UNPACKED);
      const v1 = v128.load(row + 16 + UNPACKED);
      let x = v128.load(y0 + i);
      let y = v128.load(y0 + i + 16);
      s00 = i32x4.add(s00, quarterStep(x, y, w0, v0, scale0));
      s10 = i32x4.add(s10, quarterStep(x, y, w1, v1, scale1));
      x = v128.load(y1 + i);
      y = v128.load(y1 + i + 16);
      s01 = i32x4.add(s01, quarterStep(x, y, w0, v0, scale0));
      s11 = i32x4.add(s11, quarterStep(x, y, w1, v1, scale1));
      x = v128.load(y2 + i);
      y = v128.load(y2 + i + 16);
      s02 = i32x4.add(s02, quarterStep(x, y, w0, v0, scale0));
      s12 = i32x4.add(s12, quarterStep(x, y, w1, v1, scale1));
      x = v128.load(y3 + i);
      y = v128.load(y3 + i + 16);
      s03 = i32x4.add(s03, quarterStep(x, y, w0, v0, scale0));
      s13 = i32x4.add(s13, quarterStep(x, y, w1, v1, scale1));
    }
    const scaleX = scalesOf(x0, x1, x2, x3);
    addRow(w, x0, x1, x2, x3, scaleX, sums(s00, s01, s02, s03), total);
    addRow(w + UNPACKED, x0, x1, x2, x3, scaleX, sums(s10, s11, s12, s13), total + 16);
  }
}
