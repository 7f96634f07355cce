/**
 * The builder's evaluation set: what people ask for and how they refine it, with what must come out.
 * Written before the builder. Halves by a fixed rule: 1st, 3rd, 5th... item for tuning, the others
 * for the test, which is looked at only when tuning has ended.
 */
import { Manifest } from "@flint/plugins";
import { ASSISTANT_DEFAULTS } from "../../../plugins/schema.ts";
import refinements from "./refinements.json" with { type: "json" };
import requests from "./requests.json" with { type: "json" };

/** Which items: those to tune on, or those that judge. */
export type Half = "tuning" | "test";

/** A wish in plain language and what its manifest must have. */
export interface RequestCase {
  readonly text: string;
  /** Any of these is right. */
  readonly category: readonly string[];
  /** What it is to answer in. */
  readonly language: string;
  /** Of each group at least one text must be in the manifest, whatever its case. */
  readonly traits: readonly (readonly string[])[];
}

/** What must hold of a field afterwards. Texts are compared without case. */
export interface Constraint {
  readonly equals?: unknown;
  readonly includes?: readonly string[];
  readonly excludes?: readonly string[];
}

/** A wish for a change to one of the drafts, which has had two more changes, the last one undone. */
export interface RefinementCase {
  readonly on: "en" | "zh";
  readonly text: string;
  readonly operation: string;
  /** The field it is about; null where nothing changes. */
  readonly field: string | null;
  readonly after: Readonly<Record<string, Constraint>>;
}

/** The requests of one half. */
export function requestCases(half: Half): RequestCase[] {
  return halfOf(requests as RequestCase[], half);
}

/** The refinements of one half. */
export function refinementCases(half: Half): RefinementCase[] {
  return halfOf(refinements.refinements as unknown as RefinementCase[], half);
}

/** What refinements start from. */
export const DRAFTS: Readonly<Record<RefinementCase["on"], Manifest>> = {
  en: Manifest.parse({ ...ASSISTANT_DEFAULTS, ...refinements.drafts.en }),
  zh: Manifest.parse({ ...ASSISTANT_DEFAULTS, ...refinements.drafts.zh }),
};

/** Whether a field's value is as it must be. */
export function holds(value: unknown, { equals, includes = [], excludes = [] }: Constraint) {
  const same = equals === undefined || JSON.stringify(value) === JSON.stringify(equals);
  const all = Array.isArray(value) ? value.map(String) : [String(value)];
  const has = (part: string) => all.some((text) => text.toLowerCase().includes(part.toLowerCase()));
  return same && includes.every(has) && !excludes.some(has);
}

function halfOf<T>(items: readonly T[], half: Half): T[] {
  return items.filter((_, i) => i % 2 === (half === "tuning" ? 0 : 1));
}
