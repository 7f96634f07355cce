/** From one wish to a complete draft: rules and templates at once, then a model's texts where they are fit. */
import { type Engine, FlintError, type Usage } from "@flint/core";
import type { Manifest } from "../schema.ts";
import type { Category } from "./categories.ts";
import { bestCategory, scoreByWords, type Scores } from "./choose_category.ts";
import { compose, instruct } from "./compose.ts";
import { writeField, type Written, WRITTEN_FIELDS, type WrittenField } from "./fields.ts";
import { glossed } from "./glossary.ts";
import type { Likeness } from "./likeness.ts";
import { orNothing } from "./understand.ts";
import type { Wish } from "./wish.ts";

/** What may help; each may be missing. */
export interface DraftHelp {
  readonly likeness?: Likeness<Category> | undefined;
  readonly engine?: Engine | undefined;
}

/** A part of the draft that is settled, and by whom. */
export interface SettledField {
  readonly field: keyof Manifest;
  readonly value: unknown;
  readonly by: "rules" | "model";
}

/** What a first draft cost the model. */
export interface DraftCost {
  readonly written: readonly Written[];
}

/** A lead of the words over the next category that no likeness would turn. */
const CLEAR_LEAD = 2.5;

/** The shelf of a wish: by its words, and by likeness where these leave a doubt. */
export async function categoryOf(
  text: string,
  likeness?: Likeness<Category>,
  signal?: AbortSignal,
): Promise<Category> {
  const words = scoreByWords(text);
  if (leadOf(words) >= CLEAR_LEAD) return bestCategory(words, new Map());
  const alike = await orNothing(likeness?.scores(glossed(text) || text, signal));
  return bestCategory(words, alike ?? new Map());
}

/** Yields each field as it is settled; returns the draft. A failing model costs its texts alone. */
export async function* makeDraft(
  wish: Wish,
  { likeness, engine }: DraftHelp,
  signal?: AbortSignal,
): AsyncGenerator<SettledField, { draft: Manifest } & DraftCost> {
  const draft = compose(wish, await categoryOf(wish.text, likeness, signal));
  for (const field of BY_RULES) yield { field, value: draft[field], by: "rules" };
  const written: Written[] = [];
  for await (const one of engine ? writeAll(engine, wish, signal) : []) {
    written.push(one);
    if (one.texts.length > 0) Object.assign(draft, inManifest(one, wish));
    const field = one.field === "rules" ? "instructions" : one.field;
    yield { field, value: draft[field], by: one.texts.length > 0 ? "model" : "rules" };
  }
  for (const field of BY_MODEL.slice(written.length)) {
    yield { field, value: draft[field], by: "rules" };
  }
  return { draft, written };
}

const BY_RULES = ["category", "language", "tags", "avatar"] as const;
/** In the order of WRITTEN_FIELDS. */
const BY_MODEL = ["name", "description", "instructions", "starters"] as const;

/** What all fields prefilled: each token of the common beginning is counted once, where the cache holds. */
export function prefilled(written: readonly { usage: Usage }[]): { shared: number; naive: number } {
  const sum = (of: (usage: Usage) => number) =>
    written.reduce((total, { usage }) => total + of(usage), 0);
  return {
    shared: sum(({ promptTokens, cachedTokens }) => promptTokens - cachedTokens),
    naive: sum(({ promptTokens }) => promptTokens),
  };
}

/** The first field alone, so that the others find its beginning computed; then these in one batch. */
async function* writeAll(
  engine: Engine,
  wish: Wish,
  signal?: AbortSignal,
): AsyncGenerator<Written> {
  const left = new AbortController();
  const until = AbortSignal.any([left.signal, ...(signal ? [signal] : [])]);
  const write = (field: WrittenField) => orNothing(writeField(engine, wish, field, until));
  try {
    const [first, ...others] = WRITTEN_FIELDS;
    const begun = await write(first!);
    if (begun) yield begun;
    else return; // the model can't answer now
    const rest = others.map(write);
    for (const one of rest) one.catch(() => {}); // told where it is awaited
    for (const one of rest) {
      const done = await one;
      if (signal?.aborted) {
        throw new FlintError("cancelled", "stopped before the draft was complete");
      }
      if (!done) return;
      yield done;
    }
  } finally {
    left.abort();
  }
}

function inManifest({ field, texts }: Written, wish: Wish): Partial<Manifest> {
  if (field === "rules") return { instructions: instruct(wish, texts) };
  return { [field]: field === "starters" ? [...texts] : texts[0]! };
}

function leadOf(scores: Scores): number {
  const [first = 0, second = 0] = [...scores.values()].sort((a, b) => b - a);
  return first - second;
}
