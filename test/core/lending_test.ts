/** Free KV blocks hold streamed weights meanwhile: fewer bytes are read, and no bit changes. */
import assert from "node:assert/strict";
import { TensorType } from "../../core/flash/layout.ts";
import type { Machine, StepToken } from "../../core/model/machine.ts";
import { smallestBudget } from "../../core/model/plan.ts";
import { randomInts } from "../random.ts";
import { withMachine, withStore } from "../tiny_machine.ts";
import { TINY_VOCABULARY } from "../tiny_model.ts";

const MODEL = { type: TensorType.Q4_K, neurons: 2048, layers: 3, width: 512 };
const SIZES = { batchTokens: 16, kvTokens: 4096 };
const SEQUENCES = 3, STEPS = 40;

/**
 * Logits of some sequences that grow side by side into random blocks; `before` each step is told
 * the first block that none of them uses.
 */
async function logitsOf(machine: Machine, seed: number, before: (free: number) => Promise<void>) {
  const next = randomInts(seed);
  const { blockTokens, blocks } = machine.limits;
  const free = Array.from({ length: blocks }, (_, i) => i);
  const tables: number[][] = Array.from({ length: SEQUENCES }, () => []);
  const lengths = tables.map(() => 0);
  const rows: Float32Array[] = [];
  for (let step = 0; step < STEPS; step++) {
    const batch: StepToken[] = [];
    tables.forEach((table, s) => {
      for (let count = next(5); count > 0; count--) {
        const position = lengths[s]!++;
        if (position % blockTokens === 0) table.push(free.splice(next(3), 1)[0]!);
        const token = next(TINY_VOCABULARY);
        batch.push({ token, position, blocks: Int32Array.from(table), logits: count === 1 });
      }
    });
    if (batch.length === 0) continue;
    await before(1 + Math.max(...tables.flat()));
    await machine.step(batch);
    for (let i = 0; i < batch.filter(({ logits }) => logits).length; i++) {
      rows.push(machine.logits(i).slice());
    }
  }
  return rows;
}

for (const reading of ["aio", "sync"] as const) {
  Deno.test(`lending: ${reading}: any lending at any time gives the bits of none`, async () => {
    await withStore(MODEL, async (store) => {
      const memoryBytes = smallestBudget(store, SIZES) + (1 << 20);
      const options = { ...SIZES, memoryBytes, reading };
      for (const seed of [1, 2]) {
        const without = await withMachine(store, options, async (machine) => ({
          rows: await logitsOf(machine, seed, () => Promise.resolve()),
          ...machine.counters(),
        }));
        const next = randomInts(seed + 10);
        await withMachine(store, options, async (machine) => {
          const { blocks } = machine.limits;
          const rows = await logitsOf(machine, seed, async (free) => {
            if (next(3) > 0) await machine.lend(free + next(blocks + 1 - free));
          });
          assert.deepEqual(rows, without.rows);
        });
      }
    });
  });
}

Deno.test("lending: what is lent is read once and then not again, and the report shows it", async () => {
  await withStore(MODEL, async (store) => {
    const memoryBytes = smallestBudget(store, SIZES) + (1 << 20);
    await withMachine(store, { ...SIZES, memoryBytes }, async (machine) => {
      const kv = machine.budget().kv;
      const blocks = Int32Array.of(0);
      const readIn = async (steps: number) => {
        const before = machine.counters().bytesRead;
        for (let position = 0; position < steps; position++) {
          await machine.step([{ token: 1, position, blocks, logits: true }]);
        }
        return machine.counters().bytesRead - before;
      };
      const before = await readIn(20);
      await machine.lend(1);
      const { lent, ...rest } = machine.budget();
      assert.ok(lent > 0 && lent + rest.kv === kv);
      const after = await readIn(20);
      // The ring's read-ahead may fall on either side.
      assert.ok(
        Math.abs(before - after - 20 * lent) <= 2 * rest.staging,
        `${before} ${after} ${lent}`,
      );
      await machine.lend(machine.limits.blocks);
      assert.equal(machine.budget().lent, 0);
    });
  });
});
