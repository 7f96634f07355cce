/** A question that leans on the conversation, made to stand alone by rules. */
import type { ChatMessage } from "@flint/core";

/** Words that mean something said before. */
const LEANS_EN =
  /\b(?:it|its|they|them|their|theirs|she|he|her|hers|him|his|that|this|those|these|one|ones|there|then|the (?:first|second|third|last|other|same|larger|smaller|former|latter))\b/i;
const BEGINS_EN = /^(?:and|but|or|so|also|what about|how about|no\b|i meant?\b|i mean\b)/i;
const LEANS_ZH = /[它他她]|这|那|其|该|呢[？?]?$|第[一二三四五]|前者|后者|另一|同样/;
const CORRECTS =
  /^(?:no\b|not\b|i mean|i meant|sorry|rather|actually)|^(?:不对|不是|错了|我问的是|我是说|更正)/i;
/** Shorter questions mostly lean, even without such a word. */
const SHORT_CHARS = 12;
/** Answers this long say more than what the question is about. */
const ANSWER_CHARS_MAX = 200;

/** Whether the user takes back what they asked. */
export function isCorrection(question: string): boolean {
  return CORRECTS.test(question.trim());
}

/**
 * The question with what it leans on in brackets: the question before, and what was answered. A
 * correction leaves out the answer, which it says was not meant, and the figures of the question.
 */
export function standalone(
  question: string,
  history: readonly Pick<ChatMessage, "role" | "content">[],
): string {
  const asked = history.findLast(({ role }) => role === "user")?.content.trim();
  if (asked === undefined || !leans(question)) return question;
  if (isCorrection(question)) {
    return `${question} (${asked.replace(/[\d.,:×x]*\d[\d.,:×x]*/g, " ").replace(/\s+/g, " ")})`;
  }
  const answered = history.findLast(({ role }) => role === "assistant")?.content.trim() ?? "";
  return `${question} (${asked} ${answered.slice(0, ANSWER_CHARS_MAX)})`;
}

/** The question's own words, without those in brackets that `standalone` added. */
export function ownWords(question: string, alone: string): { own: string; lent: string } {
  return alone.startsWith(`${question} (`)
    ? { own: question, lent: alone.slice(question.length + 2, -1) }
    : { own: alone, lent: "" };
}

function leans(question: string): boolean {
  const text = question.trim();
  return LEANS_EN.test(text) || BEGINS_EN.test(text) || LEANS_ZH.test(text) ||
    text.length <= SHORT_CHARS;
}
