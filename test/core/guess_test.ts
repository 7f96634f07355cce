import assert from "node:assert/strict";
import { guess } from "../../core/run/guess.ts";
import { KvCache } from "../../core/run/kv_cache.ts";
import { Pace } from "../../core/run/pace.ts";
import { Sequence } from "../../core/run/sequence.ts";
import type { Share } from "../../core/run/share.ts";
import { limits } from "./ledger_machine.ts";
import { Greedy } from "./scheduled.ts";

/** Guesses checked of drafts with these chances, where a further token costs `more` of the first. */
function counts(more: number, drafts: readonly (readonly number[])[], places = 7): number[] {
  const pace = new Pace();
  for (const tokens of [1, 4, 8, 1, 4, 8, 1, 4, 8]) {
    pace.observe({ tokens, ms: 100 * (1 + more * (tokens - 1)), waitMs: 0 });
  }
  const cache = new KvCache(16);
  const shares = drafts.map((chances): Share => {
    const drafter = { propose: () => ({ tokens: chances.map((_, i) => i), chances }), learn() {} };
    const sequence = new Sequence({ prompt: [1], speaker: new Greedy(9), drafter });
    sequence.setBlocks([cache.grow()!]);
    return { sequence, count: 1, draft: [], logits: true };
  });
  guess(shares, { tokens: places, logits: places }, { limits: limits(), cache, pace });
  return shares.map(({ draft }) => draft.length);
}

Deno.test("guess: where tokens are dear only likely ones are checked", () => {
  assert.deepEqual(counts(0.01, [[0.3, 0.1, 0.05]]), [3]);
  assert.deepEqual(counts(0.25, [[0.3, 0.1, 0.05]]), [1]);
  assert.deepEqual(counts(0.25, [[0.2, 0.1, 0.05]]), [0]);
  assert.deepEqual(counts(0.25, [[0.9, 0.8, 0.7, 0.6]]), [4]);
});

Deno.test("guess: the likeliest of all get the places, equally sure ones in turn", () => {
  assert.deepEqual(counts(0.01, [[0.9, 0.2], [0.8, 0.7]], 3), [1, 2]);
  assert.deepEqual(counts(0.01, [[1, 1, 1, 1], [1, 1, 1, 1]], 4), [2, 2]);
  assert.deepEqual(counts(0.01, [[1, 1]], 0), [0]);
});
