/** What rules read: a message with its quoted values set apart, and the draft it is about. */
import type { Manifest } from "../schema.ts";
import type { Operation } from "./operation.ts";

/** A message, and the draft it is about. */
export interface Said {
  /** As it was said, without courtesies. */
  readonly text: string;
  /** Without its quoted values. */
  readonly bare: string;
  readonly values: readonly string[];
  readonly draft: Manifest;
}

/** Reads a message as an operation of its own kinds; undefined if it is none of them. */
export type Rule = (said: Said) => Operation | undefined;

/** The first operation that a rule sees. */
export function firstRead(rules: readonly Rule[], said: Said): Operation | undefined {
  for (const rule of rules) {
    const found = rule(said);
    if (found) return found;
  }
  return undefined;
}

/** The first group of a pattern, if it matches something. */
export function after(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1]?.trim() || undefined;
}

/** Whether a pattern, given by its source, is anywhere in the text; case does not count. */
export function has(text: string, source: string): boolean {
  return new RegExp(source, "iu").test(text);
}

/** Stands for a quoted value. */
export const VALUE = "§";

/** A message with its quoted values set apart, in order. */
interface Masked {
  readonly bare: string;
  readonly values: readonly string[];
}

const QUOTED =
  /"([^"]+)"|“([^”]+)”|«([^»]+)»|「([^」]+)」|『([^』]+)』|(?<=^|[\s(])'([^']+)'(?=$|[\s.,;:!?)])/gu;
/** What follows a colon is a value too, but for the colon of a time or an address. */
const AFTER_COLON = /(?::\s+|：\s*)(?!§)(.+)$/su;

/** Takes the values out, so that their words are not read as orders. */
export function maskValues(text: string): Masked {
  const values: string[] = [];
  const bare = text.replaceAll(VALUE, " ").replace(QUOTED, (_, ...groups) => {
    values.push(groups.slice(0, 6).find((group) => group !== undefined));
    return VALUE;
  });
  if (values.length > 0) return { bare, values };
  return {
    bare: bare.replace(AFTER_COLON, (_, value) => {
      values.push(value.trim());
      return ` ${VALUE}`;
    }),
    values,
  };
}
