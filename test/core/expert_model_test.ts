import assert from "node:assert/strict";
import { importGguf } from "../../core/gguf/import.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { comparePolicies, itemsIn } from "../bench/policy_scores.ts";
import { expertText, writeExpertModel } from "../expert_model.ts";
import { withMachine } from "../tiny_machine.ts";

Deno.test("expert model: an LRU over 13 % of the experts hits as often as on Qwen3-30B-A3B", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const experts = { count: 128, used: 8, neurons: 256 };
    const source = writeExpertModel(`${folder}/experts.gguf`, { layers: 2, width: 256, experts });
    await importGguf({ source, target: `${folder}/store`, name: "experts" });
    const store = await openFlashStore(`${folder}/store`);
    const traces = [[], []] as Int32Array[][];
    await withMachine(store, { memoryBytes: 128 << 20, kvTokens: 1024 }, async (machine) => {
      const blocks = Int32Array.from({ length: 32 }, (_, i) => i);
      for (const [position, token] of expertText(600).entries()) {
        await machine.step([{ token, position, blocks, logits: false }]);
        const bits = machine.active()!, words = bits.length / 2;
        traces.forEach((trace, layer) =>
          trace.push(itemsIn(bits.subarray(layer * words, (layer + 1) * words)))
        );
      }
    });
    const rates = traces.map((tokens) => {
      const scores = comparePolicies({ items: 128, tokens }, 17);
      return scores.find(({ policy }) => policy === "lru")!.hitRate;
    });
    const mean = (rates[0]! + rates[1]!) / 2;
    assert.ok(mean > 0.6 && mean < 0.72, `hit rate ${mean}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
