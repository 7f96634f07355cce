/**
 * Products with scattered neurons: their rows times one vector of activations, and their columns
 * summed by what each is worth. Plain types only: a column of blocks would be re-quantized.
 */
import { BF16, f16Four, f32Four, bf16Four, F16, F32 } from "./floats.as";
import { putLanes } from "./lanes.as";

/** See `Kernels.gather`. */
export function gather(
  type: i32,
  addresses: usize,
  count: i32,
  offset: usize,
  cols: i32,
  x: usize,
  out: usize,
): void {
  for (let i = 0; i < count; i += 4) {
    const last = count - i - 1;
    const at = addresses + (<usize>i << 2);
    const w0 = <usize>load<u32>(at) + offset;
    const w1 = <usize>load<u32>(at + (<usize>min(1, last) << 2)) + offset;
    const w2 = <usize>load<u32>(at + (<usize>min(2, last) << 2)) + offset;
    const w3 = <usize>load<u32>(at + (<usize>min(3, last) << 2)) + offset;
    const values = type == 0
      ? f32Four(w0, w1, w2, w3, x, x, x, x, cols)
      : type == 1
      ? f16Four(w0, w1, w2, w3, x, x, x, x, cols)
      : bf16Four(w0, w1, w2, w3, x, x, x, x, cols);
    putLanes(out + (<usize>i << 2), 4, values, last + 1, false);
  }
}

/** Columns in order, four at a time, so that out is loaded and stored once for them. */
@inline
function sum<T>(
  type: T,
  addresses: usize,
  offset: usize,
  shares: usize,
  count: i32,
  n: i32,
  out: usize,
): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = addresses + (<usize>i << 2);
    const four = v128.load(shares + (<usize>i << 2));
    const s0 = v128.shuffle<i32>(four, four, 0, 0, 0, 0);
    const s1 = v128.shuffle<i32>(four, four, 1, 1, 1, 1);
    const s2 = v128.shuffle<i32>(four, four, 2, 2, 2, 2);
    const s3 = v128.shuffle<i32>(four, four, 3, 3, 3, 3);
    let w0 = <usize>load<u32>(at) + offset;
    let w1 = <usize>load<u32>(at, 4) + offset;
    let w2 = <usize>load<u32>(at, 8) + offset;
    let w3 = <usize>load<u32>(at, 12) + offset;
    const end = out + (<usize>n << 2);
    for (let o = out; o < end; o += 32) {
      let first = v128.load(o);
      let second = v128.load(o, 16);
      first = f32x4.add(first, f32x4.mul(s0, type.first(w0)));
      second = f32x4.add(second, f32x4.mul(s0, type.second(w0)));
      first = f32x4.add(first, f32x4.mul(s1, type.first(w1)));
      second = f32x4.add(second, f32x4.mul(s1, type.second(w1)));
      first = f32x4.add(first, f32x4.mul(s2, type.first(w2)));
      second = f32x4.add(second, f32x4.mul(s2, type.second(w2)));
      first = f32x4.add(first, f32x4.mul(s3, type.first(w3)));
      second = f32x4.add(second, f32x4.mul(s3, type.second(w3)));
      v128.store(o, first);
      v128.store(o, second, 16);
      w0 += 8 * type.bytes;
      w1 += 8 * type.bytes;
      w2 += 8 * type.bytes;
      w3 += 8 * type.bytes;
    }
  }
  for (; i < count; i++) {
    const share = f32x4.splat(load<f32>(shares + (<usize>i << 2)));
    let w = <usize>load<u32>(addresses + (<usize>i << 2)) + offset;
    const end = out + (<usize>n << 2);
    for (let o = out; o < end; o += 32) {
      v128.store(o, f32x4.add(v128.load(o), f32x4.mul(share, type.first(w))));
      v128.store(o, f32x4.add(v128.load(o, 16), f32x4.mul(share, type.second(w))), 16);
      w += 8 * type.bytes;
    }
  }
}

/** See `Kernels.addColumns`. */
export function addColumns(
  type: i32,
  addresses: usize,
  offset: usize,
  shares: usize,
  count: i32,
  n: i32,
  out: usize,
): void {
  if (type == 0) sum(changetype<F32>(0), addresses, offset, shares, count, n, out);
  else if (type == 1) sum(changetype<F16>(0), addresses, offset, shares, count, n, out);
  else sum(changetype<BF16>(0), addresses, offset, shares, count, n, out);
}
