/** Pages that are read without the rest of their unit are checked, too. */
import assert from "node:assert/strict";
import { type FlashStore, TensorType, type Unit } from "../../core/flash/layout.ts";
import { isReadInParts, PageCheck, sumPages } from "../../core/flash/page_sums.ts";
import { readUnit } from "../../core/flash/store.ts";
import type { StepToken } from "../../core/model/machine.ts";
import type { MachineOptions } from "../../core/model/open.ts";
import { planMachine, smallestBudget } from "../../core/model/plan.ts";
import { withMachine, withStore } from "../tiny_machine.ts";

const PAGE = 4096;

/** Flips one bit in every page of a unit's payload. */
function damage({ dataFile }: FlashStore, { offset, bytes }: Unit): void {
  using file = Deno.openSync(dataFile, { read: true, write: true });
  const byte = new Uint8Array(1);
  for (let at = offset + 100; at < offset + bytes; at += PAGE) {
    file.seekSync(at, Deno.SeekMode.Start);
    file.readSync(byte);
    byte[0]! ^= 4;
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(byte);
  }
}

/** One token's pass, of which only the best logit is wanted. */
function pass(store: FlashStore, options: Partial<MachineOptions>): Promise<number> {
  return withMachine(store, { batchTokens: 1, kvTokens: 64, ...options }, async (machine) => {
    const token: StepToken = {
      ...{ token: 5, position: 0, blocks: Int32Array.of(0), logits: true, margin: 0 },
    };
    await machine.step([token]);
    return machine.logits(0).length;
  });
}

async function refusesDamage(
  store: FlashStore,
  options: Partial<MachineOptions>,
  isDamaged: (unit: Unit) => boolean,
): Promise<void> {
  assert.ok(await pass(store, options) > 0, "the whole model answers");
  store.units.filter(isDamaged).forEach((unit) => damage(store, unit));
  await assert.rejects(() => pass(store, options), {
    code: "bad_model",
    message: /^tiny: the page at byte \d+ .* is damaged: import the model again$/,
  });
}

/** The budget of a model whose head is screened, and not pinned. */
function screening(store: FlashStore): Partial<MachineOptions> {
  const sizes = { batchTokens: 1, kvTokens: 64 };
  const options = { ...sizes, memoryBytes: smallestBudget(store, sizes) + (1 << 20) };
  const { screen, head } = planMachine(store, options);
  assert.ok(screen && head.every(({ at }) => at < 0));
  return options;
}

const SCREENED = {
  ...{ type: TensorType.Q4_K, types: { head: TensorType.F32 }, tied: false },
  ...{ neurons: 2048, layers: 3 },
};

Deno.test("page sums: a damaged row of the head is refused when screening reads it", () =>
  withStore(
    SCREENED,
    (store) => refusesDamage(store, screening(store), ({ parts }) => parts[0]!.matrix === "head"),
  ));

Deno.test("page sums: a damaged row of the embedding is refused when it is looked up", () =>
  withStore(
    SCREENED,
    (store) =>
      refusesDamage(store, screening(store), ({ parts }) => parts[0]!.matrix === "embedding"),
  ));

Deno.test("page sums: a damaged neuron is refused when it is demanded", () =>
  withStore(
    { architecture: "arcee", type: TensorType.F16, neurons: 2048, layers: 2 },
    (store) => refusesDamage(store, {}, ({ kind }) => kind === "neurons"),
  ));

Deno.test("page sums: every bit of a page counts, but for the header of a unit's first", () =>
  withStore(SCREENED, (store) => {
    const unit = store.units.find(isReadInParts)!;
    const pages = readUnit(store, unit);
    const sums = new Int32Array(new SharedArrayBuffer(pages.length / PAGE * 4));
    sums.set(sumPages(pages));
    const accepts = (at: number) => {
      pages[at]! ^= 64;
      try {
        new PageCheck({ units: [unit], sums }).check(unit.offset, pages);
        return true;
      } catch {
        return false;
      } finally {
        pages[at]! ^= 64;
      }
    };
    assert.deepEqual([3, 63].map(accepts), [true, true]);
    for (const at of [64, 4095, 4096, 4099, pages.length - 1]) {
      assert.ok(!accepts(at), `byte ${at}`);
    }
    return Promise.resolve();
  }));
