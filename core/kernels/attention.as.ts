/**
 * Attention over paged f16 keys and values in one pass (streaming softmax: Milakov & Gimelshein
 * 2018), for one query head, or two that share their keys and values: most of the work is turning
 * halves to floats. Positions go four at a time from 0 whatever the paging, and a head's result has
 * the same bits alone or in a pair. `out` itself accumulates the values.
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

@inline
function largestLane(a: v128): f32 {
  const two = f32x4.pmax(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(two, v128.shuffle<i32>(two, two, 1, 0, 3, 2)), 0);
}

/** The four scores; LOWEST where there is no position. */
@inline
function masked(sums: v128, scale: f32, exists: v128): v128 {
  return v128.bitselect(f32x4.mul(sums, f32x4.splat(scale)), f32x4.splat(LOWEST), exists);
}

/** exp(score - most); 0 where there is no position. */
@inline
function weights(score: v128, most: f32, exists: v128): v128 {
  return v128.and(exponential(f32x4.sub(score, f32x4.splat(most))), exists);
}

/** What the sums so far are worth when the largest score grows from `most` to `next`. */
@inline
function kept(most: f32, next: f32): f32 {
  if (most == next) return 1;
  return f32x4.extract_lane(exponential(f32x4.splat(most - next)), 0);
}

@inline
function splat0(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 0, 0, 0, 0);
}

@inline
function splat1(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 1, 1, 1);
}

@inline
function splat2(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 2, 2, 2);
}

@inline
function splat3(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 3, 3, 3, 3);
}

/** sum + p . the same lanes of four value rows, in order. */
@inline
function weighed(sum: v128, p: v128, v0: v128, v1: v128, v2: v128, v3: v128): v128 {
  sum = f32x4.add(sum, f32x4.mul(splat0(p), v0));
  sum = f32x4.add(sum, f32x4.mul(splat1(p), v1));
  sum = f32x4.add(sum, f32x4.mul(splat2(p), v2));
  return f32x4.add(sum, f32x4.mul(splat3(p), v3));
}

@inline
function divide(out: usize, bytes: usize, by: f32): void {
  const share = f32x4.splat(<f32>1 / by);
  for (const end = out + bytes; out < end; out += 16) {
    v128.store(out, f32x4.mul(v128.load(out), share));
  }
}

/** One head, or with `two` also the next in q and out. */
@inline
function run(
  two: bool,
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
  const bytes = <usize>headWidth << 2;
  memory.fill(out, 0, two ? 2 * bytes : bytes);
  let most = LOWEST;
  let mostB = LOWEST;
  let total: f32 = 0;
  let totalB: f32 = 0;
  const last = length - 1;
  for (let t = 0; t < length; t += 4) {
    const r0 = rowOf(t, blocks, blockBytes, blockTokens, rowBytes);
    const r1 = rowOf(min(t + 1, last), blocks, blockBytes, blockTokens, rowBytes);
    const r2 = rowOf(min(t + 2, last), blocks, blockBytes, blockTokens, rowBytes);
    const r3 = rowOf(min(t + 3, last), blocks, blockBytes, blockTokens, rowBytes);
    const exists = i32x4.gt_s(i32x4.splat(length - t), i32x4(0, 1, 2, 3));

    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    let sB0 = f32x4.splat(0);
    let sB1 = f32x4.splat(0);
    let sB2 = f32x4.splat(0);
    let sB3 = f32x4.splat(0);
    let k0 = kBase + r0;
    let k1 = kBase + r1;
    let k2 = kBase + r2;
    let k3 = kBase + r3;
    for (let i = q; i < q + bytes; i += 32) {
      const q0 = v128.load(i);
      const q1 = v128.load(i + 16);
      const qB0 = two ? v128.load(i + bytes) : q0;
      const qB1 = two ? v128.load(i + bytes + 16) : q1;
      const e0 = v128.load(k0);
      const low0 = lowHalves(e0);
      const high0 = highHalves(e0);
      s0 = f32x4.add(f32x4.add(s0, f32x4.mul(q0, low0)), f32x4.mul(q1, high0));
      if (two) {
        sB0 = f32x4.add(f32x4.add(sB0, f32x4.mul(qB0, low0)), f32x4.mul(qB1, high0));
      }
      k0 += 16;
      const e1 = v128.load(k1);
      const low1 = lowHalves(e1);
      const high1 = highHalves(e1);
      s1 = f32x4.add(f32x4.add(s1, f32x4.mul(q0, low1)), f32x4.mul(q1, high1));
      if (two) {
        sB1 = f32x4.add(f32x4.add(sB1, f32x4.mul(qB0, low1)), f32x4.mul(qB1, high1));
      }
      k1 += 16;
      const e2 = v128.load(k2);
      const low2 = lowHalves(e2);
      const high2 = highHalves(e2);
      s2 = f32x4.add(f32x4.add(s2, f32x4.mul(q0, low2)), f32x4.mul(q1, high2));
      if (two) {
        sB2 = f32x4.add(f32x4.add(sB2, f32x4.mul(qB0, low2)), f32x4.mul(qB1, high2));
      }
      k2 += 16;
      const e3 = v128.load(k3);
      const low3 = lowHalves(e3);
      const high3 = highHalves(e3);
      s3 = f32x4.add(f32x4.add(s3, f32x4.mul(q0, low3)), f32x4.mul(q1, high3));
      if (two) {
        sB3 = f32x4.add(f32x4.add(sB3, f32x4.mul(qB0, low3)), f32x4.mul(qB1, high3));
      }
      k3 += 16;
    }
    const score = masked(floatSums(s0, s1, s2, s3), scale, exists);
    const scoreB = masked(floatSums(sB0, sB1, sB2, sB3), scale, exists);

    const next = max(most, largestLane(score));
    const nextB = two ? max(mostB, largestLane(scoreB)) : next;
    const p = weights(score, next, exists);
    const pB = two ? weights(scoreB, nextB, exists) : p;
    const keep = kept(most, next);
    const keepB = two ? kept(mostB, nextB) : keep;
    total = total * keep + floatSum(p);
    totalB = totalB * keepB + floatSum(pB);
    most = next;
    mostB = nextB;

    let v0 = vBase + r0;
    let v1 = vBase + r1;
    let v2 = vBase + r2;
    let v3 = vBase + r3;
    for (let o = out; o < out + bytes; o += 32) {
      const e0 = v128.load(v0);
      const e1 = v128.load(v1);
      const e2 = v128.load(v2);
      const e3 = v128.load(v3);
      const low0 = lowHalves(e0);
      const low1 = lowHalves(e1);
      const low2 = lowHalves(e2);
      const low3 = lowHalves(e3);
      const low = f32x4.mul(v128.load(o), f32x4.splat(keep));
      v128.store(o, weighed(low, p, low0, low1, low2, low3));
      if (two) {
        const lowB = f32x4.mul(v128.load(o + bytes), f32x4.splat(keepB));
        v128.store(o + bytes, weighed(lowB, pB, low0, low1, low2, low3));
      }
      const high0 = highHalves(e0);
      const high1 = highHalves(e1);
      const high2 = highHalves(e2);
      const high3 = highHalves(e3);
      const high = f32x4.mul(v128.load(o + 16), f32x4.splat(keep));
      v128.store(o + 16, weighed(high, p, high0, high1, high2, high3));
      if (two) {
        const highB = f32x4.mul(v128.load(o + bytes + 16), f32x4.splat(keepB));
        v128.store(o + bytes + 16, weighed(highB, pB, high0, high1, high2, high3));
      }
      v0 += 16;
      v1 += 16;
      v2 += 16;
      v3 += 16;
    }
  }
  divide(out, bytes, total);
  if (two) divide(out + bytes, bytes, totalB);
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
  run(
    false,
    q,
    headWidth,
    scale,
    length,
    kBase,
    vBase,
    blocks,
    blockBytes,
    blockTokens,
    rowBytes,
    out,
  );
}

/** See `Kernels.attendPair`. */
export function attendPair(
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
  run(
    true,
    q,
    headWidth,
    scale,
    length,
    kBase,
    vBase,
    blocks,
    blockBytes,
    blockTokens,
    rowBytes,
    out,
  );
}
