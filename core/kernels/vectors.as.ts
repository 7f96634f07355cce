/** Norm, sums, gates, rotary positions and half conversion of plain f32 vectors. */
import { exponential } from "./exponential.as";
import { floatSum } from "./lanes.as";

/** See `Kernels.rmsNorm`. */
export function rmsNorm(x: usize, weight: usize, cols: i32, eps: f32, out: usize): void {
  const whole = cols & ~3;
  let squares = f32x4.splat(0);
  for (let c = 0; c < whole; c += 4) {
    const value = v128.load(x + (<usize>c << 2));
    squares = f32x4.add(squares, f32x4.mul(value, value));
  }
  let total = floatSum(squares);
  for (let c = whole; c < cols; c++) {
    const value = load<f32>(x + (<usize>c << 2));
    total += value * value;
  }
  const scale = <f32>1 / sqrt<f32>(total / <f32>cols + eps);
  const scales = f32x4.splat(scale);
  for (let c = 0; c < whole; c += 4) {
    const at = <usize>c << 2;
    const value = f32x4.mul(v128.load(x + at), scales);
    v128.store(out + at, f32x4.mul(value, v128.load(weight + at)));
  }
  for (let c = whole; c < cols; c++) {
    const at = <usize>c << 2;
    store<f32>(out + at, load<f32>(x + at) * scale * load<f32>(weight + at));
  }
}

/** See `Kernels.add`. */
export function add(x: usize, y: usize, n: i32): void {
  const end = x + (<usize>n << 2);
  for (; x + 16 <= end; x += 16, y += 16) {
    v128.store(x, f32x4.add(v128.load(x), v128.load(y)));
  }
  for (; x < end; x += 4, y += 4) store<f32>(x, load<f32>(x) + load<f32>(y));
}

/** silu(gate) * up = gate / (1 + exp(-gate)) * up */
@inline
function gated(gate: v128, up: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.mul(f32x4.div(gate, f32x4.add(one, exponential(f32x4.neg(gate)))), up);
}

/** See `Kernels.swiglu`. */
export function swiglu(gate: usize, up: usize, n: i32): void {
  const end = gate + (<usize>n << 2);
  for (; gate + 16 <= end; gate += 16, up += 16) {
    v128.store(gate, gated(v128.load(gate), v128.load(up)));
  }
  for (; gate < end; gate += 4, up += 4) {
    const value = gated(v128.load_zero<u32>(gate), v128.load_zero<u32>(up));
    v128.store_lane<u32>(gate, value, 0);
  }
}

/** Which of four values are at least as large as the threshold, as bits. */
@inline
function large(x: usize, threshold: v128): i32 {
  return i32x4.bitmask(f32x4.ge(f32x4.abs(v128.load(x)), threshold));
}

/** See `Kernels.mark`. */
export function mark(x: usize, n: i32, threshold: f32, out: usize): void {
  const least = f32x4.splat(threshold);
  for (const end = x + (<usize>n << 2); x < end; x += 128, out += 4) {
    let bits = 0;
    for (let i: usize = 0; i < 8; i++) bits |= large(x + (i << 4), least) << <i32>(i << 2);
    store<i32>(out, bits);
  }
}

/** See `Kernels.reluSquared`. */
export function reluSquared(x: usize, n: i32): void {
  const end = x + (<usize>n << 2);
  for (; x + 16 <= end; x += 16) {
    const value = f32x4.max(v128.load(x), f32x4.splat(0));
    v128.store(x, f32x4.mul(value, value));
  }
  for (; x < end; x += 4) {
    const value = max<f32>(load<f32>(x), 0);
    store<f32>(x, value * value);
  }
}

/** Turns the pair (a, b) by the angle whose cosine and sine lie at `turn`. */
@inline
function turnPair(a: usize, b: usize, turn: usize): void {
  const first = load<f32>(a);
  const second = load<f32>(b);
  const cosine = load<f32>(turn);
  const sine = load<f32>(turn, 4);
  store<f32>(a, first * cosine - second * sine);
  store<f32>(b, first * sine + second * cosine);
}

/** See `Kernels.rope`. */
export function rope(
  x: usize,
  heads: i32,
  headWidth: i32,
  rotated: i32,
  table: usize,
  pairing: i32,
): void {
  const count = rotated >> 1;
  const step: usize = pairing == 0 ? 8 : 4;
  const apart: usize = pairing == 0 ? 4 : <usize>count << 2;
  for (let h = 0; h < heads; h++, x += <usize>headWidth << 2) {
    for (let i: usize = 0; i < <usize>count; i++) {
      turnPair(x + i * step, x + i * step + apart, table + (i << 3));
    }
  }
}

/** 2^-14 as bits, the smallest normal half; 65520, from where a half is infinite. */
const NORMAL: i32 = 0x38800000;
const INFINITE: i32 = 0x477ff000;

/** f32x4 -> u32x4 of half bits, nearest even; NaN stays NaN. */
@inline
function toHalves(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const bits = v128.xor(x, sign);
  // Adding 0.5 puts a subnormal half's unit at the float's last bit, and rounds it.
  const magic = f32x4.splat(0.5);
  const small = i32x4.sub(f32x4.add(bits, magic), magic);
  const odd = v128.and(i32x4.shr_u(bits, 13), i32x4.splat(1));
  const rebased = i32x4.add(bits, i32x4.splat(0x0fff - 0x38000000));
  const normal = i32x4.shr_u(i32x4.add(rebased, odd), 13);
  const special = v128.bitselect(
    i32x4.splat(0x7e00),
    i32x4.splat(0x7c00),
    i32x4.gt_s(bits, i32x4.splat(0x7f800000)),
  );
  const finite = v128.bitselect(small, normal, i32x4.lt_s(bits, i32x4.splat(NORMAL)));
  const huge = i32x4.ge_s(bits, i32x4.splat(INFINITE));
  return v128.or(v128.bitselect(special, finite, huge), i32x4.shr_u(sign, 16));
}

/** See `Kernels.toF16`. */
export function toF16(x: usize, n: i32, out: usize): void {
  const end = x + (<usize>n << 2);
  for (; x + 16 <= end; x += 16, out += 8) {
    const bits = toHalves(v128.load(x));
    v128.store_lane<u64>(out, i16x8.narrow_i32x4_u(bits, bits), 0);
  }
  for (; x < end; x += 4, out += 2) {
    store<u16>(out, <u16>i32x4.extract_lane(toHalves(v128.load_zero<u32>(x)), 0));
  }
}
