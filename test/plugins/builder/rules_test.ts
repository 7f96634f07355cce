/** What messages mean by rules alone: no model, no store. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { diffManifest, Manifest, parse } from "@flint/plugins";
import { bestCategory, scoreByWords } from "../../../plugins/builder/choose_category.ts";
import { compose } from "../../../plugins/builder/compose.ts";
import { apply, FIELDS, isComplete, type Kind, KINDS } from "../../../plugins/builder/operation.ts";
import { readRules } from "../../../plugins/builder/understand.ts";
import { bareDescription, isRepetitive, isUsers } from "../../../plugins/builder/text_check.ts";
import { readWish } from "../../../plugins/builder/wish.ts";
import { CATEGORIES } from "../../../plugins/schema.ts";
import { DRAFTS, holds, refinementCases, requestCases } from "./evaluation.ts";

const draftOf = (on: "en" | "zh") => parse(Manifest, DRAFTS[on]);

Deno.test("builder: rules read nearly all refinements of the tuning half, and their values", () => {
  const cases = refinementCases("tuning");
  const wrong = cases.filter(({ on, text, operation, after }) => {
    const draft = draftOf(on);
    const read = readRules(text, draft);
    if (read?.kind !== operation) return true;
    const changed = isComplete(read) ? apply(draft, read) : draft;
    const isStep = operation === "undo" || operation === "redo"; // the session's to do
    return !isStep &&
      !Object.entries(after).every(([field, constraint]) =>
        holds(changed[field as keyof Manifest], constraint)
      );
  });
  assert.ok(wrong.length <= 1, JSON.stringify(wrong.map(({ text }) => text)));
});

Deno.test("builder: a wish becomes a whole manifest without any model", () => {
  for (const { text, language, traits } of requestCases("tuning")) {
    const draft = compose(readWish(text), bestCategory(scoreByWords(text), new Map()));
    assert.deepEqual(parse(Manifest, draft), draft, text);
    assert.equal(draft.language, language, text);
    assert.equal(draft.starters.length, 4);
    assert.ok(draft.description !== "" && draft.tags.length > 0 && /^svg:/.test(draft.avatar));
    const said = [draft.name, draft.description, draft.instructions, ...draft.tags].join("\n")
      .toLowerCase();
    assert.ok(traits.every((some) => some.some((word) => said.includes(word))), text);
  }
});

const readings: [on: "en" | "zh", text: string, expected: object][] = [
  ["en", "could you please call it Max?", { kind: "set_name", text: "Max" }],
  ["en", "rename it", { kind: "set_name" }],
  ["en", 'add a starter: "Publish my essay"', { kind: "add_starter", text: "Publish my essay" }],
  ["en", "drop the ninth starter", { kind: "drop_starter" }],
  ["en", "untag kids", { kind: "remove_tag", text: "kids" }],
  ["en", "🦖", { kind: "set_avatar", text: "🦖" }],
  ["en", "no emojis in the answers", { kind: "add_instruction", text: "no emojis in the answers" }],
  ["en", "ask for the user's name first", {
    kind: "add_instruction",
    text: "ask for the user's name first",
  }],
  ["zh", "把名字改成“小墨”", { kind: "set_name", text: "小墨" }],
  ["zh", "请用日语回答", { kind: "set_language", text: "ja" }],
  ["zh", "简短一点", { kind: "add_instruction", text: "回答要简短，最多几句话。" }],
];
for (const [on, text, expected] of readings) {
  Deno.test(`builder: “${text}” is read`, () => {
    assert.deepEqual(readRules(text, draftOf(on)), expected);
  });
}

Deno.test("builder: one manner takes the place of its contrary", () => {
  const strict = apply(draftOf("en"), readRules("stricter", draftOf("en"))!);
  const friendly = apply(strict, readRules("friendlier, please", strict)!);
  assert.match(strict.instructions, /Be strict/);
  assert.doesNotMatch(friendly.instructions, /Be strict/);
  assert.match(friendly.instructions, /Be friendly/);
});

Deno.test("builder: answering in another language changes its one line", () => {
  const french = apply(draftOf("en"), { kind: "set_language", text: "fr" });
  const german = apply(french, { kind: "set_language", text: "de" });
  assert.equal(german.language, "de");
  assert.equal(
    german.instructions.split("\n").length,
    draftOf("en").instructions.split("\n").length,
  );
  assert.match(german.instructions, /Always answer in German\.$/);
});

const operations = fc.record({
  kind: fc.constantFrom(...KINDS),
  text: fc.oneof(
    fc.string({ minLength: 1, maxLength: 60 }),
    fc.constantFrom("fr", "kids", "🦉", ...CATEGORIES),
  ),
  at: fc.integer({ min: 0, max: 7 }),
  old: fc.constantFrom("Praise every try.", "You", "nothing of it"),
});

Deno.test("builder: an operation changes no field but its own, whatever its value", () => {
  fc.assert(
    fc.property(operations, (operation) => {
      const before = draftOf("en");
      const frozen = structuredClone(before);
      let after = before;
      try {
        after = apply(before, operation);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "bad_input");
      }
      const fields = diffManifest(before, after).map(({ field }) => field.split(".")[0]);
      const allowed: readonly string[] = FIELDS[operation.kind as Kind];
      assert.ok(fields.every((field) => allowed.includes(field!)), fields.join());
      assert.deepEqual(before, frozen);
      assert.deepEqual(parse(Manifest, after), after);
    }),
    { numRuns: 500 },
  );
});

Deno.test("builder: any text is read without failing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
      readRules(text, draftOf("en"));
      if (text.trim() === "") return;
      parse(Manifest, compose(readWish(text), "other"));
    }),
    { numRuns: 500 },
  );
});

Deno.test("builder: repetition is seen in words and in Chinese", () => {
  assert.equal(isRepetitive("the best helper the best helper for you"), true);
  assert.equal(isRepetitive("Explains fractions to children, one step at a time."), false);
  assert.equal(isRepetitive("学习数学学习数学学习数学"), true);
  assert.equal(isRepetitive("帮助学生理解古诗词的意境。"), false);
});

Deno.test("builder: a description does not begin with what everybody knows", () => {
  const told = {
    "A chat assistant that only responds with haiku poems.": "Only responds with haiku poems.",
    "A chat assistant designed to assist with letters.": "Assist with letters.",
    "Summarizes transcripts into actions.": "Summarizes transcripts into actions.",
    "一个聊天助手，帮你写信。": "帮你写信。",
  };
  for (const [text, bare] of Object.entries(told)) assert.equal(bareDescription(text), bare);
});

Deno.test("builder: starters are what a user says, not what an assistant offers", () => {
  const users = ["Can you write me a haiku?", "How can I improve my letter?", "帮我写一首诗"];
  const others = [
    "Do you have any specific experience you would like to include?",
    "I need a coach for my running",
    "我正在寻找一位能帮我创造独特角色的人",
    "您需要什么帮助？",
  ];
  assert.deepEqual(users.filter(isUsers), users);
  assert.deepEqual(others.filter(isUsers), []);
});
