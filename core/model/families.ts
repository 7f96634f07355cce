/** The model families Flint runs: what differs between them, one row each. */
import type { RopeSpec } from "../flash/layout.ts";

/** How one family departs from the common decoder (RMS norm, RoPE, grouped attention). */
export interface Family {
  readonly pairing: RopeSpec["pairing"];
  /** Whether q, k and v must have biases; where not, they may. */
  readonly biased: boolean;
  /** "swiglu": silu(gate) * up. "reluSquared": max(0, up)^2 without a gate, so most are true zeros. */
  readonly activation: "swiglu" | "reluSquared";
}

/** Rows by GGUF's general.architecture. */
export const FAMILIES = {
  // llama.cpp's converter permutes q and k of this family so that neighbours rotate together.
  llama: { pairing: "adjacent", biased: false, activation: "swiglu" },
  qwen2: { pairing: "halves", biased: true, activation: "swiglu" },
  arcee: { pairing: "adjacent", biased: false, activation: "reluSquared" },
} as const satisfies Record<string, Family>;

/** A supported architecture. */
export type Architecture = keyof typeof FAMILIES;
