/** Formats under random manifests and random documents: nothing is lost but what is said to be. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlintError } from "@flint/core";
import {
  type Assistant,
  exportAssistant,
  exportFile,
  FILE_FORMATS,
  importAssistant,
  importFile,
} from "@flint/plugins";
import { parseModelfile, quote } from "../../plugins/formats/modelfile_syntax.ts";
import { drawPng } from "../../plugins/formats/png.ts";
import { manifest, SAYABLE, words } from "./random_manifests.ts";
import { stored } from "./stored.ts";

/** Of any size: drawing one for each run would be most of the time. */
const picture = drawPng("x");

for (const [name, sayable] of Object.entries(SAYABLE)) {
  Deno.test(`formats: 1,000 random manifests come back from ${name} as far as it can say them`, () => {
    fc.assert(
      fc.property(manifest, (assistant) => {
        const imported = importFile(exportFile(assistant, name, picture).bytes, "nameless");
        assert.deepEqual(imported.map(({ format }) => format), [name]);
        const back = stored(imported[0]!.draft);
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
const REQUIRED = new Set([
  "meta",
  "title",
  "data",
  "name",
  "params",
  "gizmo",
  "display",
  "instructions",
  "object",
]);
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
  "open-webui": loose({
    name,
    params: loose({
      system: maybe(words),
      temperature: maybe(fc.constantFrom(0.5, "1")),
      max_tokens: maybe(fc.constantFrom(128, 0)),
      stop: anything,
    }),
    meta: loose({
      description: maybe(fc.constantFrom("An owl", null)),
      suggestion_prompts: maybe(
        fc.array(loose({ content: maybe(words), title: fc.constant(["a", "b"]) })),
      ),
      tags: maybe(fc.array(fc.record({ name: words }))),
      flint: maybe(loose({ category: maybe(fc.constant("games")) })),
      toolIds: anything,
    }),
  }),
  gpt: fc.oneof(
    loose({
      name,
      instructions: words,
      description: maybe(fc.string()),
      conversation_starters: maybe(fc.array(words)),
      capabilities: anything,
      flint: maybe(loose({ tags: maybe(fc.constant(["a"])) })),
    }),
    loose({ name, instructions: words, prompt_starters: maybe(fc.array(words)) }),
    loose({
      gizmo: loose({
        instructions: maybe(words),
        display: loose({ name, prompt_starters: maybe(fc.array(fc.string())) }),
      }),
      tools: anything,
    }),
  ),
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
  assert.deepEqual(Object.keys(SAYABLE).sort(), [...FILE_FORMATS].sort());
});
