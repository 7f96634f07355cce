/**
 * The product of a block of rows with some tokens. Tiles are four rows times one token, or one row
 * times four tokens (the row is unpacked once); a tile at the edge repeats its last row or token and
 * stores only what exists. Every element is computed in the same order in either tile, so a token's
 * result does not depend on what it is batched with.
 */
import { bf16Rows, f16Rows, f32Rows } from "./floats.as";
import { q40, q41, q50, q51, q80 } from "./narrow.as";
import { q2k } from "./q2_k.as";
import { q3k } from "./q3_k.as";
import { q4k, q4kTokens } from "./q4_k.as";
import { q5k } from "./q5_k.as";
import { q6k } from "./q6_k.as";

/** Rows that stay in the first-level cache while all tokens pass over them. */
const CHUNK_ROWS = 16;

/** Lane i is w_i times x_i. */
@inline
function four(
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
  switch (type) {
    case 0: return f32Rows(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 1: return f16Rows(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 2: return q40(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 3: return q41(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 6: return q50(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 7: return q51(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 8: return q80(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 10: return q2k(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 11: return q3k(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 12: return q4k(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 13: return q5k(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 14: return q6k(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    case 30: return bf16Rows(w0, w1, w2, w3, x0, x1, x2, x3, cols);
    default: unreachable();
  }
  return f32x4.splat(0);
}

@inline
function put(at: usize, value: f32, accumulate: bool): void {
  store<f32>(at, accumulate ? load<f32>(at) + value : value);
}

/** Stores the first `count` lanes, `stride` bytes apart. */
@inline
function putLanes(at: usize, stride: usize, values: v128, count: i32, accumulate: bool): void {
  put(at, f32x4.extract_lane(values, 0), accumulate);
  if (count > 1) put(at + stride, f32x4.extract_lane(values, 1), accumulate);
  if (count > 2) put(at + 2 * stride, f32x4.extract_lane(values, 2), accumulate);
  if (count > 3) put(at + 3 * stride, f32x4.extract_lane(values, 3), accumulate);
}

/** Four rows at a time, one token. */
function byRows(
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
    putLanes(out, 4, four(type, w, w1, w2, w3, x, x, x, x, cols), rows - r, accumulate);
    w += 4 * rowBytes;
    out += 16;
  }
}

/** One row at a time, up to four tokens. */
function byTokens(
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
  const x1 = x + xStride * <usize>min(tokens - 1, 1);
  const x2 = x + xStride * <usize>min(tokens - 1, 2);
  const x3 = x + xStride * <usize>min(tokens - 1, 3);
  for (let r = 0; r < rows; r++) {
    const values = type == 12
      ? q4kTokens(w, x, x1, x2, x3, cols)
      : four(type, w, w, w, w, x, x1, x2, x3, cols);
    putLanes(out, outStride, values, tokens, accumulate);
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
  for (let r = 0; r < rows; r += CHUNK_ROWS) {
    const count = min(rows - r, CHUNK_ROWS);
    let t = 0;
    for (; tokens - t >= 3; t += 4) {
      const xt = x + <usize>t * xStride;
      const outT = out + <usize>t * outStride;
      const left = min(tokens - t, 4);
      byTokens(type, w, rowBytes, count, cols, xt, xStride, left, outT, outStride, accumulate);
    }
    for (; t < tokens; t++) {
      const xt = x + <usize>t * xStride;
      byRows(type, w, rowBytes, count, cols, xt, out + <usize>t * outStride, accumulate);
    }
    w += <usize>CHUNK_ROWS * rowBytes;
    out += CHUNK_ROWS * 4;
  }
}
