/**
 * The types with blocks of 32 weights, times q8x32. Blocks: f16 d; for Q4_1 and Q5_1 f16 m; for
 * Q5_0 and Q5_1 32 fifth bits (bit i: weight i); then 16 bytes of nibbles (byte i: weight i low,
 * weight 16+i high), or for Q8_0 32 i8.
 *   Q4_0 d * (q - 8)   Q4_1 d * q + m   Q5_0 d * (q - 16)   Q5_1 d * q + m   Q8_0 d * q
 */
import { halves, lower, pairs32, shorts, sums, upper, words } from "./lanes.as";
import { NARROW_BYTES, NARROW_SCALE, NARROW_SCALED_SUM, NARROW_SUM } from "./activations.as";

/** The scales of four activation blocks. */
@inline
function scalesOf(x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  return words(x0 + NARROW_SCALE, x1 + NARROW_SCALE, x2 + NARROW_SCALE, x3 + NARROW_SCALE);
}

/** The scaled sums of four activation blocks. */
@inline
function scaledSumsOf(x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  const at = NARROW_SCALED_SUM;
  return words(x0 + at, x1 + at, x2 + at, x3 + at);
}

/** The integer sums of four activation blocks. */
@inline
function sumsOf(x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  return words(x0 + NARROW_SUM, x1 + NARROW_SUM, x2 + NARROW_SUM, x3 + NARROW_SUM);
}

/** 16 bytes of nibbles times 32 activations, in four lanes. */
@inline
function nibbles(qs: usize, x: usize): v128 {
  const bytes = v128.load(qs);
  return i32x4.dot_i16x8_s(pairs32(x, lower(bytes), upper(bytes)), i16x8.splat(1));
}

/** The same with 32 fifth bits before the nibbles. */
@inline
function fives(qh: usize, x: usize): v128 {
  const bits = v128.load_splat<u32>(qh);
  const bytes = v128.load(qh, 4);
  const each = i64x2.splat(0x8040201008040201);
  const sixteen = i8x16.splat(16);
  const first = i8x16.shuffle(bits, bits, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const second = i8x16.shuffle(bits, bits, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const low = v128.and(i8x16.eq(v128.and(first, each), each), sixteen);
  const high = v128.and(i8x16.eq(v128.and(second, each), each), sixteen);
  const dots = pairs32(x, v128.or(lower(bytes), low), v128.or(upper(bytes), high));
  return i32x4.dot_i16x8_s(dots, i16x8.splat(1));
}

/** 32 signed bytes times 32 activations, in four lanes; not through `pairs`: weights reach -128. */
@inline
function bytes32(qs: usize, x: usize): v128 {
  return i32x4.add(bytes16(qs, x), bytes16(qs + 16, x + 16));
}

@inline
function bytes16(qs: usize, x: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(v128.load_ext<i8>(qs), v128.load_ext<i8>(x)),
    i32x4.dot_i16x8_s(v128.load_ext<i8>(qs, 8), v128.load_ext<i8>(x, 8)),
  );
}

@inline
function q40Block(w: usize, x: usize): v128 {
  return nibbles(w + 2, x);
}

@inline
function q41Block(w: usize, x: usize): v128 {
  return nibbles(w + 4, x);
}

@inline
function q50Block(w: usize, x: usize): v128 {
  return fives(w + 2, x);
}

@inline
function q51Block(w: usize, x: usize): v128 {
  return fives(w + 4, x);
}

@inline
function q80Block(w: usize, x: usize): v128 {
  return bytes32(w + 2, x);
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q40(
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
  let total = f32x4.splat(0);
  for (let c = 0; c < cols; c += 32) {
    const sum = sums(q40Block(w0, x0), q40Block(w1, x1), q40Block(w2, x2), q40Block(w3, x3));
    const scaleX = scalesOf(x0, x1, x2, x3);
    const d = f32x4.mul(halves(shorts(w0, w1, w2, w3)), scaleX);
    const whole = i32x4.sub(sum, i32x4.shl(sumsOf(x0, x1, x2, x3), 3));
    total = f32x4.add(total, f32x4.mul(d, f32x4.convert_i32x4_s(whole)));
    w0 += 18;
    w1 += 18;
    w2 += 18;
    w3 += 18;
    x0 += NARROW_BYTES;
    x1 += NARROW_BYTES;
    x2 += NARROW_BYTES;
    x3 += NARROW_BYTES;
  }
  return total;
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q41(
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
  let total = f32x4.splat(0);
  for (let c = 0; c < cols; c += 32) {
    const sum = sums(q41Block(w0, x0), q41Block(w1, x1), q41Block(w2, x2), q41Block(w3, x3));
    const scaleX = scalesOf(x0, x1, x2, x3);
    const both = words(w0, w1, w2, w3);
    const d = f32x4.mul(halves(v128.and(both, i32x4.splat(0xffff))), scaleX);
    const m = f32x4.mul(halves(i32x4.shr_u(both, 16)), scaledSumsOf(x0, x1, x2, x3));
    total = f32x4.add(total, f32x4.add(f32x4.mul(d, f32x4.convert_i32x4_s(sum)), m));
    w0 += 20;
    w1 += 20;
    w2 += 20;
    w3 += 20;
    x0 += NARROW_BYTES;
    x1 += NARROW_BYTES;
    x2 += NARROW_BYTES;
    x3 += NARROW_BYTES;
  }
  return total;
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q50(
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
  let total = f32x4.splat(0);
  for (let c = 0; c < cols; c += 32) {
    const sum = sums(q50Block(w0, x0), q50Block(w1, x1), q50Block(w2, x2), q50Block(w3, x3));
    const scaleX = scalesOf(x0, x1, x2, x3);
    const d = f32x4.mul(halves(shorts(w0, w1, w2, w3)), scaleX);
    const whole = i32x4.sub(sum, i32x4.shl(sumsOf(x0, x1, x2, x3), 4));
    total = f32x4.add(total, f32x4.mul(d, f32x4.convert_i32x4_s(whole)));
    w0 += 22;
    w1 += 22;
    w2 += 22;
    w3 += 22;
    x0 += NARROW_BYTES;
    x1 += NARROW_BYTES;
    x2 += NARROW_BYTES;
    x3 += NARROW_BYTES;
  }
  return total;
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q51(
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
  let total = f32x4.splat(0);
  for (let c = 0; c < cols; c += 32) {
    const sum = sums(q51Block(w0, x0), q51Block(w1, x1), q51Block(w2, x2), q51Block(w3, x3));
    const scaleX = scalesOf(x0, x1, x2, x3);
    const both = words(w0, w1, w2, w3);
    const d = f32x4.mul(halves(v128.and(both, i32x4.splat(0xffff))), scaleX);
    const m = f32x4.mul(halves(i32x4.shr_u(both, 16)), scaledSumsOf(x0, x1, x2, x3));
    total = f32x4.add(total, f32x4.add(f32x4.mul(d, f32x4.convert_i32x4_s(sum)), m));
    w0 += 24;
    w1 += 24;
    w2 += 24;
    w3 += 24;
    x0 += NARROW_BYTES;
    x1 += NARROW_BYTES;
    x2 += NARROW_BYTES;
    x3 += NARROW_BYTES;
  }
  return total;
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function q80(
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
  let total = f32x4.splat(0);
  for (let c = 0; c < cols; c += 32) {
    const sum = sums(q80Block(w0, x0), q80Block(w1, x1), q80Block(w2, x2), q80Block(w3, x3));
    const scaleX = scalesOf(x0, x1, x2, x3);
    const d = f32x4.mul(halves(shorts(w0, w1, w2, w3)), scaleX);
    const whole = sum;
    total = f32x4.add(total, f32x4.mul(d, f32x4.convert_i32x4_s(whole)));
    w0 += 34;
    w1 += 34;
    w2 += 34;
    w3 += 34;
    x0 += NARROW_BYTES;
    x1 += NARROW_BYTES;
    x2 += NARROW_BYTES;
    x3 += NARROW_BYTES;
  }
  return total;
}
