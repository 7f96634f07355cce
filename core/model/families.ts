/** The model families Flint runs: what differs between them, one row each. */
import type { ModelSpec, RopeSpec } from "../flash/layout.ts";

/** How one family departs from the common decoder (RMS norm, RoPE, grouped attention). */
export interface Family {
  readonly pairing: RopeSpec["pairing"];
  /** Whether q, k and v must have biases; where not, they may. */
  readonly biased: boolean;
  /** "swiglu": silu(gate) * up. "reluSquared": max(0, up)^2 without a gate, so most are true zeros. */
  readonly activation: "swiglu" | "reluSquared";
  /** RMS norm of q and k before they rotate: of each head, of all heads as one, or not at all. */
  readonly queryNorm?: "head" | "all";
  /** What a file with experts makes of them; absent: such files are refused. */
  readonly experts?: {
    /**
     * How much a chosen expert counts: its share of the softmax over all experts ("softmax"), or of
     * the chosen ones' shares alone ("chosen"). As llama.cpp has it, whatever the metadata say.
     */
    readonly shares: "softmax" | "chosen";
    /** What an expert's length is where a file does not tell it: the FFN's, or its share of that. */
    readonly length: "ffn" | "share";
    /** Beside the chosen experts one that serves every token, by a gate of its own. */
    readonly shared: boolean;
  };
}

/** Rows by GGUF's general.architecture. */
export const FAMILIES: Readonly<Record<ModelSpec["architecture"], Family>> = {
  // llama.cpp's converter permutes q and k of this family so that neighbours rotate together.
  llama: {
    pairing: "adjacent",
    biased: false,
    activation: "swiglu",
    experts: { shares: "chosen", length: "ffn", shared: false }, // Mixtral
  },
  qwen2: { pairing: "halves", biased: true, activation: "swiglu" },
  arcee: { pairing: "adjacent", biased: false, activation: "reluSquared" },
  olmoe: {
    pairing: "halves",
    biased: false,
    activation: "swiglu",
    queryNorm: "all",
    experts: { shares: "softmax", length: "ffn", shared: false },
  },
  qwen2moe: {
    pairing: "halves",
    biased: true,
    activation: "swiglu",
    experts: { shares: "softmax", length: "share", shared: true },
  },
  qwen3moe: {
    pairing: "halves",
    biased: false,
    activation: "swiglu",
    queryNorm: "head",
    experts: { shares: "chosen", length: "share", shared: false },
  },
};

/** A supported architecture. */
export type Architecture = keyof typeof FAMILIES;
