/** Answers are held against sources, and what is cited stands there. */
import assert from "node:assert/strict";
import {
  ALL_ON,
  HeldAnswer,
  historyOf,
  judgeAnswer,
  type Library,
  lookUp,
  tracer,
  withheld,
} from "@flint/plugins";
import { filledLibrary, questions } from "./set.ts";

async function withSet(run: (library: Library) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const { kv, library } = await filledLibrary(folder);
  try {
    await run(library);
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function traced(library: Library, question: string, answer: string, history?: string[]) {
  const asked = { bases: ["set"], history: historyOf({ history }), question, switches: ALL_ON };
  const looked = await lookUp(library, asked);
  return tracer(library.index(["set"]), question, looked)(answer);
}

Deno.test("trace: what a source says is supported, what none says is not", () =>
  withSet(async (library) => {
    const cases: [string, string, boolean][] = [
      ["How much does the HX-45 weigh?", "The HX-45 weighs 29.5 kilograms.", true],
      ["How much does the HX-45 weigh?", "It weighs twenty kilograms.", false],
      ["How much does the HX-45 weigh?", "The HX-45 weighs 23 kilograms.", false], // the HX-40 does
      ["How loud is the HX-45 at three metres?", "It was measured at 31 decibels.", false],
      ["Who built Marrow Lane Mill?", "Josiah Wren built it.", true],
      ["Who built Marrow Lane Mill?", "Tobias Eck built it.", false],
      ["What does the code E4 mean on a Brevik unit?", "The fan is blocked.", false],
      ["老油坊是谁建的？", "老油坊是邱德茂建的。", true],
      ["老油坊是谁建的？", "老油坊是范守义建的。", false],
      ["Who built Marrow Lane Mill?", "Who built Marrow Lane Mill?", false],
      ["QH-260 的净重是多少？", "** QH-260 的净重是多少？**", false],
      ["QH-260 的最大潜水深度是多少米？", "12 米。", false],
      ["社费提高从什么时候起执行？", "从七月一日起执行。", true],
    ];
    for (const [question, answer, supported] of cases) {
      const result = await traced(library, question, answer);
      assert.equal(result.supported, supported, `${question} ${answer} ${JSON.stringify(result)}`);
    }
  }));

Deno.test("trace: a refusal claims nothing, and what is unsupported becomes one", () =>
  withSet(async (library) => {
    const question = "Who built Marrow Lane Mill?";
    const refusal = await traced(library, question, "Not in the sources.");
    assert.deepEqual(refusal.sentences.map(({ verdict }) => verdict), ["refusal"]);
    const asked = { bases: ["set"], history: [], question };
    const to = {
      index: library.index(["set"]),
      question,
      looked: await lookUp(library, asked),
    };
    const half = "Josiah Wren built it. It cost 900,000 crowns.";
    assert.equal(withheld(to, half), "Josiah Wren built it.");
    assert.equal(withheld(to, "Dag Ferris built it."), "Not in the sources.");
    const held = new HeldAnswer({ ...to, withholds: true });
    const shown = [...half].map((letter) => held.say(letter));
    assert.equal(shown.join("") + held.end(), "Josiah Wren built it.", "also letter by letter");
    assert.deepEqual(held.citations().map(({ verdict }) => verdict), ["supported"]);
  }));

Deno.test("trace: every span that is cited for any answer of the set stands in its source", () =>
  withSet(async (library) => {
    let cited = 0;
    for (const { question, answer, history, evidence } of questions()) {
      const said = [
        ...(answer ?? [["It is 7."]]).map(([way]) => way!),
        evidence?.[0]?.text ?? "No.",
      ];
      const { sentences } = await traced(library, question, said.join(". "), history);
      for (const { source } of sentences) {
        if (!source) continue;
        cited++;
        const { base, document, start, end, text } = source;
        assert.equal(library.text(base, document).slice(start, end), text);
      }
    }
    assert(cited > 100, `${cited} spans were cited`);
  }));

Deno.test("judge: right answers hold what is wanted, whole and however it is written", () => {
  const question = { id: "a", question: "?", answer: [["12"], ["Hull", "hull"]] };
  assert.equal(judgeAnswer(question, "Twelve, in Hull."), "right");
  assert.equal(judgeAnswer(question, "112, in Hull."), "wrong");
  assert.equal(judgeAnswer(question, "Not in the sources."), "refused wrongly");
  assert.equal(judgeAnswer({ ...question, answer: null }, "12"), "wrong");
  assert.equal(judgeAnswer({ ...question, answer: null }, "资料中没有。"), "refused rightly");
});
