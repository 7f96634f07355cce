import assert from "node:assert/strict";
import { PromptLookup } from "../../core/run/lookup.ts";

Deno.test("lookup: what followed the last three tokens is guessed, else the last two", () => {
  const lookup = new PromptLookup();
  assert.deepEqual(lookup.propose([1, 2, 3, 4, 5, 6, 9, 2, 3, 7, 1, 2, 3], 3), [4, 5, 6]);
  assert.deepEqual(new PromptLookup().propose([1, 2, 3, 4, 5, 9, 2, 3], 3), [4, 5, 9]);
  assert.deepEqual(new PromptLookup().propose([1, 2, 3, 4, 9, 8, 7], 3), []);
  assert.deepEqual(new PromptLookup().propose([1], 3), []);
});

Deno.test("lookup: the latest occurrence counts, and a repetition goes on", () => {
  assert.deepEqual(new PromptLookup().propose([1, 2, 5, 1, 2, 6, 1, 2], 1), [6]);
  assert.deepEqual(new PromptLookup().propose([7, 8, 7, 8], 3), [7, 8, 7]);
  assert.deepEqual(new PromptLookup().propose([4, 4, 4], 3), [4, 4, 4]);
});

Deno.test("lookup: no guess is longer than what may still be said", () => {
  assert.deepEqual(new PromptLookup(5).propose([4, 4, 4], 9), [4, 4]);
  assert.deepEqual(new PromptLookup(3).propose([4, 4, 4], 9), []);
});

Deno.test("lookup: lucky guesses grow, unlucky ones rest and come back carefully", () => {
  const tokens = Array(50).fill(4);
  const lookup = new PromptLookup();
  assert.equal(lookup.propose(tokens, 9).length, 3);
  lookup.learn(3, 3);
  assert.equal(lookup.propose(tokens, 9).length, 6);
  lookup.learn(6, 1);
  assert.equal(lookup.propose(tokens, 9).length, 2);
  let rests = 0;
  for (let i = 0; i < 200; i++) {
    const { length } = lookup.propose(tokens, 9);
    if (length > 0) lookup.learn(length, 0);
    else rests++;
  }
  assert.ok(rests > 180, `${rests} of 200`);
});
