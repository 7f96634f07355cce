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
function asked(choice: Choice, turn: (messages: ChatMessage[]) => GenerateRequest) {
  const messages = withTools(choice.messages, choice.tools);
  const question = questionOf(choice);
  try {
    return turn([...messages, { role: "system", content: question }]);
  } catch (error) {
    const last = messages.at(-1);
    if (!(error instanceof FlintError) || error.code !== "bad_input" || !last) throw error;
    return turn([...messages.slice(0, -1), { ...last, content: `${last.content}\n\n${question}` }]);
  }
}

/**
 * The conversation with the tools told at its beginning: the same for every turn and for choosing
 * and answering alike, so that one prefix serves them all.
 */
export function withTools(
  messages: readonly ChatMessage[],
  tools: readonly ToolFunction[],
): ChatMessage[] {
  const list = `You have these tools:\n${tools.map(signatureOf).join("\n")}`;
  const [first, ...rest] = messages;
  if (first?.role !== "system") return [{ role: "system", content: list }, ...messages];
  return [{ ...first, content: `${first.content}\n\n${list}` }, ...rest];
}

/** One line a tool: a signature takes a third of the tokens that its JSON schema does. */
function signatureOf({ name, description, parameters = NO_PARAMETERS }: ToolFunction): string {
  const { properties = {}, required = [] } = parameters as {
    properties?: Record<string, Record<string, unknown>>;
    required?: string[];
  };
  const values = Object.entries(properties).map(([key, schema]) =>
    `${key}${required.includes(key) ? "" : "?"}: ${typeOf(schema)}`
  );
  return `- ${name}(${values.join(", ")})${description ? `: ${description}` : ""}`;
}

function typeOf(schema: Record<string, unknown>): string {
  const { type, description } = schema;
  const plain = Array.isArray(schema.enum)
    ? schema.enum.map((value) => JSON.stringify(value)).join(" | ")
    : typeof type === "string" && type !== "object" && type !== "array"
    ? type
    : JSON.stringify({ ...schema, description: undefined });
  return typeof description === "string" ? `${plain} (${description})` : plain;
}

/** The tools that the wish leaves. */
function offered(tools: readonly ToolFunction[], wish: ToolWish): readonly ToolFunction[] {
  if (typeof wish === "string") return tools;
  const one = tools.find(({ name }) => name === wish.name);
  if (!one) throw new FlintError("bad_input", `tool_choice names "${wish.name}", which is no tool`);
  return [one];
}

function questionOf({ tools, wish, parallel }: Choice): string {
  const some = offered(tools, wish);
  const call = `${parallel ? "a JSON array of calls, each " : ""}{"tool":NAME,"arguments":{...}}`;
  if (wish !== "auto") {
    return `Call ${
      some.length === 1 ? some[0]!.name : "the tool that serves best"
    }: reply with ${call}, ` +
      "the arguments taken from the conversation.";
  }
  return "If one of the tools can do or look up what the user's last message asks for, reply with " +
    `${call}, the arguments taken from the conversation. If it is talk, writing or knowledge that ` +
    `needs no tool, or a tool's answer is there already, reply with {"tool":"${noTool(some)}"}.`;
}

/** The name that stands for no call; never one of the tools'. */
function noTool(tools: readonly ToolFunction[]): string {
  let name = "none";
  while (tools.some((tool) => tool.name === name)) name += "_";
  return name;
}

/** What the decision may look like. */
function choiceSchema({ tools, wish, parallel }: Choice): Record<string, unknown> {
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
