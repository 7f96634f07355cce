/** A reply that can begin: what it is made from, gathered before its first word. */
import type { ChatMessage, Engine, GenerateRequest } from "@flint/core";
import type { AssistantNeeds } from "./assistant.ts";
import { lorePassages } from "./formats/lorebook.ts";
import { given } from "./given.ts";
import { type Ground, groundOf, instructionsWith, together } from "./knowledge/grounding.ts";
import { buildPrompt, type Prompt } from "./prompt.ts";
import type { Assistant, Message } from "./schema.ts";
import { ANSWER_TOKENS, requestOf, unasked } from "./stateless.ts";
import { type ToolFunction, toolList } from "./tools/choice.ts";
import type { GrantedTool } from "./tools/toolbox.ts";
import { chatMessages } from "./tools/transcript.ts";
import { toldOf } from "./tools/wanted.ts";

/** What the history of a reply is made of. */
export type Said = Pick<Message, "role" | "content" | "calls" | "citations">;

/** A reply that can begin: its prompt fits and its conversation is there. */
export interface Begun {
  readonly engine: Engine;
  readonly assistant: Assistant;
  /** The account that asked. */
  readonly user: string;
  readonly history: readonly Said[];
  /** The history as the model reads it. */
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly GrantedTool[];
  /** Plugins that were granted and are not there. */
  readonly missing: readonly string[];
  /** The request that continues messages, `told` of these tools only. */
  readonly request: (
    messages: readonly ChatMessage[],
    told?: readonly ToolFunction[],
  ) => GenerateRequest;
  /** The request for the answer's words, behind what its calls came to. */
  readonly words: (called: readonly ChatMessage[]) => GenerateRequest;
  /** What the model is shown before any call. */
  readonly prompt: Prompt;
  readonly dropped: number;
  /** What its words are held to, of an assistant with knowledge. */
  readonly ground?: Ground;
}

/** What a reply is made from: all that assistants have, the engine that answers and who asks. */
export interface BeginNeeds extends Omit<AssistantNeeds, "engine"> {
  readonly engine: Engine;
  readonly user: string;
}

/** Gathers what a reply to `history` needs. @throws FlintError where the prompt does not fit */
export async function begin(
  needs: BeginNeeds,
  id: string,
  history: readonly Said[],
): Promise<Begun> {
  const { registry, conversations, memory, engine, toolbox, attended, user } = needs;
  const assistant = registry.get(conversations.get(id).assistantId, user);
  const granted = await toolbox.granted(assistant.tools);
  const tools = attended === false ? unasked(granted.tools) : granted.tools;
  const { enabled, facts } = memory.get({ assistant: assistant.id, user });
  const few = toldOf(tools);
  const { text, limits: { contextTokens } } = engine;
  const read = history.map((message) => chatMessages(message, { text, contextTokens }));
  const messages = read.flat(), origins = read.flatMap((said, i) => said.map(() => i));
  const summary = conversations.summary(id);
  const ground = await groundOf(needs.library, assistant, history);
  const knowledge = together(ground, lorePassages(assistant, history));
  const promptOf = (history: readonly ChatMessage[], told: readonly ToolFunction[] = few) =>
    buildPrompt({
      instructions: instructionsWith(assistant),
      facts: enabled ? facts.map(({ text }) => text) : [],
      summary: summary && { ...summary, until: origins.indexOf(summary.until) },
      ...given({ tools: told.length > 0 ? toolList(told) : undefined, knowledge }),
      ...{ history, text, contextTokens },
      maxTokens: assistant.sampling.maxTokens ?? ANSWER_TOKENS,
    });
  const from = (built: Prompt) => (
    { ...requestOf(assistant, built), maxTokens: built.answerTokens }
  );
  const prompt = promptOf(messages);
  const covered = prompt.start > prompt.dropped ? summary!.until : 0;
  const dropped = origins[prompt.start]! - covered;
  return {
    ...{ engine, assistant, user, history, messages, tools, missing: granted.missing },
    request: (messages, told) => from(promptOf(messages, told)),
    words: (called) => from(called.length > 0 ? promptOf([...messages, ...called]) : prompt),
    ...{ prompt, dropped, ...given({ ground }) },
  };
}
