/**
 * Which neurons (experts) a pass used: the bits (tokens, layers, words) that the threads set, and,
 * where "used" is a question of how much, thresholds on |silu(gate) * up| that hold a fixed share a
 * layer.
 */
import { countBits, wordsFor } from "../flash/bits.ts";
import { itemsOf, type ModelSpec } from "../flash/layout.ts";
import type { Plan } from "./plan.ts";

/** Share of a layer's neurons counted as active: those that carry most of its output. */
export const ACTIVE_SHARE = 0.1;
/** First guess of every threshold; the right one is found within some tokens from anywhere. */
const THRESHOLD_START = 0.05;
/** Passes until the thresholds are trusted. */
const SETTLING = 24;

/** Bytes of the bits of so many tokens. */
export function activeBytes(spec: ModelSpec, tokens: number): number {
  return tokens * spec.layers * wordsFor(itemsOf(spec)) * 4;
}

/** Whether a pass of so many tokens sets bits. */
export function isMarked({ limits }: Plan, tokens: number): boolean {
  return tokens <= limits.batchLogits;
}

/** The word of the whole memory at which token t's bits of a layer begin. */
export function activeWord({ active, spec }: Plan, t: number, layer: number): number {
  return active / 4 + (t * spec.layers + layer) * wordsFor(itemsOf(spec));
}

/** Steers one threshold for each layer after every pass of few tokens, by the first of them. */
export class Activity {
  /** (tokens, layers, words) bits of the last pass, or undefined; see Machine.active. */
  bits: Int32Array | undefined;
  readonly #plan: Plan;
  readonly #bits: Int32Array;
  readonly #thresholds: Float32Array;
  readonly #items: number;
  readonly #words: number; // of a layer
  readonly #exact: boolean; // who is active is no question of a threshold
  #passes = 0;

  constructor(memory: WebAssembly.Memory, plan: Plan) {
    const { spec, active, thresholds, limits } = plan;
    this.#plan = plan;
    this.#items = itemsOf(spec);
    this.#words = wordsFor(this.#items);
    this.#exact = spec.experts !== undefined;
    const bytes = activeBytes(spec, limits.batchLogits);
    this.#bits = new Int32Array(memory.buffer, active, bytes / 4);
    this.#thresholds = new Float32Array(memory.buffer, thresholds, spec.layers);
    this.#thresholds.fill(THRESHOLD_START);
  }

  /** After a pass: moves each threshold by the root of how far its layer's share is off. */
  settle(tokens: number): void {
    this.bits = undefined;
    if (!isMarked(this.#plan, tokens)) return;
    const bits = this.#bits.subarray(0, tokens * this.#thresholds.length * this.#words);
    if (this.#exact) {
      this.bits = bits;
      return;
    }
    this.#thresholds.forEach((threshold, layer) => {
      const active = countBits(bits.subarray(layer * this.#words, (layer + 1) * this.#words));
      const off = Math.min(2, Math.max(0.5, active / this.#items / ACTIVE_SHARE));
      this.#thresholds[layer] = threshold * Math.pow(off, this.#passes < SETTLING ? 0.5 : 0.05);
    });
    if (++this.#passes > SETTLING) this.bits = bits;
  }
}
