/** A question set: what is asked of an assistant, and what would be right to answer. */
import type { ChatMessage } from "@flint/core";
import { z } from "zod";
import { MESSAGE_CHARS_MAX, Slug } from "../schema.ts";
import { parse } from "../parse.ts";

/** One question. */
export const Question = z.strictObject({
  id: z.string().min(1).max(80),
  question: z.string().min(1).max(MESSAGE_CHARS_MAX),
  /** What an answer must hold: one of each list. null: the documents don't say, and it must say so. */
  answer: z.array(z.array(z.string().min(1)).min(1)).min(1).nullable(),
  /** What was said before, by the user and the assistant in turn. */
  history: z.array(z.string().max(MESSAGE_CHARS_MAX)).max(40).optional(),
  language: z.string().max(35).optional(),
  kind: Slug.or(z.string().max(40)).optional(),
  half: z.enum(["tuning", "test"]).optional(),
  /** Where it stands: words of a document. */
  evidence: z.array(z.strictObject({ document: z.string(), text: z.string().min(1) })).optional(),
});
export type Question = z.infer<typeof Question>;

const QuestionSet = z.strictObject({
  /** Folder of the documents, beside the set. */
  documents: z.string().max(1000).optional(),
  questions: z.array(Question).min(1).max(10_000),
});

/** A set from its JSON. @throws FlintError bad_input naming what does not fit */
export function parseQuestions(json: string): z.infer<typeof QuestionSet> {
  return parse(QuestionSet, JSON.parse(json));
}

/** What was said before a question, as messages. */
export function historyOf({ history = [] }: Pick<Question, "history">): ChatMessage[] {
  return history.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
}

/** Letters and digits alone, for comparing texts that were laid out differently. */
export function bare(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
