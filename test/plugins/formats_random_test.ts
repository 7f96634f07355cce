/** Formats under random manifests and random documents: nothing is lost but what is said to be. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlintError } from "@flint/core";
import {
  type Assistant,
  type AssistantDraft,
  CATEGORIES,
  exportAssistant,
  FORMATS,
  importAssistant,
} from "@flint/plugins";
import { parseModelfile, quote } from "../../plugins/formats/modelfile_syntax.ts";
import { stored } from "./stored.ts";

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
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

const manifest: fc.Arbitrary<Assistant> = fc.record({
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
  visibility: fc.constantFrom("private", "link", "public"),
}).map((draft) => stored(draft as AssistantDraft));

/** What a format can say of a manifest; the table in plugins/README.md in code. */
const SAYABLE: Record<string, (assistant: Assistant) => Partial<Assistant>> = {
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
  modelfile: everything,
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

for (const [name, sayable] of Object.entries(SAYABLE)) {
  Deno.test(`formats: 1,000 random manifests come back from ${name} as far as it can say them`, () => {
    fc.assert(
      fc.property(manifest, (assistant) => {
        const { format, draft } = importAssistant(exportAssistant(assistant, name), "nameless");
        assert.equal(format, name);
        const back = stored(draft);
        const expected = sayable(assistant);
        const actual = Object.fromEntries(
          Object.keys(expected).map((key) => [key, back[key as keyof Assistant]]),
        );
        assert.deepEqual(actual, expected);
      }),
      { numRuns: 1000, seed: 6 },
    );
  });
}

/** Without a name the file gives one, which is then exported. */
const REQUIRED = new Set(["meta", "title", "data", "name"]);
const name = words.filter((text) => /\p{L}/u.test(text));

/** JSON of any shape that may stand in a document. */
const anything = fc.jsonValue({ maxDepth: 3 });
const maybe = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: anything });
const loose = (shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc.tuple(
    fc.dictionary(words, anything, { maxKeys: 3 }),
    fc.record(shape, { requiredKeys: Object.keys(shape).filter((key) => REQUIRED.has(key)) }),
  )
    .map(([more, fields]) => ({ ...more, ...fields }));

const DOCUMENTS: Record<string, fc.Arbitrary<unknown>> = {
  lobe: loose({
    locale: maybe(fc.constantFrom("fr-FR", "")),
    meta: loose({
      title: name,
      description: maybe(fc.string()),
      avatar: maybe(fc.constantFrom("🦉", "https://x/y.png")),
      tags: maybe(fc.array(words)),
      category: maybe(fc.constantFrom("general", "office", "cats")),
    }),
    config: loose({
      systemRole: fc.oneof(words, fc.constant("  be kind\r\n")),
      openingQuestions: maybe(fc.array(fc.string(), { maxLength: 12 })),
      params: loose({ temperature: maybe(fc.constantFrom(0.5, 7)), top_p: maybe(fc.constant(1)) }),
    }),
  }),
  card: loose({
    spec: fc.constantFrom("chara_card_v2", "chara_card_v3"),
    data: loose({
      name,
      description: maybe(fc.constantFrom("{{char}} likes {{user}}", "", " an owl ")),
      personality: maybe(fc.string()),
      scenario: maybe(fc.constant("")),
      mes_example: maybe(fc.string()),
      tags: maybe(fc.array(fc.string())),
      extensions: maybe(
        loose({
          flint: maybe(
            loose({ category: maybe(fc.constant("games")), language: fc.constant("ja") }),
          ),
        }),
      ),
      character_book: anything,
    }),
  }),
  openai: loose({
    object: fc.constant("assistant"),
    name,
    instructions: maybe(words),
    temperature: maybe(fc.constantFrom(1, 0.123)),
    metadata: maybe(
      loose({ flint_tags: maybe(fc.constantFrom('["a"]', "[", '[ "a" ]')), other: fc.string() }),
    ),
    tools: anything,
  }),
};

for (const [name, documents] of Object.entries(DOCUMENTS)) {
  Deno.test(`formats: a ${name} document of any shape exports as it came, or is refused in words`, () => {
    let imported = 0;
    fc.assert(
      fc.property(documents, (document) => {
        const before = JSON.parse(JSON.stringify(document)); // -0 and the like
        let draft;
        try {
          ({ draft } = importAssistant(JSON.stringify(before), "nameless"));
        } catch (error) {
          assert(error instanceof FlintError && error.code === "bad_input", String(error));
          return;
        }
        imported++;
        assert.deepEqual(JSON.parse(exportAssistant(stored(draft), name)), before);
      }),
      { numRuns: 1000, seed: 6 },
    );
    assert(imported > 200, `only ${imported} were imported`);
  });
}

Deno.test("formats: any text that a Modelfile can quote is read back as it was", () => {
  const text = fc.array(fc.constantFrom('"', '"""', "\n", " ", "#", "FROM a", "é", "\t"), {
    maxLength: 12,
  });
  let quoted = 0;
  fc.assert(
    fc.property(text, (parts) => {
      const value = parts.join("");
      const said = quote(value);
      if (said === undefined) return;
      quoted++;
      assert.deepEqual(parseModelfile(`FROM a\nSYSTEM ${said}\nLICENSE x`)[1], {
        name: "system",
        value,
      });
    }),
    { numRuns: 5000, seed: 6 },
  );
  assert(quoted > 2500, `${quoted} of 5000`);
});

Deno.test("formats: every format is tried on random manifests", () => {
  assert.deepEqual(Object.keys(SAYABLE).sort(), [...FORMATS.keys()].sort());
});
