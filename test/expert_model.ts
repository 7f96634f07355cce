/**
 * A seeded mixture of experts of any size, written in seconds. It stands in for models like
 * Qwen3-30B-A3B, with as many experts in a layer and as many for a token, smaller ones. Scores are
 * router rows of noise times embeddings that share topics, so how neighbouring tokens agree is set by
 * the topics' share and by how many tokens stray from the topic. Both are chosen so that an LRU over
 * 13 % of a layer's experts hits about 66 %, as was measured on Qwen3-30B-A3B (arXiv 2608.18261).
 */
import { TensorType } from "../core/flash/layout.ts";
import {
  largeMetadata,
  largeTensors,
  type TensorPlan,
  topicText,
  writeLargeModel,
} from "./large_model.ts";

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
  const shape = { ...options, name: "Experts", architecture: "qwen3moe" } as const;
  const likeness = { constantShare: CONSTANT_SHARE, topicShare: TOPIC_SHARE };
  const tensors = largeTensors({ ...shape, ...likeness }, (at) => mixture(at, options));
  return writeLargeModel(path, largeMetadata(shape), tensors);
}

function mixture(at: string, { width, experts }: ExpertModelOptions): TensorPlan[] {
  const { count, neurons } = experts, even = 1 / Math.sqrt(width);
  const each = (name: string, cols: number, rows: number, scale: number): TensorPlan => ({
    name: `${at}.${name}.weight`,
    type: TensorType.Q4_K,
    shape: [cols, rows, count],
    fill: (noise) => noise.blocks(TensorType.Q4_K, cols * rows * count, scale),
  });
  return [
    {
      name: `${at}.ffn_gate_inp.weight`,
      type: TensorType.F32,
      shape: [width, count],
      fill: (noise) => noise.fill(new Float32Array(width * count), SCORE_SPREAD * even),
    },
    each("ffn_gate_exps", width, neurons, even),
    each("ffn_up_exps", width, neurons, even),
    each("ffn_down_exps", neurons, width, OUTPUT_SCALE / Math.sqrt(neurons)),
  ];
}
