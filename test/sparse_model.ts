/**
 * A seeded squared-ReLU model of any size, written in seconds, whose sparsity is set by
 * construction: how many neurons a token uses, and how many of them its neighbours use too. It
 * says nothing sensible; it stands in for models that were trained to have zeros (LLM in a flash,
 * arXiv 2312.11514: OPT uses 3 %, and a window of 5 tokens brings fresh reads from 10 % of the FFN
 * to 2.4 %).
 *
 * Every token's embedding is one constant, a share of its topic and a share of its own. A neuron's
 * up row is noise but for its answer to the constant, a negative one: a bias. What lies above it
 * is normal, so the bias decides how rare the neuron is, and the topic's share how neighbours agree.
 */
import fs from "node:fs";
import { TensorType } from "../core/flash/layout.ts";
import { type GgufTensor, type GgufValue, writeGguf } from "./gguf_writer.ts";
import { randomFloats, randomInts } from "./random.ts";
import { TINY_VOCABULARY, tinyParts } from "./tiny_model.ts";

/** What to build; the FFN takes layers * neurons * width * 4 bytes. */
export interface SparseModelOptions {
  readonly layers: number;
  readonly width: number;
  readonly neurons: number;
  /** Share of the neurons that a token uses. */
  readonly active: number;
  /** Share of what varies between embeddings that is common to a topic. */
  readonly topicShare: number;
  readonly seed?: number;
}

/** Tokens 0..TOPICS * TOPIC_TOKENS - 1 belong to topics, in runs. */
const TOPICS = 16, TOPIC_TOKENS = 16;
/** Share of an embedding's energy in the constant. */
const CONSTANT_SHARE = 0.2;
/** Spread of the biases: some neurons are hot, most are rare. */
const BIAS_SPREAD = 0.5;
/** What a layer adds is small beside x, so that deep layers see the topics too. */
const OUTPUT_SCALE = 0.008;
const HEADS = 4, HEADS_KV = 2, HEAD_WIDTH = 64;
const POOL = 1 << 20;
const ALIGNMENT = 32;

/** A text that stays with a topic for some 64 tokens. */
export function sparseText(length: number, seed = 1): number[] {
  const next = randomInts(seed);
  let topic = next(TOPICS);
  return Array.from({ length }, () => {
    if (next(64) === 0) topic = next(TOPICS);
    return topic * TOPIC_TOKENS + next(TOPIC_TOKENS);
  });
}

/** Writes the model to a file; returns its path. */
export function writeSparseModel(path: string, options: SparseModelOptions): string {
  const noise = new Noise(options.seed ?? 1);
  const tensors = describeTensors(options);
  let offset = 0;
  const placed = tensors.map(({ name, type, shape }): GgufTensor => {
    const bytes = shape.reduce((a, b) => a * b, type === TensorType.F32 ? 4 : 2);
    const tensor = { name, type, shape, data: new Uint8Array(0), offset };
    offset = Math.ceil((offset + bytes) / ALIGNMENT) * ALIGNMENT;
    return tensor;
  });
  const file = fs.openSync(path, "w");
  try {
    const header = writeGguf({ metadata: metadataOf(options), tensors: placed });
    fs.writeSync(file, header);
    tensors.forEach(({ shape, type, fill }, i) => {
      const [cols, rows = 1] = shape as [number, number?];
      const values = type === TensorType.F32
        ? new Float32Array(cols)
        : new Float16Array(cols * rows);
      fill(values, noise, cols);
      fs.writeSync(
        file,
        new Uint8Array(values.buffer),
        0,
        values.byteLength,
        header.length + Number(placed[i]!.offset),
      );
    });
    fs.ftruncateSync(file, header.length + offset);
  } finally {
    fs.closeSync(file);
  }
  return path;
}

function metadataOf({ layers, width, neurons }: SparseModelOptions): [string, GgufValue][] {
  const { metadata } = tinyParts({ architecture: "arcee", layers: 0, width: 256 });
  const u32 = (value: number): GgufValue => ({ type: "u32", value });
  const changed: Record<string, GgufValue> = {
    "general.name": { type: "string", value: "Sparse" },
    "arcee.block_count": u32(layers),
    "arcee.embedding_length": u32(width),
    "arcee.feed_forward_length": u32(neurons),
    "arcee.attention.head_count": u32(HEADS),
    "arcee.attention.head_count_kv": u32(HEADS_KV),
    "arcee.attention.key_length": u32(HEAD_WIDTH),
    "arcee.attention.value_length": u32(HEAD_WIDTH),
    "arcee.rope.dimension_count": u32(HEAD_WIDTH),
  };
  return Object.entries({ ...Object.fromEntries(metadata), ...changed });
}

type Values = Float16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

interface TensorPlan {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly fill: (values: Values, noise: Noise, cols: number) => void;
}

function describeTensors(options: SparseModelOptions): TensorPlan[] {
  const { layers, width, neurons } = options;
  const halves = (
    name: string,
    cols: number,
    rows: number,
    fill: TensorPlan["fill"],
  ): TensorPlan => (
    { name: `${name}.weight`, type: TensorType.F16, shape: [cols, rows], fill }
  );
  const plain = (scale: number): TensorPlan["fill"] => (values, noise) => noise.fill(values, scale);
  const norm = (name: string): TensorPlan => (
    {
      name: `${name}.weight`,
      type: TensorType.F32,
      shape: [width],
      fill: (values) => values.fill(1),
    }
  );
  const query = HEADS * HEAD_WIDTH, keys = HEADS_KV * HEAD_WIDTH, even = 1 / Math.sqrt(width);
  const layer = (i: number): TensorPlan[] => [
    norm(`blk.${i}.attn_norm`),
    halves(`blk.${i}.attn_q`, width, query, plain(even)),
    halves(`blk.${i}.attn_k`, width, keys, plain(even)),
    halves(`blk.${i}.attn_v`, width, keys, plain(even)),
    halves(`blk.${i}.attn_output`, query, width, plain(0.1 / Math.sqrt(query))),
    norm(`blk.${i}.ffn_norm`),
    halves(`blk.${i}.ffn_up`, width, neurons, (values, noise) => fillUp(values, noise, options)),
    halves(`blk.${i}.ffn_down`, neurons, width, plain(OUTPUT_SCALE)),
  ];
  return [
    halves("token_embd", width, TINY_VOCABULARY, (values, noise) => embed(values, noise, options)),
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    norm("output_norm"),
    halves("output", width, TINY_VOCABULARY, plain(even)),
  ];
}

/** Rows of variance 1 / width, with a bias by way of the constant. */
function fillUp(values: Values, noise: Noise, { width, active }: SparseModelOptions): void {
  noise.fill(values, 1 / Math.sqrt(width));
  const spread = Math.sqrt(1 - CONSTANT_SHARE);
  const mean = upperQuantile(active) * Math.sqrt(1 + BIAS_SPREAD ** 2);
  const constant = Math.sqrt(CONSTANT_SHARE * width);
  for (let at = 0; at < values.length; at += width) {
    values[at] = -spread * (mean + BIAS_SPREAD * noise.next()) / constant;
  }
}

function embed(values: Values, noise: Noise, { width, topicShare }: SparseModelOptions): void {
  const topics = Array.from({ length: TOPICS + 1 }, () => noise.fill(new Float32Array(width), 1));
  const own = new Float32Array(width), spread = Math.sqrt(1 - CONSTANT_SHARE);
  const [common, alone] = [spread * Math.sqrt(topicShare), spread * Math.sqrt(1 - topicShare)];
  for (let token = 0; token < TINY_VOCABULARY; token++) {
    const topic = topics[Math.min(TOPICS, Math.floor(token / TOPIC_TOKENS))]!;
    noise.fill(own, alone);
    for (let c = 0; c < width; c++) values[token * width + c] = common * topic[c]! + own[c]!;
    values[token * width] = Math.sqrt(CONSTANT_SHARE * width);
  }
}

/** z with a share `above` of the normal distribution above it (bisection of its tail integral). */
function upperQuantile(above: number): number {
  const tail = (z: number) => {
    let sum = 0;
    for (let x = z; x < 8; x += 0.001) sum += Math.exp(-x * x / 2) * 0.001;
    return sum / Math.sqrt(2 * Math.PI);
  };
  let low = 0, high = 5;
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (tail(middle) > above) low = middle;
    else high = middle;
  }
  return low;
}

/** Normal values by stretches of one pool: half a billion weights are copies, not draws. */
class Noise {
  readonly #pool: Float32Array<ArrayBuffer>;
  readonly #int: (n: number) => number;
  readonly #pools = new Map<string, Values>();

  constructor(seed: number) {
    const random = randomFloats(seed);
    this.#int = randomInts(seed + 1);
    this.#pool = Float32Array.from(
      { length: POOL },
      () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
    );
  }

  /** Rounding a million values takes longer than copying a tensor. */
  #scaled(scale: number, halves: boolean): Values {
    const key = `${scale} ${halves}`;
    const known = this.#pools.get(key);
    if (known) return known;
    const pool = halves
      ? Float16Array.from(this.#pool, (v) => v * scale)
      : this.#pool.map((v) => v * scale);
    this.#pools.set(key, pool);
    return pool;
  }

  next(): number {
    return this.#pool[this.#int(POOL)]!;
  }

  fill<T extends Values>(values: T, scale: number): T {
    const scaled = this.#scaled(scale, values instanceof Float16Array);
    const stretch = 1 << 11;
    for (let at = 0; at < values.length; at += stretch) {
      const length = Math.min(stretch, values.length - at), from = this.#int(POOL - length);
      values.set(scaled.subarray(from, from + length) as never, at);
    }
    return values;
  }
}
