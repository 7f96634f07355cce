/**
 * Which tool, if any, serves the conversation next: asked of the model behind the conversation, so
 * that its KV is shared with the answer's, under grammars that know only real tools and valid
 * arguments. First which, then with what: one thing at a time is what small models do best.
 */
import {
  type ChatMessage,
  checkSchema,
  type Engine,
  FlintError,
  type GenerateEvent,
  type GenerateRequest,
  type TextFace,
} from "@flint/core";
import type { Json } from "../json.ts";
import { firstWords } from "../plain_text.ts";
import { argumentSchema, givenArguments } from "./argument_schema.ts";
import { takesRole } from "./roles.ts";

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

/** A new id for a call, in the form that OpenAI's have. */
export function callId(): string {
  return `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

/** What is chosen from; the conversation begins with these tools (withTools). */
export interface Choice {
  readonly tools: readonly ToolFunction[];
  readonly wish: ToolWish;
  /** Whether several calls may be wanted at once. */
  readonly parallel: boolean;
  /** Whether a schema that no grammar follows asks for any object; else it is refused. */
  readonly loose?: boolean;
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
/**
 * Added to the logit of calling nothing, as Qwen2.5-Coder-1.5B calls too readily: of 21 turns with
 * three tools (tuning half of test/plugins/tools/choice_set.json) it called one for a haiku and a
 * joke by 0.7 and less, and needed calls were decided by 0.8 and more.
 */
const TALK_BIAS = 0.75;
/** Room for a name, and for long arguments. */
const NAME_TOKENS_MAX = 128, CALL_TOKENS_MAX = 1024;
/** What is shown of a tool's description and of its parameters. */
const DESCRIPTION_CHARS_MAX = 300, SIGNATURE_CHARS_MAX = 1000;
const NO_PARAMETERS = { type: "object", properties: {}, additionalProperties: false } as const;

/**
 * Asks the model. `ask` makes the request that puts a question behind the conversation.
 * @throws FlintError bad_input when a tool's schema is not understood or no such tool is there
 */
export async function chooseTools(
  engine: Engine,
  choice: Choice,
  ask: (question: string) => GenerateRequest,
  signal?: AbortSignal,
): Promise<Chosen> {
  if (!choice.loose) {
    choice.tools.forEach(({ parameters }) => parameters && checkSchema(parameters));
  }
  const said = new Said(engine, ask, signal);
  const calls: ToolCall[] = [];
  for (const name of await chosenNames(choice, said)) {
    const tool = choice.tools.find((one) => one.name === name)!;
    const values = await chosenValues(tool, calls, said);
    if (values) calls.push({ name, arguments: values });
  }
  return { calls, done: said.done };
}

/** Puts questions to the model and adds up what that costs. */
class Said {
  readonly #engine: Engine;
  readonly #ask: (question: string) => GenerateRequest;
  readonly #signal: AbortSignal | undefined;
  #done: Done | undefined;

  constructor(engine: Engine, ask: (question: string) => GenerateRequest, signal?: AbortSignal) {
    this.#engine = engine;
    this.#ask = ask;
    this.#signal = signal;
  }

  /** JSON of a schema; undefined where it found no end. */
  async json(
    question: string,
    jsonSchema: Readonly<Record<string, unknown>>,
    tokensMax: number,
    logitBias: ReadonlyMap<number, number> = new Map(),
  ): Promise<unknown> {
    const request = { ...this.#ask(question), jsonSchema, sampling: { temperature: 0, logitBias } };
    const room = this.#engine.limits.contextTokens - request.prompt.length;
    const maxTokens = Math.max(1, Math.min(tokensMax, room));
    let text = "";
    for await (const event of this.#engine.generate({ ...request, maxTokens }, this.#signal)) {
      if (event.type === "token") text += event.text;
      else {
        this.#add(event);
        return event.reason === "stop" ? JSON.parse(text) : undefined;
      }
    }
    throw new FlintError("cancelled", "the choice was cancelled");
  }

  /** A leaning towards one name, by the token that it begins with. */
  towards(name: string, by: number): Map<number, number> {
    const { text } = this.#engine;
    const before = text.encode('{"tool":"');
    const first = text.encode(`{"tool":"${name}`).find((id, i) => id !== before[i]);
    return new Map(first === undefined ? [] : [[first, by]]);
  }

  /** The last question's end, with the tokens of all. */
  get done(): Done {
    return this.#done!;
  }

  #add(done: Done): void {
    const before = this.#done?.usage.completionTokens ?? 0;
    const completionTokens = before + done.usage.completionTokens;
    this.#done = { ...done, usage: { ...done.usage, completionTokens } };
  }
}

/** The names of the tools to call; none: it would rather talk. */
async function chosenNames(choice: Choice, said: Said): Promise<readonly string[]> {
  const { tools, wish, parallel } = choice;
  if (typeof wish === "object") {
    if (tools.some(({ name }) => name === wish.name)) return [wish.name];
    throw new FlintError("bad_input", `tool_choice names "${wish.name}", which is no tool`);
  }
  const talk = wish === "auto" ? [talkName(tools)] : [];
  const one = { enum: [...talk, ...tools.map(({ name }) => name)] };
  const tool = parallel ? { type: "array", items: one, minItems: 1, maxItems: CALLS_MAX } : one;
  const schema = {
    type: "object",
    properties: { tool },
    required: ["tool"],
    additionalProperties: false,
  };
  const leaning = new Map(talk.flatMap((name) => [...said.towards(name, TALK_BIAS)]));
  const chosen = await said.json(questionOf(choice), schema, NAME_TOKENS_MAX, leaning);
  const names = [(chosen as { tool: string | string[] } | undefined)?.tool ?? []].flat();
  return names.filter((name) => !talk.includes(name));
}

/** The arguments of one call; undefined where they found no end. */
async function chosenValues(
  tool: ToolFunction,
  before: readonly ToolCall[],
  said: Said,
): Promise<ToolCall["arguments"] | undefined> {
  const { parameters = NO_PARAMETERS } = tool;
  const others = before.filter(({ name }) => name === tool.name)
    .map((call) => JSON.stringify(call.arguments));
  const question = `Call ${signatureOf(tool)}${
    others.length > 0 ? `, once more beside ${others.join(" and ")}` : ""
  }. Reply with its arguments as a JSON object, taken from the conversation: null for what it does not say.`;
  const values = await said.json(question, argumentSchema(parameters), CALL_TOKENS_MAX);
  return values === undefined ? undefined : givenArguments(values as Json, parameters);
}

/** The question follows the conversation; where a template has no place for it, in its last message. */
export function questioned(
  messages: readonly ChatMessage[],
  question: string,
  text: TextFace,
): ChatMessage[] {
  const last = messages.at(-1);
  if (!last || takesRole(text, "system")) {
    return [...messages, { role: "system", content: question }];
  }
  return [...messages.slice(0, -1), { ...last, content: `${last.content}\n\n${question}` }];
}

/**
 * The conversation with the tools told at its beginning: the same for every turn and for choosing
 * and answering alike, so that one prefix serves them all.
 */
export function withTools(
  messages: readonly ChatMessage[],
  tools: readonly ToolFunction[],
): ChatMessage[] {
  const [first, ...rest] = messages;
  if (first?.role !== "system") {
    return [{ role: "system", content: toolList(tools) }, ...messages];
  }
  return [{ ...first, content: `${first.content}\n\n${toolList(tools)}` }, ...rest];
}

/** The tools as the model is told of them. */
export function toolList(tools: readonly ToolFunction[]): string {
  return `You have these tools:\n${tools.map((tool) => `- ${signatureOf(tool)}`).join("\n")}`;
}

/**
 * One line a tool: a signature takes a third of the tokens that its JSON schema does. What others
 * wrote of their tools is kept short, and can't begin a line of its own.
 */
function signatureOf({ name, description, parameters = NO_PARAMETERS }: ToolFunction): string {
  const { properties = {}, required = [] } = parameters as {
    properties?: Record<string, Record<string, unknown>>;
    required?: string[];
  };
  const values = Object.entries(properties).map(([key, schema]) =>
    `${key}${required.includes(key) ? "" : "?"}: ${typeOf(schema)}`
  );
  const does = description ? `: ${firstWords(description, DESCRIPTION_CHARS_MAX)}` : "";
  return firstWords(`${name}(${values.join(", ")})`, SIGNATURE_CHARS_MAX) + does;
}

function typeOf(schema: Record<string, unknown>): string {
  const { type, description } = schema;
  const plain = Array.isArray(schema.enum)
    ? schema.enum.map((value) => JSON.stringify(value)).join(" | ")
    : typeof type === "string" && type !== "object" && type !== "array"
    ? type
    : JSON.stringify({ ...schema, description: undefined });
  return typeof description === "string" ? `${plain} (${firstWords(description, 120)})` : plain;
}

function questionOf({ tools, wish }: Choice): string {
  if (wish !== "auto") {
    return `Call the tool that serves the user's last message best: reply with {"tool":NAME}.`;
  }
  // Only the name is taken from this answer; asked without arguments, the model called nothing.
  return `If one of the tools can do or look up what the user's last message asks for, reply ` +
    'with {"tool":NAME,"arguments":{...}}, the arguments taken from the conversation. If it is talk, ' +
    "writing or knowledge that needs no tool, or a tool's answer is there already, reply with " +
    `{"tool":"${talkName(tools)}"}.`;
}

/** The name that stands for talking; never one of the tools'. */
function talkName(tools: readonly ToolFunction[]): string {
  let name = "none";
  while (tools.some((tool) => tool.name === name)) name += "_";
  return name;
}
