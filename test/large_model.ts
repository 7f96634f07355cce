/**
 * Seeded models of any size, written in seconds: noise from a pool, and embeddings with topics, so
 * that how neighbouring tokens agree can be set. They say nothing sensible.
 *
 * Every token's embedding is one constant, a share of its topic and a share of its own.
 */
import fs from "node:fs";
import { TensorType } from "../core/flash/layout.ts";
import { rowBytes } from "../core/kernels/blocks.ts";
import { FAMILIES } from "../core/model/families.ts";
import { type GgufTensor, type GgufValue, writeGguf } from "./gguf_writer.ts";
import { quantize } from "./quantize.ts";
import { randomFloats, randomInts } from "./random.ts";
import { TINY_VOCABULARY, type TinyModelOptions, tinyParts } from "./tiny_model.ts";

/** Tokens 0..TOPICS * TOPIC_TOKENS - 1 belong to topics, in runs. */
const TOPICS = 16, TOPIC_TOKENS = 16;
const POOL = 1 << 20;
/** Weights that are quantized for a pool of blocks. */
const BLOCK_POOL = 1 << 18;
const ALIGNMENT = 32;

/** Attention of all large models: little beside the FFN. */
const HEADS = 4, HEADS_KV = 2, HEAD_WIDTH = 64;
/** What attention adds is small beside x. */
const ATTENTION_SCALE = 0.1;

/** A text that stays with a topic for some 64 tokens; a share of its tokens stray to any topic. */
export function topicText(length: number, { seed = 1, stray = 0 } = {}): number[] {
  const next = randomInts(seed);
  let topic = next(TOPICS);
  return Array.from({ length }, () => {
    if (next(64) === 0) topic = next(TOPICS);
    const from = stray > 0 && next(1000) < stray * 1000 ? next(TOPICS) : topic;
    return from * TOPIC_TOKENS + next(TOPIC_TOKENS);
  });
}

/** What a large model is called and how large it is. */
export interface LargeShape {
  readonly name: string;
  readonly architecture: NonNullable<TinyModelOptions["architecture"]>;
  readonly layers: number;
  readonly width: number;
  readonly neurons?: number;
  readonly experts?: NonNullable<TinyModelOptions["experts"]>;
}

/** Its metadata: those of a tiny model, but for the sizes. */
export function largeMetadata(
  { name, architecture, layers, width, neurons, experts }: LargeShape,
): [string, GgufValue][] {
  const tiny = { architecture, layers: 0, width: 256 };
  const { metadata } = tinyParts(experts ? { ...tiny, experts } : tiny);
  const sizes = {
    block_count: layers,
    embedding_length: width,
    ...neurons ? { feed_forward_length: neurons } : {},
    "attention.head_count": HEADS,
    "attention.head_count_kv": HEADS_KV,
    "attention.key_length": HEAD_WIDTH,
    "attention.value_length": HEAD_WIDTH,
    "rope.dimension_count": HEAD_WIDTH,
  };
  const changed: Record<string, GgufValue> = { "general.name": { type: "string", value: name } };
  for (const [key, value] of Object.entries(sizes)) {
    changed[`${architecture}.${key}`] = { type: "u32", value };
  }
  return Object.entries({ ...Object.fromEntries(metadata), ...changed });
}

/** Its tensors: in each layer attention, the FFN's norm and what `ffn` says. */
export function largeTensors(
  { layers, width, architecture, constantShare, topicShare }: LargeShape & EmbeddingOptions,
  ffn: (prefix: string) => TensorPlan[],
): TensorPlan[] {
  const query = HEADS * HEAD_WIDTH, keys = HEADS_KV * HEAD_WIDTH, even = 1 / Math.sqrt(width);
  const normed = FAMILIES[architecture].queryNorm === "head";
  const layer = (at: string): TensorPlan[] => [
    plainNorm(`${at}.attn_norm`, width),
    noisy(`${at}.attn_q`, width, query, even),
    noisy(`${at}.attn_k`, width, keys, even),
    noisy(`${at}.attn_v`, width, keys, even),
    noisy(`${at}.attn_output`, query, width, ATTENTION_SCALE / Math.sqrt(query)),
    ...["attn_q_norm", "attn_k_norm"].flatMap((name) =>
      normed ? [plainNorm(`${at}.${name}`, HEAD_WIDTH)] : []
    ),
    plainNorm(`${at}.ffn_norm`, width),
    ...ffn(at),
  ];
  return [
    topicEmbedding({ width, constantShare, topicShare }),
    ...Array.from({ length: layers }, (_, i) => layer(`blk.${i}`)).flat(),
    plainNorm("output_norm", width),
    noisy("output", width, TINY_VOCABULARY, even),
  ];
}

/** A tensor to be: its bytes are made when it is written. */
export interface TensorPlan {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly fill: (noise: Noise) => ArrayBufferView<ArrayBuffer>;
}

/** Writes a model to a file, tensor by tensor; returns its path. */
export function writeLargeModel(
  path: string,
  metadata: readonly [string, GgufValue][],
  tensors: readonly TensorPlan[],
  seed = 1,
): string {
  const noise = new Noise(seed);
  let offset = 0;
  const placed = tensors.map(({ name, type, shape }): GgufTensor => {
    const [cols, ...others] = shape;
    const bytes = others.reduce((a, b) => a * b, rowBytes(type, cols!));
    const tensor = { name, type, shape, data: new Uint8Array(0), offset };
    offset = Math.ceil((offset + bytes) / ALIGNMENT) * ALIGNMENT;
    return tensor;
  });
  const part = `${path}.part`; // a killed run leaves no half model
  const file = fs.openSync(part, "w");
  try {
    const header = writeGguf({ metadata, tensors: placed });
    fs.writeSync(file, header);
    tensors.forEach(({ fill }, i) => {
      const values = fill(noise), at = header.length + Number(placed[i]!.offset);
      fs.writeSync(file, new Uint8Array(values.buffer), 0, values.byteLength, at);
    });
    fs.ftruncateSync(file, header.length + offset);
  } finally {
    fs.closeSync(file);
  }
  fs.renameSync(part, path);
  return path;
}

/** An f16 matrix of noise. */
export function noisy(name: string, cols: number, rows: number, scale: number): TensorPlan {
  const fill = (noise: Noise) => noise.fill(new Float16Array(cols * rows), scale);
  return { name: `${name}.weight`, type: TensorType.F16, shape: [cols, rows], fill };
}

/** A norm that changes nothing. */
function plainNorm(name: string, width: number): TensorPlan {
  const fill = () => new Float32Array(width).fill(1);
  return { name: `${name}.weight`, type: TensorType.F32, shape: [width], fill };
}

/** What embeddings have in common. */
export interface EmbeddingOptions {
  readonly width: number;
  /** Share of an embedding's energy in the constant. */
  readonly constantShare: number;
  /** Share of what varies between embeddings that is common to a topic. */
  readonly topicShare: number;
}

/** The embedding, f16. */
function topicEmbedding(options: EmbeddingOptions): TensorPlan {
  const { width, constantShare, topicShare } = options;
  const fill = (noise: Noise) => {
    const values = new Float16Array(width * TINY_VOCABULARY);
    const topics = Array.from({ length: TOPICS + 1 }, () => noise.fill(new Float32Array(width), 1));
    const own = new Float32Array(width), spread = Math.sqrt(1 - constantShare);
    const [common, alone] = [spread * Math.sqrt(topicShare), spread * Math.sqrt(1 - topicShare)];
    for (let token = 0; token < TINY_VOCABULARY; token++) {
      const topic = topics[Math.min(TOPICS, Math.floor(token / TOPIC_TOKENS))]!;
      noise.fill(own, alone);
      for (let c = 0; c < width; c++) {
        values[token * width + c] = common * topic[c]! + own[c]!;
      }
      values[token * width] = Math.sqrt(constantShare * width);
    }
    return values;
  };
  return { name: "token_embd.weight", type: TensorType.F16, shape: [width, TINY_VOCABULARY], fill };
}

type Values = Float16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** Normal values by stretches of one pool: half a billion weights are copies, not draws. */
export class Noise {
  readonly #pool: Float32Array<ArrayBuffer>;
  readonly #int: (n: number) => number;
  readonly #pools = new Map<string, Values>();
  readonly #blocks = new Map<string, Uint8Array>();

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

  /** Rows of a quantized type, of noise: blocks drawn from a pool. */
  blocks(type: TensorType, weights: number, scale: number): Uint8Array<ArrayBuffer> {
    const key = `${scale} of type ${type}`;
    const pool = this.#blocks.get(key) ??
      quantize(type, this.#pool.subarray(0, BLOCK_POOL).map((v) => v * scale));
    this.#blocks.set(key, pool);
    const block = rowBytes(type, 256), bytes = new Uint8Array(rowBytes(type, weights));
    for (let at = 0; at < bytes.length;) {
      const from = this.#int(pool.length / block) * block;
      const some = pool.subarray(from, from + Math.min(bytes.length - at, 64 * block));
      bytes.set(some, at);
      at += some.length;
    }
    return bytes;
  }
}
