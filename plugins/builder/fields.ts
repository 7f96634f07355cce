/**
 * The texts that a model writes for a draft: each field alone, under a JSON schema, all behind one
 * common beginning (the wish), whose keys and values the engine computes once.
 */
import {
  type ChatMessage,
  type Engine,
  FlintError,
  type GenerateRequest,
  type Usage,
} from "@flint/core";
import { bareDescription, faultOf, isAbout, isUsers } from "./text_check.ts";
import { sharedPrefix } from "../prompt.ts";
import type { Wish } from "./wish.ts";

/** A field that a model writes; `rules` become lines of the instructions. */
export type WrittenField = "name" | "description" | "rules" | "starters";

/** In the order in which they are written. */
export const WRITTEN_FIELDS: readonly WrittenField[] = ["name", "description", "rules", "starters"];

/** How a field is asked for. */
interface Task {
  readonly en: string;
  readonly zh: string;
  /** Texts wanted; more than one is a list. */
  readonly count: number;
  readonly min: number;
  /** Characters; Chinese ones hold more. */
  readonly max: { readonly en: number; readonly zh: number };
  readonly tokens: number;
}

const TASKS: Readonly<Record<WrittenField, Task>> = {
  name: {
    en: "Invent a short name for it: two or three words that tell what it does.",
    zh: "给它起一个名字，2到8个字，让人一看就知道它做什么。",
    count: 1,
    min: 2,
    max: { en: 36, zh: 12 },
    tokens: 24,
  },
  description: {
    en: "Say in one sentence what it does and for whom.",
    zh: "用一句话说明它做什么、为谁而做。",
    count: 1,
    min: 12,
    max: { en: 180, zh: 80 },
    tokens: 72,
  },
  rules: {
    en: "Write three short orders that tell it how to do its work well. Begin each with a verb.",
    zh: "写三条简短的要求，告诉它怎样把事情做好。",
    count: 3,
    min: 8,
    max: { en: 120, zh: 50 },
    tokens: 128,
  },
  starters: {
    en: "Write four different messages that a user could send to it, each a question or a request.",
    zh: "写四条不同的消息，是用户可能发给它的问题或请求。",
    count: 4,
    min: 6,
    max: { en: 110, zh: 45 },
    tokens: 160,
  },
};

/** What a model wrote for one field; `texts` is empty if it was unfit, and `fault` says why. */
export interface Written {
  readonly field: WrittenField;
  readonly texts: readonly string[];
  readonly fault: string | undefined;
  readonly usage: Usage;
}

/** The request for one field. `prefixTokens` is what all fields of the wish have in common. */
export function fieldRequest(engine: Engine, wish: Wish, field: WrittenField): GenerateRequest {
  const { tokens } = TASKS[field];
  const prompt = engine.text.chat(fieldMessages(wish, field));
  const system = engine.text.chat(fieldMessages(wish, field).slice(0, 1), { open: false });
  return {
    prompt,
    jsonSchema: objectOf(field, wish.chinese),
    maxTokens: tokens,
    sampling: { temperature: 0, repetitionPenalty: 1.05 },
    prefixTokens: sharedPrefix(system, prompt),
  };
}

/** Writes one field. Throws what the engine throws, but for a wish too long for the model's context. */
export async function writeField(
  engine: Engine,
  wish: Wish,
  field: WrittenField,
  signal?: AbortSignal,
): Promise<Written> {
  let text = "";
  let usage: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  try {
    for await (const event of engine.generate(fieldRequest(engine, wish, field), signal)) {
      if (event.type === "token") text += event.text;
      else usage = event.usage;
    }
  } catch (error) {
    if (!(error instanceof FlintError && error.code === "over_budget")) throw error;
    return { field, texts: [], fault: error.message, usage };
  }
  return { field, ...check(text, wish, field), usage };
}

/** The texts of an answer, or why they won't do. */
export function check(
  json: string,
  wish: Wish,
  field: WrittenField,
): Pick<Written, "texts" | "fault"> {
  const unfit = (fault: string) => ({ texts: [], fault });
  const texts = textsIn(json, field);
  if (!texts) return unfit("breaks off");
  const { min, max, count } = TASKS[field];
  const { chinese } = wish;
  const told = fieldMessages({ ...wish, text: "" }, field).map(({ content }) => content).join("\n");
  const wanted = { min, max: max[chinese ? "zh" : "en"], chinese, prompt: told };
  const trimmed = texts.map((text) => String(text).trim().replace(/\s+/g, " "))
    .map((text) => field === "description" ? bareDescription(text) : text);
  const fault = trimmed.map((text) => faultOf(text, wanted)).find((one) => one !== undefined);
  if (fault) return unfit(fault);
  if (new Set(trimmed).size < count) return unfit("says one thing twice");
  if (field === "starters" && !trimmed.every(isUsers)) {
    return unfit("spoken by the assistant");
  }
  if (field === "rules") return { texts: trimmed, fault: undefined }; // on manner, not on the subject
  const onTopic = trimmed.filter((text) => isAbout(text, wish.text)).length;
  return onTopic * 2 < count ? unfit("about something else") : { texts: trimmed, fault: undefined };
}

/** What the model is told: the wish, which all fields have in common, and the field's own order. */
export function fieldMessages({ text, chinese }: Wish, field: WrittenField): ChatMessage[] {
  const system = chinese
    ? `你为一个聊天助手写资料。想要它的人说：\n“${text}”\n只写要求的内容，用中文，简短具体。`
    : `You write about a chat assistant. The person who wants it said:\n“${text}”\nWrite only what is asked for, in English, brief and concrete.`;
  const task = TASKS[field][chinese ? "zh" : "en"];
  return [{ role: "system", content: system }, { role: "user", content: task }];
}

/** What the value of a field must be. */
export function fieldSchema(
  field: WrittenField,
  chinese: boolean,
): Readonly<Record<string, unknown>> {
  const { count, min, max } = TASKS[field];
  const text = { type: "string", minLength: min, maxLength: max[chinese ? "zh" : "en"] };
  return count === 1 ? text : { type: "array", items: text, minItems: count, maxItems: count };
}

function objectOf(field: WrittenField, chinese: boolean): Readonly<Record<string, unknown>> {
  return {
    type: "object",
    properties: { [field]: fieldSchema(field, chinese) },
    required: [field],
    additionalProperties: false,
  };
}

function textsIn(json: string, field: WrittenField): string[] | undefined {
  try {
    const value = JSON.parse(json)[field];
    return Array.isArray(value) ? value : [value];
  } catch {
    return undefined; // the answer was cut at its longest
  }
}
