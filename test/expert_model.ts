/**
 * A seeded mixture of experts of any size, written in seconds. It stands in for models like
 * Qwen3-30B-A3B, with as many experts in a layer and as many for a token, smaller ones. Scores are
 * router rows of noise times embeddings that share topics, so how neighbouring tokens agree is set by
 * the topics' share and by how many tokens stray from the topic. Both are chosen so that an LRU over
 * 13 % of a layer's experts hits about 66 %, as was measured on Qwen3-30B-A3B (arXiv 2608.18261).
 */
import { TensorType } from "../core/flash/layout.ts";
import type { GgufValue } from "./gguf_writer.ts";
import {
  HEAD_WIDTH,
  HEADS,
  HEADS_KV,
  noisy,
  plainNorm,
  type TensorPlan,
  topicEmbedding,
  topicText,
  writeLargeModel,
} from "./large_model.ts";
import { TINY_VOCABULARY, tinyParts } from "./tiny_model.ts";

/** What to build; experts take layers * count * neurons * width * 27 / 16 bytes, as Q4_K. */
export interface ExpertModelOptions {
  readonly layers: number;
  readonly width: number;
  readonly experts: { readonly count: number; readonly used: number; readonly neurons: number };
}

/** Experts are used unevenly, a little. */
const CONSTANT_SHARE = 0.1;
const TOPIC_SHARE = 0.77, STRAY = 0.15;
/** Deviation of the scores. */
const SCORE_SPREAD = 2;
/** What a layer adds is small beside x, so that deep layers see the topics too. */
const OUTPUT_SCALE = 0.1;

/** A text for the model. */
export function expertText(length: number): number[] {
  return topicText(length, { stray: STRAY });
}

/** Writes the model to a file; returns its path. */
export function writeExpertModel(path: string, options: ExpertModelOptions): string {
  return writeLargeModel(path, metadataOf(options), describeTensors(options));
}

function metadataOf({ layers, width, experts }: ExpertModelOptions): [string, GgufValue][] {
  const { metadata } = tinyParts({ architecture: "qwen3moe", layers: 0, width: 256, experts });
  const u32 = (value: number): GgufValue => ({ type: "u32", value });
  const changed: Record<string, GgufValue> = {
    "general.name": { type: "string", value: "Experts" },
    "qwen3moe.block_count": u32(layers),
    "qwen3moe.embedding_length": u32(width),
    "qwen3moe.attention.head_count": u32(HEADS),
    "qwen3moe.attention.head_count_kv": u32(HEADS_KV),
    "qwen3moe.attention.key_length": u32(HEAD_WIDTH),
    "qwen3moe.attention.value_length": u32(HEAD_WIDTH),
    "qwen3moe.rope.dimension_count": u32(HEAD_WIDTH),
  };
  return Object.entries({ ...Object.fromEntries(metadata), ...changed });
}

function describeTensors({ layers, width, experts }: ExpertModelOptions): TensorPlan[] {
  const { count, neurons } = experts;
  const query = HEADS * HEAD_WIDTH, keys = HEADS_KV * HEAD_WIDTH, even = 1 / Math.sqrt(width);
  const each = (name: string, cols: number, rows: number, scale: number): TensorPlan => ({
    name: `${name}.weight`,
    type: TensorType.Q4_K,
    shape: [cols, rows, count],
    fill: (noise) => noise.blocks(TensorType.Q4_K, cols * rows * count, scale),
  });
  const router = (name: string): TensorPlan => ({
    name: `${name}.weight`,
    type: TensorType.F32,
    shape: [width, count],
    fill: (noise) => noise.fill(new Float32Array(width * count), SCORE_SPREAD * even),
  });
  const layer = (i: number): TensorPlan[] => [
    plainNorm(`blk.${i}.attn_norm`, width),
    noisy(`blk.${i}.attn_q`, width, query, even),
    noisy(`blk.${i}.attn_k`, width, keys, even),
    noisy(`blk.${i}.attn_v`, width, keys, even),
    noisy(`blk.${i}.attn_output`, query, width, 0.1 / Math.sqrt(query)),
    plainNorm(`blk.${i}.attn_q_norm`, HEAD_WIDTH),
    plainNorm(`blk.${i}.attn_k_norm`, HEAD_WIDTH),
    plainNorm(`blk.${i}.ffn_norm`, width),
    router(`blk.${i}.ffn_gate_inp`),
    each(`blk.${i}.ffn_gate_exps`, width, neurons, even),
    each(`blk.${i}.ffn_up_exps`, width, neurons, even),
    each(`blk.${i}.ffn_down_exps`, neurons, width, OUTPUT_SCALE / Math.sqrt(neurons)),
  ];
  return [
    topicEmbedding({ width, constantShare: CONSTANT_SHARE, topicShare: TOPIC_SHARE }),
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    plainNorm("output_norm", width),
    noisy("output", width, TINY_VOCABULARY, even),
  ];
}
