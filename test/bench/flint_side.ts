/** Flint's engine as a side of the bench: see protocol.ts. */
import { createInterface } from "node:readline";
import process from "node:process";
import { type EngineOptions, openEngine } from "../../core/engine.ts";
import { FlintError } from "../../core/errors.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { openKv } from "../../core/kv.ts";
import type { Engine, MachineCounters } from "../../core/run/api.ts";
import { baselineOf } from "./baseline.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { Answer, FlashUse, Question, SideTask } from "./protocol.ts";

async function answer(engine: Engine, question: Question): Promise<Answer> {
  const watch = new Stopwatch(question, () => engine.report().counters);
  await Promise.all(question.prompts.map(async (prompt, chat) => {
    const events = engine.generate({
      prompt: prompt.ids,
      assistant: prompt.assistant,
      prefixTokens: prompt.prefixTokens,
      sampling: { temperature: 0, repetitionPenalty: 1 },
      maxTokens: question.maxTokens,
    });
    for await (const event of events) {
      if (event.type === "token") watch.token(chat, event.id);
      else watch.end();
      if (watch.over) break;
    }
  }));
  const [from, to] = watch.marks();
  return { ...watch.answer(), flash: flashUse(engine, from, to) };
}

function flashUse(engine: Engine, from: MachineCounters, to: MachineCounters): FlashUse {
  return {
    steps: to.steps - from.steps,
    tokens: to.tokens - from.tokens,
    bytesUsed: to.bytesUsed - from.bytesUsed,
    bytesRead: to.bytesRead - from.bytesRead,
    stepMs: to.stepMs - from.stepMs,
    waitMs: to.waitMs - from.waitMs,
    readMs: to.readMs - from.readMs,
    fidelity: engine.fidelity,
  };
}

async function optionsOf(task: SideTask): Promise<EngineOptions> {
  const { fidelity, contextTokens, snapshots, streaming = "flint" } = task;
  const store = await openFlashStore(task.model);
  return {
    store,
    memoryBytes: task.memoryBytes,
    ...(streaming === "flint" ? {} : { baseline: baselineOf(streaming, store), lookup: false }),
    ...(fidelity ? { fidelity } : {}),
    ...(contextTokens ? { contextTokens } : {}),
    ...(snapshots ? { snapshots: openKv(snapshots) } : {}),
  };
}

const task: SideTask = JSON.parse(Deno.args[0]!);
const options = await optionsOf(task);
const engine = await openEngine(options);
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(engine, JSON.parse(line)).catch((error) => {
    if (error instanceof FlintError) return { refused: error.message };
    throw error;
  });
  console.log(JSON.stringify(reply));
}
await engine.close();
await options.snapshots?.close();
