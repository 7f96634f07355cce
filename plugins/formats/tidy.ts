/** Foreign texts made such as the manifest takes; what was tidied away stays in the rest. */
import { firstWords, visible } from "../plain_text.ts";

/** One line of at most `max` characters. */
export function line(max: number): (value: unknown) => unknown {
  return (value) => {
    const whole = text(value);
    if (typeof whole !== "string" || (whole.length <= max && !/[\n\t]/.test(whole))) return whole;
    return firstWords(whole, max);
  };
}

/** A text without hidden characters. */
export function text(value: unknown): unknown {
  return typeof value === "string" ? visible(value) : undefined;
}

/** The first `max` texts of a list, each by `tidy`, without those that are empty then. */
export function list(max: number, tidy: (value: unknown) => unknown): (value: unknown) => unknown {
  return (value) =>
    Array.isArray(value)
      ? value.map(tidy).filter((item) => typeof item === "string" && item !== "").slice(0, max)
      : undefined;
}

/** A text cut off at `max` characters. */
export function cut(max: number): (value: unknown) => unknown {
  return (value) => {
    const whole = text(value);
    if (typeof whole !== "string" || whole.length <= max) return whole;
    return `${whole.slice(0, max - 1).toWellFormed().replace(/\ufffd$/, "").trimEnd()}…`;
  };
}

/** Scripts that tell a language where a document does not; the first that makes a fifth of the letters. */
const SCRIPTS = [
  ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["zh-CN", /\p{Script=Han}/gu],
  ["ko", /\p{Script=Hangul}/gu],
  ["ru", /\p{Script=Cyrillic}/gu],
  ["ar", /\p{Script=Arabic}/gu],
] as const;

/** A guess at a text's language by its script; English for Latin letters. */
export function languageOf(text: string): string {
  const start = text.slice(0, 4000);
  const letters = start.match(/\p{L}/gu)?.length ?? 0;
  const found = SCRIPTS.find(([, script]) => (start.match(script)?.length ?? 0) > letters / 5);
  return found?.[0] ?? "en";
}
