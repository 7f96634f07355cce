/**
 * Mixtures of experts in a GGUF: how many there are, and each expert's own matrices, which lie one
 * after the other in tensors of three dimensions.
 */
import type { ExpertSpec, ModelSpec } from "../flash/layout.ts";
import { type Architecture, FAMILIES } from "../model/families.ts";
import { type Metadata, refuseModel } from "./metadata.ts";
import type { TensorEntry } from "./reader.ts";
import type { FfnTensors, FindTensor } from "./spec.ts";

/** Llama 405B has 53,248 in a layer. */
export const NEURONS_MAX = 1 << 18;
/** DeepSeek-V3 has 256 a layer, Kimi K2 384. */
const EXPERTS_MAX = 1024;
/** As llama.cpp counts gating functions. */
const SOFTMAX = 1;

/** One layer's router and experts. */
export interface ExpertTensors {
  /** (width, experts) */
  readonly router: TensorEntry;
  readonly each: readonly FfnTensors[];
}

/** The FFN's sizes; `length` is what the file calls feed_forward_length. */
export function readExperts(
  metadata: Metadata,
  architecture: Architecture,
  length: number,
): Pick<ModelSpec, "neurons" | "experts"> {
  const integer = (key: string, max: number, fallback?: number) =>
    metadata.integer(`${architecture}.${key}`, 1, max, fallback);
  const count = metadata.integer(`${architecture}.expert_count`, 0, EXPERTS_MAX, 0);
  if (count === 0) return { neurons: length };
  const family = FAMILIES[architecture].experts ??
    refuseModel(`${architecture}.expert_count is ${count}: this family is known without experts`);
  const used = integer("expert_used_count", count);
  refuseOtherRouting(metadata, architecture);
  const neurons = integer(
    "expert_feed_forward_length",
    NEURONS_MAX,
    family.length === "share" ? Math.floor(length / used) : length,
  );
  const shared = family.shared
    ? integer("expert_shared_feed_forward_length", NEURONS_MAX, length)
    : 0;
  return { neurons: shared, experts: { count, used, neurons } };
}

/** Routing that other families know and these do not. */
function refuseOtherRouting(metadata: Metadata, architecture: Architecture): void {
  metadata.integer(`${architecture}.expert_gating_func`, SOFTMAX, SOFTMAX, SOFTMAX);
  const scale = metadata.number(`${architecture}.expert_weights_scale`, 0, 1e6, 1);
  if (scale !== 1 && scale !== 0) {
    refuseModel(`${architecture}.expert_weights_scale is ${scale}: only 1 is supported`);
  }
}

/** Finds a layer's router and experts. */
export function findExperts(
  { count, neurons }: ExpertSpec,
  width: number,
  find: FindTensor,
): ExpertTensors {
  const router = find("ffn_gate_inp", width, count);
  const gate = find("ffn_gate_exps", width, neurons, count);
  const up = find("ffn_up_exps", width, neurons, count);
  const down = find("ffn_down_exps", neurons, width, count);
  const each = Array.from({ length: count }, (_, expert) => ({
    gate: matrixOf(gate, expert),
    up: matrixOf(up, expert),
    down: matrixOf(down, expert),
  }));
  return { router, each };
}

/** One expert's matrix as if it were a tensor of its own. */
function matrixOf({ name, type, shape, offset, bytes }: TensorEntry, expert: number): TensorEntry {
  const [cols, rows, count] = shape as [number, number, number];
  const own = bytes / count;
  return { name, type, shape: [cols, rows], offset: offset + expert * own, bytes: own };
}
