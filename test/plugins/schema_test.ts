/** What the manifest refuses, and in which words. */
import assert from "node:assert/strict";
import { FlintError } from "@flint/core";
import { Assistant, AssistantDraft, AssistantPatch, parse } from "@flint/plugins";

const good = { name: "Owl", instructions: "Answer briefly." };

function refusal(value: unknown): string {
  try {
    parse(AssistantDraft, value);
  } catch (error) {
    assert(error instanceof FlintError && error.code === "bad_input", String(error));
    return error.message;
  }
  throw new Error("was accepted");
}

const refused: [what: string, value: unknown, words: RegExp][] = [
  ["no name", { instructions: "x" }, /^name is missing: give a text$/],
  ["no instructions", { name: "Owl" }, /^instructions is missing/],
  ["a number as name", { ...good, name: 5 }, /^name must be a text, got a number$/],
  ["a blank name", { ...good, name: "  " }, /^name is empty: write something$/],
  ["a long name", { ...good, name: "x".repeat(81) }, /^name is too long: at most 80 .*got 81$/],
  ["two lines in a name", { ...good, name: "a\nb" }, /^name must be one line/],
  ["a bell in a name", { ...good, name: "a\u0007b" }, /^name has control characters/],
  ["reversed text", { ...good, name: "gnp.\u202eexe" }, /^name has control characters/],
  ["half a character", { ...good, name: "a\ud83d" }, /^name has half a character/],
  [
    "nine starters",
    { ...good, starters: Array(9).fill("hi") },
    /^starters is too long: at most 8 items/,
  ],
  ["an empty starter", { ...good, starters: ["hi", ""] }, /^starters\[1\] is empty/],
  [
    "an unknown shelf",
    { ...good, category: "cats" },
    /^category must be one of writing, .*got "cats"$/,
  ],
  ["no language", { ...good, language: "englisch!" }, /^language must be a BCP 47 language tag/],
  ["an id with capitals", { ...good, id: "Owl" }, /^id must be lower-case words/],
  ["a word as avatar", { ...good, avatar: "memo" }, /^avatar must be one or two emoji/],
  ["markup as avatar", { ...good, avatar: "<svg>" }, /^avatar must be/],
  [
    "heat",
    { ...good, sampling: { temperature: 3 } },
    /^sampling.temperature is too large: at most 2, got 3$/,
  ],
  ["NaN", { ...good, sampling: { topP: NaN } }, /^sampling.topP must be/],
  [
    "an unknown field",
    { ...good, colour: "red" },
    /^colour is not a field here: the fields are id, name/,
  ],
  [
    "an unknown inner field",
    { ...good, sampling: { heat: 1 } },
    /^sampling.heat is not .*temperature, topP/,
  ],
  ["a version", { ...good, version: 7 }, /^version is not a field here/],
  ["a prototype", JSON.parse('{"__proto__":{"a":1}}'), /^"__proto__" is not allowed/],
  [
    "a deep prototype",
    JSON.parse('{"extra":{"a":[{"constructor":1}]}}'),
    /^"constructor" is not allowed/,
  ],
  ["a deep nest", { ...good, extra: nest(50) }, /nests deeper than 32/],
  ["a huge extra", { ...good, extra: { a: "x".repeat(300_000) } }, /^extra must be at most 256000/],
  ["code", { ...good, extra: { a: () => 1 } }, /^extra.a must be JSON, got a function$/],
  ["a list", [], /^the value must be an object, got a list$/],
  ["nothing", null, /^the value must be an object, got null$/],
  ["much at once", { name: 1, tags: 1, avatar: 1, model: 1 }, /; .*; and 2 more$/],
];

for (const [what, value, words] of refused) {
  Deno.test(`schema: a draft with ${what} is refused in words`, () => {
    assert.match(refusal(value), words);
  });
}

Deno.test("schema: name and instructions are enough", () => {
  assert.deepEqual(parse(AssistantDraft, good), good);
});

Deno.test("schema: texts are trimmed and composed, language tags canonical", () => {
  const draft = parse(AssistantDraft, { ...good, name: " Cafe\u0301 ", language: "zh-cn" });
  assert.equal(draft.name, "Caf\u00e9");
  assert.equal(draft.language, "zh-CN");
});

Deno.test("schema: emoji of every make are avatars", () => {
  for (const avatar of ["🧑🏽‍💻", "🇫🇷", "1️⃣", "🏴‍☠️", "🇨🇳🇯🇵", "svg:owl-2"]) {
    assert.equal(parse(AssistantDraft, { ...good, avatar }).avatar, avatar);
  }
});

Deno.test("schema: a patch may be empty and adds no defaults", () => {
  assert.deepEqual(parse(AssistantPatch, {}), {});
});

Deno.test("schema: every field of the manifest but times and version tells what it is", () => {
  const silent = Object.entries(Assistant.shape).filter(([, field]) => !field.meta()?.description);
  assert.deepEqual(silent.map(([name]) => name), ["sampling", "createdAt", "updatedAt"]);
});

function nest(depth: number): unknown {
  return depth === 0 ? 1 : { a: nest(depth - 1) };
}
