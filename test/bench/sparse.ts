/**
 * The paper's window where it belongs: a model with true zeros (test/sparse_model.ts, synthetic) at
 * half its size. Sides take turns on one text, token by token, teacher-forced: naive reads every
 * weight for each token, hybrid keeps what fits and reads the rest, both densely and without
 * overlap; window reads only the neurons a token uses that the last ones did not; resident has room
 * for all. Prints medians and what was read; refuses to print if one logit differs from resident's.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { importGguf } from "../../core/gguf/import.ts";
import type { NeuronLayout } from "../../core/gguf/units.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import type { Machine } from "../../core/model/machine.ts";
import { openMachine } from "../../core/model/open.ts";
import { sparseText, writeSparseModel } from "../sparse_model.ts";
import { baselineOf } from "./baseline.ts";
import { spread } from "./summary.ts";

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
/** Tokens before the figures: the paper's flash latency also settles after some 50. */
const WARM_TOKENS = 48, ROUND_TOKENS = 8;

/** The model's flash store in `folder`, made where it is missing. */
export async function sparseStore(folder: string, neurons: NeuronLayout): Promise<string> {
  const source = join(folder, "sparse.gguf"), target = join(folder, neurons);
  if (!fs.existsSync(source)) writeSparseModel(source, SPARSE_MODEL);
  await importGguf({ source, target, name: "sparse", neurons });
  return target;
}

interface Side {
  readonly name: string;
  readonly machine: Machine;
  readonly blocks: Int32Array;
  readonly ms: number[];
  /** (tokens) what decides whether the answer is the same. */
  readonly logits: Float32Array[];
}

/** Runs all sides; `rounds` times ROUND_TOKENS tokens of each are measured. */
export async function benchSparse(folder: string, rounds = 6): Promise<void> {
  fs.mkdirSync(folder, { recursive: true });
  const text = sparseText(WARM_TOKENS + rounds * ROUND_TOKENS);
  const sides: Side[] = [];
  try {
    for (const name of ["naive", "hybrid", "window", "resident"]) {
      sides.push(await openSide(folder, name));
    }
    for (const side of sides) {
      const dense = side.name === "naive" || side.name === "hybrid";
      await decode(side, text, 0, WARM_TOKENS, dense ? 32 : 1);
    }
    const before = sides.map(({ machine }) => machine.counters());
    for (let round = 0; round < rounds; round++) {
      for (const side of sides) {
        const start = performance.now();
        await decode(side, text, WARM_TOKENS + round * ROUND_TOKENS, ROUND_TOKENS, 1);
        side.ms.push((performance.now() - start) / ROUND_TOKENS);
      }
    }
    compare(sides);
    sides.forEach((side, i) => print(side, before[i]!, sides[0]!, sides[1]!));
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
  const blocks = Int32Array.from({ length: 8 }, (_, i) => i);
  return { name, machine, blocks, ms: [], logits: [] };
}

async function decode(
  { machine, blocks, logits }: Side,
  text: readonly number[],
  from: number,
  count: number,
  chunk: number,
): Promise<void> {
  for (let at = from; at < from + count; at += chunk) {
    const some = text.slice(at, Math.min(from + count, at + chunk));
    await machine.step(some.map((token, i) => (
      { token, position: at + i, blocks, logits: i + 1 === some.length }
    )));
    if (chunk === 1) logits.push(machine.logits(0).slice());
  }
}

/** The window's logits are the resident's, bit for bit; the dense sides choose the same tokens. */
function compare(sides: readonly Side[]): void {
  const [naive, , window, resident] = sides as [Side, Side, Side, Side];
  assert.deepEqual(window.logits, resident.logits);
  const likeliest = (row: Float32Array) => row.indexOf(Math.max(...row));
  naive.logits.forEach((row, t) =>
    assert.equal(likeliest(row), likeliest(window.logits[WARM_TOKENS + t]!))
  );
}

function print(side: Side, before: ReturnType<Machine["counters"]>, naive: Side, hybrid: Side) {
  const now = side.machine.counters(), tokens = now.steps - before.steps;
  const median = (one: Side) => spread(one.ms).median;
  const per = (key: "bytesRead" | "bytesUsed" | "waitMs") => (now[key] - before[key]) / tokens;
  const hit = 100 * (1 - per("bytesRead") / per("bytesUsed"));
  console.log(
    `${side.name.padEnd(9)} ${median(side).toFixed(1).padStart(7)} ms/token ` +
      `(${Math.min(...side.ms).toFixed(0)}-${Math.max(...side.ms).toFixed(0)}), ` +
      `${(per("bytesRead") / 1e6).toFixed(1)} MB read of ${(per("bytesUsed") / 1e6).toFixed(1)}, ` +
      `hit ${hit.toFixed(1)} %, wait ${per("waitMs").toFixed(1)} ms, ` +
      `${(median(naive) / median(side)).toFixed(2)} x naive, ` +
      `${(median(hybrid) / median(side)).toFixed(2)} x hybrid`,
  );
}
