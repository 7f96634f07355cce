import assert from "node:assert/strict";
import { type Kv, openKv } from "../../core/kv.ts";
import { house, prompt } from "./scheduled.ts";

const ours = { assistant: "spell coach", prefixTokens: 18 }; // 4 full blocks of 4
const begin = prompt(18, 1);

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
  start = ours,
) {
  const { submit, finish, prefixes, cache } = house({ blocks: 32 }, { model: "m", ...store });
  const { speaker, sequence, expected } = submit(tokens, 3, start);
  await finish();
  await prefixes!.close();
  assert.deepEqual(speaker.said, expected());
  assert.equal(cache.used, 0);
  return sequence.cachedTokens;
}

Deno.test("prefix: after a restart a prefix is restored, not computed", () =>
  withKv(async (kv) => {
    assert.equal(await answer({ kv }, [...begin, 1, 2]), 0);
    assert.equal(await answer({ kv }, [...begin, 3]), 16);
    assert.equal(await answer({ kv }, [...begin, 3], { ...ours, assistant: "another" }), 0);
  }));

Deno.test("prefix: another model or layout finds nothing", () =>
  withKv(async (kv) => {
    await answer({ kv }, [...begin, 1]);
    assert.equal(await answer({ kv, model: "other" }, [...begin, 1]), 0);
  }));

Deno.test("prefix: changed instructions share what they still begin with, and replace the rest", () =>
  withKv(async (kv) => {
    const changed = begin.with(9, (begin[9]! + 1) % 16);
    await answer({ kv }, [...begin, 1]);
    assert.equal(await answer({ kv }, [...changed, 1]), 8);
    assert.equal(await answer({ kv }, [...changed, 2]), 16);
    assert.equal(await answer({ kv }, [...begin, 2]), 8);
  }));

Deno.test("prefix: a damaged block is computed and saved anew, with the same answer", () =>
  withKv(async (kv) => {
    await answer({ kv }, [...begin, 1]);
    const [found] = kv.collection("prefixes").list().entries;
    const key = [...found!.key as string[], 2];
    const blobs = kv.blobs("prefix_blocks");
    const bytes = Uint8Array.from(blobs.borrow(key)!);
    bytes[5]! ^= 1;
    await blobs.put(key, bytes);
    assert.equal(await answer({ kv }, [...begin, 2]), 8);
    assert.equal(await answer({ kv }, [...begin, 2]), 16);
    await blobs.remove(key);
    assert.equal(await answer({ kv }, [...begin, 2]), 8);
  }));

Deno.test("prefix: the snapshots that went unused longest make room", () =>
  withKv(async (kv) => {
    const store = { kv, bytesMax: 2 * 4 * 32 }; // two prefixes of 4 blocks of 32 bytes
    const named = (assistant: string) => ({ ...ours, assistant });
    await answer(store, [...begin, 1], named("a"));
    await answer(store, [...begin, 1], named("b"));
    await answer(store, [...begin, 2], named("a"));
    await answer(store, [...begin, 1], named("c"));
    assert.equal(kv.collection("prefixes").list().entries.length, 2);
    assert.equal(await answer(store, [...begin, 3], named("a")), 16);
    assert.equal(await answer(store, [...begin, 3], named("c")), 16);
    assert.equal(await answer(store, [...begin, 3], named("b")), 0);
  }));
