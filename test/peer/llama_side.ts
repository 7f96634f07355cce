/**
 * llama.cpp as node-llama-cpp brings it (native code, weights repacked into a second copy in DRAM)
 * as a side of the bench: see ../bench/protocol.ts. One sequence, whose common prefix is kept.
 */
import { createInterface } from "node:readline";
import process from "node:process";
import { getLlama, LlamaLogLevel, type LlamaContextSequence, type Token } from "node-llama-cpp";
import { Stopwatch } from "../bench/stopwatch.ts";
import type { Answer, Question, SideTask } from "../bench/protocol.ts";

async function answer(sequence: LlamaContextSequence, question: Question): Promise<Answer> {
  const watch = new Stopwatch(question, () => undefined);
  const prompt = question.prompts[0]!.ids as Token[];
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  const rest = prompt.slice(sequence.nextTokenIndex);
  for await (const token of sequence.evaluate(rest, { temperature: 0 })) {
    watch.token(0, token);
    if (watch.over) break;
  }
  watch.end(); // an answer's own end is not among its tokens
  return watch.answer();
}

const task: SideTask = JSON.parse(Deno.args[0]!);
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
// Read, not mapped: pages that stay in the cache would serve the capped side free of charge.
const model = await llama.loadModel({ modelPath: task.model, useMmap: false });
const context = await model.createContext({ contextSize: task.contextTokens ?? 2048, threads: 2 });
const sequence = context.getSequence();
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(sequence, JSON.parse(line))));
}
Deno.exit(0); // its native threads would keep the process
