/**
 * A machine without weights, to test scheduling: its KV memory holds the tokens themselves, and its
 * logits are drawn from all tokens it reads back through the block table. A wrong block, a
 * lost or overwritten position or a stale token changes what a sequence says.
 */
import assert from "node:assert/strict";
import type { Machine, MachineLimits, StepToken } from "../../core/model/machine.ts";
import type { ModelSpec } from "../../core/flash/layout.ts";

/** Token ids are 0..VOCABULARY-1. */
export const VOCABULARY = 16;

/** Small limits; whatever a test doesn't care about. */
export function limits(some: Partial<MachineLimits> = {}): MachineLimits {
  const all = { batchTokens: 8, batchLogits: 4, blockTokens: 4, blocks: 16, ...some };
  return { blockBytes: all.blockTokens * 8, contextTokens: all.blocks * all.blockTokens, ...all };
}

/** What comes after `tokens`, computed without any cache: the slow twin of the machine's logits. */
export function ledgerLogits(tokens: readonly number[]): Float32Array {
  let state = 7;
  for (const token of tokens) state = (Math.imul(state ^ token, 0x9e3779b1) >>> 5) ^ (state << 7);
  return Float32Array.from(
    { length: VOCABULARY },
    (_, i) => (Math.imul(state ^ i, 0x85ebca77) >>> 16) / 65536 + (i === tokens.at(-2) ? 0.4 : 0),
  );
}

/** What `tokens` alone would be continued with, greedily. */
export function ledgerText(prompt: readonly number[], count: number): number[] {
  const tokens = [...prompt];
  while (tokens.length < prompt.length + count) tokens.push(best(ledgerLogits(tokens)));
  return tokens.slice(prompt.length);
}

/** Index of the largest. */
export function best(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits));
}

/** Machine over plain memory; `batches` records every step. */
export class LedgerMachine implements Machine {
  readonly spec = { vocabulary: VOCABULARY } as ModelSpec;
  readonly limits: MachineLimits;
  readonly reading = "sync";
  readonly lendable = false;
  readonly batches: StepToken[][] = [];
  readonly #kv: Int32Array; // (blocks, blockTokens, [token, position])
  #logits: Float32Array[] = [];

  constructor(limits: MachineLimits) {
    this.limits = limits;
    this.#kv = new Int32Array(limits.blocks * limits.blockTokens * 2).fill(-1);
  }

  step(batch: readonly StepToken[]): Promise<void> {
    assert.ok(batch.length > 0 && batch.length <= this.limits.batchTokens);
    assert.ok(batch.filter(({ logits }) => logits).length <= this.limits.batchLogits);
    this.batches.push([...batch]);
    const written = new Map<number, number>();
    for (const { token, position, blocks } of batch) {
      assert.ok(position < this.limits.contextTokens && token >= 0 && token < VOCABULARY);
      const at = this.#at(blocks, position);
      assert.ok((written.get(at) ?? token) === token, "two tokens of one step in one place");
      written.set(at, token);
      this.#kv[at] = token;
      this.#kv[at + 1] = position;
    }
    this.#logits = batch.filter(({ logits }) => logits).map((item) => this.#read(item));
    return Promise.resolve();
  }

  logits(i: number): Float32Array {
    assert.ok(i < this.#logits.length);
    return this.#logits[i]!;
  }

  block(index: number): Uint8Array {
    const { blockBytes } = this.limits;
    return new Uint8Array(this.#kv.buffer, index * blockBytes, blockBytes);
  }

  active() {
    return undefined;
  }

  tally() {
    return undefined;
  }

  favor(): void {}

  counters() {
    const tokens = this.batches.flat().length, steps = this.batches.length;
    const times = { stepMs: 0, waitMs: 0, readMs: 0, aheadBytesRead: 0, aheadBytesUsed: 0 };
    return { steps, tokens, bytesUsed: steps * 100, bytesRead: steps * 25, ...times };
  }

  budget() {
    return {
      limit: 0,
      pinned: 0,
      window: 0,
      staging: 0,
      kv: 0,
      lent: 0,
      activations: 0,
      resident: 0,
    };
  }

  lend(): Promise<void> {
    return Promise.resolve();
  }

  async trace(run: () => Promise<void>) {
    await run();
    return [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #at(blocks: Int32Array, position: number): number {
    const { blockTokens } = this.limits;
    const block = blocks[Math.floor(position / blockTokens)];
    assert.ok(block !== undefined && block < this.limits.blocks, "the table covers the position");
    return (block * blockTokens + position % blockTokens) * 2;
  }

  #read({ blocks, position }: StepToken): Float32Array {
    const tokens = Array.from({ length: position + 1 }, (_, i) => {
      const at = this.#at(blocks, i);
      assert.equal(this.#kv[at + 1], i, "a position is where it was written");
      return this.#kv[at]!;
    });
    return ledgerLogits(tokens);
  }
}
