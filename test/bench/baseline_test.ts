import assert from "node:assert/strict";
import { type EngineOptions, openEngine } from "../../core/engine.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { smallestBudget } from "../../core/model/plan.ts";
import { TINY_VOCABULARY, tinyModel } from "../tiny_model.ts";
import { baselineOf } from "./baseline.ts";

const prompt = Array.from({ length: 20 }, (_, i) => 3 + (7 * i) % (TINY_VOCABULARY - 3));

/** What the tiny model says, and what it read for that. */
async function said(folder: string, streaming?: Parameters<typeof baselineOf>[0]) {
  const store = await openFlashStore(folder);
  const baseline = streaming && baselineOf(streaming, store);
  const options: EngineOptions = {
    ...{ store, threads: 2, lookup: false, memoryBytes: 4 * smallestBudget(store) },
    ...(baseline ? { baseline } : {}),
  };
  const engine = await openEngine(options);
  const ids: number[] = [];
  for await (
    const event of engine.generate({ prompt, maxTokens: 12, sampling: { temperature: 0 } })
  ) {
    if (event.type === "token") ids.push(event.id);
  }
  const { bytesRead, steps } = engine.report().counters;
  await engine.close();
  return { ids, bytesRead, steps, passBytes: store.card.sourceBytes };
}

Deno.test("bench: every baseline says what Flint says; those that keep nothing read all each pass", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/tiny.gguf`, tinyModel());
    await importGguf({ source: `${folder}/tiny.gguf`, target: `${folder}/store`, name: "tiny" });
    const flint = await said(`${folder}/store`);
    assert.equal(flint.ids.length, 12);
    for (const streaming of ["naive", "hybrid", "layers"] as const) {
      const baseline = await said(`${folder}/store`, streaming);
      assert.deepEqual(baseline.ids, flint.ids, streaming);
      if (streaming === "hybrid") continue;
      assert.ok(baseline.bytesRead > 0.8 * baseline.passBytes * baseline.steps, streaming);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
