/** What a query looks for: terms and their weights, out of its words, their beginnings and their likely typos. */
import type { IndexSlot } from "./slot.ts";
import { formOf, SHORT_PREFIX, type Word, wordsIn } from "./terms.ts";
import { hashesOf, slipsBetween } from "./typo.ts";

/** A term's number and what a unit of its impact adds. */
export type Weighed = readonly [term: number, weight: number];

/** Words of a query that count; nobody types more. */
const WORDS_MAX = 24;
/** Lists of one query: each costs. */
export const LISTS_MAX = 48;
/** Weights are whole: a sum of LISTS_MAX of them times the largest impact fits 31 bits. */
const SCALE = 1000;
/** What other finds are worth beside a term that is there as it was typed. */
const FORM = 0.15, BEGINNING = 0.6, TYPO = 0.7;
/** Beginnings looked at, and taken; typos taken. */
const LOOKED_MAX = 64, BEGINNINGS_MAX = 8, TYPOS_MAX = 4;
/** A word in fewer documents may be a typo of another. */
const RARE = 2;

/** Plans a query. While it is being typed (`typing`), its last word may be a beginning. */
export function planOf(slot: IndexSlot, text: string, typing: boolean): Weighed[] {
  const words = wordsIn(text).slice(0, WORDS_MAX), documents = slot.counts().documents;
  const plan = new Map<number, number>();
  const add = (found: readonly Found[], share: number) => {
    // Of several words one is meant: they weigh as one word that stands wherever they stand.
    const rarity = rarityOf(found.reduce((sum, { count }) => sum + count, 0), documents);
    for (const { term } of found) {
      const weight = Math.max(1, Math.round(SCALE * share * rarity));
      plan.set(term, (plan.get(term) ?? 0) + weight);
    }
  };
  words.forEach((word, i) => {
    const exact = found(slot, word.terms);
    for (const one of exact) add([one], 1);
    const form = formOf(word.raw, word.gapless, word.terms);
    if (form) { for (const one of found(slot, [form])) add([one], FORM); }
    const open = typing && i === words.length - 1 && /\S$/.test(text);
    const begun = open || word.raw.length === 1 ? beginnings(slot, word) : [];
    add(begun.filter(({ term }) => !plan.has(term)), BEGINNING);
    const rare = begun.length === 0 && exact.every(({ count }) => count <= RARE);
    if (rare && !word.gapless) {
      add(near(slot, word.raw).filter(({ term }) => !plan.has(term)), TYPO);
    }
  });
  return [...plan].sort(([, a], [, b]) => b - a).slice(0, LISTS_MAX);
}

interface Found {
  readonly term: number;
  readonly count: number;
}

function found(slot: IndexSlot, terms: readonly string[]): Found[] {
  return [...new Set(terms)].flatMap((name) => {
    const term = slot.term(name);
    const count = term === undefined ? 0 : slot.countOf(term);
    return count > 0 ? [{ term: term!, count }] : [];
  });
}

/** Short ones are terms of their own (terms.ts); longer ones are looked up among the terms. */
function beginnings(slot: IndexSlot, { raw, gapless }: Word): Found[] {
  const signs = [...raw];
  if (gapless) return found(slot, [`^${signs.at(-1)}`]);
  if (signs.length <= SHORT_PREFIX) return found(slot, [`^${raw}`]);
  const terms = [
    ...slot.termsFrom(`=${raw}`, LOOKED_MAX),
    ...slot.termsFrom(raw, LOOKED_MAX),
  ];
  return mostCommon(found(slot, terms), BEGINNINGS_MAX);
}

/** The nearest terms, the most common of equally near ones first. */
function near(slot: IndexSlot, raw: string): Found[] {
  const names = new Set([...hashesOf(raw)].flatMap((hash) => slot.typosOf(hash)));
  const slips = [...names].map((name) => ({
    name,
    slips: slipsBetween(raw, name.replace(/^=/, "")),
  }));
  const least = Math.min(...slips.map(({ slips }) => slips), 2);
  const nearest = slips.filter(({ slips }) => slips === least).map(({ name }) => name);
  return mostCommon(found(slot, nearest), TYPOS_MAX);
}

function mostCommon(found: Found[], count: number): Found[] {
  return found.sort((a, b) => b.count - a.count).slice(0, count);
}

/** Of BM25, never negative: ln(1 + those without / those with). */
function rarityOf(count: number, documents: number): number {
  return Math.log(1 + Math.max(0, documents - count + 0.5) / (count + 0.5));
}
