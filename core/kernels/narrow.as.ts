/**
 * The types with blocks of 32 weights, times q16x32. Blocks: f16 d; for Q4_1 and Q5_1 f16 m; for
 * Q5_0 and Q5_1 32 fifth bits (bit i: weight i); then 16 bytes of nibbles (byte i: weight i low,
 * weight 16+i high), or for Q8_0 32 i8.
 *   Q4_0 d * (q - 8)   Q4_1 d * q + m   Q5_0 d * (q - 16)   Q5_1 d * q + m   Q8_0 d * q
 * Four neighbouring blocks make four float lanes; a row's result is (l0 + l2) + (l1 + l3).
 */
import {
  NARROW_BYTES,
  NARROW_LOWS,
  NARROW_SCALED_SUMS,
  NARROW_SCALES,
  NARROW_SUMS,
  NARROW_WHOLES,
} from "./activations.as";
import {
  floatSum,
  halves,
  NIBBLES,
  ONES,
  pairs32,
  put,
  shorts,
  STEPS,
  sums,
  upper,
  words,
} from "./lanes.as";

/** 32 weights <= 31 times 32 activations, whose highs lie at x, in four lanes. */
@inline
function products(x: usize, first: v128, second: v128): v128 {
  const highs = pairs32(x, first, second);
  const lows = pairs32(x + NARROW_LOWS, first, second);
  return i32x4.add(
    i32x4.dot_i16x8_s(highs, i32x4.splat(STEPS)),
    i32x4.dot_i16x8_s(lows, i32x4.splat(ONES)),
  );
}

/** 16 bytes of nibbles times 32 activations, in four lanes. */
@inline
function nibbles(qs: usize, x: usize): v128 {
  const nibble = i32x4.splat(NIBBLES);
  const bytes = v128.load(qs);
  return products(x, v128.and(bytes, nibble), upper(bytes, nibble));
}

/** The same with 32 fifth bits before the nibbles. */
@inline
function fives(qh: usize, x: usize): v128 {
  const nibble = i32x4.splat(NIBBLES);
  const bits = v128.load_splat<u32>(qh);
  const bytes = v128.load(qh + 4);
  const each = i64x2.splat(0x8040201008040201);
  const sixteen = i8x16.splat(16);
  const first = i8x16.shuffle(bits, bits, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const second = i8x16.shuffle(bits, bits, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const low = v128.and(i8x16.eq(v128.and(first, each), each), sixteen);
  const high = v128.and(i8x16.eq(v128.and(second, each), each), sixteen);
  return products(x, v128.or(v128.and(bytes, nibble), low), v128.or(upper(bytes, nibble), high));
}

/** 16 signed bytes times 16 whole activations, in four lanes; not `pairs`: weights reach -128. */
@inline
function bytes16(qs: usize, wholes: usize): v128 {
  const bytes = v128.load(qs);
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(bytes), v128.load(wholes)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(bytes), v128.load(wholes + 16)),
  );
}

/** d * (scales of x) * sum, four at a time; `d` holds halves in the high 16 bits of each lane. */
@inline
function scaled(d: v128, scales: v128, sum: v128): v128 {
  // The sums come first: it is they that need the registers.
  return f32x4.mul(f32x4.convert_i32x4_s(sum), f32x4.mul(halves(d), scales));
}

/** The same plus m * (scaled sums of x); a lane is d, m as neighbouring halves. */
@inline
function scaledAndMin(both: v128, scales: v128, sum: v128, scaledSums: v128): v128 {
  const product = scaled(i32x4.shl(both, 16), scales, sum);
  return f32x4.add(product, f32x4.mul(halves(both), scaledSums));
}

@unmanaged
class Q40 {
  @inline
  get bytes(): usize {
    return 18;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    return nibbles(w + 2, x + (lane << 5));
  }

  /** d, or d and m, of four blocks, as `product` takes them. */
  @inline
  heads(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
    return shorts(w0, w1, w2, w3);
  }

  @inline
  head(w: usize): v128 {
    return v128.load_splat<u16>(w);
  }

  /** Four blocks' results from their heads and the scales and sums of their activations. */
  @inline
  product(heads: v128, sum: v128, scales: v128, scaledSums: v128, whole: v128): v128 {
    return scaled(heads, scales, i32x4.sub(sum, i32x4.shl(whole, 3)));
  }
}

@unmanaged
class Q41 {
  @inline
  get bytes(): usize {
    return 20;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    return nibbles(w + 4, x + (lane << 5));
  }

  /** d, or d and m, of four blocks, as `product` takes them. */
  @inline
  heads(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
    return words(w0, w1, w2, w3);
  }

  @inline
  head(w: usize): v128 {
    return v128.load_splat<u32>(w);
  }

  /** Four blocks' results from their heads and the scales and sums of their activations. */
  @inline
  product(heads: v128, sum: v128, scales: v128, scaledSums: v128, whole: v128): v128 {
    return scaledAndMin(heads, scales, sum, scaledSums);
  }
}

@unmanaged
class Q50 {
  @inline
  get bytes(): usize {
    return 22;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    return fives(w + 2, x + (lane << 5));
  }

  /** d, or d and m, of four blocks, as `product` takes them. */
  @inline
  heads(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
    return shorts(w0, w1, w2, w3);
  }

  @inline
  head(w: usize): v128 {
    return v128.load_splat<u16>(w);
  }

  /** Four blocks' results from their heads and the scales and sums of their activations. */
  @inline
  product(heads: v128, sum: v128, scales: v128, scaledSums: v128, whole: v128): v128 {
    return scaled(heads, scales, i32x4.sub(sum, i32x4.shl(whole, 4)));
  }
}

@unmanaged
class Q51 {
  @inline
  get bytes(): usize {
    return 24;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    return fives(w + 4, x + (lane << 5));
  }

  /** d, or d and m, of four blocks, as `product` takes them. */
  @inline
  heads(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
    return words(w0, w1, w2, w3);
  }

  @inline
  head(w: usize): v128 {
    return v128.load_splat<u32>(w);
  }

  /** Four blocks' results from their heads and the scales and sums of their activations. */
  @inline
  product(heads: v128, sum: v128, scales: v128, scaledSums: v128, whole: v128): v128 {
    return scaledAndMin(heads, scales, sum, scaledSums);
  }
}

@unmanaged
class Q80 {
  @inline
  get bytes(): usize {
    return 34;
  }

  /** 32 products, in four lanes: block w times block `lane` of the group at x. */
  @inline
  dot(w: usize, x: usize, lane: usize): v128 {
    const wholes = x + NARROW_WHOLES + (lane << 6);
    return i32x4.add(bytes16(w + 2, wholes), bytes16(w + 18, wholes + 32));
  }

  /** d, or d and m, of four blocks, as `product` takes them. */
  @inline
  heads(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
    return shorts(w0, w1, w2, w3);
  }

  @inline
  head(w: usize): v128 {
    return v128.load_splat<u16>(w);
  }

  /** Four blocks' results from their heads and the scales and sums of their activations. */
  @inline
  product(heads: v128, sum: v128, scales: v128, scaledSums: v128, whole: v128): v128 {
    return scaled(heads, scales, sum);
  }
}

/** One token: each row's blocks four at a time in memory order. */
@inline
function run<T>(
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
@inline
function tokens<T>(
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

export function q40Run(
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  run(changetype<Q40>(0), w, rowBytes, rows, cols, x, out, accumulate);
}

export function q40Tokens(w: usize, cols: i32, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  return tokens(changetype<Q40>(0), w, cols, x0, x1, x2, x3);
}

export function q41Run(
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  run(changetype<Q41>(0), w, rowBytes, rows, cols, x, out, accumulate);
}

export function q41Tokens(w: usize, cols: i32, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  return tokens(changetype<Q41>(0), w, cols, x0, x1, x2, x3);
}

export function q50Run(
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  run(changetype<Q50>(0), w, rowBytes, rows, cols, x, out, accumulate);
}

export function q50Tokens(w: usize, cols: i32, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  return tokens(changetype<Q50>(0), w, cols, x0, x1, x2, x3);
}

export function q51Run(
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  run(changetype<Q51>(0), w, rowBytes, rows, cols, x, out, accumulate);
}

export function q51Tokens(w: usize, cols: i32, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  return tokens(changetype<Q51>(0), w, cols, x0, x1, x2, x3);
}

export function q80Run(
  w: usize,
  rowBytes: usize,
  rows: i32,
  cols: i32,
  x: usize,
  out: usize,
  accumulate: bool,
): void {
  run(changetype<Q80>(0), w, rowBytes, rows, cols, x, out, accumulate);
}

export function q80Tokens(w: usize, cols: i32, x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  return tokens(changetype<Q80>(0), w, cols, x0, x1, x2, x3);
}
