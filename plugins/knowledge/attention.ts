/** Key information: of the passages found, the sentences that bear on the question, the closest marked. */
import type { Hit, PassageIndex } from "./passage_index.ts";
import type { SourceSpan } from "./citation.ts";
import { sentencesOf } from "./sentences.ts";
import { matterOf, termsOf } from "./terms.ts";
import { numbersOf } from "./quantities.ts";
import { weightOf } from "./chunk.ts";

/** A sentence of a source. */
export interface KeySentence {
  readonly text: string;
  /** Characters of the document. */
  readonly start: number;
  readonly end: number;
  /** One of those that bear most on the question. */
  readonly key: boolean;
}

/** A passage and those of its sentences that are shown, in their order; none: all of it is. */
export interface KeySource {
  readonly source: SourceSpan;
  readonly sentences: readonly KeySentence[];
}

/** Weight (chunk.ts) of all sentences shown: less than three passages weigh, and what is asked is in it more often. */
const WEIGHT_MAX = 720;
/** Sentences that are marked. */
const MARKED = 3;
/** A sentence's own words count so much beside its passage's rank. */
const RANK_WEIGHT = 0.15;
/** A sentence of less matter is a title or a date: it names a thing and says nothing of it. */
const MATTER_MIN = 4;
/** What a term counts that stands in a heading or the sentence before, which a sentence takes up. */
const AROUND = 0.5;
/** How much likeness in meaning counts beside terms (both tuned on the tuning half). */
const LIKENESS_WEIGHT = 0.5;

/** How near a sentence is to the question in meaning. */
export type Likeness = (sentence: string) => number;

/** Where nothing is known of meaning. */
export const unlike: Likeness = () => 0;

/** A sentence of a hit and how much it bears on a question. */
export interface Scored {
  readonly hit: number;
  readonly sentence: { start: number; end: number; text: string };
  readonly score: number;
}

/**
 * Sources in the order of their best sentence, trimmed to WEIGHT_MAX. `bridges` are the names by
 * which passages (places in the index) were reached: of each, the sentence about it is among them.
 */
export function keySentences(
  index: PassageIndex,
  question: string,
  hits: readonly Hit[],
  { bridges, likeness }: {
    readonly bridges: ReadonlyMap<number, string>;
    readonly likeness: Likeness;
  },
): KeySource[] {
  const wanted = weighed(index, question);
  const scored = ranked(wanted, hits, likeness);
  const led = hits.flatMap(({ at, source }, hit) => {
    const name = bridges.get(at);
    if (name === undefined) return [];
    const both = new Map([...wanted, ...weighed(index, name)]);
    return scoresOf(both, source, hit, likeness).sort(byScore).slice(0, 1);
  });
  const isLed = ({ sentence }: Scored) =>
    led.some((one) => one.sentence.start === sentence.start && one.sentence.text === sentence.text);
  const taken = [...led];
  let weight = led.reduce((sum, { sentence }) => sum + weightOf(sentence.text), 0);
  for (const next of scored) {
    const more = weightOf(next.sentence.text);
    if (isLed(next) || taken.length > 0 && weight + more > WEIGHT_MAX) continue;
    taken.push(next);
    weight += more;
  }
  taken.sort(byScore);
  const order = [...new Set(taken.map(({ hit }) => hit))];
  const marked = new Set(taken.slice(0, MARKED));
  return order.map((hit) => ({
    source: hits[hit]!.source,
    sentences: taken.filter((one) => one.hit === hit)
      .sort((a, b) => a.sentence.start - b.sentence.start)
      .map((one) => ({ ...one.sentence, key: marked.has(one) })),
  }));
}

/** All sentences of hits, those first that bear most on the question. */
export function rankSentences(
  index: PassageIndex,
  question: string,
  hits: readonly Hit[],
): Scored[] {
  return ranked(weighed(index, question), hits);
}

function weighed(index: PassageIndex, text: string): Map<string, number> {
  return new Map(saidIn(text).map((term) => [term, index.weight(term)]));
}

function saidIn(text: string): string[] {
  return [...matterOf(text), ...numbersOf(text)];
}

function ranked(
  wanted: ReadonlyMap<string, number>,
  hits: readonly Hit[],
  likeness: Likeness = unlike,
): Scored[] {
  return hits.flatMap(({ source }, hit) => scoresOf(wanted, source, hit, likeness))
    .sort(byScore);
}

/** The best first. */
function byScore(a: Scored, b: Scored): number {
  return b.score - a.score;
}

function scoresOf(
  wanted: ReadonlyMap<string, number>,
  source: SourceSpan,
  hit: number,
  likeness: Likeness,
): Scored[] {
  const total = [...wanted.values()].reduce((sum, weight) => sum + weight, 0) || 1;
  const above = termsOf(source.headings.join("\n"));
  let before: readonly string[] = [];
  return sentencesOf(source.text).map(({ start, end }) => {
    const text = source.text.slice(start, end);
    const terms = termsOf(text);
    const held = new Set(terms), around = new Set([...above, ...before]);
    before = terms;
    let own = 0;
    for (const [term, weight] of wanted) {
      own += held.has(term) ? weight : around.has(term) ? AROUND * weight : 0;
    }
    const says = saidIn(text).length < MATTER_MIN ? 0.5 : 1;
    const at = { start: source.start + start, end: source.start + end, text };
    const bears = says * (own / total + LIKENESS_WEIGHT * likeness(text));
    return { hit, sentence: at, score: bears + RANK_WEIGHT / (hit + 1) };
  });
}
