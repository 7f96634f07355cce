/**
 * What an answer rests on: each of its sentences is held against each sentence of the sources. What
 * it says beyond the question must stand in one place, its numbers and codes without exception, and
 * that place must be about what was asked.
 */
import type { Looked } from "./ask.ts";
import { mentions } from "./graph.ts";
import type { PassageIndex } from "./passage_index.ts";
import { codesOf, kindOfCode, namesOf, numbersOf } from "./quantities.ts";
import type { Citation, SourceSpan } from "./citation.ts";
import { sentencesOf } from "./sentences.ts";
import { ownWords } from "./standalone.ts";
import { holdsTerm, matterOf, termsOf, wordsOf } from "./terms.ts";

/** How much of what an answer adds must stand in its source (tuned on the tuning half). */
const CLAIM_MIN = 0.6;
/** How much of what was asked must stand there. */
const FIT_MIN = 0.33;
/** A place that fits the question this much worse than the best is about something else. */
const FIT_SHARE = 0.6;
/** What a term counts that stands in a heading or the sentence before; in what is linked. */
const AROUND = 0.7;
const LINKED = 0.5;
/** A term that more passages hold links none of them; a code may stand in more. */
const LINK_PASSAGES_MAX = 6;
const CODE_PASSAGES_MAX = 20;

/** An answer held against its sources. */
export interface Traced {
  readonly sentences: readonly Citation[];
  /** Whether everything it claims is supported; a refusal claims nothing. */
  readonly supported: boolean;
}

const REFUSAL =
  /not in the sources|(?:sources?|documents?|text|passages?) (?:do(?:es)? not|don't|doesn't|did not)|not (?:mentioned|specified|provided|stated|given|said|known|available)|no (?:information|mention)|(?:do not|don't|cannot|can't) (?:know|say|tell|answer)|资料(?:中|里)?(?:没有|未|并未|不)|(?:没有|未)(?:提到|提及|说明|提供|给出)|无法(?:回答|确定|得知)|不知道/i;

/** Whether a sentence says that the sources don't say. */
export function isRefusal(text: string): boolean {
  return REFUSAL.test(text);
}

/** A sentence of a source that can support. */
interface Place {
  readonly number: number;
  readonly source: SourceSpan;
  readonly text: string;
  readonly terms: ReadonlySet<string>;
  /** Terms of its headings, and of the sentence before it, which it may take up. */
  readonly around: ReadonlySet<string>;
  /** Terms of sentences in other documents that name the same rare thing. */
  readonly linked: ReadonlySet<string>;
  readonly codes: ReadonlySet<string>;
  readonly numbers: ReadonlySet<string>;
}

/** Holds texts of one answer to a question, as it was asked, against the sources that were looked up for it. */
export function tracer(
  index: PassageIndex,
  asks: string,
  { question, sources }: Pick<Looked, "question" | "sources">,
): (answer: string) => Traced {
  const places = linked(index, sources.flatMap(({ source }, i) => placesOf(source, i + 1)));
  const asked = askedOf(asks, question);
  return (answer) => {
    const sentences = sentencesOf(answer).map(({ start, end }): Citation => {
      const text = answer.slice(start, end);
      if (isRefusal(text)) return { start, end, verdict: "refusal", support: 0 };
      return { start, end, ...bestPlace(index, asked, text, places) };
    });
    return { sentences, supported: sentences.every(({ verdict }) => verdict !== "unsupported") };
  };
}

/** What a place must be about. */
export interface Asked {
  /** Terms of the question itself, and those that it leans on. */
  readonly own: ReadonlySet<string>;
  readonly lent: ReadonlySet<string>;
  readonly codes: ReadonlySet<string>;
  /** Of question and what it leans on; an answer may repeat them. */
  readonly numbers: ReadonlySet<string>;
  /** Numbers and names of the question itself, without which a place is about something else. */
  readonly musts: {
    readonly numbers: readonly string[];
    readonly names: readonly string[][];
    /** What is counted or measured: "how many watts". */
    readonly units: readonly string[];
  };
}

/** Takes a question apart, as it was asked and as it stands alone. */
function askedOf(question: string, alone: string): Asked {
  const { own, lent } = ownWords(question, alone);
  const matter = matterOf(own);
  return {
    own: matter.size > 0 ? matter : matterOf(lent),
    lent: matterOf(lent),
    codes: codesOf(codesOf(own).size > 0 ? own : alone),
    numbers: numbersOf(alone),
    musts: {
      numbers: [...numbersOf(own)].filter((number) => number !== "1"), // "one" is mostly no number
      names: [...namesOf(own)].map((name) => termsOf(name)).filter((terms) => terms.length > 0),
      units: unitsOf(own),
    },
  };
}

function placesOf(source: SourceSpan, number: number): Place[] {
  const above = termsOf(source.headings.join("\n"));
  let before: string[] = [];
  return sentencesOf(source.text).map(({ start, end }) => {
    const text = source.text.slice(start, end);
    const terms = termsOf(text);
    const place: Place = {
      number,
      source: { ...source, start: source.start + start, end: source.start + end, text },
      text,
      terms: new Set(terms),
      around: new Set([...above, ...before]),
      linked: new Set(),
      codes: codesOf(text),
      numbers: numbersOf(text),
    };
    before = terms;
    return place;
  });
}

/** Each place with the terms of others that name the same rare thing: what two steps lead to. */
function linked(index: PassageIndex, places: readonly Place[]): Place[] {
  const holders = new Map<string, Place[]>();
  for (const place of places) {
    for (const term of linkTerms(place)) {
      const most = /^[a-z]+\d+$/.test(term) ? CODE_PASSAGES_MAX : LINK_PASSAGES_MAX;
      if (index.holders(term) > most) continue;
      holders.set(term, [...holders.get(term) ?? [], place]);
    }
  }
  return places.map((place) => {
    const others = new Set(linkTerms(place).flatMap((term) => holders.get(term) ?? []));
    const lent = [...others].filter((other) => other.source.document !== place.source.document);
    const terms = lent.flatMap((other) => [...other.terms, ...other.around]);
    return { ...place, linked: new Set(terms) };
  });
}

/** What may link a place to another: of what it names, and of Chinese, which marks no names, all. */
function linkTerms({ text, terms }: Place): string[] {
  const named = new Set(mentions(text).flatMap(termsOf));
  return [...terms].filter((term) => named.has(term) || /^\p{sc=Han}/u.test(term));
}

function bestPlace(
  index: PassageIndex,
  asked: Asked,
  text: string,
  places: readonly Place[],
) {
  let best: { support: number; place: Place; held: boolean } | undefined;
  const fits = places.map((place) => fitOf(index, asked, place));
  const fitMin = Math.max(FIT_MIN, FIT_SHARE * Math.max(0, ...fits));
  for (const [i, place] of places.entries()) {
    const support = Math.min(claimOf(index, asked, text, place) / CLAIM_MIN, fits[i]! / fitMin);
    if (!best || support > best.support) best = { support, place, held: support >= 1 };
  }
  if (!best) return { verdict: "unsupported", support: 0 } as const;
  const { place: { source, number }, held } = best;
  const verdict = !held ? "unsupported" : isVerbatim(text, source.text) ? "verbatim" : "supported";
  return { verdict, support: Math.min(1, best.support / 2), source, number } as const;
}

/** How much of what was asked a place is about, 0..1. */
function fitOf(index: PassageIndex, asked: Asked, place: Place): number {
  if (isRival(asked, place) || isElsewhere(index, asked, place)) return 0;
  const own = share(index, asked.own, (term) => heldAt(place, term));
  if (asked.lent.size === 0 || own === 0) return own;
  return (own + share(index, asked.lent, (term) => heldAt(place, term))) / 2;
}

/** How much of what a sentence adds to the question a place says, 0..1; nothing if a number is another. */
function claimOf(index: PassageIndex, asked: Asked, text: string, place: Place): number {
  if (wordsOf(text).length === 0 || /[?？]\W*$/.test(text)) return 0; // signs and questions say nothing
  for (const number of numbersOf(text)) {
    if (!place.numbers.has(number) && !asked.numbers.has(number)) return 0;
  }
  for (const code of codesOf(text)) {
    if (!place.codes.has(code) && !asked.codes.has(code)) return 0;
  }
  const added = [...matterOf(text)].filter((term) => !asked.own.has(term) && !asked.lent.has(term));
  return share(index, added, (term) => {
    return holdsTerm(place.text, place.terms, term) ? 1 : place.around.has(term) ? 0.5 : 0;
  });
}

/** 1 where the place itself holds a term, less where what is around it does. */
function heldAt({ text, terms, around, linked }: Place, term: string): number {
  if (holdsTerm(text, terms, term)) return 1;
  return around.has(term) ? AROUND : linked.has(term) ? LINKED : 0;
}

/** Whether a place is about another thing of the kind that was asked about: HX-40 instead of HX-45. */
function isRival(asked: Asked, place: Place): boolean {
  for (const code of asked.codes) {
    if (place.codes.has(code)) continue;
    const kind = kindOfCode(code);
    if ([...place.codes].some((other) => kindOfCode(other) === kind)) return true;
  }
  return false;
}

const MEASURED =
  /how many ([a-z]+)|(?:多少|几)(公斤|千克|千瓦|米|厘米|毫米|元|天|年|个月|月|小时|分钟|箱|盘|盏|层|度|岁|次|台|件)/giu;

function unitsOf(question: string): string[] {
  return [...question.matchAll(MEASURED)].flatMap(([, unit, measure]) =>
    unit !== undefined ? [...matterOf(unit)] : [measure!]
  );
}

/** Whether a number or a name of the question stands neither in a place nor in what it is linked to. */
function isElsewhere(index: PassageIndex, { musts }: Asked, place: Place): boolean {
  const holds = (term: string) => heldAt(place, term) > 0 ? 1 : 0; // half a name will do
  return musts.numbers.some((number) => !place.numbers.has(number) && !place.linked.has(number)) ||
    musts.names.some((terms) => share(index, terms, holds) < 0.5) ||
    musts.units.some((unit) => !place.terms.has(unit) && !place.text.includes(unit));
}

function share(
  index: PassageIndex,
  terms: Iterable<string>,
  held: (term: string) => number,
): number {
  let total = 0, found = 0;
  for (const term of terms) {
    const weight = index.weight(term);
    total += weight;
    found += weight * held(term);
  }
  return total === 0 ? 1 : found / total;
}

/** Whether a sentence, or the clause that a short answer is, stands in the source letter for letter. */
function isVerbatim(text: string, source: string): boolean {
  const plain = (words: string) => words.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  return plain(text) !== "" && ` ${plain(source)} `.includes(` ${plain(text)} `);
}
