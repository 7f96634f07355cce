/** The model families Flint runs: what differs between them, one row each. */
import type { RopeSpec } from "../flash/layout.ts";

/** How one family departs from the common decoder (RMS norm, RoPE, grouped attention, SwiGLU). */
export interface Family {
  readonly pairing: RopeSpec["pairing"];
  /** Whether q, k and v must have biases; where not, they may. */
  readonly biased: boolean;
}

/** Rows by GGUF's general.architecture. */
export const FAMILIES = {
  // llama.cpp's converter permutes q and k of this family so that neighbours rotate together.
  llama: { pairing: "adjacent", biased: false },
  qwen2: { pairing: "halves", biased: true },
} as const satisfies Record<string, Family>;

/** A supported architecture. */
export type Architecture = keyof typeof FAMILIES;
