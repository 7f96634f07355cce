/** Which neurons count as active: thresholds on |silu(gate) * up| that hold a fixed share a layer. */
import { countBits } from "../flash/bits.ts";
import type { Plan } from "./plan.ts";

/** Share of a layer's neurons counted as active: those that carry most of its output. */
export const ACTIVE_SHARE = 0.1;
/** First guess of every threshold; the right one is found within some tokens from anywhere. */
const THRESHOLD_START = 0.05;
/** One-token passes until the thresholds are trusted. */
const SETTLING = 24;

/** Steers one threshold for each layer after every one-token pass. */
export class Activity {
  /** (layers, words) bits of the last pass, or undefined; see Machine.active. */
  bits: Int32Array | undefined;
  readonly #bits: Int32Array;
  readonly #thresholds: Float32Array;
  readonly #neurons: number;
  #passes = 0;

  constructor(memory: WebAssembly.Memory, { spec, active, thresholds }: Plan) {
    this.#neurons = spec.neurons;
    const words = spec.layers * Math.ceil(spec.neurons / 32);
    this.#bits = new Int32Array(memory.buffer, active, words);
    this.#thresholds = new Float32Array(memory.buffer, thresholds, spec.layers);
    this.#thresholds.fill(THRESHOLD_START);
  }

  /** After a pass: moves each threshold by the root of how far its layer's share is off. */
  settle(tokens: number): void {
    this.bits = undefined;
    if (tokens !== 1) return;
    const words = this.#bits.length / this.#thresholds.length;
    this.#thresholds.forEach((threshold, layer) => {
      const share = countBits(this.#bits.subarray(layer * words, (layer + 1) * words)) /
        this.#neurons;
      const off = Math.min(2, Math.max(0.5, share / ACTIVE_SHARE));
      this.#thresholds[layer] = threshold * Math.pow(off, this.#passes < SETTLING ? 0.5 : 0.05);
    });
    if (++this.#passes > SETTLING) this.bits = this.#bits;
  }
}
