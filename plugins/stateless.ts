/** Answers to messages that are not stored: a client's of /v1, another assistant's. Nobody can be asked. */
import type { ChatMessage, Engine, GenerateRequest } from "@flint/core";
import { given } from "./given.ts";
import { type Ground, instructionsWith } from "./knowledge/grounding.ts";
import { type Prompt, sharedPrefix } from "./prompt.ts";
import { type Assistant, OWNER, type ToolUse } from "./schema.ts";
import { type ToolFunction, toolList } from "./tools/choice.ts";
import type { Shortlist } from "./tools/shortlist.ts";
import type { GrantedTool } from "./tools/toolbox.ts";
import { toolMessages } from "./tools/transcript.ts";
import { toldOf, wantedCalls } from "./tools/wanted.ts";
import { useTools } from "./turn.ts";
import type { Visit } from "./turnstile.ts";

/** Longest answer when the assistant's manifest names none. */
export const ANSWER_TOKENS = 1024;

/** Whose call a stateless answer is, and how deep in other assistants' calls. */
export interface PrepareOptions {
  readonly signal: AbortSignal;
  readonly user?: string;
  readonly depth?: number;
  /** What the answer is counted for. Default: it is not. */
  readonly visit?: Visit;
}

/** A stateless answer whose tools have run. */
export interface Prepared {
  /** Says the answer in words. */
  readonly request: GenerateRequest;
  readonly calls: readonly ToolUse[];
  /** What the words are held to, where documents and no tools are behind them. */
  readonly ground?: Ground;
}

/** Who answers. */
interface Speaker {
  readonly assistant: Assistant;
  /** Those that it may call without asking. */
  readonly tools: readonly GrantedTool[];
  readonly engine: Engine;
  readonly shortlist: Shortlist;
}

/** Lets the tools run that the messages need, and leaves the words to the caller. */
export async function prepare(
  speaker: Speaker,
  messages: readonly ChatMessage[],
  { signal, user = OWNER, depth = 0 }: PrepareOptions,
): Promise<Prepared> {
  const { engine, tools, assistant, shortlist } = speaker;
  const request = (all: readonly ChatMessage[], told?: readonly ToolFunction[]) =>
    turnOf(speaker, all, told);
  const calls: ToolUse[] = [];
  if (tools.length === 0) return { request: request(messages), calls };
  const lately = new Set<string>();
  const asking = { engine, tools, history: messages, lately, shortlist, request, signal };
  const turn = {
    tools,
    choose: (uses: readonly ToolUse[]) => wantedCalls(asking, uses),
    allowed: () => false,
    context: { assistant: assistant.id, user, depth },
    keep: () => Promise.resolve(),
  };
  for await (const _ of useTools(turn, calls, signal)); // nobody watches
  const { text, limits: { contextTokens } } = engine;
  const called = toolMessages(calls, { text, contextTokens });
  return { request: request([...messages, ...called]), calls };
}

/** Tools that may be called where nobody can be asked. */
export const unasked = (tools: readonly GrantedTool[]) =>
  tools.filter(({ ask }) => ask === "never");

function instructionsOf(assistant: Assistant, told: readonly ToolFunction[]): string {
  const instructions = instructionsWith(assistant);
  return told.length > 0 ? `${instructions}\n\n${toolList(told)}` : instructions;
}

/** The request that continues a client's own messages. */
export function turnOf(
  { assistant, tools, engine: { text, limits } }: Omit<Speaker, "shortlist">,
  messages: readonly ChatMessage[],
  told: readonly ToolFunction[] = toldOf(tools),
): GenerateRequest {
  const system: ChatMessage = { role: "system", content: instructionsOf(assistant, told) };
  const tokens = text.chat([system, ...messages]);
  const prefixTokens = sharedPrefix(text.chat([system], { open: false }), tokens);
  const { maxTokens = Infinity } = assistant.sampling;
  // No room at all is the engine's to refuse: it knows what the client wishes beside.
  const answerTokens = Math.max(1, Math.min(maxTokens, limits.contextTokens - tokens.length));
  return { ...requestOf(assistant, { tokens, prefixTokens }), maxTokens: answerTokens };
}

/** A prompt, to be gone on with as the assistant's manifest says. */
export function requestOf(
  { id, sampling: { maxTokens: _, ...sampling } }: Assistant,
  { tokens, prefixTokens }: Pick<Prompt, "tokens" | "prefixTokens">,
): GenerateRequest {
  return { prompt: tokens, sampling: given(sampling), assistant: id, prefixTokens };
}
