import assert from "node:assert/strict";
import { type Kv, openKv } from "../../core/kv.ts";
import { LONG_BLOCKS } from "../../core/run/prefix.ts";
import type { SequenceStart } from "../../core/run/sequence.ts";
import { house, prompt } from "./scheduled.ts";

const ours = { assistant: "spell coach", prefixTokens: 18 }; // 4 full blocks of 4
const begin = prompt(18, 1);
const BLOCK_BYTES = 32; // of the ledger machine

async function withKv(run: (kv: Kv) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  await run(kv).finally(() => kv.close());
  await Deno.remove(folder, { recursive: true });
}

/** Answers one prompt in a fresh house; how many of its tokens were restored. */
async function answer(
  store: { kv: Kv; model?: string; bytesMax?: number },
  tokens: number[],
  start: Partial<SequenceStart> = ours,
  max = 3,
) {
  const { submit, finish, prefixes, cache } = house({ blocks: 32 }, { model: "m", ...store });
  const { speaker, sequence, expected } = submit(tokens, max, start);
  await finish();
  await prefixes!.close();
  assert.deepEqual(speaker.said, expected());
  assert.equal(cache.used, 0);
  return { cached: sequence.cachedTokens, said: speaker.said };
}

const cached = async (...some: Parameters<typeof answer>) => (await answer(...some)).cached;
const stored = (kv: Kv) => kv.collection("block_nodes").list().entries.length;

Deno.test("prefix: after a restart a prefix is restored, not computed, whoever stored it", () =>
  withKv(async (kv) => {
    assert.equal(await cached({ kv }, [...begin, 1], ours, 1), 0);
    assert.equal(await cached({ kv }, [...begin, 3], ours, 1), 16);
    assert.equal(await cached({ kv }, [...begin, 3], { ...ours, assistant: "another" }, 1), 16);
    assert.equal(await cached({ kv }, [...begin, 3], {}, 1), 16);
  }));

Deno.test("prefix: what texts begin with is stored once", () =>
  withKv(async (kv) => {
    const changed = begin.with(9, (begin[9]! + 1) % 16);
    await answer({ kv }, begin, ours, 1);
    assert.equal(stored(kv), 4);
    assert.equal(await cached({ kv }, changed, ours, 1), 9); // two blocks, and one token of the third
    assert.equal(stored(kv), 6);
    assert.equal(await cached({ kv }, changed, ours, 1), 16);
    assert.equal(await cached({ kv }, begin, ours, 1), 16);
  }));

Deno.test("prefix: what goes on inside a block is restored as far as it is alike", () =>
  withKv(async (kv) => {
    const long = [...begin, ...prompt(10, 4)];
    await answer({ kv }, long, ours, 1);
    assert.equal(await cached({ kv }, [...long.slice(0, 19), 16 - 1 - long[19]!, 1], ours, 1), 19);
    assert.equal(await cached({ kv }, long.slice(0, 20), ours, 1), 19); // the last is always computed
  }));

Deno.test("prefix: another model or layout finds nothing", () =>
  withKv(async (kv) => {
    await answer({ kv }, [...begin, 1]);
    assert.equal(await cached({ kv, model: "other" }, [...begin, 1]), 0);
  }));

Deno.test("prefix: a conversation goes on after a restart where it ended", () =>
  withKv(async (kv) => {
    const first = [...begin, 1, 2];
    const { said } = await answer({ kv }, first, ours, 9);
    const next = [...first, ...said, 5, 6, 7];
    assert.equal(await cached({ kv }, next), 4 * Math.floor((first.length + 8) / 4));
  }));

Deno.test("prefix: a long prompt of nobody's is kept, a short one is not", () =>
  withKv(async (kv) => {
    const long = prompt(4 * LONG_BLOCKS + 2, 8);
    assert.equal(await cached({ kv }, long.slice(0, 20), {}), 0);
    assert.equal(await cached({ kv }, long, {}), 0);
    assert.equal(await cached({ kv }, [...long.slice(0, -2), 9, 9], {}), 4 * LONG_BLOCKS);
  }));

Deno.test("prefix: a damaged block is computed and saved anew, with the same answer", () =>
  withKv(async (kv) => {
    await answer({ kv }, begin, ours, 1);
    const keys = kv.collection("block_nodes").list().entries.map((one) => one.key as string[]);
    const first = keys.find(([, parent]) => parent === "-")!;
    const key = keys.find(([, parent]) => parent === first[2])!;
    const blobs = kv.blobs("block_bytes");
    const bytes = Uint8Array.from(blobs.borrow(key)!);
    bytes[5]! ^= 1;
    await blobs.put(key, bytes);
    assert.equal(await cached({ kv }, begin, ours, 1), 4);
    assert.equal(await cached({ kv }, begin, ours, 1), 16);
    await blobs.remove(key);
    assert.equal(await cached({ kv }, begin, ours, 1), 4);
    assert.equal(await cached({ kv }, begin, ours, 1), 16);
  }));

Deno.test("prefix: conversations make room before prefixes, longest unused first", () =>
  withKv(async (kv) => {
    const store = { kv, bytesMax: 12 * BLOCK_BYTES };
    const talk = (seed: number) => [...begin, ...prompt(14, seed)]; // 4 blocks more
    await answer(store, talk(1), ours, 1);
    await answer(store, talk(2), ours, 1);
    assert.equal(stored(kv), 12);
    await answer(store, prompt(50, 9), { assistant: "b", prefixTokens: 20 }, 1);
    assert.equal(await cached(store, begin, ours, 1), 16);
    assert.equal(stored(kv), 12);
    // 5 of b's prefix; of its 7 further blocks the first 3 found room behind the prefixes.
    assert.equal(await cached(store, prompt(50, 9), {}, 1), 32);
  }));
