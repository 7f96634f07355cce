/**
 * Batches of tokens times rows of Q4_K or Q6_K, two rows at a time: a block of either is unpacked
 * once into scratch and serves all tokens, four at a time.
 *
 * Weights and activations are woven there: each half of a block is four runs of 32 values, and of
 * their pairs of neighbours the four runs' are taken in turn. A 16-bit lane of any vector then holds
 * products of the one run k = lane % 4 (Q6_K: of its first or second 16), so lanes can be summed
 * while they fit 16 bits, before a run's scale is applied: half the multiplications by scales.
 * Integer sums are exact in any order, so the result has the bits of one token alone.
 */
import { WIDE_BYTES } from "./activations.as";
import { pairs, putLanes } from "./lanes.as";

/** Where this thread's scratch lies, SCRATCH_BYTES in kernels.ts; set once when kernels are bound. */
export let SCRATCH: usize = 0;

/** An unpacked block: 256 weights, then what its type needs of scales. Two rows' follow each other. */
export const UNPACKED: usize = 384;
export const UNPACKED_SCALES: usize = 256;
/** Behind both: for each four tokens a float of either row. */
const TOTALS: usize = 2 * UNPACKED;
/** Tokens that one pass over a pair of rows serves. */
const TOKENS = 64;

/** Stores 16 values of each of four runs, woven, as 64 bytes. */
@inline
export function weave(a: v128, b: v128, c: v128, d: v128, out: usize): void {
  const firstAB = v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  const firstCD = v128.shuffle<i16>(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
  const lastAB = v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  const lastCD = v128.shuffle<i16>(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
  v128.store(out, v128.shuffle<i32>(firstAB, firstCD, 0, 4, 1, 5));
  v128.store(out + 16, v128.shuffle<i32>(firstAB, firstCD, 2, 6, 3, 7));
  v128.store(out + 32, v128.shuffle<i32>(lastAB, lastCD, 0, 4, 1, 5));
  v128.store(out + 48, v128.shuffle<i32>(lastAB, lastCD, 2, 6, 3, 7));
}

/** Sums of pairs of products, added: eight 16-bit lanes. */
@inline
export function addPairs(sum: v128, x: v128, weights: v128): v128 {
  return i16x8.add(sum, pairs(x, weights));
}

/** Two rows (the same one where there is one) times up to TOKENS tokens. */
@inline
function twoRows<T>(
  type: T,
  w0: usize,
  w1: usize,
  cols: i32,
  x: usize,
  xStride: usize,
  tokens: i32,
  out: usize,
  outStride: usize,
  accumulate: bool,
): void {
  const unpacked = SCRATCH;
  const totals = unpacked + TOTALS;
  const isPair = w1 != w0;
  memory.fill(totals, 0, <usize>((tokens + 3) >> 2) << 5);
  const end = x + <usize>(cols >> 8) * WIDE_BYTES;
  let woven = end - x; // from a block of activations to the same, woven
  for (; x < end; x += WIDE_BYTES, woven -= WIDE_BYTES - 256) {
    type.unpack(w0, unpacked);
    type.unpack(w1, unpacked + UNPACKED);
    const last = x + <usize>(tokens - 1) * xStride;
    let total = totals;
    // Where the last four are fewer, the last token is repeated, and nothing stores it.
    for (let x0 = x; x0 <= last; x0 += 4 * xStride, total += 32) {
      const x1 = min(x0 + xStride, last);
      const x2 = min(x1 + xStride, last);
      type.tile(unpacked, x0, x1, x2, min(x2 + xStride, last), woven, total);
    }
    w0 += type.bytes;
    w1 += type.bytes;
  }
  for (let left = tokens, total = totals; left > 0; left -= 4, total += 32) {
    putLanes(out, outStride, v128.load(total), left, accumulate);
    if (isPair) putLanes(out + 4, outStride, v128.load(total + 16), left, accumulate);
    out += 4 * outStride;
  }
}

/** Any rows times any tokens. */
export function wovenTokens<T>(
  type: T,
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  xStride: usize,
  tokens: i32,
  out: usize,
  outStride: usize,
  accumulate: bool,
): void {
  for (let t = 0; t < tokens; t += TOKENS) {
    const some = min(tokens - t, TOKENS);
    let row = w;
    for (let r = 0; r < rows; r += 2, row += 2 * rowBytes) {
      const next = r + 1 < rows ? row + rowBytes : row;
      const at = out + (<usize>r << 2);
      twoRows(type, row, next, cols, x, xStride, some, at, outStride, accumulate);
    }
    x += TOKENS * xStride;
    out += TOKENS * outStride;
  }
}
