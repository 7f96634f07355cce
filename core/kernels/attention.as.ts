/**
 * Attention of one query head over paged f16 keys and values, in one pass (streaming softmax:
 * Milakov & Gimelshein 2018). Positions go four at a time from 0 whatever the paging, so the result
 * depends on the sequence only. `out` itself accumulates the values.
 */
import { exponential } from "./exponential.as";
import { floatSum, floatSums, highHalves, lowHalves } from "./lanes.as";

/** Lower than any score, and finite: scores less it never become NaN. */
const LOWEST: f32 = -3.0e38;

/** Byte offset of a position's row from the base of its layer and head. */
@inline
function rowOf(
  position: u32,
  blocks: usize,
  blockBytes: usize,
  blockTokens: u32,
  rowBytes: usize,
): usize {
  const block = position / blockTokens;
  const index = <usize>load<i32>(blocks + (<usize>block << 2));
  return index * blockBytes + <usize>(position - block * blockTokens) * rowBytes;
}

/** The scores of four positions. */
@inline
function scores(q: usize, width: usize, k0: usize, k1: usize, k2: usize, k3: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (const end = q + (width << 2); q < end; q += 32) {
    const first = v128.load(q);
    const second = v128.load(q + 16);
    const e0 = v128.load(k0);
    s0 = f32x4.add(s0, f32x4.mul(first, lowHalves(e0)));
    s0 = f32x4.add(s0, f32x4.mul(second, highHalves(e0)));
    k0 += 16;
    const e1 = v128.load(k1);
    s1 = f32x4.add(s1, f32x4.mul(first, lowHalves(e1)));
    s1 = f32x4.add(s1, f32x4.mul(second, highHalves(e1)));
    k1 += 16;
    const e2 = v128.load(k2);
    s2 = f32x4.add(s2, f32x4.mul(first, lowHalves(e2)));
    s2 = f32x4.add(s2, f32x4.mul(second, highHalves(e2)));
    k2 += 16;
    const e3 = v128.load(k3);
    s3 = f32x4.add(s3, f32x4.mul(first, lowHalves(e3)));
    s3 = f32x4.add(s3, f32x4.mul(second, highHalves(e3)));
    k3 += 16;
  }
  return floatSums(s0, s1, s2, s3);
}

/** out = out * keep + p0 v0 + p1 v1 + p2 v2 + p3 v3 */
@inline
function gather(
  out: usize,
  width: usize,
  keep: v128,
  p: v128,
  v0: usize,
  v1: usize,
  v2: usize,
  v3: usize,
): void {
  const p0 = v128.shuffle<i32>(p, p, 0, 0, 0, 0);
  const p1 = v128.shuffle<i32>(p, p, 1, 1, 1, 1);
  const p2 = v128.shuffle<i32>(p, p, 2, 2, 2, 2);
  const p3 = v128.shuffle<i32>(p, p, 3, 3, 3, 3);
  for (const end = out + (width << 2); out < end; out += 32) {
    let first = f32x4.mul(v128.load(out), keep);
    let second = f32x4.mul(v128.load(out + 16), keep);
    const e0 = v128.load(v0);
    first = f32x4.add(first, f32x4.mul(p0, lowHalves(e0)));
    second = f32x4.add(second, f32x4.mul(p0, highHalves(e0)));
    v0 += 16;
    const e1 = v128.load(v1);
    first = f32x4.add(first, f32x4.mul(p1, lowHalves(e1)));
    second = f32x4.add(second, f32x4.mul(p1, highHalves(e1)));
    v1 += 16;
    const e2 = v128.load(v2);
    first = f32x4.add(first, f32x4.mul(p2, lowHalves(e2)));
    second = f32x4.add(second, f32x4.mul(p2, highHalves(e2)));
    v2 += 16;
    const e3 = v128.load(v3);
    first = f32x4.add(first, f32x4.mul(p3, lowHalves(e3)));
    second = f32x4.add(second, f32x4.mul(p3, highHalves(e3)));
    v3 += 16;
    v128.store(out, first);
    v128.store(out + 16, second);
  }
}

@inline
function largestLane(a: v128): f32 {
  const two = f32x4.max(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(two, v128.shuffle<i32>(two, two, 1, 0, 3, 2)), 0);
}

/** See `Kernels.attend`. */
export function attend(
  q: usize,
  headWidth: i32,
  scale: f32,
  length: i32,
  kBase: usize,
  vBase: usize,
  blocks: usize,
  blockBytes: usize,
  blockTokens: i32,
  rowBytes: usize,
  out: usize,
): void {
  const width = <usize>headWidth;
  memory.fill(out, 0, width << 2);
  let most = LOWEST;
  let weight: f32 = 0;
  const last = length - 1;
  for (let t = 0; t < length; t += 4) {
    const r0 = rowOf(t, blocks, blockBytes, blockTokens, rowBytes);
    const r1 = rowOf(min(t + 1, last), blocks, blockBytes, blockTokens, rowBytes);
    const r2 = rowOf(min(t + 2, last), blocks, blockBytes, blockTokens, rowBytes);
    const r3 = rowOf(min(t + 3, last), blocks, blockBytes, blockTokens, rowBytes);
    const raw = scores(q, width, kBase + r0, kBase + r1, kBase + r2, kBase + r3);
    const exists = i32x4.lt_s(
      i32x4.add(i32x4.splat(t), i32x4(0, 1, 2, 3)),
      i32x4.splat(length),
    );
    const score = v128.bitselect(f32x4.mul(raw, f32x4.splat(scale)), f32x4.splat(LOWEST), exists);
    const next = max(most, largestLane(score));
    const p = v128.and(exponential(f32x4.sub(score, f32x4.splat(next))), exists);
    const keep = exponential(f32x4.splat(most - next));
    weight = weight * f32x4.extract_lane(keep, 0) + floatSum(p);
    most = next;
    gather(out, width, keep, p, vBase + r0, vBase + r1, vBase + r2, vBase + r3);
  }
  const share = f32x4.splat(<f32>1 / weight);
  for (let i: usize = 0; i < width << 2; i += 16) {
    v128.store(out + i, f32x4.mul(v128.load(out + i), share));
  }
}
