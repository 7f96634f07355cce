/** What is searched, and how much each of its words counts. */
import { EVERY, filterTerm, type Word, wordsIn } from "./terms.ts";

/** What a document is found by; nothing else of it is known here. */
export interface SearchDocument {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly category: string;
  /** BCP 47. */
  readonly language: string;
  readonly starters: readonly string[];
  readonly publisher: string;
}

/** A field's weight, how much its length tells against it, and the words it usually has. */
interface Field {
  readonly weight: number;
  readonly b: number;
  readonly words: number;
}

/**
 * Of BM25F (Robertson, Zaragoza, Taylor 2004). Lengths are set, not averaged over what there is: a
 * word's impact is then known when its document comes, and stays.
 */
const FIELDS = {
  name: { weight: 5, b: 0.5, words: 3 },
  tags: { weight: 2, b: 0.3, words: 5 },
  description: { weight: 1, b: 0.6, words: 24 },
  starters: { weight: 0.4, b: 0.6, words: 24 },
} satisfies Record<string, Field>;
/** How soon more of the same word adds less. */
const K1 = 1.2;
/** Words that count of one field; the longest description of the wild has 180. */
const WORDS_MAX = 400;

/** Impacts of 1 to IMPACT_MAX stand for the saturated frequencies between 0 and 1. */
export const IMPACT_MAX = 255;

/** Each term of a document and its impact: what it adds to a score, before the term's own weight. */
export function impactsOf(document: SearchDocument): Map<string, number> {
  const frequencies = new Map<string, number>();
  const name = wordsIn(document.name), tags = wordsIn(document.tags.join("\n"));
  weigh(frequencies, FIELDS.name, name, ({ inName }) => inName);
  weigh(frequencies, FIELDS.tags, tags, ({ inName }) => inName);
  weigh(frequencies, FIELDS.description, wordsIn(document.description), ({ terms }) => terms);
  weigh(frequencies, FIELDS.starters, wordsIn(document.starters.join("\n")), ({ terms }) => terms);
  for (const [term, frequency] of frequencies) {
    frequencies.set(term, Math.max(1, Math.round(IMPACT_MAX * frequency / (K1 + frequency))));
  }
  for (const term of filtersOf(document)) frequencies.set(term, 1);
  return frequencies;
}

function weigh(
  frequencies: Map<string, number>,
  { weight, b, words: usual }: Field,
  words: readonly Word[],
  keysOf: (word: Word) => readonly string[],
): void {
  const gain = weight / (1 - b + b * words.length / usual);
  for (const word of words.slice(0, WORDS_MAX)) {
    for (const key of keysOf(word)) {
      frequencies.set(key, (frequencies.get(key) ?? 0) + gain);
    }
  }
}

/** "zh-CN" is found under itself and under "zh". */
function filtersOf({ category, language, tags, publisher }: SearchDocument): string[] {
  const [base] = language.split("-");
  return [
    EVERY,
    filterTerm("category", category),
    filterTerm("language", language),
    filterTerm("language", base!),
    filterTerm("publisher", publisher),
    ...tags.map((tag) => filterTerm("tag", tag)),
  ];
}
