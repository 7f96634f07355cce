/** Notes on a conversation's older turns, made once turns begin to crowd the context. */
import { type ChatMessage, type Engine, FlintError } from "@flint/core";
import { isChinese } from "./builder/script.ts";
import type { Conversations } from "./conversation.ts";
import { firstWords, visible } from "./plain_text.ts";
import type { Prompt } from "./prompt.ts";
import type { Message, Summary } from "./schema.ts";
import { WRITER_PARAMETERS } from "./writer.ts";

/** What notes are made from. */
export interface SummaryNeeds {
  readonly engine: Engine;
  /** Of the answer just given: what its room was, and a beginning whose KV is still there. */
  readonly prompt: Prompt;
  /** All messages, that answer included. */
  readonly history: readonly Pick<Message, "role" | "content">[];
  readonly before: Summary | undefined;
}

/** Turns are summed up from this share of the conversation's room on, down to that share. */
const CROWDED = 0.7, LEFT = 0.35;
/** What a template puts around a message. */
const FRAME_TOKENS = 5;
const SUMMARY_TOKENS = 160;
/** Of the context: half of what the prompt keeps for notes, whose frame takes some too. */
const SUMMARY_SHARE = 1 / 16;
/** Of one message in an extract. */
const SENTENCE_CHARS = 140;

const ASK = {
  en:
    "Sum up our conversation so far in at most six short notes: who I am, what I want, what was " +
    "decided, names and numbers. Write the notes only, one on a line.",
  zh:
    "把我们到目前为止的对话概括成最多六条简短的笔记：我是谁、我想要什么、已经决定了什么、名字和数字。只写笔记，每行一条。",
};

/** Makes them behind answers, in time for the next one; nobody waits. */
export class Summaries {
  readonly #conversations: Conversations;
  readonly #making = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(conversations: Conversations) {
    this.#conversations = conversations;
  }

  /** Brings the notes of a conversation up to date, after an answer to `prompt` was kept. */
  refresh(id: string, { engine, prompt }: Pick<SummaryNeeds, "engine" | "prompt">): void {
    const make = async () => {
      try {
        const history = this.#conversations.messages(id);
        const before = this.#conversations.summary(id);
        const needs = { engine, prompt, history, before };
        const after = await summarised(needs, this.#closing.signal);
        if (after) await this.#conversations.summarise(id, after);
      } catch (error) {
        if (!(error instanceof FlintError)) throw error; // engine busy, talk gone: another time
      }
    };
    const making = make().finally(() => this.#making.delete(making));
    this.#making.add(making);
  }

  /** Breaks off what is being made. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#making);
  }
}

/**
 * The notes as they should be now; undefined while turns have room. Always the same for the same
 * conversation and model. Throws what the engine throws.
 */
export async function summarised(
  needs: SummaryNeeds,
  signal?: AbortSignal,
): Promise<Summary | undefined> {
  const { engine, prompt, history, before } = needs;
  const from = before?.until ?? 0;
  const room = prompt.layers.find(({ layer }) => layer === "conversation")!.budget;
  const until = crowdedUntil(history, from, room, engine);
  if (until === undefined) return undefined;
  const older = history.slice(from, until);
  const written = engine.card.parameters >= WRITER_PARAMETERS
    ? await write(engine, prompt, older, signal)
    : undefined;
  return written !== undefined
    ? { text: written, until, by: "model" }
    : { text: extract(before?.text, older, engine), until, by: "extract" };
}

/** Where the turns begin that stay as they are, if those behind `from` crowd their room. */
function crowdedUntil(
  history: SummaryNeeds["history"],
  from: number,
  room: number,
  engine: Engine,
): number | undefined {
  const sizes = history.slice(from).map(({ content }) =>
    engine.text.encode(content).length + FRAME_TOKENS
  );
  if (sizes.reduce((a, b) => a + b, 0) <= room * CROWDED) return undefined;
  let until: number | undefined;
  let kept = 0;
  for (let i = history.length - 1; i > from; i--) {
    kept += sizes[i - from]!;
    if (until !== undefined && kept > room * LEFT) break;
    if (history[i]!.role === "user") until = i; // the last turn always stays
  }
  return until;
}

/** Asked behind the turns themselves, whose KV the answer before left; undefined where that is unfit. */
async function write(
  engine: Engine,
  prompt: Prompt,
  older: readonly ChatMessage[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const ask = ASK[isChinese(older.map(({ content }) => content).join("\n")) ? "zh" : "en"];
  const messages = [prompt.messages[0]!, ...older, { role: "user" as const, content: ask }];
  const tokens = engine.text.chat(messages);
  const maxTokens = tokensOf(engine);
  if (tokens.length + maxTokens > engine.limits.contextTokens) return undefined;
  const request = {
    prompt: tokens,
    prefixTokens: prompt.prefixTokens,
    maxTokens,
    sampling: { temperature: 0, repetitionPenalty: 1.05 },
  };
  let text = "";
  let whole = false;
  for await (const event of engine.generate(request, signal)) {
    if (event.type === "token") text += event.text;
    else whole = event.reason === "stop";
  }
  if (signal?.aborted) throw new FlintError("cancelled", "the summary was broken off");
  const lines = visible(text).split(/\n+/).filter((line) => line.trim() !== "");
  return (whole || lines.length < 2 ? lines : lines.slice(0, -1)).join("\n") || undefined;
}

/** Each message's first sentence under the notes there were; the oldest lines give way. */
function extract(
  before: string | undefined,
  older: SummaryNeeds["history"],
  engine: Engine,
): string {
  const lines = older.map(({ role, content }) => {
    const sentence = /^.*?(?:[.!?](?=\s)|[。！？]|\n|$)/u.exec(visible(content))![0];
    return `${role === "user" ? "User" : "Assistant"}: ${firstWords(sentence, SENTENCE_CHARS)}`;
  });
  const all = [...before?.split("\n") ?? [], ...lines];
  const tokens = () => engine.text.encode(all.join("\n")).length;
  while (all.length > 1 && tokens() > tokensOf(engine)) all.shift();
  return all.join("\n");
}

/** How long notes may be. */
function tokensOf({ limits }: Engine): number {
  return Math.min(SUMMARY_TOKENS, Math.floor(limits.contextTokens * SUMMARY_SHARE));
}
