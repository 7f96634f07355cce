/**
 * The paper's window where it belongs: a model with true zeros (test/sparse_model.ts, synthetic) at
 * half its size. Sides take turns on one text, token by token, teacher-forced: naive reads every
 * weight for each token, hybrid keeps what fits and reads the rest, both densely and without
 * overlap; window reads only the neurons a token uses that the last ones did not; resident has room
 * for all. Prints medians and what was read; refuses to print if one logit differs from resident's.
 */
import assert from "node:assert/strict";
import type { NeuronLayout } from "../../core/gguf/units.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { openMachine } from "../../core/model/open.ts";
import { topicText } from "../large_model.ts";
import { writeSparseModel } from "../sparse_model.ts";
import { baselineOf } from "./baseline.ts";
import { printTurns, type Side, syntheticStore, takeTurns, tokensOf, type Turns } from "./turns.ts";

/** 512 MB of FFN; 5 to 8 % of the neurons a token, of which neighbours share most. */
export const SPARSE_MODEL = {
  layers: 8,
  width: 2048,
  neurons: 8192,
  active: 0.05,
  topicShare: 0.88,
};
/** Half of the GGUF's size. */
export const SPARSE_BUDGET = 282e6;

/** The paper's flash latency also settles after some 50. */
const WARM_TOKENS = 48;

/** The model's flash store in `folder`, made where it is missing. */
export function sparseStore(folder: string, neurons: NeuronLayout): Promise<string> {
  const write = (source: string) => writeSparseModel(source, SPARSE_MODEL);
  return syntheticStore(folder, "sparse", write, { neurons });
}

/** Runs all sides; `rounds` rounds of each are measured. */
export async function benchSparse(folder: string, rounds: number): Promise<void> {
  const sides: Side[] = [];
  try {
    for (const name of ["naive", "hybrid", "window", "resident"]) {
      sides.push(await openSide(folder, name));
    }
    const length = { warm: WARM_TOKENS, rounds };
    const turns = await takeTurns(sides, topicText(tokensOf(length)), length);
    compare(turns);
    printTurns(turns);
  } finally {
    for (const { machine } of sides) await machine.close();
  }
}

async function openSide(folder: string, name: string): Promise<Side> {
  const dense = name === "naive" || name === "hybrid";
  const store = await openFlashStore(await sparseStore(folder, dense ? "clusters" : "bundles"));
  const machine = await openMachine({
    store,
    memoryBytes: name === "resident" ? 2 * store.card.storeBytes : SPARSE_BUDGET,
    kvTokens: 1024,
    batchTokens: 32,
    ...(dense ? { baseline: baselineOf(name, store) } : {}),
  });
  return { name, machine, warmChunk: dense ? 32 : 1 };
}

/** The window's logits are the resident's, bit for bit; the dense sides choose the same tokens. */
function compare(turns: readonly Turns[]): void {
  const [naive, , window, resident] = turns.map(({ logits }) => logits);
  assert.deepEqual(window, resident);
  const likeliest = (row: Float32Array) => row.indexOf(Math.max(...row));
  const later = window!.slice(-naive!.length);
  naive!.forEach((row, t) => assert.equal(likeliest(row), likeliest(later[t]!)));
}
