import assert from "node:assert/strict";
import { TensorType } from "../../core/flash/layout.ts";
import { openMachine } from "../../core/model/open.ts";
import { smallestBudget } from "../../core/model/plan.ts";
import { plainLogits } from "../plain_forward.ts";
import { randomInts } from "../random.ts";
import { logitsOf, relativeError, withMachine, withStore } from "../tiny_machine.ts";
import { TINY_VOCABULARY, type TinyModelOptions } from "../tiny_model.ts";

/** A text of the tiny vocabulary. */
function text(length: number, seed = 5): number[] {
  const next = randomInts(seed);
  return Array.from({ length }, () => next(TINY_VOCABULARY));
}

// int8 activations round to 1/127 of a block's largest value: about 0.7 % noise a product, a little
// more after two layers. With f32 and f16 weights, only the KV cache is rounded (f16).
for (
  const { name, tolerance, ...model } of [
    { name: "llama, tied, f32", type: TensorType.F32, tolerance: 0.0005 },
    {
      name: "llama 3, rope factors, f16",
      type: TensorType.F16,
      ropeFactors: Array.from({ length: 32 }, (_, i) => 1 + i / 4),
      tolerance: 0.0005,
    },
    {
      name: "qwen2, own head, f32",
      type: TensorType.F32,
      architecture: "qwen2",
      tied: false,
      tolerance: 0.0005,
    },
    { name: "qwen2, own head, q8_0", architecture: "qwen2", tied: false, tolerance: 0.03 },
    { name: "arcee, f16", type: TensorType.F16, architecture: "arcee", tolerance: 0.0005 },
    { name: "arcee, q8_0", architecture: "arcee", tolerance: 0.03 },
    {
      name: "llama, k-quants mixed",
      type: TensorType.Q4_K,
      types: { v: TensorType.Q6_K, down: TensorType.Q6_K, embedding: TensorType.Q5_K },
      tolerance: 0.03,
    },
  ] as (TinyModelOptions & { name: string; tolerance: number })[]
) {
  Deno.test(`machine: ${name}: logits as the formula gives them`, async () => {
    await withStore(model, async (store, gguf) => {
      const tokens = text(36);
      const rows = await withMachine(store, {}, (machine) => logitsOf(machine, tokens, 8));
      const off = relativeError(rows, plainLogits(gguf, tokens));
      assert.ok(off < tolerance, `off by ${off}`);
    });
  });
}

Deno.test("machine: the same bits whatever the budget, the threads and the batch", async () => {
  await withStore(
    { type: TensorType.Q4_K, neurons: 4096, layers: 3, width: 512 },
    async (store) => {
      const tokens = text(40);
      const whole = await withMachine(store, {}, (machine) => {
        assert.equal(machine.budget().staging, 0, "all weights are pinned");
        return logitsOf(machine, tokens, 8);
      });
      const least = smallestBudget(store, { batchTokens: 16 });
      for (
        const [options, chunk] of [
          [{ memoryBytes: least, batchTokens: 16 }, 8],
          [{ memoryBytes: least + (2 << 20), batchTokens: 16 }, 1],
          [{ threads: 1 }, 5],
          [{ threads: 3 }, 1],
          [{ memoryBytes: least, batchTokens: 16, reading: "sync" }, 8],
        ] as const
      ) {
        const rows = await withMachine(
          store,
          options,
          (machine) => logitsOf(machine, tokens, chunk),
        );
        assert.deepEqual(rows, whole, JSON.stringify({ ...options, chunk }));
      }
    },
  );
});

Deno.test("machine: sequences side by side in one step do not touch each other", async () => {
  await withStore({}, async (store) => {
    const [a, b] = [text(20, 1), text(20, 2)];
    await withMachine(store, {}, async (machine) => {
      const aloneA = await logitsOf(machine, a, 1);
      const aloneB = await logitsOf(machine, b, 1);
      const tables = [Int32Array.of(3), Int32Array.of(5)];
      for (let t = 0; t < a.length; t++) {
        await machine.step([a, b].map((tokens, i) => (
          { token: tokens[t]!, position: t, blocks: tables[i]!, logits: true }
        )));
        assert.deepEqual(machine.logits(0), aloneA[t]);
        assert.deepEqual(machine.logits(1), aloneB[t]);
      }
    });
  });
});

Deno.test("machine: a budget too small is refused with the smallest that would do", async () => {
  await withStore({}, async (store) => {
    await assert.rejects(
      () => openMachine({ store, memoryBytes: 1 << 20 }),
      /tiny needs a memory of \d+ MB or more, 2 MB were given/,
    );
  });
});

Deno.test("machine: the budget's parts add up to no more than its limit", async () => {
  await withStore({}, async (store) => {
    for (const extra of [0, 300_000, 5 << 20]) {
      const memoryBytes = smallestBudget(store) + extra;
      await withMachine(store, { memoryBytes }, (machine) => {
        const { limit, ...parts } = machine.budget();
        const sum = Object.values(parts).reduce((a, b) => a + b, 0);
        assert.ok(sum <= limit && limit <= memoryBytes, `${sum} of ${limit}`);
        return Promise.resolve();
      });
    }
  });
});

Deno.test("machine: a weight damaged on flash is refused, not computed with", async () => {
  await withStore({}, async (store) => {
    const unit = store.units[2]!;
    const file = await Deno.open(store.dataFile, { write: true });
    await file.seek(unit.offset + 5000, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(1, 2, 3, 4));
    file.close();
    await assert.rejects(() => openMachine({ store, memoryBytes: 64 << 20 }), /unit 2 .*damaged/);
  });
});
