/** What a conversation has established, and what no longer stands. */
import assert from "node:assert/strict";
import { type Citation, ledgerOf } from "@flint/plugins";

const source = {
  ...{ base: "coast", document: "0".repeat(16), name: "a.txt", title: "a", headings: ["a"] },
  ...{ start: 0, end: 4, text: "here" },
};
const cited = (content: string, verdict: Citation["verdict"] = "supported") => ({
  role: "assistant",
  content,
  citations: [{ start: 0, end: content.length, verdict, support: 1, source }],
});
const asked = (content: string) => ({ role: "user", content });
const textsOf = (...messages: Parameters<typeof ledgerOf>[0]) =>
  ledgerOf(messages).map(({ text, turn }) => [turn, text]);

Deno.test("ledger: supported sentences are kept with their turn, others are not", () => {
  assert.deepEqual(
    textsOf(asked("When?"), cited("High water is at noon."), cited("It rains.", "unsupported")),
    [[1, "High water is at noon."]],
  );
});

Deno.test("ledger: what says the same thing later stands in place of the earlier", () => {
  assert.deepEqual(
    textsOf(
      cited("The rise of the fee begins on 1 July."),
      cited("The lamp burns oil."),
      cited("The rise of the fee begins on 1 September."),
    ),
    [[1, "The lamp burns oil."], [2, "The rise of the fee begins on 1 September."]],
  );
});

Deno.test("ledger: an answer that the user takes back establishes nothing", () => {
  assert.deepEqual(
    textsOf(
      asked("What does the crate cost?"),
      cited("The small crate costs 7 crowns."),
      asked("No, I meant the large one."),
    ),
    [],
  );
  assert.deepEqual(textsOf(cited("小筐 21 元。"), asked("不对，我问的是大筐")), []);
});
