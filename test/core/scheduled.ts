/** Sequences under a scheduler over the ledger machine, as its tests need them. */
import type { Kv } from "../../core/kv.ts";
import type { MachineLimits } from "../../core/model/machine.ts";
import { KvCache } from "../../core/run/kv_cache.ts";
import { Prefixes } from "../../core/run/prefix.ts";
import { Scheduler } from "../../core/run/scheduler.ts";
import { Sequence, type SequenceStart, type Speaker } from "../../core/run/sequence.ts";
import { randomInts } from "../random.ts";
import { best, LedgerMachine, ledgerText, limits, VOCABULARY } from "./ledger_machine.ts";

/** Says the likeliest token `max` times; `ready` and leaving are the test's to choose. */
export class Greedy implements Speaker {
  ready = true;
  readonly said: number[] = [];
  readonly max: number;
  error: unknown;
  constructor(max: number) {
    this.max = max;
  }
  take(logits: Float32Array) {
    this.said.push(best(logits));
    return this.said.length < this.max ? this.said.at(-1) : undefined;
  }
  fail(error: unknown) {
    this.error = error;
  }
}

/** A scheduler with its machine, stepped by hand. `store` turns prefix snapshots on. */
export function house(
  some: Partial<MachineLimits> = {},
  store?: { kv: Kv; model: string; bytesMax?: number },
) {
  const machine = new LedgerMachine(limits(some));
  const cache = new KvCache(machine.limits.blocks);
  const prefixes = store && new Prefixes({ ...store, machine, cache });
  const scheduler = new Scheduler({
    limits: machine.limits,
    cache,
    prefixes,
    copyBlock: (source, target) => machine.block(target).set(machine.block(source)),
  });
  const submit = (prompt: number[], max: number, more: Partial<SequenceStart> = {}) => {
    const speaker = new Greedy(max);
    const sequence = new Sequence({ prompt, speaker, ...more });
    scheduler.submit(sequence);
    return { speaker, sequence, expected: () => ledgerText(prompt, max) };
  };
  /** One step, and what happens while it runs; false if there was nothing to do. */
  const step = async (meanwhile = () => {}) => {
    const batch = scheduler.schedule();
    if (batch.length === 0) return false;
    const running = machine.step(batch);
    meanwhile();
    scheduler.prepare();
    await running;
    scheduler.settle((i) => machine.logits(i), STEP);
    return true;
  };
  const finish = async () => {
    while (await step());
  };
  return { machine, cache, prefixes, scheduler, submit, step, finish };
}

/** A step that took no time says nothing of the pace. */
const STEP = { tokens: 1, bytesUsed: 1, bytesRead: 0, ms: 0, waitMs: 0 };

/** Some tokens, the same for the same seed. */
export function prompt(length: number, seed = 1): number[] {
  const pick = randomInts(seed);
  return Array.from({ length }, () => pick(VOCABULARY));
}
