/**
 * Which steps put weights on few levels with the least weighted error: the searches of GGML's
 * make_qx_quants and make_qkx2_quants (ggml-quants.c, MIT), four weights at a time. x and w are f32
 * in memory; n is a multiple of 16.
 */

/** Below this nothing is worth a level. */
const TINY: f32 = 1e-30;
/** Candidates on either side of the step that puts the extreme value on the extreme level. */
const TRIES = 4;
/** Distance of two candidates, in levels. */
const SPACING: f32 = 0.2;

@inline
export function total(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** pmin and pmax are one instruction each; min and max, which heed NaN and -0, seven. */
@inline
function level(x: v128, inverse: v128, low: v128, high: v128): v128 {
  return f32x4.pmax(low, f32x4.pmin(high, f32x4.nearest(f32x4.mul(x, inverse))));
}

/**
 * The step of x ~ step * q with q in low..high that leaves the least sum of w (x - step q)^2.
 * `edge` is the level that the largest magnitude is tried on.
 */
export function step(x: usize, w: usize, n: usize, low: f32, high: f32, edge: f32): f32 {
  let extreme: f32 = 0;
  for (let i: usize = 0; i < n; i++) {
    const value = load<f32>(x + (i << 2));
    if (abs(value) > abs(extreme)) extreme = value;
  }
  if (abs(extreme) < TINY) return 0;
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  let best: f32 = 0, found: f32 = 0;
  for (let k = -TRIES; k <= TRIES; k++) {
    const inverse = f32x4.splat((edge + SPACING * <f32>k) / extreme);
    let products = f32x4.splat(0), squares = f32x4.splat(0);
    for (let i: usize = 0; i < n << 2; i += 16) {
      const value = v128.load(x + i);
      const q = level(value, inverse, lows, highs);
      const weighted = f32x4.mul(q, v128.load(w + i));
      products = f32x4.add(products, f32x4.mul(weighted, value));
      squares = f32x4.add(squares, f32x4.mul(weighted, q));
    }
    const product = total(products), square = total(squares);
    if (square <= TINY || product * product <= best * square) continue;
    best = product * product / square;
    found = product / square;
  }
  return found;
}

/**
 * The step and the offset (>= 0) of x ~ step * q - offset with q in 0..top that leave the least
 * weighted error: for each candidate's levels, the least squares solution. Stored at out, out + 4.
 */
export function stepAndOffset(x: usize, w: usize, n: usize, top: f32, out: usize): void {
  let least: f32 = 0, most: f32 = load<f32>(x);
  let ws = f32x4.splat(0), xs = f32x4.splat(0), xxs = f32x4.splat(0);
  for (let i: usize = 0; i < n; i++) {
    least = min(least, load<f32>(x + (i << 2)));
    most = max(most, load<f32>(x + (i << 2)));
  }
  for (let i: usize = 0; i < n << 2; i += 16) {
    const value = v128.load(x + i), weight = v128.load(w + i);
    const weighted = f32x4.mul(weight, value);
    ws = f32x4.add(ws, weight);
    xs = f32x4.add(xs, weighted);
    xxs = f32x4.add(xxs, f32x4.mul(weighted, value));
  }
  const sumW = total(ws), sumX = total(xs), sumXX = total(xxs);
  store<f32>(out, 0);
  store<f32>(out, -least, 4);
  if (most - least < TINY || sumW < TINY) return;
  const lows = f32x4.splat(0), highs = f32x4.splat(top), shift = f32x4.splat(least);
  let best: f32 = f32.MAX_VALUE;
  for (let k = -TRIES; k <= TRIES; k++) {
    const inverse = f32x4.splat((top + SPACING * <f32>k) / (most - least));
    let ls = f32x4.splat(0), lls = f32x4.splat(0), lxs = f32x4.splat(0);
    for (let i: usize = 0; i < n << 2; i += 16) {
      const value = v128.load(x + i);
      const q = level(f32x4.sub(value, shift), inverse, lows, highs);
      const weighted = f32x4.mul(q, v128.load(w + i));
      ls = f32x4.add(ls, weighted);
      lls = f32x4.add(lls, f32x4.mul(weighted, q));
      lxs = f32x4.add(lxs, f32x4.mul(weighted, value));
    }
    const l = total(ls), ll = total(lls), lx = total(lxs);
    const determinant = sumW * ll - l * l;
    if (determinant <= TINY) continue;
    let scale = (sumW * lx - sumX * l) / determinant;
    let offset = (lx * l - ll * sumX) / determinant;
    if (offset < 0) {
      offset = 0;
      scale = lx / ll;
    }
    const error = sumXX + scale * (scale * ll - 2 * lx) +
      offset * (offset * sumW + 2 * sumX - 2 * scale * l);
    if (error >= best) continue;
    best = error;
    store<f32>(out, scale);
    store<f32>(out, offset, 4);
  }
}

/** The sum of w (x - step q + offset)^2 where every q in low..high is the nearest. */
export function fitError(
  x: usize,
  w: usize,
  n: usize,
  step: f32,
  offset: f32,
  low: f32,
  high: f32,
): f32 {
  const inverse = f32x4.splat(step == 0 ? 0 : 1 / step);
  const steps = f32x4.splat(step), offsets = f32x4.splat(offset);
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  let errors = f32x4.splat(0);
  for (let i: usize = 0; i < n << 2; i += 16) {
    const value = f32x4.add(v128.load(x + i), offsets);
    const off = f32x4.sub(value, f32x4.mul(steps, level(value, inverse, lows, highs)));
    errors = f32x4.add(errors, f32x4.mul(f32x4.mul(off, off), v128.load(w + i)));
  }
  return total(errors);
}

/** The levels less `low`, n i32 at out, as fitError counts them. */
export function fitLevels(
  x: usize,
  n: usize,
  step: f32,
  offset: f32,
  low: f32,
  high: f32,
  out: usize,
): void {
  const inverse = f32x4.splat(step == 0 ? 0 : 1 / step);
  const offsets = f32x4.splat(offset);
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  for (let i: usize = 0; i < n << 2; i += 16) {
    const q = level(f32x4.add(v128.load(x + i), offsets), inverse, lows, highs);
    v128.store(out + i, i32x4.trunc_sat_f32x4_s(f32x4.sub(q, lows)));
  }
}
