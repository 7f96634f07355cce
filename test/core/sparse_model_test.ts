import assert from "node:assert/strict";
import { importGguf } from "../../core/gguf/import.ts";
import { countBits } from "../../core/flash/bits.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { withMachine } from "../tiny_machine.ts";
import { topicText } from "../large_model.ts";
import { writeSparseModel } from "../sparse_model.ts";

Deno.test("sparse model: tokens use the share that was asked for, and neighbours the same", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const shape = { layers: 2, width: 512, neurons: 2048, active: 0.05, topicShare: 0.88 };
    const source = writeSparseModel(`${folder}/sparse.gguf`, shape);
    await importGguf({ source, target: `${folder}/store`, name: "sparse" });
    const store = await openFlashStore(`${folder}/store`);
    await withMachine(store, { kvTokens: 1024 }, async (machine) => {
      const blocks = Int32Array.of(0, 1), tokens = topicText(60);
      let last: Int32Array | undefined, active = 0, shared = 0, passes = 0;
      for (const [position, token] of tokens.entries()) {
        await machine.step([{ token, position, blocks, logits: false }]);
        const bits = machine.active()?.slice();
        if (bits && last) {
          passes++;
          active += countBits(bits) / (shape.layers * shape.neurons);
          shared += countBits(bits.map((word, i) => word & last![i]!)) / countBits(bits);
        }
        last = bits;
      }
      assert.ok(passes > 20);
      assert.ok(active / passes > 0.04 && active / passes < 0.08, `${active / passes} active`);
      assert.ok(shared / passes > 0.5 && shared / passes < 0.8, `${shared / passes} shared`);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
