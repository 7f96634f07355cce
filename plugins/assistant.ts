/** Assistants answer: from a stored conversation, or statelessly for /v1. */
import {
  type ChatMessage,
  type Engine,
  FlintError,
  type GenerateEvent,
  type GenerateRequest,
} from "@flint/core";
import { z } from "zod";
import type { Conversations } from "./conversation.ts";
import { given } from "./given.ts";
import type { Memory } from "./memory.ts";
import { parse } from "./parse.ts";
import { buildPrompt, type Prompt, sharedPrefix } from "./prompt.ts";
import type { Registry } from "./registry.ts";
import {
  type AnswerStats,
  type Assistant,
  type ChatEvent,
  type Message,
  MESSAGE_CHARS_MAX,
  OWNER,
} from "./schema.ts";

/** What assistants need. */
export interface AssistantNeeds {
  /** The engine that answers now; throws FlintError "unavailable" if none does. */
  readonly engine: () => Engine;
  readonly registry: Pick<Registry, "get">;
  readonly conversations: Conversations;
  readonly memory: Memory;
}

/**
 * The assistants of one registry, answering from one engine.
 * The two replies throw (on the first step) what keeps them from beginning; what goes wrong later is
 * their last event. However they end, what was said is saved and the engine is free.
 */
export interface Assistants {
  /** Saves the user's message, answers it, saves the answer. "busy" while another reply is under way. */
  reply(conversationId: string, text: unknown, signal?: AbortSignal): AsyncIterable<ChatEvent>;
  /** Answers the user's last message anew; the new answer, once it ends, replaces the old one. */
  regenerate(conversationId: string, signal?: AbortSignal): AsyncIterable<ChatEvent>;
  /** The request that continues a client's own messages as this assistant would; memory is not told to clients. */
  turn(assistantId: string, messages: readonly ChatMessage[]): GenerateRequest;
}

/** Longest answer when the assistant's manifest names none. */
const ANSWER_TOKENS = 1024;

const UserText = z.strictObject({
  message: z.string().max(MESSAGE_CHARS_MAX)
    .refine((text) => text.trim() !== "", "is empty: write something")
    .refine((text) => text.isWellFormed(), "has half a character in it: remove it"),
});

/** Joins registry, conversations and engine. */
export function createAssistants(needs: AssistantNeeds): Assistants {
  return new EngineAssistants(needs);
}

/** A reply that can begin: its prompt fits and its conversation is there. */
interface Begun {
  readonly engine: Engine;
  readonly request: GenerateRequest;
  readonly dropped: number;
}

class EngineAssistants implements Assistants {
  readonly #needs: AssistantNeeds;
  /** Conversations that are being answered. */
  readonly #running = new Set<string>();

  constructor(needs: AssistantNeeds) {
    this.#needs = needs;
  }

  async *reply(id: string, text: unknown, signal?: AbortSignal): AsyncGenerator<ChatEvent> {
    const { message: content } = parse(UserText, { message: text });
    const { conversations } = this.#needs;
    yield* this.#alone(id, async function* (self: EngineAssistants) {
      const begun = self.#begin(id, [...conversations.messages(id), { role: "user", content }]);
      const question = await conversations.append(id, { role: "user", content });
      yield* self.#answer(id, question.index + 1, begun, signal);
    });
  }

  async *regenerate(id: string, signal?: AbortSignal): AsyncGenerator<ChatEvent> {
    const { conversations } = this.#needs;
    yield* this.#alone(id, async function* (self: EngineAssistants) {
      const messages = conversations.messages(id);
      const end = messages.findLastIndex(({ role }) => role === "user") + 1;
      if (end === 0) {
        throw new FlintError("bad_input", "there is no message to answer yet: send one first");
      }
      const begun = self.#begin(id, messages.slice(0, end));
      yield* self.#answer(id, end, begun, signal);
    });
  }

  turn(assistantId: string, messages: readonly ChatMessage[]): GenerateRequest {
    const assistant = this.#needs.registry.get(assistantId);
    const { text, limits } = this.#needs.engine();
    const system: ChatMessage = { role: "system", content: assistant.instructions };
    const tokens = text.chat([system, ...messages]);
    const prefixTokens = sharedPrefix(text.chat([system], { open: false }), tokens);
    const { maxTokens = Infinity } = assistant.sampling;
    // No room at all is the engine's to refuse: it knows what the client wishes beside.
    const answerTokens = Math.max(1, Math.min(maxTokens, limits.contextTokens - tokens.length));
    return { ...requestOf(assistant, { tokens, prefixTokens }), maxTokens: answerTokens };
  }

  /** Refuses a second reply to one conversation, which would tangle its messages. */
  async *#alone(
    id: string,
    reply: (self: EngineAssistants) => AsyncGenerator<ChatEvent>,
  ): AsyncGenerator<ChatEvent> {
    if (this.#running.has(id)) {
      throw new FlintError("busy", "this conversation is being answered: wait for it or stop it");
    }
    this.#running.add(id);
    try {
      yield* reply(this);
    } finally {
      this.#running.delete(id);
    }
  }

  #begin(id: string, history: readonly Pick<Message, "role" | "content">[]): Begun {
    const { registry, conversations, memory, engine: engineNow } = this.#needs;
    const assistant = registry.get(conversations.get(id).assistantId);
    const engine = engineNow();
    const { enabled, facts } = memory.get({ assistant: assistant.id, user: OWNER });
    const prompt = buildPrompt({
      instructions: assistant.instructions,
      facts: enabled ? facts.map(({ text }) => text) : [],
      history,
      text: engine.text,
      contextTokens: engine.limits.contextTokens,
      maxTokens: assistant.sampling.maxTokens ?? ANSWER_TOKENS,
    });
    const request = { ...requestOf(assistant, prompt), maxTokens: prompt.answerTokens };
    return { engine, request, dropped: prompt.dropped };
  }

  /** Streams the answer that will stand at `index`. It is saved even if the reader leaves at a token. */
  async *#answer(
    id: string,
    index: number,
    begun: Begun,
    signal?: AbortSignal,
  ): AsyncGenerator<ChatEvent> {
    const answer = new Answer();
    let failure: FlintError | undefined;
    let message: Message | undefined;
    try {
      for await (const event of begun.engine.generate(begun.request, signal)) {
        if (event.type === "done") answer.finish(event, begun);
        else if (event.text !== "") yield answer.say(event.text);
      }
    } catch (error) {
      const isExpected = error instanceof FlintError;
      answer.end = isExpected && error.code === "cancelled" ? "cancelled" : "failed";
      if (!isExpected) throw error;
      failure = error;
    } finally {
      const kept = await this.#keep(id, index, answer);
      if (kept instanceof FlintError) failure ??= kept;
      else message = kept;
    }
    if (answer.stats) yield { type: "stats", stats: answer.stats };
    if (failure) yield { type: "error", code: failure.code, message: failure.message };
    else if (message) yield { type: "done", message };
    else yield { type: "error", code: "cancelled", message: "stopped before the first word" };
  }

  /** Saves an answer, or says why not: the conversation may be gone or full by now. */
  async #keep(
    id: string,
    index: number,
    answer: Answer,
  ): Promise<Message | FlintError | undefined> {
    if (!answer.worthKeeping) return undefined;
    try {
      return await this.#needs.conversations.append(id, answer.message(), index);
    } catch (error) {
      if (error instanceof FlintError) return error;
      throw error;
    }
  }
}

/** An answer as it grows. */
class Answer {
  content = "";
  end: NonNullable<Message["end"]> = "cancelled"; // unless the engine says otherwise
  stats: AnswerStats | undefined;

  say(text: string): ChatEvent {
    this.content += text;
    return { type: "token", text };
  }

  finish({ reason, usage, speed }: Extract<GenerateEvent, { type: "done" }>, begun: Begun): void {
    const { engine, dropped } = begun;
    this.end = reason;
    this.stats = {
      model: engine.card.name,
      fidelity: engine.fidelity,
      ...usage,
      droppedMessages: dropped,
      ...speed,
    };
  }

  /** An empty answer is kept only if the model chose it. */
  get worthKeeping(): boolean {
    return this.content !== "" || this.end === "stop" || this.end === "length";
  }

  message(): Pick<Message, "role" | "content" | "end" | "stats"> {
    const { content, end, stats } = this;
    return { role: "assistant", content, end, ...given({ stats }) };
  }
}

function requestOf(
  { id, sampling: { maxTokens: _, ...sampling } }: Assistant,
  { tokens, prefixTokens }: Pick<Prompt, "tokens" | "prefixTokens">,
): GenerateRequest {
  return { prompt: tokens, sampling: given(sampling), assistant: id, prefixTokens };
}
