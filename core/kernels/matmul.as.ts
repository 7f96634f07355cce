/**
 * The product of a block of rows with some tokens: one token at a time, or more with each row
 * unpacked once for four or for all. Every element is computed in the same order either way, so a token's
 * result does not depend on what it is batched with, nor a row's on its neighbours. Types are
 * GGML's numbers, TensorType in flash/layout.ts.
 */
import { F2K, F3K } from "./few.as";
import { bf16Four, f16Four, f32Four } from "./floats.as";
import { putLanes } from "./lanes.as";
import { narrowRun, narrowTokens } from "./narrow.as";
import { Q40, Q41 } from "./q4_0.as";
import { Q50, Q51 } from "./q5_0.as";
import { Q80 } from "./q8_0.as";
import { Q2K } from "./q2_k.as";
import { Q3K } from "./q3_k.as";
import { Q4K } from "./q4_k.as";
import { q4kTokens } from "./q4_k_tokens.as";
import { WovenQ4K } from "./q4_k_woven.as";
import { Q5K } from "./q5_k.as";
import { Q6K } from "./q6_k.as";
import { WovenQ6K } from "./q6_k_woven.as";
import { wideRun, wideTokens } from "./wide.as";
import { wovenTokens } from "./woven.as";

/** The types of most models' weights, whose rows go by twos. */
const Q4_K = 12;
const Q6_K = 14;
/** Tokens from which it pays to unpack rows of these types for all at once (Q4_K: 16 even, 64 + 16 %). */
const WOVEN_MIN = 12;
/** Rows that stay in the first-level cache while all tokens pass over them. */
const CHUNK_ROWS = 16;

/** Lane i is w_i times x_i: the plain types. */
@inline
function plainFour(
  type: i32,
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  cols: i32,
): v128 {
  if (type == 0) return f32Four(w0, w1, w2, w3, x0, x1, x2, x3, cols);
  if (type == 1) return f16Four(w0, w1, w2, w3, x0, x1, x2, x3, cols);
  if (type == 30) return bf16Four(w0, w1, w2, w3, x0, x1, x2, x3, cols);
  return unreachable();
}

/** One token, the plain types: four rows at a time, the last repeated where there are fewer. */
function plainRun(
  type: i32,
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  const last = w + <usize>(rows - 1) * rowBytes;
  for (let r = 0; r < rows; r += 4) {
    const w1 = min(w + rowBytes, last);
    const w2 = min(w1 + rowBytes, last);
    const w3 = min(w2 + rowBytes, last);
    putLanes(out, 4, plainFour(type, w, w1, w2, w3, x, x, x, x, cols), rows - r, accumulate);
    w += 4 * rowBytes;
    out += 16;
  }
}

/** One token. */
function run(
  type: i32,
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  switch (type) {
    case 2: return narrowRun(changetype<Q40>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 3: return narrowRun(changetype<Q41>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 6: return narrowRun(changetype<Q50>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 7: return narrowRun(changetype<Q51>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 8: return narrowRun(changetype<Q80>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 10: return wideRun(changetype<Q2K>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 11: return wideRun(changetype<Q3K>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 12: return wideRun(changetype<Q4K>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 13: return wideRun(changetype<Q5K>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 14: return wideRun(changetype<Q6K>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 102: return wideRun(changetype<F2K>(0), w, rowBytes, rows, cols, x, out, accumulate);
    case 103: return wideRun(changetype<F3K>(0), w, rowBytes, rows, cols, x, out, accumulate);
    default: return plainRun(type, w, rowBytes, rows, cols, x, out, accumulate);
  }
}

/** Lane i is the row at w times x_i. */
function four(type: i32, w: usize, cols: i32, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  switch (type) {
    case 2: return narrowTokens(changetype<Q40>(0), w, cols, x0, x1, x2, x3);
    case 3: return narrowTokens(changetype<Q41>(0), w, cols, x0, x1, x2, x3);
    case 6: return narrowTokens(changetype<Q50>(0), w, cols, x0, x1, x2, x3);
    case 7: return narrowTokens(changetype<Q51>(0), w, cols, x0, x1, x2, x3);
    case 8: return narrowTokens(changetype<Q80>(0), w, cols, x0, x1, x2, x3);
    case 10: return wideTokens(changetype<Q2K>(0), w, cols, x0, x1, x2, x3);
    case 11: return wideTokens(changetype<Q3K>(0), w, cols, x0, x1, x2, x3);
    case 13: return wideTokens(changetype<Q5K>(0), w, cols, x0, x1, x2, x3);
    case 14: return wideTokens(changetype<Q6K>(0), w, cols, x0, x1, x2, x3);
    case 102: return wideTokens(changetype<F2K>(0), w, cols, x0, x1, x2, x3);
    case 103: return wideTokens(changetype<F3K>(0), w, cols, x0, x1, x2, x3);
    default: return plainFour(type, w, w, w, w, x0, x1, x2, x3, cols);
  }
}

/** Three or four tokens; where there are three, the last is repeated and not stored. */
function runTokens(
  type: i32,
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
  const x1 = x + xStride;
  const x2 = x1 + xStride;
  const x3 = tokens > 3 ? x2 + xStride : x2;
  if (type == Q4_K) {
    q4kTokens(w, rowBytes, rows, cols, x, x1, x2, x3, tokens, out, outStride, accumulate);
    return;
  }
  for (let r = 0; r < rows; r++) {
    putLanes(out, outStride, four(type, w, cols, x, x1, x2, x3), tokens, accumulate);
    w += rowBytes;
    out += 4;
  }
}

/** See `Kernels.matmul`. */
export function matmul(
  type: i32,
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
  if (rows == 0) return;
  if (tokens == 1) return run(type, w, rowBytes, rows, cols, x, out, accumulate);
  if (tokens >= WOVEN_MIN && (type == Q4_K || type == Q6_K)) {
    // One or two too many for fours go on below.
    const some = min(tokens, (tokens + 1) & ~3);
    if (type == Q4_K) {
      const woven = changetype<WovenQ4K>(0);
      wovenTokens(woven, w, rowBytes, rows, cols, x, xStride, some, out, outStride, accumulate);
    } else {
      const woven = changetype<WovenQ6K>(0);
      wovenTokens(woven, w, rowBytes, rows, cols, x, xStride, some, out, outStride, accumulate);
    }
    tokens -= some;
    x += <usize>some * xStride;
    out += <usize>some * outStride;
  }
  for (let r = 0; r < rows; r += CHUNK_ROWS) {
    const count = min(rows - r, CHUNK_ROWS);
    let xt = x;
    let outT = out;
    let left = tokens;
    for (; left >= 3; left -= 4) {
      const some = min(left, 4);
      runTokens(type, w, rowBytes, count, cols, xt, xStride, some, outT, outStride, accumulate);
      xt += 4 * xStride;
      outT += 4 * outStride;
    }
    for (; left > 0; left--) {
      run(type, w, rowBytes, count, cols, xt, outT, accumulate);
      xt += xStride;
      outT += outStride;
    }
    w += <usize>CHUNK_ROWS * rowBytes;
    out += CHUNK_ROWS * 4;
  }
}
