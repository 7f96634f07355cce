/** The plain types times f32 activations: four column lanes for each row, a scalar tail. */
import { floatSums, half } from "./lanes.as";
import { halves } from "./lanes.as";

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function f32Rows(
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
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  const whole = cols & ~3;
  for (let c = 0; c < whole; c += 4) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(w0), v128.load(x0)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(w1), v128.load(x1)));
    s2 = f32x4.add(s2, f32x4.mul(v128.load(w2), v128.load(x2)));
    s3 = f32x4.add(s3, f32x4.mul(v128.load(w3), v128.load(x3)));
    w0 += 16;
    w1 += 16;
    w2 += 16;
    w3 += 16;
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  let total = floatSums(s0, s1, s2, s3);
  for (let c = whole; c < cols; c++) {
    let tail = f32x4.splat(0);
    tail = f32x4.replace_lane(tail, 0, load<f32>(w0) * load<f32>(x0));
    tail = f32x4.replace_lane(tail, 1, load<f32>(w1) * load<f32>(x1));
    tail = f32x4.replace_lane(tail, 2, load<f32>(w2) * load<f32>(x2));
    tail = f32x4.replace_lane(tail, 3, load<f32>(w3) * load<f32>(x3));
    total = f32x4.add(total, tail);
    w0 += 4;
    w1 += 4;
    w2 += 4;
    w3 += 4;
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
  }
  return total;
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function f16Rows(
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
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  const whole = cols & ~3;
  for (let c = 0; c < whole; c += 4) {
    s0 = f32x4.add(s0, f32x4.mul(halves(v128.load_ext<u16>(w0)), v128.load(x0)));
    s1 = f32x4.add(s1, f32x4.mul(halves(v128.load_ext<u16>(w1)), v128.load(x1)));
    s2 = f32x4.add(s2, f32x4.mul(halves(v128.load_ext<u16>(w2)), v128.load(x2)));
    s3 = f32x4.add(s3, f32x4.mul(halves(v128.load_ext<u16>(w3)), v128.load(x3)));
    w0 += 8;
    w1 += 8;
    w2 += 8;
    w3 += 8;
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  let total = floatSums(s0, s1, s2, s3);
  for (let c = whole; c < cols; c++) {
    let tail = f32x4.splat(0);
    tail = f32x4.replace_lane(tail, 0, half(load<u16>(w0)) * load<f32>(x0));
    tail = f32x4.replace_lane(tail, 1, half(load<u16>(w1)) * load<f32>(x1));
    tail = f32x4.replace_lane(tail, 2, half(load<u16>(w2)) * load<f32>(x2));
    tail = f32x4.replace_lane(tail, 3, half(load<u16>(w3)) * load<f32>(x3));
    total = f32x4.add(total, tail);
    w0 += 2;
    w1 += 2;
    w2 += 2;
    w3 += 2;
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
  }
  return total;
}

/** Four rows, each times its own token: lane i is w_i times x_i. */
export function bf16Rows(
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
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  const whole = cols & ~3;
  for (let c = 0; c < whole; c += 4) {
    s0 = f32x4.add(s0, f32x4.mul(i32x4.shl(v128.load_ext<u16>(w0), 16), v128.load(x0)));
    s1 = f32x4.add(s1, f32x4.mul(i32x4.shl(v128.load_ext<u16>(w1), 16), v128.load(x1)));
    s2 = f32x4.add(s2, f32x4.mul(i32x4.shl(v128.load_ext<u16>(w2), 16), v128.load(x2)));
    s3 = f32x4.add(s3, f32x4.mul(i32x4.shl(v128.load_ext<u16>(w3), 16), v128.load(x3)));
    w0 += 8;
    w1 += 8;
    w2 += 8;
    w3 += 8;
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  let total = floatSums(s0, s1, s2, s3);
  for (let c = whole; c < cols; c++) {
    let tail = f32x4.splat(0);
    tail = f32x4.replace_lane(tail, 0, reinterpret<f32>(<u32>load<u16>(w0) << 16) * load<f32>(x0));
    tail = f32x4.replace_lane(tail, 1, reinterpret<f32>(<u32>load<u16>(w1) << 16) * load<f32>(x1));
    tail = f32x4.replace_lane(tail, 2, reinterpret<f32>(<u32>load<u16>(w2) << 16) * load<f32>(x2));
    tail = f32x4.replace_lane(tail, 3, reinterpret<f32>(<u32>load<u16>(w3) << 16) * load<f32>(x3));
    total = f32x4.add(total, tail);
    w0 += 2;
    w1 += 2;
    w2 += 2;
    w3 += 2;
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
  }
  return total;
}
