/** What a draft's texts cost a model, and how many are fit: each field alone, against one JSON of all. */
import type { Engine } from "@flint/core";
import {
  check,
  fieldMessages,
  fieldSchema,
  writeField,
  type Written,
  WRITTEN_FIELDS,
  type WrittenField,
} from "../../plugins/builder/fields.ts";
import { readWish, type Wish } from "../../plugins/builder/wish.ts";
import type { RequestCase } from "../plugins/builder/evaluation.ts";

/** Sums over all wishes. */
export interface DraftFigures {
  readonly wishes: number;
  readonly fit: number;
  readonly texts: number;
  readonly prompt: number;
  readonly prefilled: number;
  readonly written: number;
  readonly ms: number;
}

/** Each field in a request of its own, behind the beginning they share. */
export function fieldByField(engine: Engine, cases: readonly RequestCase[]): Promise<DraftFigures> {
  return sum(cases, async (wish) => {
    const written: Written[] = [];
    for (const field of WRITTEN_FIELDS) written.push(await writeField(engine, wish, field));
    return written;
  });
}

/** All fields in one object, after one prompt that asks for all of them. */
export function oneShot(engine: Engine, cases: readonly RequestCase[]): Promise<DraftFigures> {
  return sum(cases, async (wish) => {
    const [system] = fieldMessages(wish, "name");
    const orders = WRITTEN_FIELDS.map((field) =>
      `${field}: ${fieldMessages(wish, field)[1]!.content}`
    );
    const prompt = engine.text.chat([system!, { role: "user", content: orders.join("\n") }]);
    const properties = Object.fromEntries(
      WRITTEN_FIELDS.map((field) => [field, fieldSchema(field, wish.chinese)]),
    );
    const jsonSchema = {
      type: "object",
      properties,
      required: WRITTEN_FIELDS,
      additionalProperties: false,
    };
    const sampling = { temperature: 0, repetitionPenalty: 1.05 };
    let text = "";
    let usage: Written["usage"] = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
    for await (const event of engine.generate({ prompt, jsonSchema, sampling, maxTokens: 384 })) {
      if (event.type === "token") text += event.text;
      else usage = event.usage;
    }
    const nothing = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
    return WRITTEN_FIELDS.map((field, i) => ({
      field,
      ...check(partOf(text, field), wish, field),
      usage: i === 0 ? usage : nothing,
    }));
  });
}

async function sum(
  cases: readonly RequestCase[],
  write: (wish: Wish) => Promise<readonly Written[]>,
): Promise<DraftFigures> {
  const total = { wishes: 0, fit: 0, texts: 0, prompt: 0, prefilled: 0, written: 0, ms: 0 };
  for (const { text } of cases) {
    const began = performance.now();
    const all = await write(readWish(text));
    total.ms += performance.now() - began;
    total.wishes++;
    for (const { field, texts, fault, usage } of all) {
      total.texts++;
      if (texts.length > 0) total.fit++;
      total.prompt += usage.promptTokens;
      total.prefilled += usage.promptTokens - usage.cachedTokens;
      total.written += usage.completionTokens;
      if (Deno.env.has("TEXTS")) console.log(`    ${field}: ${texts.join(" | ") || `(${fault})`}`);
    }
  }
  return total;
}

/** One field of the object as an object of its own; "" where the answer broke off. */
function partOf(text: string, field: WrittenField): string {
  try {
    return JSON.stringify({ [field]: JSON.parse(text)[field] });
  } catch {
    return "";
  }
}
