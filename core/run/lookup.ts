/**
 * Guesses by prompt lookup (Saxena 2023): what followed the last words when they stood here before,
 * or in an answer to somebody else, will follow again. Free of weights; right often in edits, quotes
 * and lists, seldom in chat. It says how sure it is, from how its guesses came true so far, and
 * the scheduler takes as many as pay.
 */
import type { Draft, Drafter } from "./sequence.ts";
import { TextIndex } from "./text_index.ts";

/** Tokens of earlier answers that are remembered, of all assistants: about 1 MB. */
const ANSWERS_TOKENS = 2 ** 15;
/**
 * How often a guess is right by the number of words that match before it (8 = or more), before
 * there is anything to learn from: of 16 answers of Qwen 1.5B to chat, retrieval, code and Chinese.
 */
const RIGHT_FIRST = [0, 0.15, 0.35, 0.5, 0.6, 0.68, 0.75, 0.8, 0.84];
/** How many guesses that knowledge counts for. */
const WEIGHT_FIRST = 8;

/** Makes drafters, which all remember what was answered. */
export class PromptLookup {
  readonly #answers = new TextIndex(ANSWERS_TOKENS);

  /** A drafter for one sequence of at most `tokensMax` tokens, beyond which it guesses nothing. */
  start(tokensMax: number): Drafter {
    return new Guesses(tokensMax, this.#answers);
  }

  /** Remembers an answer. */
  remember(tokens: readonly number[]): void {
    for (const token of tokens) this.#answers.push(token);
    this.#answers.push(-1); // no answer goes on in the next one
  }
}

/** Guesses for one sequence. */
class Guesses implements Drafter {
  readonly #tokensMax: number;
  #text: TextIndex | undefined; // its own, from the first guess on
  readonly #answers: TextIndex;
  readonly #textChances = new Chances();
  readonly #answersChances = new Chances();
  #last: Guess | undefined;

  constructor(tokensMax: number, answers: TextIndex) {
    this.#tokensMax = tokensMax;
    this.#answers = answers;
  }

  propose(tokens: readonly number[], max: number): Draft {
    const text = this.#text ??= new TextIndex(Math.max(this.#tokensMax, tokens.length));
    while (text.length < tokens.length) text.push(tokens[text.length]!);
    const guess = better(
      guessFrom(text, this.#textChances, tokens),
      guessFrom(this.#answers, this.#answersChances, tokens),
    );
    this.#last = guess;
    guess?.goOn(Math.min(max, this.#tokensMax - tokens.length));
    return guess ?? { tokens: [], chances: [] };
  }

  learn(said: readonly number[]): void {
    this.#last?.learn(said);
    this.#last = undefined;
  }
}

/** What may follow, read on from one place. */
class Guess implements Draft {
  readonly tokens: number[] = [];
  readonly chances: number[] = [];
  readonly #index: TextIndex;
  readonly #rates: Chances;
  readonly #next: number;
  readonly #matched: number;

  constructor(index: TextIndex, rates: Chances, next: number, matched: number) {
    this.#index = index;
    this.#rates = rates;
    this.#next = next;
    this.#matched = matched;
  }

  /** Chance of the first token. */
  get chance(): number {
    return this.#rates.of(this.#matched);
  }

  /** Reads up to `count` tokens. */
  goOn(count: number): void {
    let chance = 1;
    for (let i = 0; i < count; i++) {
      // A text that repeats itself up to its end goes on repeating: so does the guess.
      const token = this.#index.at(this.#next + i) ??
        this.tokens[i - (this.#index.length - this.#next)];
      if (token === undefined || token < 0) return;
      chance *= this.#rates.of(this.#matched + i);
      this.tokens.push(token);
      this.chances.push(chance);
    }
  }

  /** Counts what came true, up to the first that did not. */
  learn(said: readonly number[]): void {
    for (let i = 0; i < Math.min(said.length, this.tokens.length); i++) {
      const right = said[i] === this.tokens[i];
      this.#rates.learn(this.#matched + i, right);
      if (!right) return;
    }
  }
}

/** How often a guess is right, by how many words match before it. */
class Chances {
  readonly #right = RIGHT_FIRST.map((chance) => chance * WEIGHT_FIRST);
  readonly #all = RIGHT_FIRST.map(() => WEIGHT_FIRST);

  of(matched: number): number {
    const i = Math.min(matched, RIGHT_FIRST.length - 1);
    return this.#right[i]! / this.#all[i]!;
  }

  learn(matched: number, right: boolean): void {
    const i = Math.min(matched, RIGHT_FIRST.length - 1);
    this.#all[i]!++;
    if (right) this.#right[i]!++;
  }
}

function guessFrom(index: TextIndex, rates: Chances, tokens: readonly number[]) {
  const place = index.find(tokens);
  return place && new Guess(index, rates, place.next, place.matched);
}

function better(one: Guess | undefined, two: Guess | undefined): Guess | undefined {
  return !one || two && two.chance > one.chance ? two : one;
}
