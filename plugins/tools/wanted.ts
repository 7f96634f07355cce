/** Which calls the model wants next in a conversation: asked behind it, of few tools if there are many. */
import type { ChatMessage, Engine, GenerateRequest } from "@flint/core";
import type { ToolUse } from "../schema.ts";
import { chooseTools, questioned, type ToolCall, type ToolFunction } from "./choice.ts";
import { type Shortlist, SHOWN_MAX } from "./shortlist.ts";
import type { GrantedTool } from "./toolbox.ts";
import { toolMessages } from "./transcript.ts";

/** Whose turn it is. */
export interface Asking {
  readonly engine: Engine;
  readonly tools: readonly GrantedTool[];
  /** Ends with the user's message to serve. */
  readonly history: readonly ChatMessage[];
  /** Names of tools that earlier answers called. */
  readonly lately: ReadonlySet<string>;
  readonly shortlist: Shortlist;
  /** The request that continues messages as the answer's would, `told` of these tools only. */
  readonly request: (
    messages: readonly ChatMessage[],
    told?: readonly ToolFunction[],
  ) => GenerateRequest;
  readonly signal: AbortSignal;
}

function functionsOf(tools: readonly GrantedTool[]): ToolFunction[] {
  return tools.map(({ name, tool: { description, parameters } }) => (
    { name, description, parameters }
  ));
}

/** All tools where they are few, told with the instructions so that chats share their KV; else none yet. */
export function toldOf(tools: readonly GrantedTool[]): ToolFunction[] {
  return tools.length <= SHOWN_MAX ? functionsOf(tools) : [];
}

/** Asks the model, given the calls so far. */
export async function wantedCalls(
  { engine, tools, history, lately, shortlist, request, signal }: Asking,
  uses: readonly ToolUse[],
): Promise<readonly ToolCall[]> {
  const { text, limits: { contextTokens } } = engine;
  const message = history.findLast(({ role }) => role === "user")?.content ?? "";
  const used = new Set([...lately, ...uses.map(({ name }) => name)]);
  const shown = await shortlist.choose(functionsOf(tools), message, used, signal);
  const behind = [...history, ...toolMessages(uses, { text, contextTokens })];
  const choice = { tools: shown, wish: "auto", parallel: false, loose: true } as const;
  const { calls } = await chooseTools(
    engine,
    choice,
    (question) => request(questioned(behind, question, text), shown),
    signal,
  );
  return calls;
}
