/** Where a text goes on after its last words, by the latest place where they stood before. */
import { assert } from "../errors.ts";

/** A place where a text's last words stood before. */
export interface Place {
  /** Position of the token that followed, counted from the first token ever. */
  readonly next: number;
  /** How many words before it are the same. */
  readonly matched: number;
}

/** Longest run of tokens that is looked for; longer matches are told by comparing. */
const GRAM_MAX = 4;
/** More equal words make a guess no better. */
const MATCH_MAX = 16;

/** The last `capacity` tokens of a text, found by runs of 1 to 4 of them. */
export class TextIndex {
  readonly #tokens: Int32Array; // ring
  /** By hash of a run: the position behind its latest occurrence; 0 = none. Found ones are compared. */
  readonly #ends: Int32Array;
  #length = 0;

  /** Takes 36 to 68 bytes for each token of the capacity. */
  constructor(capacity: number) {
    assert(capacity > 0, "a text has room");
    this.#tokens = new Int32Array(capacity);
    this.#ends = new Int32Array(2 ** Math.ceil(Math.log2(2 * capacity * GRAM_MAX)));
  }

  /** Tokens that were ever appended. */
  get length(): number {
    return this.#length;
  }

  /** The token at a position, if it is still there. */
  at(position: number): number | undefined {
    const gone = position >= this.#length || position < this.#length - this.#tokens.length;
    return gone ? undefined : this.#tokens[position % this.#tokens.length];
  }

  /** Appends a token: now the runs before it are followed by something. */
  push(token: number): void {
    const longest = Math.min(GRAM_MAX, this.#length);
    let hash = 0;
    for (let n = 1; n <= longest; n++) {
      hash = mix(hash, this.at(this.#length - n) ?? -1);
      this.#ends[hash >>> this.#shift] = this.#length;
    }
    this.#tokens[this.#length++ % this.#tokens.length] = token;
  }

  /** The latest place with the longest run of up to four that `tokens` ends with. */
  find(tokens: readonly number[]): Place | undefined {
    let hash = 0, best: Place | undefined;
    for (let n = 1; n <= Math.min(GRAM_MAX, tokens.length); n++) {
      hash = mix(hash, tokens[tokens.length - n]!);
      const next = this.#ends[hash >>> this.#shift]!;
      const matched = next > 0 ? this.#matched(next, tokens) : 0;
      if (matched >= n) best = { next, matched };
    }
    return best;
  }

  get #shift(): number {
    return 32 - Math.log2(this.#ends.length);
  }

  #matched(next: number, tokens: readonly number[]): number {
    if (this.at(next) === undefined) return 0;
    const most = Math.min(MATCH_MAX, tokens.length, next);
    let n = 0;
    while (n < most && this.at(next - 1 - n) === tokens[tokens.length - 1 - n]) n++;
    return n;
  }
}

function mix(hash: number, token: number): number {
  return Math.imul((hash ^ (token + 1)) + 0x7f4a7c15, 0x9e3779b1);
}
