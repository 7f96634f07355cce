/**
 * Chooses the next token from logits. In this order: bias, penalties, temperature, min-p, top-k,
 * top-p (as vLLM; llama.cpp has the temperature last), then a draw. Few passes over the vocabulary
 * gather what has a chance; nothing is sorted but the few tokens at a cut.
 */
import { assert } from "../errors.ts";
import type { Sampling } from "../run/api.ts";
import { SeededRandom } from "./random.ts";

/** Tokens less likely than e^-25 of the likeliest are not drawn: all 150,000 weigh below 3e-6. */
const SPREAD_MAX = 25;
/** Logits further from the highest than this are cheaper had with all others than one by one. */
const MARGIN_MAX = 3;
/** What rounding may move a cut by. */
const MARGIN_SLACK = 1e-3;
/** Slices of the logit range in which a cut is searched. */
const BINS = 1024;

/** Work arrays for a vocabulary, shared by all sequences of a thread. 12 bytes a token. */
export class Sampler {
  readonly #vocabulary: number;
  readonly #bins = new Float64Array(BINS);
  /** Candidates in order of id: token, logit, weight exp((logit - highest) / temperature). */
  readonly #ids: Int32Array;
  readonly #logits: Float32Array;
  readonly #weights: Float32Array;
  #count = 0;

  constructor(vocabulary: number) {
    this.#vocabulary = vocabulary;
    this.#ids = new Int32Array(vocabulary);
    this.#logits = new Float32Array(vocabulary);
    this.#weights = new Float32Array(vocabulary);
  }

  /** Begins a sequence; `prompt` counts for the repetition penalty only. */
  start(sampling: Sampling, prompt: readonly number[] = []): Choices {
    return new Choices(this, sampling, prompt);
  }

  /**
   * One token. `allow` has a bit for each token that may be chosen; null: all. A logit of -Infinity
   * is not chosen, others must be finite. Greedy at temperature 0, the lowest id among equals.
   */
  choose(
    logits: Float32Array,
    allow: Uint32Array | null,
    { temperature, topK, topP, minP }: Sampling,
    random: SeededRandom,
  ): number {
    assert(logits.length === this.#vocabulary, "one logit for each token");
    const best = argmax(logits, allow);
    if (temperature === 0 || topK === 1) return best;
    const highest = logits[best]!;
    let floor = highest + temperature * Math.max(Math.log(minP), -SPREAD_MAX);
    if (topK > 0) floor = this.#raise(floor, topK, logits, allow, highest);
    this.#gather(logits, allow, floor);
    if (topK > 0 && this.#count > topK) {
      this.#weights.fill(1, 0, this.#count);
      this.#cut(topK, highest);
    }
    this.#weigh(highest, temperature);
    if (topP < 1) this.#cut(topP * this.#total(), highest);
    return this.#draw(random);
  }

  /** A floor above which lie at least `wanted` allowed logits, if so many lie above `floor`. */
  #raise(
    floor: number,
    wanted: number,
    logits: Float32Array,
    allow: Uint32Array | null,
    highest: number,
  ): number {
    const bins = this.#bins.fill(0), scale = slices(highest, floor);
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id]!;
      if (logit < floor || (allow !== null && !isAllowed(allow, id))) continue;
      bins[Math.floor((highest - logit) * scale)]! += 1;
    }
    let bin = 0;
    for (let above = bins[0]!; above < wanted && bin < BINS - 1; above += bins[bin]!) bin++;
    // One slice lower, so that rounding cannot lose a logit at the edge.
    return bin + 2 < BINS ? Math.max(floor, highest - (bin + 2) / scale) : floor;
  }

  #gather(logits: Float32Array, allow: Uint32Array | null, floor: number): void {
    const ids = this.#ids, values = this.#logits;
    let count = 0;
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id]!;
      if (logit < floor || (allow !== null && !isAllowed(allow, id))) continue;
      ids[count] = id;
      values[count++] = logit;
    }
    this.#count = count;
  }

  #weigh(highest: number, temperature: number): void {
    for (let i = 0; i < this.#count; i++) {
      this.#weights[i] = Math.exp((this.#logits[i]! - highest) / temperature);
    }
  }

  #total(): number {
    let sum = 0;
    for (let i = 0; i < this.#count; i++) sum += this.#weights[i]!;
    return sum;
  }

  /**
   * Keeps the best candidates until their weights reach the quota, the lowest id first among
   * equals: the slice where that happens is found by histogram, and only it is sorted.
   */
  #cut(quota: number, highest: number): void {
    const values = this.#logits, weights = this.#weights, bins = this.#bins.fill(0);
    let lowest = highest;
    for (let i = 0; i < this.#count; i++) if (values[i]! < lowest) lowest = values[i]!;
    const scale = slices(highest, lowest);
    for (let i = 0; i < this.#count; i++) {
      bins[Math.floor((highest - values[i]!) * scale)]! += weights[i]!;
    }
    let bin = 0, reached = 0;
    while (bin < BINS && reached + bins[bin]! < quota) reached += bins[bin++]!;
    if (bin === BINS) return; // rounding: everything is needed
    const edge: number[] = [];
    for (let i = 0; i < this.#count; i++) {
      if (Math.floor((highest - values[i]!) * scale) === bin) edge.push(i);
    }
    edge.sort((a, b) => values[b]! - values[a]! || a - b);
    let last = 0;
    while (last < edge.length - 1 && (reached += weights[edge[last]!]!) < quota) last++;
    this.#keepFrom(values[edge[last]!]!, this.#ids[edge[last]!]!);
  }

  /** Drops what comes after a candidate in the order of logits down, ids up. */
  #keepFrom(value: number, id: number): void {
    const ids = this.#ids, values = this.#logits;
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      if (values[i]! < value || (values[i] === value && ids[i]! > id)) continue;
      ids[kept] = ids[i]!;
      values[kept] = values[i]!;
      this.#weights[kept++] = this.#weights[i]!;
    }
    this.#count = kept;
  }

  #draw(random: SeededRandom): number {
    let left = random.fraction() * this.#total();
    for (let i = 0; i < this.#count - 1; i++) {
      left -= this.#weights[i]!;
      if (left < 0) return this.#ids[i]!;
    }
    return this.#ids[this.#count - 1]!;
  }
}

/** The choices of one sequence: its settings, its random numbers, what was said. */
export class Choices {
  readonly #sampler: Sampler;
  readonly #sampling: Sampling;
  readonly #random: SeededRandom;
  /** The last `repeatLast` tokens, prompt included, and how often each is among them. */
  readonly #recent: number[] = [];
  readonly #recentCounts = new Map<number, number>();
  /** How often each token was said, prompt excluded. */
  readonly #said = new Map<number, number>();
  /** Ids and logits as they were before bias and penalties. */
  readonly #changed: [id: number, logit: number][] = [];

  constructor(sampler: Sampler, sampling: Sampling, prompt: readonly number[]) {
    this.#sampler = sampler;
    this.#sampling = sampling;
    this.#random = new SeededRandom(sampling.seed);
    if (sampling.repeatLast > 0) prompt.slice(-sampling.repeatLast).forEach((id) => this.#see(id));
  }

  /**
   * How far below the highest logit (or, 0, not at all) what `take` chooses from can lie, where that
   * is not far: other logits may then be -Infinity. undefined: all are needed. Not for `allow`.
   */
  get margin(): number | undefined {
    const { temperature, topK, minP, logitBias, ...penalties } = this.#sampling;
    const { repetitionPenalty, frequencyPenalty, presencePenalty } = penalties;
    const changed = logitBias.size > 0 || repetitionPenalty !== 1 || frequencyPenalty !== 0 ||
      presencePenalty !== 0;
    if (changed) return undefined;
    if (temperature === 0 || topK === 1) return 0;
    const margin = -temperature * Math.log(minP) + MARGIN_SLACK;
    return margin <= MARGIN_MAX ? margin : undefined;
  }

  /**
   * Chooses one token and remembers it. The logits are changed meanwhile and put back, so that
   * nothing is copied.
   */
  take(logits: Float32Array, allow: Uint32Array | null = null): number {
    this.#adjust(logits);
    const id = this.#sampler.choose(logits, allow, this.#sampling, this.#random);
    for (const [id, logit] of this.#changed.reverse()) logits[id] = logit;
    this.#changed.length = 0;
    this.#see(id);
    this.#said.set(id, (this.#said.get(id) ?? 0) + 1);
    return id;
  }

  #adjust(logits: Float32Array): void {
    const change = (id: number, logit: number) => {
      this.#changed.push([id, logits[id]!]);
      logits[id] = logit;
    };
    const { logitBias, repetitionPenalty, frequencyPenalty, presencePenalty } = this.#sampling;
    for (const [id, bias] of logitBias) change(id, logits[id]! + bias);
    if (repetitionPenalty !== 1) {
      for (const id of this.#recentCounts.keys()) {
        const logit = logits[id]!;
        change(id, logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty);
      }
    }
    if (frequencyPenalty !== 0 || presencePenalty !== 0) {
      for (const [id, count] of this.#said) {
        change(id, logits[id]! - count * frequencyPenalty - presencePenalty);
      }
    }
  }

  #see(id: number): void {
    this.#recent.push(id);
    this.#recentCounts.set(id, (this.#recentCounts.get(id) ?? 0) + 1);
    if (this.#recent.length <= this.#sampling.repeatLast) return;
    const oldest = this.#recent.shift()!;
    const count = this.#recentCounts.get(oldest)!;
    if (count === 1) this.#recentCounts.delete(oldest);
    else this.#recentCounts.set(oldest, count - 1);
  }
}

/** Slices of the histogram a logit; 0 where all logits are equal. */
function slices(highest: number, lowest: number): number {
  return highest > lowest ? (BINS - 1) / (highest - lowest) : 0;
}

/** The allowed token with the highest logit, the lowest id among equals. */
function argmax(logits: Float32Array, allow: Uint32Array | null): number {
  let best = -1, highest = -Infinity, faults = 0;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (logit === -Infinity) continue;
    faults += logit * 0; // NaN once a logit is infinite or NaN
    if (logit > highest && (allow === null || isAllowed(allow, id))) {
      best = id;
      highest = logit;
    }
  }
  assert(faults === 0, "logits are finite");
  assert(best >= 0, "some token is allowed");
  return best;
}

function isAllowed(allow: Uint32Array, id: number): boolean {
  return (allow[id >> 5]! >>> (id & 31) & 1) === 1;
}
