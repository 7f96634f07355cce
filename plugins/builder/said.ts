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
