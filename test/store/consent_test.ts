/** What the terminal asks before a call, and how the answer is taken. */
import assert from "node:assert/strict";
import type { ChatEvent, ToolUse } from "@flint/plugins";
import { decisionOn, valuesOf } from "../../store/cli/consent.ts";

const CALL: ToolUse = {
  ...{ id: "call_0123456789abcdef01234567", plugin: "kit", tool: "book", name: "book" },
  ...{ arguments: {}, step: 0 },
};
/** Answers questions with these lines, in order. */
const lines = (...said: string[]) => () => Promise.resolve(said.shift() ?? "");

Deno.test("terminal: only a clear yes lets a call run; where nobody can be asked, none does", async () => {
  const said = (line: string, ask: "always" | "once") => decisionOn({ ...CALL, ask }, lines(line));
  assert.equal(await said(" Y ", "always"), "allow");
  assert.equal(await said("yes", "once"), "allow");
  assert.equal(await said("a", "once"), "allow_conversation");
  for (const line of ["a", "n", "", "yess", "ok"]) assert.equal(await said(line, "always"), "deny");
  assert.equal(await decisionOn({ ...CALL, ask: "once" }, undefined), "deny");
});

Deno.test("terminal: a call's question is asked field by field, and given only once confirmed", async () => {
  const question: Extract<ChatEvent, { type: "question" }> = {
    ...{ type: "question", question: crypto.randomUUID(), call: CALL.id, text: "When?" },
    schema: { type: "object", properties: { day: { title: "Day" }, hour: { type: "integer" } } },
  };
  assert.deepEqual(await valuesOf(question, lines("Monday", "", "y")), { day: "Monday" });
  assert.equal(await valuesOf(question, lines("Monday", "3", "n")), null);
  assert.equal(await valuesOf(question, undefined), null);
});
