/**
 * Do neighbouring tokens reuse neurons? A meter that answers live, for the very text being
 * generated: the hit rate of a window of the last k tokens' neurons (the paper's window, 3.1),
 * beside what a random and a static set of the same size would have hit. Counts only, no weights.
 */
import { assert } from "../errors.ts";
import { countBits, popcount, wordsFor } from "./bits.ts";

/** Window spans that are measured, in tokens. */
export const SPANS = [1, 2, 4, 8] as const;
const SPAN_MAX = 8;
/** Use counts halve about every 350 tokens: an assistant's habits, not its first answer. */
const DECAY = 0.998;
/** The static set is drawn anew after so many tokens; a new one is ready for the second chat. */
const RANK_EVERY = 64;
/** Upper halves of floats that are not negative. */
const BUCKETS = 2 ** 15;

/** One span's figures, all shares in 0..1 but bytes. */
export interface SpanReuse {
  /** Tokens the window looks back. */
  readonly span: number;
  /** Share of a token's active neurons that the last `span` tokens used. */
  readonly hitRate: number;
  /** What a random set of the window's size hits: its share of all neurons. */
  readonly random: number;
  /** What the most used neurons so far, as many as the window holds, hit. */
  readonly static: number;
  /** Share of the layer's neurons in the window. */
  readonly windowShare: number;
  /** Active neurons a token that the window lacks. */
  readonly newNeurons: number;
}

/** Measures reuse over a stream of tokens. Shapes: bits are (layers, words), 32 neurons a word. */
export class ReuseMeter {
  readonly layers: number;
  readonly neurons: number;
  readonly words: number;
  /** Tokens measured since the start. */
  tokens = 0;
  readonly #last: Int32Array[] = []; // newest first, at most SPAN_MAX
  readonly #uses: Float32Array; // (layers, neurons) decayed use counts
  readonly #rank: Uint16Array; // (layers, neurons) place by use count
  #weight = 1; // what one use counts now; grows instead of decaying every count
  #ranked = false;
  #measured = 0; // tokens that had neighbours to compare with
  readonly #sums: Float64Array; // (layers, SPANS, 4): active, hits, window size, static hits

  constructor(layers: number, neurons: number) {
    assert(neurons < 65536, "ranks fit in 16 bits");
    this.layers = layers;
    this.neurons = neurons;
    this.words = wordsFor(neurons);
    this.#uses = new Float32Array(layers * neurons);
    this.#rank = new Uint16Array(layers * neurons);
    this.#sums = new Float64Array(layers * SPANS.length * 4);
  }

  /** Takes one token's active neurons. */
  observe(bits: Int32Array): void {
    assert(bits.length === this.layers * this.words, "one bit for each neuron");
    if (this.#last.length > 0 && this.#ranked) this.#measure(bits);
    this.#count(bits);
    const reused = this.#last.length === SPAN_MAX ? this.#last.pop()! : new Int32Array(bits.length);
    reused.set(bits);
    this.#last.unshift(reused);
    this.tokens++;
    if (this.tokens % RANK_EVERY === 0 || !this.#ranked) this.#draw();
  }

  /** Another text begins: its first tokens have no neighbours. */
  turn(): void {
    this.#last.length = 0;
  }

  #measure(bits: Int32Array): void {
    const { words, neurons } = this;
    const window = new Int32Array(words);
    this.#measured++;
    for (let layer = 0; layer < this.layers; layer++) {
      window.fill(0);
      let size = 0, age = 0;
      SPANS.forEach((span, s) => {
        for (; age < span && age < this.#last.length; age++) {
          const older = this.#last[age]!;
          for (let w = 0; w < words; w++) window[w]! |= older[layer * words + w]!;
        }
        size = countBits(window);
        const sum = (layer * SPANS.length + s) * 4;
        let active = 0, hits = 0, stat = 0;
        for (let w = 0; w < words; w++) {
          let word = bits[layer * words + w]!;
          hits += popcount(word & window[w]!);
          while (word !== 0) {
            const bit = 31 - Math.clz32(word & -word);
            word &= word - 1;
            active++;
            if (this.#rank[layer * neurons + w * 32 + bit]! < size) stat++;
          }
        }
        this.#sums[sum]! += active;
        this.#sums[sum + 1]! += hits;
        this.#sums[sum + 2]! += size;
        this.#sums[sum + 3]! += stat;
      });
    }
  }

  #count(bits: Int32Array): void {
    this.#weight /= DECAY;
    for (let layer = 0; layer < this.layers; layer++) {
      for (let w = 0; w < this.words; w++) {
        let word = bits[layer * this.words + w]!;
        while (word !== 0) {
          const bit = 31 - Math.clz32(word & -word);
          word &= word - 1;
          this.#uses[layer * this.neurons + w * 32 + bit]! += this.#weight;
        }
      }
    }
    if (this.#weight < 1e20) return;
    for (let i = 0; i < this.#uses.length; i++) this.#uses[i]! /= this.#weight;
    this.#weight = 1;
  }

  /**
   * Ranks every layer's neurons by use, most used first: a counting sort by the upper half of the
   * count's float, which tells counts apart that differ by 1 %. Sorting by comparison takes 280 ms for
   * 28 layers of 8960, which a switch of assistants would wait for; this takes 5.
   */
  #draw(): void {
    const bits = new Int32Array(this.#uses.buffer);
    const starts = new Uint32Array(BUCKETS); // place of the next neuron of each bucket
    for (let layer = 0; layer < this.layers; layer++) {
      const from = layer * this.neurons, to = from + this.neurons;
      starts.fill(0);
      for (let i = from; i < to; i++) starts[bits[i]! >>> 16]!++;
      let place = this.neurons;
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        place -= starts[bucket]!;
        starts[bucket] = place;
      }
      for (let i = from; i < to; i++) this.#rank[i] = starts[bits[i]! >>> 16]!++;
    }
    this.#ranked = true;
  }

  /** Reuse of one layer, or of all together. */
  reuse(layer?: number): SpanReuse[] {
    const layers = layer === undefined ? Array.from({ length: this.layers }, (_, i) => i) : [layer];
    return SPANS.map((span, s) => {
      const sum = (field: number) =>
        layers.reduce((n, l) => n + this.#sums[(l * SPANS.length + s) * 4 + field]!, 0);
      const active = sum(0), size = sum(2);
      const measured = this.#measured * layers.length;
      const share = measured === 0 ? 0 : size / (measured * this.neurons);
      return {
        span,
        hitRate: active === 0 ? 0 : sum(1) / active,
        random: share,
        static: active === 0 ? 0 : sum(3) / active,
        windowShare: share,
        newNeurons: measured === 0 ? 0 : (active - sum(1)) / (measured / layers.length),
      };
    });
  }

  /** Use counts as one byte each (layers x neurons), to be kept for the assistant. */
  profile(): Uint8Array<ArrayBuffer> {
    let most = 1e-9;
    for (let i = 0; i < this.#uses.length; i++) most = Math.max(most, this.#uses[i]!);
    const profile = new Uint8Array(this.#uses.length);
    for (let i = 0; i < profile.length; i++) profile[i] = Math.round(this.#uses[i]! / most * 255);
    return profile;
  }

  /** Starts from a kept profile: the static set is known before the first token. */
  restore(profile: Uint8Array): void {
    assert(profile.length === this.#uses.length, "the profile is of this model");
    this.#uses.set(profile);
    this.#weight = 1;
    this.#draw();
  }
}
