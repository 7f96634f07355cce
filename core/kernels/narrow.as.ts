/**
 * Rows of blocks of 32 weights (Q4_0, Q4_1, Q5_0, Q5_1, Q8_0) times q16x32. Four neighbouring
 * blocks make four float lanes; a row's result is (l0 + l2) + (l1 + l3) whichever path computes it.
 * A type is a class without fields, as in wide.as.ts.
 */
import {
  NARROW_BYTES,
  NARROW_LOWS,
  NARROW_SCALED_SUMS,
  NARROW_SCALES,
  NARROW_SUMS,
} from "./activations.as";
import { floatSum, halves, ONES, pairs32, put, STEPS, sums, words } from "./lanes.as";

/** One token: each row's blocks four at a time in memory order. */
export function narrowRun<T>(
  type: T,
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  const end = out + (<usize>rows << 2);
  const xEnd = x + <usize>((cols + 127) >> 7) * NARROW_BYTES;
  for (; out < end; out += 4, w += rowBytes) {
    const last = w + (<usize>(cols >> 5) - 1) * type.bytes;
    let w0 = w;
    let total = f32x4.splat(0);
    for (let at = x; at < xEnd; at += NARROW_BYTES) {
      // Beyond the row the activations are zero, so a repeated block adds nothing.
      const w1 = min(w0 + type.bytes, last);
      const w2 = min(w0 + 2 * type.bytes, last);
      const w3 = min(w0 + 3 * type.bytes, last);
      const sum = sums(
        type.dot(w0, at, 0),
        type.dot(w1, at, 1),
        type.dot(w2, at, 2),
        type.dot(w3, at, 3),
      );
      const four = type.product(
        type.heads(w0, w1, w2, w3),
        sum,
        v128.load(at + NARROW_SCALES),
        v128.load(at + NARROW_SCALED_SUMS),
        v128.load(at + NARROW_SUMS),
      );
      total = f32x4.add(total, four);
      w0 += 4 * type.bytes;
    }
    put(out, floatSum(total), accumulate);
  }
}

/** Block w times the `lane`th block of four tokens' groups. */
@inline
function shared<T>(
  type: T,
  w: usize,
  lane: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
): v128 {
  const sum = sums(
    type.dot(w, x0, lane),
    type.dot(w, x1, lane),
    type.dot(w, x2, lane),
    type.dot(w, x3, lane),
  );
  const scale = NARROW_SCALES + (lane << 2);
  const scaledSum = NARROW_SCALED_SUMS + (lane << 2);
  const whole = NARROW_SUMS + (lane << 2);
  return type.product(
    type.head(w),
    sum,
    words(x0 + scale, x1 + scale, x2 + scale, x3 + scale),
    words(x0 + scaledSum, x1 + scaledSum, x2 + scaledSum, x3 + scaledSum),
    words(x0 + whole, x1 + whole, x2 + whole, x3 + whole),
  );
}

/** One row times four tokens. */
export function narrowTokens<T>(
  type: T,
  w: usize,
  cols: i32,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
): v128 {
  let t0 = f32x4.splat(0);
  let t1 = f32x4.splat(0);
  let t2 = f32x4.splat(0);
  let t3 = f32x4.splat(0);
  const end = w + <usize>(cols >> 5) * type.bytes;
  while (w < end) {
    t0 = f32x4.add(t0, shared(type, w, 0, x0, x1, x2, x3));
    if ((w += type.bytes) == end) break;
    t1 = f32x4.add(t1, shared(type, w, 1, x0, x1, x2, x3));
    if ((w += type.bytes) == end) break;
    t2 = f32x4.add(t2, shared(type, w, 2, x0, x1, x2, x3));
    if ((w += type.bytes) == end) break;
    t3 = f32x4.add(t3, shared(type, w, 3, x0, x1, x2, x3));
    w += type.bytes;
    x0 += NARROW_BYTES;
    x1 += NARROW_BYTES;
    x2 += NARROW_BYTES;
    x3 += NARROW_BYTES;
  }
  return f32x4.add(f32x4.add(t0, t2), f32x4.add(t1, t3));
}

/** 32 weights <= 31 times 32 activations, whose highs lie at x, in four lanes. */
@inline
export function products(x: usize, first: v128, second: v128): v128 {
  const highs = pairs32(x, first, second);
  const lows = pairs32(x + NARROW_LOWS, first, second);
  return i32x4.add(
    i32x4.dot_i16x8_s(highs, i32x4.splat(STEPS)),
    i32x4.dot_i16x8_s(lows, i32x4.splat(ONES)),
  );
}

/** d * (scales of x) * sum, four at a time; `d` holds halves in the high 16 bits of each lane. */
@inline
export function scaled(d: v128, scales: v128, sum: v128): v128 {
  // The sums come first: it is they that need the registers.
  return f32x4.mul(f32x4.convert_i32x4_s(sum), f32x4.mul(halves(d), scales));
}

/** The same plus m * (scaled sums of x); a lane is d, m as neighbouring halves. */
@inline
export function scaledAndMin(both: v128, scales: v128, sum: v128, scaledSums: v128): v128 {
  const product = scaled(i32x4.shl(both, 16), scales, sum);
  return f32x4.add(product, f32x4.mul(halves(both), scaledSums));
}
