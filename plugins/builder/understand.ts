/** What a message about a draft means: by rules first, then by likeness, then by the model. */
import { type Engine, FlintError } from "@flint/core";
import { chosenByModel, filled, likest } from "./choose_operation.ts";
import { glossed } from "./glossary.ts";
import type { Likeness } from "./likeness.ts";
import type { Kind, Operation } from "./operation.ts";
import { readChinese } from "./read_chinese.ts";
import { readEnglish } from "./read_english.ts";
import type { Finder } from "./session_schema.ts";
import type { Manifest } from "../schema.ts";

/** What may be asked beside the rules; each may be missing. */
export interface Advisers {
  readonly likeness?: Likeness<Kind> | undefined;
  readonly engine?: Engine | undefined;
}

/** An operation, and how it was found. */
export interface Understood {
  readonly operation: Operation;
  readonly by: Finder;
}

/** Cosine from which likeness was right in all of the tuning half (11 of 36); below, in 9 of 25. */
const LIKE_ENOUGH = 0.39;

/** Reads a message. What nobody understands is a new instruction: most of what people say is. */
export async function understand(
  message: string,
  draft: Manifest,
  { likeness, engine }: Advisers,
  signal?: AbortSignal,
): Promise<Understood> {
  const read = readRules(message, draft);
  if (read) return { operation: read, by: "rules" };
  const scores = await orNothing(likeness?.scores(glossed(message) || message, signal));
  if (scores) {
    const { kind, score } = likest(scores);
    if (score >= LIKE_ENOUGH) return { operation: filled(kind, message, draft), by: "likeness" };
  }
  const kind = engine && await orNothing(chosenByModel(engine, message, signal));
  if (kind) return { operation: filled(kind, message, draft), by: "model" };
  return { operation: filled("add_instruction", message, draft), by: "rules" };
}

/** The operation that the rules see; undefined where they see none. */
export function readRules(message: string, draft: Manifest): Operation | undefined {
  return /\p{Script=Han}/u.test(message)
    ? readChinese(message, draft)
    : readEnglish(message, draft);
}

/** What an adviser says, or nothing where it is missing or too busy: the talk goes on without it. */
export async function orNothing<T>(answer: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof FlintError && SILENT.has(error.code)) return undefined;
    throw error;
  }
}

const SILENT = new Set(["unavailable", "busy", "over_budget"]);
