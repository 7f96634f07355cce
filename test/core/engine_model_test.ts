import assert from "node:assert/strict";
import { openEngine } from "../../core/engine.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { openKv } from "../../core/kv.ts";
import type { Engine, GenerateRequest, Usage } from "../../core/run/api.ts";
import { modelTest } from "../models.ts";

async function answer(engine: Engine, request: GenerateRequest) {
  let text = "", usage: Usage | undefined;
  for await (const event of engine.generate(request)) {
    if (event.type === "token") text += event.text;
    else usage = event.usage;
  }
  return { text, usage: usage! };
}

const SYSTEM = "You are a friendly assistant for spelling. Correct mistakes, explain each in one " +
  "short sentence, and praise what is good. Use words that a child of ten understands.";
const ASKS = ["I has two cat.", "Where did he went?", "What is the capital of France?"];

function requests({ text }: Engine): GenerateRequest[] {
  const system = { role: "system", content: SYSTEM } as const;
  const prefixTokens = text.chat([system], { open: false }).length;
  return ASKS.map((content, i) => ({
    prompt: text.chat([system, { role: "user", content }]),
    sampling: i === 1 ? { temperature: 0.8, seed: 7 } : { temperature: 0 },
    maxTokens: 12,
    assistant: "speller",
    prefixTokens,
  }));
}

modelTest(
  "smollm2-135m",
  "engine: a real model answers the same alone, in company, and after a restart",
  async (file) => {
    const folder = await Deno.makeTempDir();
    await importGguf({ source: file, target: `${folder}/store`, name: "smollm2-135m" });
    const snapshots = openKv(`${folder}/data`);
    const open = () => openEngine({ folder: `${folder}/store`, memoryBytes: 256e6, snapshots });
    const engine = await open();
    const together = await Promise.all(requests(engine).map((one) => answer(engine, one)));
    const alone: Awaited<ReturnType<typeof answer>>[] = [];
    for (const one of requests(engine)) alone.push(await answer(engine, one));
    await engine.close();
    const restarted = await open();
    const restored = await answer(restarted, requests(restarted)[2]!);
    await restarted.close();
    await snapshots.close();
    await Deno.remove(folder, { recursive: true });

    const texts = (answers: typeof alone) => answers.map(({ text }) => text);
    assert.deepEqual(texts(together), texts(alone));
    assert.match(together[2]!.text, /Paris/);
    assert.deepEqual(together.map(({ usage }) => usage.cachedTokens), [0, 32, 32]);
    assert.deepEqual([restored.text, restored.usage.cachedTokens], [together[2]!.text, 32]);
  },
);
