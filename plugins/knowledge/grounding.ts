/** The assistants' side of knowledge: what is looked up for a message, and what its answer is held to. */
import type { ChatMessage } from "@flint/core";
import type { Assistant } from "../schema.ts";
import { groundedMessage, type Looked, lookUp, notInSources } from "./ask.ts";
import { HeldAnswer } from "./held.ts";
import { type Established, ledgerOf, relevant, type Told } from "./ledger.ts";
import type { Library } from "./library.ts";
import { isHan } from "./terms.ts";

/** What was looked up for one message. */
export interface Ground {
  /** For the prompt, in the order of their numbers: where each stands, and its sentences that matter. */
  readonly passages: readonly { readonly title: string; readonly text: string }[];
  /** The messages with the sources before the last question, for those who keep no layers. */
  before(messages: readonly ChatMessage[]): ChatMessage[];
  /** Holds one answer to it. */
  hold(): HeldAnswer;
}

/** What an assistant is given to answer from; undefined for one without knowledge. */
export async function groundOf(
  library: Library | undefined,
  { knowledge, grounding }: Pick<Assistant, "knowledge" | "grounding">,
  messages: readonly (Pick<ChatMessage, "role" | "content"> & Pick<Told, "citations">)[],
  signal?: AbortSignal,
): Promise<Ground | undefined> {
  const asked = messages.findLastIndex(({ role }) => role === "user");
  if (!library || knowledge.length === 0 || asked < 0) return undefined;
  const question = messages[asked]!.content;
  const bases = [...knowledge];
  const history = messages.slice(0, asked);
  const index = library.index(bases);
  const found = await lookUp(library, { bases, history, question, ...(signal && { signal }) });
  const looked = withFacts(found, relevant(ledgerOf(history), found.question, index));
  return {
    passages: passagesOf(looked),
    before: (all) =>
      all.map((message, i) =>
        i === asked ? { ...message, content: groundedMessage(looked, question) } : message
      ),
    hold: () =>
      new HeldAnswer({
        index,
        question,
        looked,
        withholds: grounding === "withhold",
      }),
  };
}

/** What is shown of documents and of what else was looked up; undefined where nothing ever is. */
export function together<P>(
  ground: Ground | undefined,
  others: readonly P[] | undefined,
): readonly (P | Ground["passages"][number])[] | undefined {
  return ground || others ? [...ground?.passages ?? [], ...others ?? []] : undefined;
}

/** What was established before is told again, unless it was found again. */
function withFacts(looked: Looked, facts: readonly Established[]): Looked {
  const sources = [...looked.sources];
  for (const { source } of facts) {
    const isThere = sources.some((one) =>
      one.source.document === source.document && one.source.text.includes(source.text)
    );
    if (!isThere) sources.push({ source, sentences: [] });
  }
  return { ...looked, sources };
}

function passagesOf({ sources }: Looked) {
  return sources.map(({ source, sentences }) => ({
    title: source.headings.join(" > "),
    text: sentences.length === 0 ? source.text : sentences.map(({ text }) => text).join("\n"),
  }));
}

/** An assistant's instructions and, if it has knowledge, how to use it; always the same, so that chats share it. */
export function instructionsWith(
  { knowledge, instructions }: Pick<Assistant, "knowledge" | "instructions">,
): string {
  if (knowledge.length === 0) return instructions;
  const nothing = notInSources(instructions);
  const rule = isHan(instructions)
    ? `根据每个问题前面给出的资料简短回答。如果资料没有说明，只回答：${nothing}`
    : "Answer briefly, from the passages that come with each question. If they do not say it, " +
      `answer only: ${nothing}`;
  return `${instructions}\n\n${rule}`;
}
