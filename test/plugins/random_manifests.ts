/** Random manifests, and what each format can say of one. */
import fc from "fast-check";
import { type Assistant, type AssistantDraft, CATEGORIES } from "@flint/plugins";
import { stored } from "./stored.ts";

/** Text of a few whole characters. */
export const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const plain = (max: number, lines = false) =>
  fc.array(
    fc.oneof(
      words,
      fc.constantFrom(' """ ', '"', "\n", " {{char}} ", "# flint {}", "FROM x", "中文 好"),
    ),
    {
      minLength: 1,
      maxLength: 12,
    },
  ).map((parts) => parts.join(lines ? "\n" : " "))
    .map((text) => {
      const clean = text.toWellFormed().replace(
        /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu,
        (c) => lines && c === "\n" ? c : " ",
      );
      return clean.normalize("NFC").trim().slice(0, max).toWellFormed().normalize("NFC").trim();
    })
    .filter((text) => text !== "" && text.length <= max);

const sampling = fc.record({
  temperature: fc.integer({ min: 0, max: 200 }).map((n) => n / 100),
  topP: fc.double({ min: 0, max: 1, noNaN: true }),
  topK: fc.integer({ min: 0, max: 1000 }),
  minP: fc.double({ min: 0, max: 1, noNaN: true }),
  repetitionPenalty: fc.double({ min: 0.5, max: 2, noNaN: true }),
  maxTokens: fc.integer({ min: 1, max: 32_768 }),
}, { requiredKeys: [], noNullPrototype: true });

/** Assistants as the registry stores them. */
export const manifest: fc.Arbitrary<Assistant> = fc.record({
  name: plain(80),
  description: fc.oneof(fc.constant(""), plain(1000, true)),
  instructions: plain(2000, true),
  starters: fc.array(plain(500, true), { maxLength: 8 }),
  category: fc.constantFrom(...CATEGORIES),
  language: fc.constantFrom("en", "zh-CN", "fr", "pt-BR"),
  tags: fc.array(plain(40), { maxLength: 16 }),
  avatar: fc.constantFrom("💬", "🧑🏽‍💻", "svg:owl"),
  model: fc.constantFrom("default", "smollm2-135m"),
  sampling,
  tools: fc.array(
    fc.record({
      plugin: fc.constantFrom("calculator", "weather-2"),
      tools: fc.array(fc.constantFrom("a", "get_b"), { maxLength: 3 }),
      ask: fc.constantFrom("always", "once", "never"),
    }, { requiredKeys: ["plugin"], noNullPrototype: true }),
    { maxLength: 4 },
  ),
  knowledge: fc.array(fc.constantFrom("handbook", "说明书"), { maxLength: 3 }),
  grounding: fc.constantFrom("mark", "withhold"),
  visibility: fc.constantFrom("private", "link", "public"),
}).map((draft) => stored(draft as AssistantDraft));

/** What a format can say of a manifest; the table in plugins/README.md in code. */
export const SAYABLE: Record<string, (assistant: Assistant) => Partial<Assistant>> = {
  lobe: ({ name, description, instructions, starters, tags, avatar, sampling }) => {
    const { temperature, topP, maxTokens } = sampling;
    const kept = Object.entries({ temperature, topP, maxTokens }).filter(([, v]) =>
      v !== undefined
    );
    return {
      name,
      description,
      instructions,
      starters,
      tags,
      avatar,
      sampling: Object.fromEntries(kept),
    };
  },
  card: (assistant) => ({ ...everything(assistant), instructions: unfolded(assistant) }),
  "card-v1": (assistant) => ({ ...everything(assistant), instructions: unfolded(assistant) }),
  png: (assistant) => ({ ...everything(assistant), instructions: unfolded(assistant) }),
  modelfile: everything,
  "open-webui": everything,
  gpt: everything,
  openai: ({ name, instructions, category, language, avatar, model, sampling, visibility }) => ({
    name,
    instructions,
    category,
    language,
    avatar,
    model,
    sampling,
    visibility,
  }),
};

function everything(assistant: Assistant): Partial<Assistant> {
  const { id: _, version: _v, createdAt: _c, updatedAt: _u, extra: _e, ...fields } = assistant;
  return fields;
}

const unfolded = ({ instructions, name }: Assistant) =>
  instructions.replaceAll("{{char}}", () => name);
