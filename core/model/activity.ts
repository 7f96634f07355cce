/** Which neurons count as active: thresholds on |silu(gate) * up| that hold a fixed share a layer. */
import { countBits } from "../flash/bits.ts";
import { itemsOf } from "../flash/layout.ts";
import type { Plan } from "./plan.ts";

/** Share of a layer's neurons counted as active: those that carry most of its output. */
export const ACTIVE_SHARE = 0.1;
/** First guess of every threshold; the right one is found within some tokens from anywhere. */
const THRESHOLD_START = 0.05;
/** Passes until the thresholds are trusted. */
const SETTLING = 24;

/** Steers one threshold for each layer after every pass of few tokens, by the first of them. */
export class Activity {
  /** (tokens, layers, words) bits of the last pass, or undefined; see Machine.active. */
  bits: Int32Array | undefined;
  readonly #bits: Int32Array;
  readonly #thresholds: Float32Array;
  readonly #items: number;
  readonly #words: number; // of a layer
  readonly #exact: boolean; // who is active is no question of a threshold
  #passes = 0;

  constructor(memory: WebAssembly.Memory, { spec, active, thresholds, limits }: Plan) {
    this.#items = itemsOf(spec);
    this.#words = Math.ceil(this.#items / 32);
    this.#exact = spec.experts !== undefined;
    const words = limits.batchLogits * spec.layers * this.#words;
    this.#bits = new Int32Array(memory.buffer, active, words);
    this.#thresholds = new Float32Array(memory.buffer, thresholds, spec.layers);
    this.#thresholds.fill(THRESHOLD_START);
  }

  /** After a pass: moves each threshold by the root of how far its layer's share is off. */
  settle(tokens: number): void {
    this.bits = undefined;
    const bits = this.#bits.subarray(0, tokens * this.#thresholds.length * this.#words);
    if (bits.length < tokens * this.#thresholds.length * this.#words) return; // not all are marked
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
