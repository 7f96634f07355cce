/** The attention half of a layer: x += o(attend(rope(q), rope(k), v)), grouped queries, paged f16 KV. */
import type { VectorName } from "../flash/layout.ts";
import { FAMILIES } from "./families.ts";
import type { Pass, Thread } from "./thread.ts";

/**
 * Runs the attention half for all tokens of the pass, together with the other threads; x is whole
 * at the next barrier. One of them does `meanwhile` before it helps, while x is as it was.
 */
export function attention(
  thread: Thread,
  layer: number,
  pass: Pass,
  meanwhile?: () => void,
): void {
  const { plan } = thread;
  normalize(thread, layer, "attentionNorm", pass);
  if (meanwhile) thread.spread(1, meanwhile);
  project(thread, layer, pass);
  thread.meet(pass.tokens, (t) => rotateAndStore(thread, layer, t));
  attend(thread, layer, pass);
  thread.meet(pass.tokens, (t) => {
    thread.quantize(plan.mixed, t, plan.spec.heads * plan.spec.headWidth);
  });
  projectOut(thread, layer, pass);
}

/** Once x is whole: normed = rmsNorm(x) * weight, with its quantized forms. */
export function normalize(
  thread: Thread,
  layer: number,
  weight: "attentionNorm" | "ffnNorm",
  pass: Pass,
): void {
  const { plan, kernels } = thread;
  const { width, normEpsilon } = plan.spec;
  const at = thread.vector(layer, weight);
  thread.meet(pass.tokens, (t) => {
    const normed = plan.normed.f32 + t * plan.normed.f32Stride;
    kernels.rmsNorm(plan.x + t * width * 4, at, width, normEpsilon, normed);
    thread.quantize(plan.normed, t, width);
  });
}

/** q, k, v of all tokens, side by side in plan.qkv. */
function project(thread: Thread, layer: number, pass: Pass): void {
  const { plan } = thread;
  const { heads, headsKv, headWidth } = plan.spec;
  const stride = plan.qkvWidth * 4;
  const column = { q: 0, k: heads * headWidth, v: (heads + headsKv) * headWidth };
  for (const placed of thread.layers[layer]!) {
    const parts = placed.unit.parts.filter(({ matrix }) => matrix in column);
    if (parts.length === 0) continue;
    if (!thread.canTake(placed)) thread.barrier();
    const at = thread.take(placed);
    for (const part of parts) {
      const first = column[part.matrix as keyof typeof column];
      thread.multiply(at, part, plan.normed, pass.tokens, { at: plan.qkv + first * 4, stride });
    }
  }
}

/** Adds a token's biases, rotates its q and k, and writes k and v to the cache. */
function rotateAndStore(thread: Thread, layer: number, t: number): void {
  const { plan, kernels } = thread;
  const { heads, headsKv, headWidth, rope } = plan.spec;
  const q = plan.qkv + t * plan.qkvWidth * 4;
  const k = q + heads * headWidth * 4, v = k + headsKv * headWidth * 4;
  addBias(thread, layer, "qBias", q, heads);
  addBias(thread, layer, "kBias", k, headsKv);
  addBias(thread, layer, "vBias", v, headsKv);
  normalizeHeads(thread, layer, "qNorm", q, heads);
  normalizeHeads(thread, layer, "kNorm", k, headsKv);
  const pairing = rope.pairing === "adjacent" ? 0 : 1;
  const turns = plan.rope + t * rope.width * 4;
  kernels.rope(q, heads + headsKv, headWidth, rope.width, turns, pairing);
  for (let head = 0; head < 2 * headsKv; head++) {
    kernels.toF16(k + head * headWidth * 4, headWidth, cacheRow(thread, layer, t, head));
  }
}

function addBias(thread: Thread, layer: number, name: VectorName, x: number, heads: number): void {
  const bias = thread.vector(layer, name);
  if (bias) thread.kernels.add(x, bias, heads * thread.plan.spec.headWidth);
}

/** RMS norm of a token's q or k in families that have one, of each head or of all as one. */
function normalizeHeads(
  { plan, kernels }: Thread,
  layer: number,
  name: "qNorm" | "kNorm",
  x: number,
  heads: number,
): void {
  const weight = plan.vectors[layer]![name];
  if (weight === 0) return;
  const { headWidth, normEpsilon, architecture } = plan.spec;
  const together = FAMILIES[architecture].queryNorm === "all" ? heads : 1;
  const cols = together * headWidth;
  for (let head = 0; head < heads; head += together) {
    const at = x + head * headWidth * 4;
    kernels.rmsNorm(at, weight, cols, normEpsilon, at);
  }
}

/** Address of token t's row in the cache; `head` counts k heads, then v heads. */
function cacheRow(thread: Thread, layer: number, t: number, head: number): number {
  const { plan, words } = thread;
  const { blockTokens, blockBytes } = plan.limits;
  const position = words[plan.positions / 4 + t]!;
  const block = words[tableOf(thread, t) / 4 + Math.floor(position / blockTokens)]!;
  const row = head * blockTokens + position % blockTokens;
  return cacheBase(thread, layer) + block * blockBytes + row * plan.spec.headWidth * 2;
}

/** Address of block 0's first k row of a layer; v rows follow after all k heads. */
function cacheBase({ plan }: Thread, layer: number): number {
  return plan.kv + layer * (plan.limits.blockBytes / plan.spec.layers);
}

/** Address of the block table of token t. */
function tableOf({ plan }: Thread, t: number): number {
  return plan.tables + t * Math.ceil(plan.spec.contextTokens / plan.limits.blockTokens) * 4;
}

/** Causal attention of every token, two query heads at a time where they share a kv head. */
function attend(thread: Thread, layer: number, pass: Pass): void {
  const { plan, kernels, words } = thread;
  const { heads, headsKv, headWidth, rope } = plan.spec;
  const { blockTokens, blockBytes } = plan.limits;
  const scale = attentionScale(headWidth, rope.scaling);
  const rowBytes = headWidth * 2;
  const group = heads / headsKv, pairs = Math.ceil(group / 2);
  thread.spread(pass.tokens * headsKv * pairs, (item) => {
    const t = Math.floor(item / (headsKv * pairs));
    const headKv = Math.floor(item / pairs) % headsKv, inGroup = item % pairs * 2;
    const head = headKv * group + inGroup;
    const k = cacheBase(thread, layer) + headKv * blockTokens * rowBytes;
    const kernel = inGroup + 1 < group ? kernels.attendPair : kernels.attend;
    kernel(
      plan.qkv + (t * plan.qkvWidth + head * headWidth) * 4,
      headWidth,
      scale,
      words[plan.positions / 4 + t]! + 1,
      k,
      k + headsKv * blockTokens * rowBytes,
      tableOf(thread, t),
      blockBytes,
      blockTokens,
      rowBytes,
      plan.mixed.f32 + t * plan.mixed.f32Stride + head * headWidth * 4,
    );
  });
}

/** YaRN scales the rotated vectors by attentionFactor; on q and k alike it squares in the score. */
function attentionScale(headWidth: number, scaling: { kind: string; attentionFactor?: number }) {
  const factor = scaling.kind === "yarn" ? scaling.attentionFactor! : 1;
  return factor * factor / Math.sqrt(headWidth);
}

/** x += o . mixed */
function projectOut(thread: Thread, layer: number, pass: Pass): void {
  const { plan } = thread;
  const out = { at: plan.ffn, stride: plan.spec.width * 4 };
  for (const placed of thread.layers[layer]!) {
    const part = placed.unit.parts.find(({ matrix }) => matrix === "o");
    if (!part) continue;
    if (!thread.canTake(placed)) thread.barrier();
    thread.multiply(thread.take(placed), part, plan.mixed, pass.tokens, out, (from, to) => {
      thread.addRows(plan.x, plan.ffn, pass.tokens, from, to);
    });
  }
}
