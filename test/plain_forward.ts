/**
 * The forward pass as the formula reads, in plain TypeScript and f64, straight from a GGUF's bytes:
 * the slow twin of core/model. Small models only.
 */
import { readGguf } from "../core/gguf/reader.ts";
import { readModel } from "../core/gguf/model.ts";
import type { ModelSpec } from "../core/flash/layout.ts";
import { FAMILIES } from "../core/model/families.ts";
import { dequantizeRow } from "../core/kernels/reference.ts";

type Matrix = number[][]; // (rows, cols)

/** Told the residual stream (tokens, width) before each half of each layer; it goes on changing. */
export type Watch = (layer: number, half: "attention" | "ffn", xs: readonly number[][]) => void;

/** Logits (tokens, vocabulary) of a whole text. */
export function plainLogits(
  gguf: Uint8Array,
  tokens: readonly number[],
  watch?: Watch,
): number[][] {
  const source = {
    size: gguf.length,
    read: (offset: number, into: Uint8Array) =>
      into.set(gguf.subarray(offset, offset + into.length)),
  };
  const { spec } = readModel(source);
  const file = readGguf(source);
  const decoded = new Map<string, Matrix>();
  const matrix = (name: string): Matrix => {
    const known = decoded.get(name) ?? decode(name);
    decoded.set(name, known);
    return known;
  };
  const decode = (name: string): Matrix => {
    const { type, shape: [cols, one = 1, count = 1], offset, bytes } = file.tensors.get(name)!;
    const rows = one * count;
    const rowBytes = bytes / rows;
    return Array.from({ length: rows }, (_, r) => {
      const at = offset + r * rowBytes;
      return [...dequantizeRow(type, gguf.slice(at, at + rowBytes), cols!)];
    });
  };
  const vector = (name: string) => file.tensors.has(name) ? matrix(name)[0] : undefined;
  const embedding = matrix("token_embd.weight");
  const xs = tokens.map((token) => [...embedding[token]!]);
  for (let layer = 0; layer < spec.layers; layer++) {
    const of = (name: string) => matrix(`blk.${layer}.${name}.weight`);
    const bias = (name: string) => vector(`blk.${layer}.${name}.bias`);
    watch?.(layer, "attention", xs);
    attentionHalf(spec, xs, of, bias);
    watch?.(layer, "ffn", xs);
    for (const x of xs) {
      const normed = rmsNorm(x, of("ffn_norm")[0]!, spec.normEpsilon);
      if (spec.experts) addTo(x, mixture(spec, normed, of));
      else addTo(x, feedForward(spec, normed, of));
    }
  }
  const head = spec.tied ? embedding : matrix("output.weight");
  const norm = vector("output_norm.weight")!;
  return xs.map((x) => times(head, rmsNorm(x, norm, spec.normEpsilon)));
}

function feedForward(
  { architecture }: ModelSpec,
  x: number[],
  of: (name: string) => Matrix,
  ending = "",
): number[] {
  const up = times(of(`ffn_up${ending}`), x);
  const acts = architecture === "arcee"
    ? up.map((u) => Math.max(0, u) ** 2)
    : times(of(`ffn_gate${ending}`), x).map((g, i) => g / (1 + Math.exp(-g)) * up[i]!);
  return times(of(`ffn_down${ending}`), acts);
}

function mixture(spec: ModelSpec, x: number[], of: (name: string) => Matrix): number[] {
  const { shares, shared } = FAMILIES[spec.architecture].experts!;
  const { count, used } = spec.experts!;
  const scores = times(of("ffn_gate_inp"), x).map(Math.exp);
  const chosen = scores.map((_, e) => e).sort((a, b) => scores[b]! - scores[a]!).slice(0, used);
  const among = shares === "chosen" ? chosen : scores.map((_, e) => e);
  const sum = among.reduce((all, e) => all + scores[e]!, 0);
  const y = x.map(() => 0);
  for (const e of chosen) {
    const own = (name: string) => {
      const all = of(name), rows = all.length / count;
      return all.slice(e * rows, (e + 1) * rows);
    };
    const out = feedForward(spec, x, own, "_exps");
    addTo(y, out.map((value) => value * scores[e]! / sum));
  }
  if (!shared) return y;
  const gate = 1 / (1 + Math.exp(-dot(of("ffn_gate_inp_shexp")[0]!, x)));
  addTo(y, feedForward(spec, x, of, "_shexp").map((value) => value * gate));
  return y;
}

function attentionHalf(
  spec: ModelSpec,
  xs: number[][],
  of: (name: string) => Matrix,
  bias: (name: string) => number[] | undefined,
): void {
  const { heads, headsKv, headWidth } = spec;
  const project = (x: number[], name: string) => {
    const y = times(of(name), x);
    addTo(y, bias(name) ?? y.map(() => 0));
    return normedHeads(spec, y, name, of);
  };
  const normed = xs.map((x) => rmsNorm(x, of("attn_norm")[0]!, spec.normEpsilon));
  const qs = normed.map((x, p) => rotate(spec, project(x, "attn_q"), p));
  const ks = normed.map((x, p) => rotate(spec, project(x, "attn_k"), p));
  const vs = normed.map((x) => project(x, "attn_v"));
  xs.forEach((x, t) => {
    const mixed: number[] = [];
    for (let head = 0; head < heads; head++) {
      const at = (rows: number[][], h: number, p: number) =>
        rows[p]!.slice(h * headWidth, (h + 1) * headWidth);
      const kv = Math.floor(head * headsKv / heads);
      const scores = Array.from(
        { length: t + 1 },
        (_, p) => dot(at(qs, head, t), at(ks, kv, p)) / Math.sqrt(headWidth),
      );
      const most = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - most));
      const sum = weights.reduce((a, b) => a + b);
      const out = new Array<number>(headWidth).fill(0);
      weights.forEach((w, p) => addTo(out, at(vs, kv, p).map((v) => v * w / sum)));
      mixed.push(...out);
    }
    addTo(x, times(of("attn_output"), mixed));
  });
}

/** q or k by the family's norm, if it has one; `name` is the projection's. */
function normedHeads(
  { architecture, headWidth, normEpsilon }: ModelSpec,
  y: number[],
  name: string,
  of: (name: string) => Matrix,
): number[] {
  const { queryNorm } = FAMILIES[architecture];
  if (!queryNorm || name === "attn_v") return y;
  const weight = of(`${name}_norm`)[0]!;
  if (queryNorm === "all") return rmsNorm(y, weight, normEpsilon);
  return Array.from(
    { length: y.length / headWidth },
    (_, head) => rmsNorm(y.slice(head * headWidth, (head + 1) * headWidth), weight, normEpsilon),
  ).flat();
}

function rotate({ headWidth, rope }: ModelSpec, x: number[], position: number): number[] {
  const y = [...x];
  for (let head = 0; head < x.length; head += headWidth) {
    for (let pair = 0; pair < rope.width / 2; pair++) {
      const adjacent = rope.pairing === "adjacent";
      const i = head + (adjacent ? 2 * pair : pair);
      const j = adjacent ? i + 1 : i + rope.width / 2;
      const factor = rope.scaling.kind === "factors" ? rope.scaling.factors[pair]! : 1;
      const angle = position * Math.pow(rope.base, -2 * pair / rope.width) / factor;
      y[i] = x[i]! * Math.cos(angle) - x[j]! * Math.sin(angle);
      y[j] = x[i]! * Math.sin(angle) + x[j]! * Math.cos(angle);
    }
  }
  return y;
}

function dot(a: number[], b: number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const times = (matrix: Matrix, x: number[]) => matrix.map((row) => dot(row, x));
const addTo = (x: number[], y: number[]) => y.forEach((value, i) => x[i]! += value);

function rmsNorm(x: number[], weight: number[], epsilon: number): number[] {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + epsilon);
  return x.map((value, i) => value * scale * weight[i]!);
}
