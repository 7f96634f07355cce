/**
 * OpenAI's `tools`: whether the model wants to call some of the client's, and how that is told. A
 * client that brings none gets the answer after the assistant's own tools have run on the server.
 */
import {
  callId,
  chooseTools,
  type Chosen,
  questioned,
  type ToolCall,
  type ToolFunction,
  type ToolWish,
  withTools,
} from "@flint/plugins";
import type { DoneEvent } from "./choices.ts";
import { engineMessages } from "./messages.ts";
import type { ChatRequest } from "./schema.ts";
import type { Speaker, Turn } from "./speaker.ts";

/** Asks which tools are to be called; undefined where the client offers none. */
export async function chosenTools(
  request: ChatRequest,
  speaker: Speaker,
  signal: AbortSignal,
): Promise<Chosen | undefined> {
  const tools = toolsOf(request);
  if (tools.length === 0) return undefined;
  const messages = withTools(engineMessages(request.messages), tools);
  const { engine } = speaker;
  const choice = {
    tools,
    wish: wishOf(request.tool_choice),
    // The protocol's default is true, but a small model asked for several calls makes too many.
    parallel: request.parallel_tool_calls === true,
  };
  const ask = (question: string) => speaker.turn(questioned(messages, question, engine.text));
  return await chooseTools(engine, choice, ask, signal);
}

/**
 * The request that answers in words. The client's own tools are told to the model and left to the
 * client; the assistant's run here, unless the client brings its own or wants none.
 */
export async function turnOf(
  request: ChatRequest,
  speaker: Speaker,
  signal: AbortSignal,
): Promise<Turn> {
  const messages = engineMessages(request.messages), tools = toolsOf(request);
  if (tools.length > 0) return { request: speaker.turn(withTools(messages, tools)) };
  return request.tool_choice === "none"
    ? { request: speaker.turn(messages) }
    : await speaker.prepare(messages, signal);
}

/** What may be called; nothing if the client says so. */
function toolsOf({ tools, tool_choice: wish }: ChatRequest): ToolFunction[] {
  if (wish === "none") return [];
  return (tools ?? []).map(({ function: { name, description, parameters } }) => ({
    name,
    description: description ?? undefined,
    parameters: parameters ?? undefined,
  }));
}

function wishOf(wish: ChatRequest["tool_choice"]): ToolWish {
  return typeof wish === "object" && wish
    ? { name: wish.function.name }
    : wish === "required"
    ? "required"
    : "auto";
}

/** Calls as clients read them; their arguments are JSON text. */
export function toolCallsOf(calls: readonly ToolCall[]) {
  return calls.map(({ name, arguments: values }) => ({
    id: callId(),
    type: "function" as const,
    function: { name, arguments: JSON.stringify(values) },
  }));
}

/** The answer's reckoning with the choice's tokens added: the client pays for both. */
export function withChoice(done: DoneEvent, chosen: Chosen | undefined): DoneEvent {
  if (!chosen) return done;
  const completionTokens = done.usage.completionTokens + chosen.done.usage.completionTokens;
  return { ...done, usage: { ...done.usage, completionTokens } };
}
