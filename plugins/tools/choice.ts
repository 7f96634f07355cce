/**
 * Which tool, if any, serves the conversation next: asked of the model after the conversation, so
 * that its KV is shared with the answer's, under a grammar that knows only real tools and valid
 * arguments. A small model that is asked to choose, and to choose only, chooses better than one
 * that may also talk.
 */
import {
  type ChatMessage,
  type Engine,
  FlintError,
  type GenerateEvent,
  type GenerateRequest,
} from "@flint/core";

/** A tool as OpenAI's `function` has it. */
export interface ToolFunction {
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON schema of the arguments, an object; none: no arguments. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}

/** What the caller allows: the model decides, must call something, or must call this one. */
export type ToolWish = "auto" | "required" | { readonly name: string };

/** One call the model wants. */
export interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What is chosen from. */
export interface Choice {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolFunction[];
  readonly wish: ToolWish;
  /** Whether several calls may be wanted at once. */
  readonly parallel: boolean;
}

/** The last event of a generation. */
type Done = Extract<GenerateEvent, { type: "done" }>;

/** The model's decision, and what it cost. */
export interface Chosen {
  /** Empty: it wants to answer in words. */
  readonly calls: readonly ToolCall[];
  readonly done: Done;
}

/** Calls wanted at once, at most: a small model that may go on does. */
const CALLS_MAX = 4;
/** Room for a call with long arguments. */
const CALL_TOKENS_MAX = 1024;
const NO_PARAMETERS = { type: "object", properties: {}, additionalProperties: false } as const;

/**
 * Asks the model. `turn` makes the request that continues given messages as the caller would.
 * @throws FlintError bad_input when a tool's schema is not understood or no such tool is there
 */
export async function chooseTools(
  engine: Engine,
  choice: Choice,
  turn: (messages: readonly ChatMessage[]) => GenerateRequest,
  signal?: AbortSignal,
): Promise<Chosen> {
  const request = {
    ...asked(choice, turn),
    jsonSchema: choiceSchema(choice),
    sampling: { temperature: 0 },
  };
  const room = engine.limits.contextTokens - request.prompt.length;
  const maxTokens = Math.max(1, Math.min(CALL_TOKENS_MAX, room));
  let text = "";
  for await (const event of engine.generate({ ...request, maxTokens }, signal)) {
    if (event.type === "token") text += event.text;
    else return { calls: event.reason === "stop" ? readCalls(text) : [], done: event };
  }
  throw new FlintError("cancelled", "the choice was cancelled");
}

/** The question follows the conversation; where a template has no place for it, in its last message. */
function asked(
  { messages, tools, wish, parallel }: Choice,
  turn: (m: ChatMessage[]) => GenerateRequest,
) {
  const question = questionOf(offered(tools, wish), wish, parallel);
  try {
    return turn([...messages, { role: "system", content: question }]);
  } catch (error) {
    const last = messages.at(-1);
    if (!(error instanceof FlintError) || error.code !== "bad_input" || !last) throw error;
    return turn([...messages.slice(0, -1), { ...last, content: `${last.content}\n\n${question}` }]);
  }
}

/** The tools that the wish leaves. */
function offered(tools: readonly ToolFunction[], wish: ToolWish): readonly ToolFunction[] {
  if (typeof wish === "string") return tools;
  const one = tools.find(({ name }) => name === wish.name);
  if (!one) throw new FlintError("bad_input", `tool_choice names "${wish.name}", which is no tool`);
  return [one];
}

function questionOf(tools: readonly ToolFunction[], wish: ToolWish, parallel: boolean): string {
  const list = tools.map(({ name, description, parameters = NO_PARAMETERS }) =>
    `- ${name}: ${description ?? "no description"}\n  arguments: ${JSON.stringify(parameters)}`
  );
  const none = wish === "auto"
    ? `\nIf no tool is needed, or what a tool said already suffices: {"tool":"${noTool(tools)}"}`
    : "";
  return `Tools:\n${list.join("\n")}\n\nDecide what to do next about the user's last message. ` +
    `Reply with ${parallel ? "a JSON array of calls, each" : "one JSON object"}: ` +
    `{"tool":NAME,"arguments":{...}} calls a tool, with arguments taken from the conversation.${none}`;
}

/** The name that stands for no call; never one of the tools'. */
function noTool(tools: readonly ToolFunction[]): string {
  let name = "none";
  while (tools.some((tool) => tool.name === name)) name += "_";
  return name;
}

/** What the decision may look like. */
export function choiceSchema({ tools, wish, parallel }: Choice): Record<string, unknown> {
  const some = offered(tools, wish);
  const call = (name: string, more: Record<string, unknown>) => ({
    type: "object",
    properties: { tool: { const: name }, ...more },
    required: ["tool", ...Object.keys(more)],
    additionalProperties: false,
  });
  const calls = some.map(({ name, parameters }) =>
    call(name, { arguments: parameters ?? NO_PARAMETERS })
  );
  const none = wish === "auto" ? [call(noTool(some), {})] : [];
  if (!parallel) return { anyOf: [...none, ...calls] };
  const list = { type: "array", items: { anyOf: calls }, minItems: 1, maxItems: CALLS_MAX };
  return { anyOf: [...none, list] };
}

/** The calls in a decision that the grammar let through. */
function readCalls(text: string): ToolCall[] {
  const said = JSON.parse(text) as { tool: string; arguments?: ToolCall["arguments"] }[];
  return [said].flat().flatMap(({ tool, arguments: values }) =>
    values === undefined ? [] : [{ name: tool, arguments: values }]
  );
}
