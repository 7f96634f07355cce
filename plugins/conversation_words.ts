/** Which words stand in which messages: conversations are found by what was said in them. */
import type { Collection, Kv, Transaction } from "@flint/core";
import { termsOf, wordsOf } from "./knowledge/terms.ts";

/** A place where a word stands: a message's index, or TITLE. */
export interface Place {
  readonly conversation: string;
  readonly index: number;
}

/** Index of a conversation's title. */
export const TITLE = -1;
/** Words of a search that are looked up; longer words than that are cut. */
const TERMS_MAX = 8, TERM_CHARS_MAX = 40;
/** Places read for one word: a word in more than these is found in some of them. */
const PLACES_MAX = 1000;

/** The words of all conversations of one store. */
export class ConversationWords {
  /** [word, conversation, index] */
  readonly #places: Collection<true>;

  constructor(kv: Kv, prefix: string) {
    this.#places = kv.collection(`${prefix}conversation_words`);
  }

  /** Has the words of a text found at a place. */
  add(transaction: Transaction, { conversation, index }: Place, text: string): void {
    for (const term of keysOf(text)) {
      transaction.put(this.#places, [term, conversation, index], true);
    }
  }

  /** The same text is found there no more. */
  remove(transaction: Transaction, { conversation, index }: Place, text: string): void {
    for (const term of keysOf(text)) {
      transaction.remove(this.#places, [term, conversation, index]);
    }
  }

  /** One place of each conversation that holds all words; the last may be the beginning of one. */
  find(query: string): Place[] {
    const terms = [...keysOf(query)].slice(0, TERMS_MAX);
    const last = wordsOf(query).at(-1)?.slice(0, TERM_CHARS_MAX);
    if (terms.length === 0 || last === undefined) return [];
    const whole = terms.map((term, i) =>
      i === terms.length - 1
        ? new Map([...this.#placesOf(last, true), ...this.#placesOf(term, false)])
        : this.#placesOf(term, false)
    );
    const [first, ...others] = whole.sort((a, b) => a.size - b.size);
    return [...first!.values()].filter(({ conversation }) =>
      others.every((places) => places.has(conversation))
    );
  }

  #placesOf(word: string, begins: boolean): Map<string, Place> {
    const range = begins ? { start: [word], end: [`${word}\u{10ffff}`] } : { prefix: [word] };
    const { entries } = this.#places.list({ ...range, limit: PLACES_MAX });
    return new Map(entries.map(({ key }) => {
      const [, conversation, index] = key as [string, string, number];
      return [conversation, { conversation, index }];
    }));
  }
}

function keysOf(text: string): Set<string> {
  return new Set(termsOf(text).map((term) => term.slice(0, TERM_CHARS_MAX)));
}
