/**
 * Guesses by prompt lookup (Saxena 2023): what followed the last words when they stood here before
 * will follow again. Free of weights; right often in edits, quotes and lists, seldom in chat, so it
 * watches its own luck and rests when guessing does not pay.
 */
import type { Drafter } from "./sequence.ts";

const DRAFT_START = 3;
/** Longest guess; the machine gives logits for 8 tokens a step. */
const DRAFT_MAX = 7;
/**
 * Share of guesses that must come true. One more token in a step costs 0.1-0.25 of the step
 * (measured at 2-8 tokens on 2 cores: SmolLM2 in DRAM 100 -> 145 -> 270 ms for 1, 4, 8;
 * Qwen 1.5B at half its size 0.75 -> 1.0 -> 2.1 s), so below this they cost more than they save.
 */
const SHARE_MIN = 0.3;
/** Weight of the newest guess in the running share. */
const NEWEST = 0.3;
/** Steps without guessing after they stopped paying; doubled each time, up to the second. */
const REST_START = 8, REST_MAX = 64;

/** Guesses for one sequence. */
export class PromptLookup implements Drafter {
  /** Where the text goes on after an n-gram's latest occurrence, n = 3 and 2. */
  readonly #after = new Map<number, number>();
  readonly #tokensMax: number;
  #indexed = 0; // tokens whose n-grams are in the map
  #length = DRAFT_START;
  #share = 1;
  #rest = 0; // steps still to rest
  #restNext = REST_START;

  /** No guess goes beyond `tokensMax` tokens of the sequence. */
  constructor(tokensMax = Infinity) {
    this.#tokensMax = tokensMax;
  }

  propose(tokens: readonly number[], max: number): readonly number[] {
    this.#index(tokens);
    if (this.#rest > 0) {
      this.#rest--;
      return [];
    }
    const start = this.#find(tokens, 3) ?? this.#find(tokens, 2);
    const length = Math.min(this.#length, max, this.#tokensMax - tokens.length);
    if (start === undefined || length < 1) return [];
    const draft = tokens.slice(start, start + length);
    // The text repeats itself up to its end: so does the guess.
    for (let i = draft.length; i < length; i++) draft.push(draft[i - (tokens.length - start)]!);
    return draft;
  }

  learn(proposed: number, accepted: number): void {
    this.#share += NEWEST * (accepted / proposed - this.#share);
    this.#length = accepted === proposed ? Math.min(DRAFT_MAX, 2 * proposed) : 1 + accepted;
    if (this.#share >= SHARE_MIN) {
      if (accepted === proposed) this.#restNext = REST_START;
      return;
    }
    this.#rest = this.#restNext;
    this.#restNext = Math.min(REST_MAX, 2 * this.#restNext);
    this.#share = SHARE_MIN; // after the rest the first guess decides
  }

  /** Enters n-grams that something follows. */
  #index(tokens: readonly number[]): void {
    for (; this.#indexed < tokens.length - 1; this.#indexed++) {
      const end = this.#indexed + 1;
      if (end >= 3) this.#after.set(gram(tokens, end, 3), end);
      if (end >= 2) this.#after.set(gram(tokens, end, 2), end);
    }
  }

  /** Where the last `n` tokens went on before, if they have stood there. */
  #find(tokens: readonly number[], n: number): number | undefined {
    if (tokens.length < n) return undefined;
    const end = this.#after.get(gram(tokens, tokens.length, n));
    if (end === undefined) return undefined;
    for (let i = 1; i <= n; i++) {
      if (tokens[end - i] !== tokens[tokens.length - i]) return undefined;
    }
    return end;
  }
}

/** The `n` tokens before `end` as one number; two trigrams may share one, so a find is compared. */
function gram(tokens: readonly number[], end: number, n: number): number {
  const low = tokens[end - 1]! + tokens[end - 2]! * 2 ** 20;
  return n === 2 ? low : low + (1 + (Math.imul(tokens[end - 3]!, 0x9e3779b1) >>> 20)) * 2 ** 40;
}
