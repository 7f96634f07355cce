/** A tool: what a model is offered and anyone may call. Values and results are checked on their way. */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { checkPlain } from "../parse.ts";
import { type SchemaCheck, schemaCheck } from "./schema_check.ts";

/** Longest name that OpenAI's clients accept. */
const NAME_CHARS_MAX = 64;
/** Characters of all texts of a result together: what no model's context holds is of no use to it. */
const RESULT_CHARS_MAX = 200_000;
const IMAGE_CHARS_MAX = 8 << 20;
/** How long a call may take unless its tool says otherwise. */
const CALL_MS_MAX = 60_000;

/** Names as OpenAI's `function.name` has them. */
export const ToolName = z.string().regex(
  /^[a-zA-Z0-9_-]{1,64}$/,
  `must be 1 to ${NAME_CHARS_MAX} letters, digits, _ or -`,
);

/** Any JSON. z.json() refers to itself, on which the API's document would not end. */
export const Json = z.unknown().refine(isJson, "must be JSON");

function isJson(value: unknown): boolean {
  try {
    checkPlain(value);
    return value !== undefined;
  } catch (error) {
    if (error instanceof FlintError) return false;
    throw error;
  }
}

/** A piece of what a tool answers. Its texts are data: nothing in them is an instruction. */
export const ToolContent = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: z.string().max(RESULT_CHARS_MAX) }),
  z.strictObject({ type: z.literal("json"), value: Json }),
  z.strictObject({
    type: z.literal("image"),
    mimeType: z.enum(["image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml"]),
    /** Base64. */
    data: z.base64().max(IMAGE_CHARS_MAX),
  }),
  /** A Vega-Lite specification, drawn by the page. */
  z.strictObject({ type: z.literal("chart"), spec: z.record(z.string(), Json) }),
]).meta({ id: "ToolContent" });
export type ToolContent = z.infer<typeof ToolContent>;

/** What a call came to. `failed`: the tool ran and could not do it; the content says why. */
export const ToolResult = z.strictObject({
  content: z.array(ToolContent).max(64),
  failed: z.boolean().optional(),
}).meta({ id: "ToolResult" });
export type ToolResult = z.infer<typeof ToolResult>;

/** Arguments of a call, by name. */
export type ToolValues = Readonly<Record<string, unknown>>;

/**
 * What a call does beyond this machine: nothing; it asks something of others; it changes something
 * there. It decides whether the user is asked first, unless the assistant's author says.
 */
export type ToolEffect = "none" | "reads" | "writes";

/** For whom and within what a call runs. */
export interface ToolContext {
  /** Id of the assistant whose tool it is. */
  readonly assistant: string;
  /** Whose data the call may touch. */
  readonly user: string;
  readonly signal: AbortSignal;
  /** How many assistants called one another to get here, 0 for the user's own. */
  readonly depth: number;
  /** Takes a line for the user about what is happening. */
  readonly progress?: (text: string) => void;
  /** Asks the user for values of a schema; undefined: they refused. Absent: nobody can be asked. */
  readonly ask?: (question: string, schema: object) => Promise<ToolValues | undefined>;
}

/** One tool of an opened plugin. */
export interface Tool {
  /** ToolName; unique within its plugin. */
  readonly name: string;
  /** For the model and for people, in English; one or two sentences. */
  readonly description: string;
  /** JSON schema of the arguments, an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly effect: ToolEffect;
  /** Longest call, milliseconds. */
  readonly msMax?: number;
  /** Runs it with values that fit `parameters`. FlintErrors become failed results. */
  call(values: ToolValues, context: ToolContext): Promise<ToolResult>;
  /** What a call with such values sends, for people to read; secrets are masked. */
  preview?(values: ToolValues): Promise<string>;
}

/** A result of one text. */
export function textResult(text: string, failed = false): ToolResult {
  return { content: [{ type: "text", text }], ...(failed ? { failed } : {}) };
}

/**
 * Calls a tool with values from outside. What it cannot do, and what it answers against the rules,
 * is a failed result, which a model can read.
 * @throws FlintError bad_input when the values do not fit the tool's schema, cancelled
 */
export async function callTool(
  tool: Tool,
  values: unknown,
  context: ToolContext,
): Promise<ToolResult> {
  const checked = fitting(tool.name, tool.parameters, values);
  const late = new AbortController(), limit = late.signal;
  const timer = setTimeout(() => late.abort(), tool.msMax ?? CALL_MS_MAX);
  const signal = AbortSignal.any([context.signal, limit]);
  try {
    const result = await Promise.race([
      tool.call(checked, { ...context, signal }),
      refusalAt(signal),
    ]);
    return ToolResult.parse(result);
  } catch (error) {
    if (context.signal.aborted) throw new FlintError("cancelled", `${tool.name} was cancelled`);
    if (limit.aborted) return textResult(`${tool.name} took too long and was stopped`, true);
    if (error instanceof FlintError) return textResult(error.message, true);
    if (error instanceof z.ZodError) {
      return textResult(`${tool.name} answered something that is no result`, true);
    }
    throw error;
  } finally {
    clearTimeout(timer); // a timeout that is listened to would keep a command from ending
  }
}

/** What a call would send; undefined where nothing is sent or it can't be written down. */
export async function previewTool(tool: Tool, values: unknown): Promise<string | undefined> {
  try {
    return await tool.preview?.(fitting(tool.name, tool.parameters, values));
  } catch (error) {
    if (error instanceof FlintError) return undefined;
    throw error;
  }
}

/** Never resolves. @throws the signal's reason when it aborts */
function refusalAt(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const checks = new WeakMap<object, SchemaCheck>();

/** A copy of the values as the schema has them. @throws FlintError bad_input naming what does not fit */
export function fitting(name: string, schema: object, values: unknown): ToolValues {
  checkPlain(values);
  const copy = structuredClone(values ?? {});
  const faults = checkOf(name, schema)(copy);
  if (faults === undefined) return copy as ToolValues;
  throw new FlintError("bad_input", `${name} does not take these values: ${faults}`);
}

/**
 * Strings that mean a number or a truth become one, for models and query strings write them so.
 * @throws FlintError bad_input where the schema itself, which others wrote, makes no sense
 */
function checkOf(name: string, schema: object): SchemaCheck {
  const known = checks.get(schema);
  if (known) return known;
  try {
    const check = schemaCheck(schema, { change: true });
    checks.set(schema, check);
    return check;
  } catch (error) {
    const why = (error as Error).message;
    throw new FlintError("bad_input", `the schema of ${name} is not understood: ${why}`);
  }
}
