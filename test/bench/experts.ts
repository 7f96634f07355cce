/**
 * The window on a mixture of experts (test/expert_model.ts, synthetic) at half and a quarter of its size. All sides
 * are Flint but for what stays in DRAM: naive keeps no expert from one token to the next, hybrid as
 * many as fit, always the same; window keeps what is used, guesses reads such as will be used ahead
 * too; resident has room for all. So the first two overlap reading and computing too, and are better than the paper's.
 * Refuses to print if one logit differs.
 */
import assert from "node:assert/strict";
import type { Eviction } from "../../core/flash/arena.ts";
import type { FlashStore } from "../../core/flash/layout.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { openMachine } from "../../core/model/open.ts";
import { expertText, writeExpertModel } from "../expert_model.ts";
import {
  type Length,
  printTurns,
  type Side,
  syntheticStore,
  takeTurns,
  tokensOf,
} from "./turns.ts";

/** 453 MB of experts, of which a token uses 28. */
const EXPERT_MODEL = {
  layers: 8,
  width: 1024,
  experts: { count: 128, used: 8, neurons: 256 },
};

/** Some topics, so that what came first is not what is used now. */
const WARM_TOKENS = 384;

const SIDES: readonly {
  readonly name: string;
  readonly eviction?: Eviction;
  readonly foresight?: boolean;
}[] = [
  { name: "naive", eviction: "none" },
  { name: "hybrid", eviction: "first" },
  { name: "window", foresight: false },
  { name: "guesses" },
  { name: "resident" },
];

/** The model's flash store in `folder`, made where it is missing. */
export function expertStore(folder: string): Promise<string> {
  return syntheticStore(folder, "experts", (source) => writeExpertModel(source, EXPERT_MODEL));
}

/** Runs all sides at half and at a quarter of the model's size; `rounds` rounds of each. */
export async function benchExperts(folder: string, rounds: number): Promise<void> {
  const store = await openFlashStore(await expertStore(folder));
  for (const share of [0.5, 0.25, 0.15]) {
    await benchShare(store, share, { warm: WARM_TOKENS, rounds });
  }
}

async function benchShare(store: FlashStore, share: number, length: Length): Promise<void> {
  const { sourceBytes, storeBytes } = store.card;
  const sides: Side[] = [];
  try {
    for (const { name, ...options } of SIDES) {
      const machine = await openMachine({
        store,
        memoryBytes: name === "resident" ? 1.3 * storeBytes : share * sourceBytes,
        kvTokens: 1024,
        batchTokens: 32,
        ...options,
      });
      sides.push({ name, machine, warmChunk: 16 });
    }
    console.log(`\nexperts, ${100 * share} % of ${Math.round(sourceBytes / 1e6)} MB`);
    const turns = await takeTurns(sides, expertText(tokensOf(length)), length);
    for (const { logits } of turns) assert.deepEqual(logits, turns.at(-1)!.logits);
    printTurns(turns);
  } finally {
    for (const { machine } of sides) await machine.close();
  }
}
