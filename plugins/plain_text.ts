/** Text from people: bounded, whole Unicode, no control characters that hide or break things. */
import { z } from "zod";

/** Controls but tab and line feed, and the marks that reorder text on screen to make it lie. */
const HIDDEN = /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u;

/**
 * A text of `min` to `max` characters (UTF-16 units), trimmed, in Unicode's composed form.
 * Without `lines` it is one line.
 */
export function plainText(min: number, max: number, { lines = false } = {}): z.ZodString {
  return z.string()
    .overwrite((text) => (lines ? text.replace(/\r\n?/g, "\n") : text).normalize("NFC").trim())
    .min(min)
    .max(max)
    .refine((text) => text.isWellFormed(), "has half a character in it: remove it")
    .refine((text) => !HIDDEN.test(text), "has control characters in it: remove them")
    .refine((text) => lines || !/[\n\t]/.test(text), "must be one line");
}

/** A text without what plainText refuses: hidden characters become spaces, half ones U+FFFD. */
export function visible(text: string): string {
  return text.toWellFormed().replace(/\r\n?/g, "\n").replace(new RegExp(HIDDEN, "gu"), " ")
    .normalize("NFC").trim();
}

/** The beginning of a text as one line of at most `max` characters, cut between words where it can be. */
export function firstWords(text: string, max: number): string {
  const line = visible(text.slice(0, max * 8)).replace(/\s+/g, " ");
  if (line.length <= max) return line;
  const cut = line.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "");
  const space = cut.lastIndexOf(" ");
  return `${cut.slice(0, space > max / 2 ? space : cut.length)}…`;
}
