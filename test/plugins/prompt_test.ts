/** Trimming, with a text face of one token per word so that every number can be counted by hand. */
import assert from "node:assert/strict";
import { type ChatMessage, FlintError, type TextFace } from "@flint/core";
import { buildPrompt } from "../../plugins/prompt.ts";

const words: string[] = [];
const encode = (text: string) =>
  text.split(" ").filter((word) => word !== "").map((word) => {
    if (!words.includes(word)) words.push(word);
    return words.indexOf(word);
  });
const decode = (ids: readonly number[]) => ids.map((id) => words[id]).join(" ");

/** `<role> content </>` for each message, `<assistant>` at the open end. */
const text: TextFace = {
  encode,
  decode,
  vocabulary: 1000,
  chat: (messages: readonly ChatMessage[], { open = true } = {}) =>
    encode(
      messages.map(({ role, content }) => `<${role}> ${content} </>`).join(" ") +
        (open ? " <assistant>" : ""),
    ),
};

const history = (...contents: string[]) =>
  contents.map((content, i) => ({ role: i % 2 ? "assistant" : "user", content }) as const);
const build = (contents: string[], contextTokens: number, maxTokens = 4) =>
  buildPrompt({
    instructions: "be kind",
    history: history(...contents),
    text,
    contextTokens,
    maxTokens,
  });

// Of "be kind" and these: 4 + 3 + 4 + 3 + 4 + 3 and the open end: 22 tokens.
const five = ["a", "b b", "c", "d d", "e"];

Deno.test("prompt: what fits is kept whole", () => {
  const prompt = build(five, 26);
  assert.equal(
    decode(prompt.tokens),
    "<system> be kind </> <user> a </> <assistant> b b </> <user> c </> <assistant> d d </> " +
      "<user> e </> <assistant>",
  );
  assert.deepEqual([prompt.dropped, prompt.answerTokens], [0, 4]);
});

Deno.test("prompt: one token too many drops the oldest turn, question and answer", () => {
  const prompt = build(five, 25);
  assert.equal(
    decode(prompt.tokens),
    "<system> be kind </> <user> c </> <assistant> d d </> <user> e </> <assistant>",
  );
  assert.equal(prompt.dropped, 2);
});

Deno.test("prompt: the instructions and the last message are never dropped", () => {
  const prompt = build(five, 12);
  assert.equal(decode(prompt.tokens), "<system> be kind </> <user> e </> <assistant>");
  assert.deepEqual([prompt.dropped, prompt.answerTokens], [4, 4]);
});

Deno.test("prompt: when even those do not fit, the refusal counts", () => {
  assert.throws(
    () => build(["a b c d e f g h i j"], 20, 8),
    (error) =>
      error instanceof FlintError && error.code === "over_budget" &&
      /take 17 tokens and 12 would fit/.test(error.message),
  );
});

Deno.test("prompt: a long answer is promised half the context at most", () => {
  const prompt = build(["a"], 40, 1000);
  assert.equal(prompt.answerTokens, 40 - prompt.tokens.length);
  assert.equal(build(five, 40, 1000).dropped, 2);
});

Deno.test("prompt: the shared prefix is the instructions, whatever follows", () => {
  const prompt = build(five, 26);
  assert.equal(decode(prompt.tokens.slice(0, prompt.prefixTokens)), "<system> be kind </>");
  assert.equal(build(["zzz"], 26).prefixTokens, prompt.prefixTokens);
});

Deno.test("prompt: of a thousand turns the newest that fit are kept, with few renderings", () => {
  let renderings = 0;
  const counted = {
    ...text,
    chat: (...a: Parameters<TextFace["chat"]>) => (renderings++, text.chat(...a)),
  };
  const contents = Array.from({ length: 1999 }, (_, i) => `m${i}`);
  const prompt = buildPrompt({
    instructions: "be kind",
    history: history(...contents),
    text: counted,
    contextTokens: 100,
    maxTokens: 20,
  });
  assert.match(decode(prompt.tokens), /<user> m1998 <\/> <assistant>$/);
  assert.equal(prompt.tokens.length, 80);
  assert(renderings < 15, `${renderings} renderings`);
});
