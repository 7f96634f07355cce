import assert from "node:assert/strict";
import { WAITING_MAX } from "../../core/run/scheduler.ts";
import type { Draft, Drafter } from "../../core/run/sequence.ts";
import { randomInts } from "../random.ts";
import { ledgerText, VOCABULARY } from "./ledger_machine.ts";
import { house, prompt } from "./scheduled.ts";

/** Guesses now right, now wrong. */
/** A proposal whose guesses are each as likely to follow the one before. */
const sure = (tokens: readonly number[], chance = 1): Draft => ({
  tokens,
  chances: tokens.map((_, i) => chance ** (i + 1)),
});

const guesser = (pick: (n: number) => number): Drafter => ({
  propose: (tokens, max) =>
    sure(ledgerText(tokens, pick(max + 1)).map((t) => pick(4) ? t : 0), 0.5 + pick(2) / 2),
  learn: () => {},
});

Deno.test("scheduler: a sequence says in company what it says alone", async () => {
  const { submit, finish, cache } = house();
  const all = [1, 5, 9, 13, 2].map((length, i) => submit(prompt(length, i), 3 + i));
  await finish();
  for (const { speaker, expected } of all) assert.deepEqual(speaker.said, expected());
  assert.equal(cache.used, 0);
});

Deno.test("scheduler: every talker gets a token in every step, beside a part of a long prompt", async () => {
  const { submit, step, machine } = house({ blocks: 64, batchTokens: 19 });
  const talkers = [submit(prompt(2, 1), 50), submit(prompt(2, 2), 50)];
  await step();
  const long = submit(prompt(60, 3), 1);
  await step();
  assert.deepEqual(talkers.map(({ speaker }) => speaker.said.length), [2, 2]);
  assert.equal(machine.batches[1]!.length, 2 + 1 + 4);
  for (const { sequence } of talkers) sequence.over = true;
  await step();
  assert.equal(long.sequence.computed, 5 + 19);
});

Deno.test("scheduler: a short prompt is not held up by a long one that came before", async () => {
  const { submit, step } = house({ blocks: 64 });
  submit(prompt(100, 1), 1);
  const short = submit(prompt(4, 2), 1);
  await step();
  assert.equal(short.speaker.said.length, 1);
});

Deno.test("scheduler: with more sequences than places all get on equally", async () => {
  const { submit, step } = house({ batchTokens: 8, batchLogits: 2, blocks: 64 });
  const all = [1, 2, 3, 4, 5].map((seed) => submit(prompt(2, seed), 99));
  const counts = () => all.map(({ speaker }) => speaker.said.length);
  for (let i = 0; i < 5; i++) await step(); // prompts first
  const before = counts();
  for (let i = 0; i < 5; i++) await step();
  assert.deepEqual(counts(), before.map((count) => count + 2));
});

Deno.test("scheduler: without room to grow the youngest yields, and loses and repeats nothing", async () => {
  const { submit, step, finish, scheduler } = house({ blocks: 6, blockTokens: 4 });
  const old = submit(prompt(6, 1), 14), young = submit(prompt(6, 2), 14);
  let yielded = false;
  while (await step()) yielded ||= scheduler.waiting > 0 && old.speaker.said.length < 14;
  await finish();
  assert.ok(yielded);
  assert.deepEqual(old.speaker.said, old.expected());
  assert.deepEqual(young.speaker.said, young.expected());
});

Deno.test("scheduler: a slow reader pauses its own sequence only, and yields its room first", async () => {
  const { submit, step, finish, cache } = house({ blocks: 4, blockTokens: 4 });
  const slow = submit(prompt(6, 1), 5);
  await step();
  slow.speaker.ready = false;
  const other = submit(prompt(7, 2), 6);
  await finish();
  assert.deepEqual(other.speaker.said, other.expected());
  assert.equal(slow.speaker.said.length, 1);
  slow.speaker.ready = true;
  await finish();
  assert.deepEqual(slow.speaker.said, slow.expected());
  assert.equal(cache.used, 0);
});

Deno.test("scheduler: who leaves takes no part in the next step and holds no block", async () => {
  const { submit, step, scheduler, cache, machine } = house();
  const one = submit(prompt(6, 1), 9), two = submit(prompt(6, 2), 9);
  await step();
  one.sequence.over = true;
  await step();
  assert.deepEqual([scheduler.running, scheduler.waiting], [1, 0]);
  assert.ok(machine.batches[1]!.every(({ blocks }) => blocks === two.sequence.table));
  assert.equal(cache.used, two.sequence.blocks.length);
});

Deno.test("scheduler: a prompt that begins like an earlier one is computed from where they part", async () => {
  const { submit, finish, machine } = house({ blocks: 32 });
  submit([...prompt(10, 1), 1, 2], 1);
  await finish();
  const before = machine.batches.flat().length;
  const { sequence, speaker, expected } = submit([...prompt(10, 1), 3, 4, 5], 2);
  await finish();
  assert.equal(sequence.cachedTokens, 10); // two blocks, and two tokens of the third
  assert.equal(machine.batches.flat().length - before, 13 - 10 + 1);
  assert.deepEqual(speaker.said, expected());
});

Deno.test("scheduler: guesses save steps and change nothing", async () => {
  const run = async (drafter?: Drafter) => {
    const { submit, finish, machine } = house({ blocks: 32 });
    const { speaker, expected } = submit(prompt(5, 4), 30, drafter && { drafter });
    await finish();
    assert.deepEqual(speaker.said, expected());
    return { steps: machine.batches.length, tokens: machine.batches.flat().length };
  };
  const right: Drafter = {
    propose: (tokens, max) => sure(ledgerText(tokens, max)),
    learn: () => {},
  };
  const wrong: Drafter = { propose: (_, max) => sure(Array(max).fill(0)), learn: () => {} };
  assert.deepEqual(await run(), { steps: 30, tokens: 34 });
  const quick = await run(right);
  assert.ok(quick.steps <= 9 && quick.tokens <= 36, JSON.stringify(quick));
  assert.ok((await run(wrong)).steps <= 30);
});

Deno.test("scheduler: too many waiting are refused as busy", () => {
  const { submit } = house();
  for (let i = 0; i < WAITING_MAX; i++) submit([1], 1);
  assert.throws(() => submit([1], 1), { name: "FlintError", code: "busy" });
});

Deno.test("scheduler: one sequence's error is told to it alone", async () => {
  const { submit, finish, cache } = house();
  const bad = submit(prompt(3, 1), 4), good = submit(prompt(3, 2), 4);
  bad.speaker.take = () => {
    throw new Error("no token fits");
  };
  await finish();
  assert.match(String(bad.speaker.error), /no token fits/);
  assert.deepEqual(good.speaker.said, good.expected());
  assert.equal(cache.used, 0);
});

/** Arrivals, leavings, slow readers, guesses and shared prefixes at random, in little room. */
async function storm(seed: number) {
  const pick = randomInts(seed);
  const { machine, submit, step, finish, cache } = house({
    batchTokens: 2 + pick(8),
    batchLogits: 1 + pick(4),
    blockTokens: 1 + pick(5),
    blocks: 14 + pick(30),
    contextTokens: 14,
  });
  const all: ReturnType<typeof submit>[] = [];
  const happen = () => {
    if (pick(6) === 0) {
      const begin = prompt(10, pick(2)).slice(0, pick(9)), max = 1 + pick(5);
      all.push(
        submit([...begin, pick(VOCABULARY)], max, pick(2) ? { drafter: guesser(pick) } : {}),
      );
    }
    const one = all[pick(all.length)];
    if (one && pick(8) === 0) one.speaker.ready = !one.speaker.ready;
    if (one && pick(60) === 0) one.sequence.over = true;
  };
  for (let turn = 0; turn < 120; turn++) {
    happen();
    await step(happen);
  }
  for (const { speaker } of all) speaker.ready = true;
  await finish();
  assert.equal(cache.used, 0);
  for (const { speaker, sequence, expected } of all) {
    assert.equal(speaker.error, undefined);
    assert.deepEqual(speaker.said, expected().slice(0, speaker.said.length));
    assert.ok(sequence.over);
  }
  return machine.batches.map((batch) => batch.map(({ token, position }) => [token, position]));
}

Deno.test("scheduler: under any load nobody's text changes, and all blocks return", async () => {
  for (let seed = 1; seed <= 60; seed++) await storm(seed);
});

Deno.test("scheduler: the same arrivals make the same steps", async () => {
  assert.deepEqual(await storm(99), await storm(99));
});

Deno.test("scheduler: who comes while a step runs has its place before the next one", async () => {
  const { submit, step, finish, scheduler } = house();
  const one = submit(prompt(6, 1), 3);
  let two: ReturnType<typeof submit>;
  await step(() => two = submit(prompt(6, 2), 3));
  assert.deepEqual([scheduler.running, scheduler.waiting], [2, 0]);
  await finish();
  assert.deepEqual(one.speaker.said, one.expected());
  assert.deepEqual(two!.speaker.said, two!.expected());
});

Deno.test("scheduler: who begins like one who is just being read waits and shares", async () => {
  const { submit, finish, machine } = house({ blocks: 64 });
  const begin = prompt(20, 1);
  const all = [2, 3, 4].map((token) => submit([...begin, token], 2));
  await finish();
  for (const { speaker, expected } of all) assert.deepEqual(speaker.said, expected());
  assert.deepEqual(all.map(({ sequence }) => sequence.cachedTokens), [0, 20, 20]);
  assert.equal(machine.batches.flat().length, 21 + 1 + 1 + 3);
});

Deno.test("scheduler: if the one who is being read leaves, the other reads itself", async () => {
  const { submit, step, finish } = house({ blocks: 64 });
  const begin = prompt(40, 1);
  const first = submit([...begin, 1], 2), second = submit([...begin, 2], 2);
  await step();
  first.sequence.over = true;
  await finish();
  assert.deepEqual(second.speaker.said, second.expected());
  assert.equal(second.sequence.cachedTokens, 8);
});
