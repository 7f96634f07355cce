/**
 * Who and what the passages name, and what is said to hold between them: found by patterns, names of
 * one thing merged, each relation with the passage it comes from. Two steps through it lead from a
 * question to passages that share no word with it.
 */
import { codesOf, namesOf } from "./quantities.ts";
import type { SourceSpan } from "./citation.ts";
import { sentencesOf } from "./sentences.ts";
import { termsOf } from "./terms.ts";

/** A thing with a name. */
export interface Entity {
  /** Its terms, joined: the same for all ways of writing it. */
  readonly key: string;
  /** As most passages write it. */
  readonly name: string;
  /** Other ways of writing it. */
  readonly aliases: readonly string[];
  /** Places of passages that name it, ascending. */
  readonly passages: readonly number[];
}

/** Two things named in one sentence. */
export interface Relation {
  readonly from: string;
  readonly to: string;
  /** What is said between them: the words, or the column's name. */
  readonly label: string;
  readonly passage: number;
}

/** A graph of all passages of an index. */
export interface Graph {
  readonly entities: ReadonlyMap<string, Entity>;
  /** Found when first asked for: only pictures of the graph do. */
  readonly relations: readonly Relation[];
}

/** Things named in more passages than this say nothing about one of them. */
const PASSAGES_MAX = 12;
/** Characters between two names that still say what holds between them. */
const LABEL_CHARS_MAX = 60;
const TITLES = /^(?:Councillor|Captain|Mrs?|Ms|Dr|Miss|Sir)\s+/;
const HAN_NAME =
  /[\p{sc=Han}]{2,6}(?:有限公司|公司|工程队|船厂|工厂|车行|配件行|修理铺|合作社|水利所|小学|陶瓷馆|图书馆|育苗场|大学|医院|银行|车间)/gu;
/** A cell of a row that reads like a name. */
const CELL = /(?:^|; )([^:;]{1,30}): ([^;]{2,24})(?=;|$)/g;

/** What a text names, as it stands there. */
export function mentions(text: string): string[] {
  const found = new Set<string>();
  for (const name of namesOf(text)) found.add(name.replace(TITLES, "").replace(/['’]s$/, ""));
  for (const [name] of text.matchAll(/\p{Lu}{1,4}[- ]?\d{1,5}(?![\p{N}\p{L}])/gu)) found.add(name);
  for (const [name] of text.matchAll(HAN_NAME)) found.add(name);
  for (const line of text.split("\n")) {
    for (const [, , cell] of line.matchAll(CELL)) {
      const name = cell!.split(/[,，]/)[0]!.trim();
      if (/\p{L}{2}/u.test(name) && !/^\d/.test(name)) found.add(name);
    }
  }
  return [...found].filter((name) => name.length > 1);
}

/** Draws the graph of passages. */
export function drawGraph(sources: readonly SourceSpan[]): Graph {
  const writings = new Map<string, Map<string, number>>(); // key -> name -> times
  const holders = new Map<string, Set<number>>();
  const note = (name: string, passage: number) => {
    const key = keyOf(name);
    if (key === "") return;
    const names = writings.get(key) ?? new Map<string, number>();
    writings.set(key, names.set(name, (names.get(name) ?? 0) + 1));
    holders.set(key, (holders.get(key) ?? new Set()).add(passage));
  };
  sources.forEach(({ text }, passage) => mentions(text).forEach((name) => note(name, passage)));
  noteHan(sources, [...writings.keys()], note);
  const entities = new Map<string, Entity>();
  for (const [key, names] of writings) {
    const [name, ...aliases] = [...names].sort((a, b) => b[1] - a[1]).map(([written]) => written);
    const passages = [...holders.get(key)!].sort((a, b) => a - b);
    entities.set(key, { key, name: name!, aliases, passages });
  }
  let relations: Relation[] | undefined;
  return {
    entities,
    get relations() {
      return relations ??= sources.flatMap(relationsIn);
    },
  };
}

/** Chinese names stand in a text without a mark: those that some place marks are looked for in all. */
function noteHan(
  sources: readonly SourceSpan[],
  keys: readonly string[],
  note: (name: string, passage: number) => void,
): void {
  const names = keys.filter((key) => /^\p{sc=Han}{2,8}$/u.test(key));
  const byStart = Map.groupBy(names, (name) => [...name].slice(0, 2).join(""));
  sources.forEach(({ text }, passage) => {
    for (let i = 0; i + 1 < text.length; i++) {
      for (const name of byStart.get(text.slice(i, i + 2)) ?? []) {
        if (text.startsWith(name, i)) note(name, passage);
      }
    }
  });
}

/** One key for "HX-45" and "HX 45", "Stane Brothers" and "stane brothers". */
function keyOf(name: string): string {
  const [code] = codesOf(name);
  if (code !== undefined && name.length <= code.length + 1) return code;
  if (/^\p{sc=Han}+$/u.test(name)) return name;
  return termsOf(name).join(" ");
}

function relationsIn({ text }: SourceSpan, passage: number): Relation[] {
  return sentencesOf(text).flatMap(({ start, end }) => {
    const sentence = text.slice(start, end);
    const places = mentions(sentence).map((name) => ({ name, at: sentence.indexOf(name) }))
      .filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
    return places.slice(1).flatMap((next, i) => {
      const before = places[i]!;
      const label = sentence.slice(before.at + before.name.length, next.at).trim();
      if (next.at < before.at + before.name.length || label.length > LABEL_CHARS_MAX) return [];
      return [{ from: keyOf(before.name), to: keyOf(next.name), label, passage }];
    });
  });
}

/** A passage that is reached through a thing that another names. */
export interface Step {
  readonly passage: number;
  readonly through: Entity;
}

/** Where a sentence leads: passages that name what it names, unless the question names it or all do. */
export function stepsFrom(graph: Graph, sentence: string, question: string): Step[] {
  const asked = new Set(termsOf(question));
  return mentioned(graph, sentence)
    .filter(({ name, passages }) =>
      passages.length <= PASSAGES_MAX && !termsOf(name).every((term) => asked.has(term))
    )
    .flatMap((through) => through.passages.map((passage) => ({ passage, through })));
}

/** Things of the graph that a text names. */
export function mentioned({ entities }: Graph, text: string): Entity[] {
  const keys = new Set(mentions(text).map(keyOf));
  for (const key of entities.keys()) {
    if (/^\p{sc=Han}{2,8}$/u.test(key) && text.includes(key)) keys.add(key);
  }
  return [...keys].map((key) => entities.get(key)).filter((entity) => entity !== undefined);
}
