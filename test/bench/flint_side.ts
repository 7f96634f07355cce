/** Flint's side of the bench, as a process that can be capped. SideTask as its argument, JSON out. */
import { openEngine } from "../../core/engine.ts";
import type { BenchCase, BenchResult, SideTask } from "./cases.ts";
import type { Engine } from "../../core/run/api.ts";

async function answer(engine: Engine, one: BenchCase): Promise<BenchResult> {
  let text = "";
  const request = {
    prompt: engine.text.chat(one.messages),
    sampling: { temperature: 0, repetitionPenalty: 1 },
    maxTokens: one.maxTokens,
  };
  for await (const event of engine.generate(request)) {
    if (event.type === "token") text += event.text;
    else {
      return {
        case: one.name,
        tokens: event.usage.completionTokens,
        firstTokenMs: event.speed.firstTokenMs,
        tokensPerSecond: event.speed.tokensPerSecond,
        text,
        bytesReadPerToken: event.speed.bytesReadPerToken,
        hitRate: event.speed.hitRate,
      };
    }
  }
  throw new Error("the engine ended without saying so");
}

const task: SideTask = JSON.parse(Deno.args[0]!);
const engine = await openEngine({ folder: task.model, memoryBytes: task.memoryBytes });
const results: BenchResult[] = [];
for (const one of task.cases) results.push(await answer(engine, one));
await engine.close();
console.log(JSON.stringify(results));
