/** Q4_K (layout: q4_k.as.ts) times batches of tokens; see woven.as.ts. */
import { WIDE_SUMS32 } from "./activations.as";
import { NIBBLES, sums, upper } from "./lanes.as";
import { mins6, scales6 } from "./sixes.as";
import { scaledLessMin, scalesOf } from "./wide.as";
import { addPairs, UNPACKED, UNPACKED_SCALES, weave } from "./woven.as";

/** Behind the two halves' scales (i16x8 each: four in turn): eight mins (i16x8), d and dmin. */
const MINS: usize = UNPACKED_SCALES + 32;
const BOTH: usize = MINS + 16;

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
  const mins = v128.load(row + MINS);
  const minSum = sums(
    i32x4.dot_i16x8_s(mins, v128.load(x0 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(mins, v128.load(x1 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(mins, v128.load(x2 + WIDE_SUMS32)),
    i32x4.dot_i16x8_s(mins, v128.load(x3 + WIDE_SUMS32)),
  );
  const product = scaledLessMin(v128.load(row + BOTH), scaleX, sum, minSum);
  v128.store(total, f32x4.add(v128.load(total), product));
}

@unmanaged
export class WovenQ4K {
  @inline
  get bytes(): usize {
    return 144;
  }

  unpack(w: usize, out: usize): void {
    const nibble = i32x4.splat(NIBBLES);
    for (let i: usize = 0; i < 128; i += 64) {
      for (let j: usize = 0; j < 32; j += 16) {
        const a = v128.load(w + 16 + i + j);
        const b = v128.load(w + 48 + i + j);
        const first = v128.and(a, nibble);
        const third = v128.and(b, nibble);
        weave(first, upper(a, nibble), third, upper(b, nibble), out + 2 * i + 4 * j);
      }
    }
    const scales = scales6(w);
    v128.store(out + UNPACKED_SCALES, v128.shuffle<i64>(scales, scales, 0, 0));
    v128.store(out + UNPACKED_SCALES + 16, v128.shuffle<i64>(scales, scales, 1, 1));
    v128.store(out + MINS, mins6(w));
    v128.store(out + BOTH, v128.load_splat<u32>(w));
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
    let sum0 = i32x4.splat(0);
    let sum1 = i32x4.splat(0);
    for (let half: usize = 0; half < 2; half++) {
      // Eight pair sums of at most 2 * 15 * 127 fit 16 bits.
      let p00 = i32x4.splat(0);
      let p01 = i32x4.splat(0);
      let p02 = i32x4.splat(0);
      let p03 = i32x4.splat(0);
      let p10 = i32x4.splat(0);
      let p11 = i32x4.splat(0);
      let p12 = i32x4.splat(0);
      let p13 = i32x4.splat(0);
      const begin = half << 7;
      for (let i = begin, end = begin + 128; i < end; i += 32) {
        const row = w + i;
        let w0 = v128.load(row);
        let w1 = v128.load(row + UNPACKED);
        let x = v128.load(y0 + i);
        p00 = addPairs(p00, x, w0);
        p10 = addPairs(p10, x, w1);
        x = v128.load(y1 + i);
        p01 = addPairs(p01, x, w0);
        p11 = addPairs(p11, x, w1);
        x = v128.load(y2 + i);
        p02 = addPairs(p02, x, w0);
        p12 = addPairs(p12, x, w1);
        x = v128.load(y3 + i);
        p03 = addPairs(p03, x, w0);
        p13 = addPairs(p13, x, w1);
        w0 = v128.load(row + 16);
        w1 = v128.load(row + 16 + UNPACKED);
        x = v128.load(y0 + i + 16);
        p00 = addPairs(p00, x, w0);
        p10 = addPairs(p10, x, w1);
        x = v128.load(y1 + i + 16);
        p01 = addPairs(p01, x, w0);
        p11 = addPairs(p11, x, w1);
        x = v128.load(y2 + i + 16);
        p02 = addPairs(p02, x, w0);
        p12 = addPairs(p12, x, w1);
        x = v128.load(y3 + i + 16);
        p03 = addPairs(p03, x, w0);
        p13 = addPairs(p13, x, w1);
      }
      const scale0 = v128.load(w + UNPACKED_SCALES + (half << 4));
      const scale1 = v128.load(w + UNPACKED_SCALES + UNPACKED + (half << 4));
      sum0 = i32x4.add(
        sum0,
        sums(
          i32x4.dot_i16x8_s(p00, scale0),
          i32x4.dot_i16x8_s(p01, scale0),
          i32x4.dot_i16x8_s(p02, scale0),
          i32x4.dot_i16x8_s(p03, scale0),
        ),
      );
      sum1 = i32x4.add(
        sum1,
        sums(
          i32x4.dot_i16x8_s(p10, scale1),
          i32x4.dot_i16x8_s(p11, scale1),
          i32x4.dot_i16x8_s(p12, scale1),
          i32x4.dot_i16x8_s(p13, scale1),
        ),
      );
    }
    const scaleX = scalesOf(x0, x1, x2, x3);
    addRow(w, x0, x1, x2, x3, scaleX, sum0, total);
    addRow(w + UNPACKED, x0, x1, x2, x3, scaleX, sum1, total + 16);
  }
}
