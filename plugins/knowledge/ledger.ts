/** What a conversation has established: supported sentences of its answers, each with its source and turn. */
import type { Citation, SourceSpan } from "./citation.ts";
import type { PassageIndex } from "./passage_index.ts";
import { isCorrection } from "./standalone.ts";
import { matterOf } from "./terms.ts";

/** A fact and where it was found. */
export interface Established {
  /** As the answer put it. */
  readonly text: string;
  readonly source: SourceSpan;
  /** Index of the answer in the conversation. */
  readonly turn: number;
}

/** A turn, as far as it matters here. */
export interface Told {
  readonly role: string;
  readonly content: string;
  readonly citations?: readonly Citation[] | undefined;
}

/** Facts that share so much of their terms say the same thing: the later one stands. */
const SAME_SHARE = 0.6;
/** Facts that are told again with a question. */
const RESTATED = 3;
/** How much of a question's weight a fact must hold to be told again. */
const RELEVANT_SHARE = 0.2;

/** The facts that still stand, the oldest first: later ones supersede, and what the user takes back goes. */
export function ledgerOf(messages: readonly Told[]): Established[] {
  let facts: Established[] = [];
  messages.forEach(({ role, content, citations = [] }, turn) => {
    if (role === "user" && isCorrection(content)) {
      facts = facts.filter((fact) => fact.turn !== turn - 1);
    }
    if (role !== "assistant") return;
    for (const { start, end, verdict, source } of citations) {
      if (!source || (verdict !== "verbatim" && verdict !== "supported")) continue;
      const text = content.slice(start, end);
      facts = [...facts.filter((fact) => !isSame(fact.text, text)), { text, source, turn }];
    }
  });
  return facts;
}

/** The newest facts that bear on a question. */
export function relevant(
  facts: readonly Established[],
  question: string,
  index: PassageIndex,
): Established[] {
  const asked = matterOf(question);
  return facts.filter(({ source }) => index.share(asked, source) >= RELEVANT_SHARE)
    .slice(-RESTATED);
}

function isSame(before: string, after: string): boolean {
  const old = matterOf(before), young = matterOf(after);
  const shared = [...old].filter((term) => young.has(term)).length;
  return shared > 0 && shared / new Set([...old, ...young]).size >= SAME_SHARE;
}
