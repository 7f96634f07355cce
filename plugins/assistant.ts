/** Assistants answer: from a stored conversation, or statelessly for /v1 and other assistants. */
import { type ChatMessage, type Engine, FlintError, type GenerateRequest } from "@flint/core";
import { z } from "zod";
import { Answer } from "./answer.ts";
import { begin, type Begun } from "./begun.ts";
import type { Conversations } from "./conversation.ts";
import { given } from "./given.ts";
import type { Embedder } from "./knowledge/embed.ts";
import { groundOf } from "./knowledge/grounding.ts";
import type { Library } from "./knowledge/library.ts";
import type { Memory } from "./memory.ts";
import { parse } from "./parse.ts";
import { prepare, type Prepared, type PrepareOptions, turnOf, unasked } from "./stateless.ts";
import {
  type Assistant,
  type ChatEvent,
  type Message,
  MESSAGE_CHARS_MAX,
  OWNER,
  ToolDecision,
  type ToolUse,
} from "./schema.ts";
import { Summaries } from "./summary.ts";
import { Questions } from "./tools/questions.ts";
import { Shortlist } from "./tools/shortlist.ts";
import type { GrantedTool, Toolbox } from "./tools/toolbox.ts";
import { toolMessages } from "./tools/transcript.ts";
import { wantedCalls } from "./tools/wanted.ts";
import { isWaiting, useTools } from "./turn.ts";
import { OPEN_TURNSTILE, type Turnstile, Visit, type VisitOptions } from "./turnstile.ts";

/** What assistants need. */
export interface AssistantNeeds {
  /** The engine that answers now; throws FlintError "unavailable" if none does. */
  readonly engine: () => Engine;
  /** Who answers an account under a name. Throws "not_found". */
  readonly registry: { get(id: string, account: string): Assistant };
  readonly conversations: Conversations;
  readonly memory: Memory;
  readonly toolbox: Pick<Toolbox, "granted">;
  /** What assistants with knowledge answer from. Default: nothing. */
  readonly library?: Library;
  /** Finds the tools that a message is about, where there are many. */
  readonly embedder: Pick<Embedder, "embed">;
  /** Whether replies may wait for a decision; else tools that need one are not offered. Default: true. */
  readonly attended?: boolean;
  /** What stands before every answer. Default: nothing. */
  readonly turnstile?: Turnstile;
}

/**
 * The assistants of one registry, answering from one engine.
 * The replies throw (on the first step) what keeps them from beginning; what goes wrong later is
 * their last event. However they end, what was said and called is saved and the engine is free.
 */
export interface Assistants {
  /** Saves the user's message, answers it, saves the answer. "busy" while another reply is under way. */
  reply(
    conversationId: string,
    text: unknown,
    signal?: AbortSignal,
    user?: string,
  ): AsyncIterable<ChatEvent>;
  /**
   * Answers the user's last message anew; the new answer replaces the old one once it ends or calls
   * a tool.
   */
  regenerate(
    conversationId: string,
    signal?: AbortSignal,
    user?: string,
  ): AsyncIterable<ChatEvent>;
  /**
   * Decides ("allow", "allow_conversation", "deny") about a call that the last answer waits for, and
   * goes on with that answer. "not_found" where none waits, "bad_input" for what it does not offer.
   */
  decide(
    conversationId: string,
    callId: string,
    decision: unknown,
    signal?: AbortSignal,
    user?: string,
  ): AsyncIterable<ChatEvent>;
  /** Gives a running call the values it asked for; null refuses. "not_found", "bad_input". */
  answerQuestion(conversationId: string, questionId: string, values: unknown): void;
  /** Passes the turnstile for a stateless answer, which `visit.engine` is to give. "unpaid", "busy". */
  enter(assistantId: string, options?: VisitOptions): Promise<Visit>;
  /**
   * The request that continues a client's own messages as this assistant would, without its tools;
   * memory is not told to clients.
   */
  turn(assistantId: string, messages: readonly ChatMessage[], account?: string): GenerateRequest;
  /** As turn, after the assistant's tools have run: those that nobody has to be asked about. */
  prepare(
    assistantId: string,
    messages: readonly ChatMessage[],
    options: PrepareOptions,
  ): Promise<Prepared>;
  /** Breaks off what is still done behind answers. Before engine and store are closed. */
  close(): Promise<void>;
}

/** How long a call waits for its decision: who comes later might not know any more what it was about. */
const DECISION_MS_MAX = 15 * 60_000;
/** Answers whose tools are shown again, where there are many. */
const LATELY = 2;

const UserText = z.strictObject({
  message: z.string().max(MESSAGE_CHARS_MAX)
    .refine((text) => text.trim() !== "", "is empty: write something")
    .refine((text) => text.isWellFormed(), "has half a character in it: remove it"),
});
const Decided = z.strictObject({ decision: ToolDecision.exclude(["expired"]) });

/** An answer that will stand at `index` of a conversation, from the calls it has made already. */
interface Answering {
  readonly id: string;
  readonly index: number;
  readonly begun: Begun;
  readonly calls: readonly ToolUse[];
  readonly visit: Visit;
}

/** Joins registry, conversations, tools and engine. */
export function createAssistants(needs: AssistantNeeds): Assistants {
  return new EngineAssistants(needs);
}

class EngineAssistants implements Assistants {
  readonly #needs: AssistantNeeds;
  readonly #shortlist: Shortlist;
  readonly #questions = new Questions();
  /** Conversations that are being answered. */
  readonly #running = new Set<string>();
  readonly #summaries: Summaries;

  constructor(needs: AssistantNeeds) {
    this.#needs = needs;
    this.#shortlist = new Shortlist(needs.embedder);
    this.#summaries = new Summaries(needs.conversations);
  }

  async *reply(
    id: string,
    text: unknown,
    signal?: AbortSignal,
    user = OWNER,
  ): AsyncGenerator<ChatEvent> {
    const { message: content } = parse(UserText, { message: text });
    const { conversations } = this.#needs;
    yield* this.#alone(id, async function* (self: EngineAssistants) {
      const before = conversations.messages(id);
      await using visit = await self.#enter(id, { user, begins: before.length === 0 });
      const begun = await begin(
        { ...self.#needs, engine: visit.engine, user },
        id,
        [...before, { role: "user", content }],
      );
      await self.#expire(id, before.at(-1));
      const question = await conversations.append(id, { role: "user", content });
      yield* self.#answer({ id, index: question.index + 1, begun, calls: [], visit }, signal);
    });
  }

  async *regenerate(
    id: string,
    signal?: AbortSignal,
    user = OWNER,
  ): AsyncGenerator<ChatEvent> {
    const { conversations } = this.#needs;
    yield* this.#alone(id, async function* (self: EngineAssistants) {
      const messages = conversations.messages(id);
      const end = messages.findLastIndex(({ role }) => role === "user") + 1;
      if (end === 0) {
        throw new FlintError("bad_input", "there is no message to answer yet: send one first");
      }
      await using visit = await self.#enter(id, { user });
      const needs = { ...self.#needs, engine: visit.engine, user };
      const begun = await begin(needs, id, messages.slice(0, end));
      yield* self.#answer({ id, index: end, begun, calls: [], visit }, signal);
    });
  }

  async *decide(
    id: string,
    callId: string,
    decision: unknown,
    signal?: AbortSignal,
    user = OWNER,
  ): AsyncGenerator<ChatEvent> {
    const { decision: wanted } = parse(Decided, { decision });
    const { conversations } = this.#needs;
    yield* this.#alone(id, async function* (self: EngineAssistants) {
      const messages = conversations.messages(id);
      const last = messages.at(-1), waiting = waitingCall(last, callId);
      if (!last || !waiting) {
        throw new FlintError("not_found", "this call does not wait for a decision any more");
      }
      if (wanted === "allow_conversation" && waiting.ask === "always") {
        throw new FlintError(
          "bad_input",
          `${waiting.name} is asked about each time: allow or deny`,
        );
      }
      const late = Date.now() - Date.parse(last.createdAt) > DECISION_MS_MAX;
      const decided = { ...waiting, decision: late ? "expired" as const : wanted };
      const calls = last.calls!.map((call) => call.id === callId ? decided : call);
      await using visit = await self.#enter(id, { user, goesOn: true });
      const needs = { ...self.#needs, engine: visit.engine, user };
      const begun = await begin(needs, id, messages.slice(0, last.index));
      const { end: _, ...kept } = last;
      await conversations.append(id, { ...kept, calls }, last.index);
      if (decided.decision === "deny" || late) yield { type: "tool_result", call: decided };
      yield* self.#answer({ id, index: last.index, begun, calls, visit }, signal);
    });
  }

  answerQuestion(conversationId: string, questionId: string, values: unknown): void {
    this.#questions.answer(conversationId, questionId, values);
  }

  enter(assistantId: string, options?: VisitOptions): Promise<Visit> {
    const { turnstile = OPEN_TURNSTILE, engine } = this.#needs;
    return Visit.enter({ turnstile, engine: engine() }, assistantId, options);
  }

  turn(
    assistantId: string,
    messages: readonly ChatMessage[],
    account: string = OWNER,
  ): GenerateRequest {
    const assistant = this.#needs.registry.get(assistantId, account);
    return turnOf({ assistant, tools: [], engine: this.#needs.engine() }, messages);
  }

  async prepare(
    assistantId: string,
    messages: readonly ChatMessage[],
    options: PrepareOptions,
  ): Promise<Prepared> {
    const assistant = this.#needs.registry.get(assistantId, options.user ?? OWNER);
    const { toolbox, engine } = this.#needs;
    const tools = unasked((await toolbox.granted(assistant.tools)).tools);
    const answering = options.visit?.engine ?? engine();
    const speaker = { assistant, tools, engine: answering, shortlist: this.#shortlist };
    const ground = await groundOf(this.#needs.library, assistant, messages, options.signal);
    const prepared = await prepare(speaker, ground?.before(messages) ?? messages, options);
    options.visit?.called(prepared.calls.length);
    return prepared.calls.length === 0 ? { ...prepared, ...given({ ground }) } : prepared;
  }

  #enter(id: string, options: VisitOptions): Promise<Visit> {
    return this.enter(this.#needs.conversations.get(id).assistantId, options);
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

  /** A call that waits while the user writes something else was not allowed. */
  async #expire(id: string, last: Message | undefined): Promise<void> {
    if (!last?.calls?.some(isWaiting)) return;
    const calls = last.calls.map((call) =>
      isWaiting(call) ? { ...call, decision: "expired" as const } : call
    );
    await this.#needs.conversations.append(id, { ...last, calls, end: "cancelled" }, last.index);
  }

  /** Streams the answer. It is saved even if the reader leaves at a token. */
  async *#answer(
    { id, index, begun, calls, visit }: Answering,
    signal = new AbortController().signal,
  ): AsyncGenerator<ChatEvent> {
    const answer = new Answer(calls);
    let failure: FlintError | undefined;
    let message: Message | undefined;
    try {
      if (begun.missing.length > 0) yield { type: "missing", plugins: [...begun.missing] };
      yield* this.#speak({ id, index, begun }, answer, signal);
    } catch (error) {
      const isExpected = error instanceof FlintError;
      answer.end = isExpected && error.code === "cancelled" ? "cancelled" : "failed";
      if (!isExpected) throw error;
      if (error.code !== "cancelled" || !answer.worthKeeping) failure = error;
    } finally {
      const kept = await this.#keep(id, index, answer);
      if (kept instanceof FlintError) failure ??= kept;
      else message = kept;
      visit.called(ranOf(answer.calls) - ranOf(calls));
      await visit.leave();
    }
    if (message && answer.end !== "waiting") this.#summaries.refresh(id, begun);
    if (answer.stats) yield { type: "stats", stats: answer.stats };
    if (failure) yield { type: "error", code: failure.code, message: failure.message };
    else if (message) yield { type: "done", message };
    else yield { type: "error", code: "cancelled", message: "stopped before the first word" };
  }

  /** Calls, then words; words alone where there are no tools. */
  async *#speak(
    { id, index, begun }: Pick<Answering, "id" | "index" | "begun">,
    answer: Answer,
    signal: AbortSignal,
  ): AsyncGenerator<ChatEvent> {
    const { engine, tools, words } = begun;
    if (tools.length > 0 || answer.calls.length > 0) {
      const turn = this.#turn(id, index, begun, answer, signal);
      if (await (yield* useTools(turn, answer.calls, signal)) === "wait") {
        answer.end = "waiting";
        return;
      }
    }
    const { text, limits: { contextTokens } } = engine;
    const called = toolMessages(answer.calls, { text, contextTokens });
    yield* answer.speak(engine.generate(words(called), signal), begun);
  }

  #turn(id: string, index: number, begun: Begun, answer: Answer, signal: AbortSignal) {
    const { engine, assistant, user, tools, request, history, messages } = begun;
    const earlier = history.flatMap(({ calls = [] }) => calls);
    const answers = history.filter(({ role }) => role === "assistant");
    const lately = new Set(
      answers.slice(-LATELY).flatMap(({ calls = [] }) => calls)
        .map(({ name }) => name),
    );
    const shortlist = this.#shortlist;
    const asking = { engine, tools, history: messages, lately, shortlist, request, signal };
    return {
      tools,
      choose: async (uses: readonly ToolUse[]) =>
        tools.length === 0 ? [] : await wantedCalls(asking, uses),
      allowed: ({ plugin, tool }: GrantedTool) =>
        [...earlier, ...answer.calls].some((use) =>
          use.plugin === plugin && use.tool === tool.name && use.decision === "allow_conversation"
        ),
      context: { assistant: assistant.id, user, depth: 0 },
      ...(this.#needs.attended === false ? {} : {
        ask: (schema: object, signal: AbortSignal) => this.#questions.ask(id, schema, signal),
      }),
      keep: async () => {
        await this.#needs.conversations.append(id, answer.unfinished(), index);
      },
    };
  }

  async close(): Promise<void> {
    await this.#summaries.close();
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

/** The call of the last answer that waits under this id. */
function waitingCall(last: Message | undefined, callId: string): ToolUse | undefined {
  return last?.calls?.find((call) => call.id === callId && isWaiting(call));
}

/** How many calls have run. */
const ranOf = (calls: readonly ToolUse[]): number => calls.filter(({ result }) => result).length;
