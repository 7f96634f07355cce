/**
 * The plain types times f32 activations: four column lanes for each product, columns in order, a
 * scalar tail. Lane i of a result is row w_i times x_i.
 */
import { floatSums, half, highHalves, lowHalves } from "./lanes.as";

@unmanaged
export class F32 {
  @inline
  get bytes(): usize {
    return 4;
  }

  /** Columns 0-3 of the eight at w. */
  @inline
  first(w: usize): v128 {
    return v128.load(w);
  }

  /** Columns 4-7. */
  @inline
  second(w: usize): v128 {
    return v128.load(w + 16);
  }

  @inline
  single(w: usize): f32 {
    return load<f32>(w);
  }
}

@unmanaged
export class F16 {
  @inline
  get bytes(): usize {
    return 2;
  }

  @inline
  first(w: usize): v128 {
    return lowHalves(v128.load(w));
  }

  @inline
  second(w: usize): v128 {
    return highHalves(v128.load(w));
  }

  @inline
  single(w: usize): f32 {
    return half(load<u16>(w));
  }
}

@unmanaged
export class BF16 {
  @inline
  get bytes(): usize {
    return 2;
  }

  @inline
  first(w: usize): v128 {
    return v128.shuffle<i16>(i32x4.splat(0), v128.load(w), 0, 8, 1, 9, 2, 10, 3, 11);
  }

  @inline
  second(w: usize): v128 {
    return v128.shuffle<i16>(i32x4.splat(0), v128.load(w), 4, 12, 5, 13, 6, 14, 7, 15);
  }

  @inline
  single(w: usize): f32 {
    return reinterpret<f32>(<u32>load<u16>(w) << 16);
  }
}

@inline
function four<T>(
  type: T,
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
  let c = 0;
  for (; c + 8 <= cols; c += 8) {
    s0 = f32x4.add(s0, f32x4.mul(type.first(w0), v128.load(x0)));
    s1 = f32x4.add(s1, f32x4.mul(type.first(w1), v128.load(x1)));
    s2 = f32x4.add(s2, f32x4.mul(type.first(w2), v128.load(x2)));
    s3 = f32x4.add(s3, f32x4.mul(type.first(w3), v128.load(x3)));
    s0 = f32x4.add(s0, f32x4.mul(type.second(w0), v128.load(x0 + 16)));
    s1 = f32x4.add(s1, f32x4.mul(type.second(w1), v128.load(x1 + 16)));
    s2 = f32x4.add(s2, f32x4.mul(type.second(w2), v128.load(x2 + 16)));
    s3 = f32x4.add(s3, f32x4.mul(type.second(w3), v128.load(x3 + 16)));
    w0 += 8 * type.bytes;
    w1 += 8 * type.bytes;
    w2 += 8 * type.bytes;
    w3 += 8 * type.bytes;
    x0 += 32;
    x1 += 32;
    x2 += 32;
    x3 += 32;
  }
  let total = floatSums(s0, s1, s2, s3);
  for (; c < cols; c++) {
    let tail = f32x4.splat(type.single(w0) * load<f32>(x0));
    tail = f32x4.replace_lane(tail, 1, type.single(w1) * load<f32>(x1));
    tail = f32x4.replace_lane(tail, 2, type.single(w2) * load<f32>(x2));
    tail = f32x4.replace_lane(tail, 3, type.single(w3) * load<f32>(x3));
    total = f32x4.add(total, tail);
    w0 += type.bytes;
    w1 += type.bytes;
    w2 += type.bytes;
    w3 += type.bytes;
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
  }
  return total;
}

export function f32Four(
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
  return four(changetype<F32>(0), w0, w1, w2, w3, x0, x1, x2, x3, cols);
}

export function f16Four(
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
  return four(changetype<F16>(0), w0, w1, w2, w3, x0, x1, x2, x3, cols);
}

export function bf16Four(
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
  return four(changetype<BF16>(0), w0, w1, w2, w3, x0, x1, x2, x3, cols);
}
