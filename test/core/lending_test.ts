/** Free KV blocks hold streamed weights meanwhile: fewer bytes are read, and no bit changes. */
import assert from "node:assert/strict";
import { readMethod } from "../../core/flash/disk.ts";
import { TensorType } from "../../core/flash/layout.ts";
import type { Machine, StepToken } from "../../core/model/machine.ts";
import { smallestBudget } from "../../core/model/plan.ts";
import { randomInts } from "../random.ts";
import { openEngine } from "../../core/engine.ts";
import { withMachine, withStore } from "../tiny_machine.ts";
import { TINY_VOCABULARY } from "../tiny_model.ts";

const MODEL = { type: TensorType.Q4_K, neurons: 2048, layers: 3, width: 512 };
const SIZES = { batchTokens: 16, kvTokens: 4096 };
const SEQUENCES = 3, STEPS = 25;

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

for (const reading of new Set(["sync", readMethod()] as const)) {
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
      const before = await readIn(8);
      await machine.lend(1);
      const { lent, ...rest } = machine.budget();
      assert.ok(lent > 0 && lent <= kv && rest.kv === kv);
      const after = await readIn(8);
      // The ring's read-ahead may fall on either side.
      assert.ok(
        Math.abs(before - after - 8 * lent) <= 2 * rest.staging,
        `${before} ${after} ${lent}`,
      );
      await machine.lend(machine.limits.blocks);
      assert.equal(machine.budget().lent, 0);
    });
  });
});

Deno.test("lending: chats of any length say the same while blocks are lent and taken back", async () => {
  await withStore({ ...MODEL, contextTokens: 2048 }, async (store) => {
    const next = randomInts(4);
    const prompts = [20, 400, 30, 700, 10].map((length) =>
      Array.from({ length }, () => 3 + next(TINY_VOCABULARY - 3))
    );
    const answers = async (memoryBytes: number) => {
      const keep = { ...store, close: () => Promise.resolve() };
      const engine = await openEngine({
        store: keep,
        memoryBytes,
        contextTokens: 2048,
        batchTokens: 16,
        threads: 2,
        lookup: false,
      });
      const said: number[][] = [], lent: number[] = [];
      try {
        for (const prompt of prompts) {
          const ids: number[] = [];
          const request = { prompt, maxTokens: 20, sampling: { temperature: 0 } };
          for await (const event of engine.generate(request)) {
            if (event.type === "token") ids.push(event.id);
          }
          said.push(ids);
          lent.push(engine.report().budget.lent);
        }
      } finally {
        await engine.close();
      }
      return { said, lent };
    };
    const whole = await answers(64 << 20);
    const sizes = { kvTokens: 2048, batchTokens: 16 };
    const tight = await answers(smallestBudget(store, sizes) + (1 << 20));
    assert.deepEqual(tight.said, whole.said);
    assert.deepEqual(whole.lent.map(Boolean), [false, false, false, false, false]);
    assert.ok(new Set(tight.lent).size > 1, `lent ${tight.lent}`);
  });
});
