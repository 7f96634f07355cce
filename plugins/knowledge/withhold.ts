/** What becomes of an answer that its sources do not support, by the assistant's policy. */
import { notInSources } from "./ask.ts";
import type { Traced } from "./trace.ts";

/** The answer without what nothing supports; if that was all of it, that the sources don't say. */
export function withheld(question: string, answer: string, { sentences }: Traced): string {
  const kept = sentences.filter(({ verdict }) => verdict === "verbatim" || verdict === "supported");
  if (kept.length === 0) return notInSources(question);
  return kept.map(({ start, end }) => answer.slice(start, end)).join(" ");
}
