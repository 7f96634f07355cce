/** Notes on older turns: when they are made, of what, and what becomes of them. */
import assert from "node:assert/strict";
import type { ChatMessage, Engine, GenerateEvent, GenerateRequest } from "@flint/core";
import { buildPrompt } from "../../plugins/prompt.ts";
import type { Summary } from "../../plugins/schema.ts";
import { summarised } from "../../plugins/summary.ts";

const words: string[] = [];
const encode = (text: string) =>
  text.split(/\s+/).filter((word) => word !== "").map((word) => {
    if (!words.includes(word)) words.push(word);
    return words.indexOf(word);
  });
const decode = (ids: readonly number[]) => ids.map((id) => words[id]).join(" ");

/** The parts of an engine that a summary needs; `answer` stands for what a model would write. */
function engineOf(parameters: number, answer = "", reason: "stop" | "length" = "stop") {
  const asked: string[] = [];
  const engine = {
    card: { parameters },
    limits: { contextTokens: 600 },
    text: {
      encode,
      decode,
      vocabulary: 1000,
      chat: (messages: readonly ChatMessage[], { open = true } = {}) =>
        encode(
          messages.map(({ role, content }) => `<${role}> ${content}`).join(" ") +
            (open ? " <assistant>" : ""),
        ),
    },
    async *generate({ prompt }: GenerateRequest): AsyncGenerator<GenerateEvent> {
      asked.push(decode(prompt));
      yield { type: "token", text: answer } as GenerateEvent;
      yield { type: "done", reason } as GenerateEvent;
    },
  } as unknown as Engine;
  return { engine, asked };
}

const talk = (turns: number) =>
  Array.from({ length: 2 * turns }, (_, i) => ({
    role: i % 2 ? "assistant" : "user",
    content: `${i % 2 ? "answer" : "question"} ${i}. ${"more ".repeat(5)}`,
  } as const));

function needs(engine: Engine, turns: number, before?: Summary) {
  const history = talk(turns);
  const prompt = buildPrompt({
    instructions: "be kind",
    history: history.slice(0, -1),
    summary: before,
    text: engine.text,
    contextTokens: 200,
    maxTokens: 20,
  });
  return { engine, prompt, history, before };
}

Deno.test("summary: none while turns have room", async () => {
  const { engine, asked } = engineOf(1e9, "- a note");
  assert.equal(await summarised(needs(engine, 3)), undefined);
  assert.deepEqual(asked, []);
});

Deno.test("summary: the model is asked behind the turns themselves, and the newest stay", async () => {
  const { engine, asked } = engineOf(1e9, "- wants owls\n\n- is called Ada\n");
  const made = await summarised(needs(engine, 8));
  assert.equal(made!.text, "- wants owls\n- is called Ada");
  assert.equal(made!.by, "model");
  assert(made!.until % 2 === 0 && made!.until >= 8 && made!.until < 16, `${made!.until}`);
  assert.match(asked[0]!, /^<system> be kind <user> question 0\. more .* <user> Sum up our/);
  assert.doesNotMatch(asked[0]!, new RegExp(`question ${made!.until}\\.`));
});

Deno.test("summary: a further one tells of the one before and of what came since", async () => {
  const { engine, asked } = engineOf(1e9, "- all of it");
  const before = { text: "- wants owls", until: 10, by: "model" } as const;
  const made = await summarised(needs(engine, 13, before));
  assert(made!.until > 10);
  assert.match(asked[0]!, /<earlier> - wants owls <\/earlier> <user> question 10\./);
  assert.doesNotMatch(asked[0]!, /question 8\./);
});

Deno.test("summary: of notes that were cut off the last line goes", async () => {
  const { engine } = engineOf(1e9, "- wants owls\n- is cal", "length");
  assert.equal((await summarised(needs(engine, 8)))!.text, "- wants owls");
});

Deno.test("summary: with a small model first sentences stand in, the newest that fit", async () => {
  const { engine, asked } = engineOf(100e6);
  const first = await summarised(needs(engine, 8));
  assert.deepEqual(asked, []);
  assert.equal(first!.by, "extract");
  const lines = first!.text.split("\n");
  assert.equal(lines.at(-1), `Assistant: answer ${first!.until - 1}.`);
  assert(encode(first!.text).length <= 37);
  assert.deepEqual(await summarised(needs(engine, 8)), first);
});
