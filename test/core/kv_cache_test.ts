import assert from "node:assert/strict";
import { blockHash, KvCache } from "../../core/run/kv_cache.ts";
import { randomInts } from "../random.ts";

const chain = (...blocks: number[][]) => {
  const hashes: string[] = [];
  for (const tokens of blocks) hashes.push(blockHash(hashes.at(-1) ?? "", tokens));
  return hashes;
};

Deno.test("kv cache: a block's name tells its tokens and all before it", () => {
  const [a, b] = chain([1, 2], [3, 4]);
  assert.equal(blockHash(a!, [3, 4]), b);
  assert.notEqual(blockHash("", [3, 4]), b);
  assert.notEqual(blockHash(a!, [4, 3]), b);
});

Deno.test("kv cache: a common prefix is shared, what differs is not", () => {
  const cache = new KvCache(8);
  const first = cache.acquire([], 3)!;
  const hashes = chain([1], [2], [3]);
  first.blocks.forEach((block, i) => cache.seal(block, hashes[i]!));
  const second = cache.acquire([hashes[0]!, hashes[1]!, "other"], 4)!;
  assert.equal(second.cached, 2);
  assert.deepEqual(second.blocks.slice(0, 2), first.blocks.slice(0, 2));
  assert.ok(second.blocks.slice(2).every((block) => !first.blocks.includes(block)));
  assert.deepEqual(first.blocks.map((block) => cache.owners(block)), [2, 2, 1]);
  assert.equal(cache.used, 5);
});

Deno.test("kv cache: a freed block is found again until its room is needed, tail first", () => {
  const cache = new KvCache(3);
  const hashes = chain([1], [2], [3]);
  const { blocks } = cache.acquire([], 3)!;
  blocks.forEach((block, i) => cache.seal(block, hashes[i]!));
  cache.release(blocks);
  assert.equal(cache.free, 3);
  const taken = cache.grow()!;
  assert.equal(taken, blocks[2]);
  const again = cache.acquire(hashes, 2)!;
  assert.deepEqual(again, { blocks: blocks.slice(0, 2), cached: 2 });
});

Deno.test("kv cache: too few free blocks give nothing and take nothing", () => {
  const cache = new KvCache(4);
  const hashes = chain([1], [2]);
  const { blocks } = cache.acquire([], 2)!;
  blocks.forEach((block, i) => cache.seal(block, hashes[i]!));
  cache.release(blocks);
  assert.equal(cache.acquire(hashes, 5), undefined);
  assert.equal(cache.free, 4);
  assert.equal(cache.acquire(hashes, 4)!.cached, 2);
  assert.equal(cache.grow(), undefined);
});

Deno.test("kv cache: an unshared block is never another's, and in the end all are free", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const pick = randomInts(seed);
    const cache = new KvCache(12);
    const held: { blocks: number[]; hashes: string[]; sealed: number }[] = [];
    for (let turn = 0; turn < 300; turn++) {
      const holder = held[pick(held.length)];
      const action = pick(4);
      if (action === 0) { // arrive: prefixes from a small set, so that they meet often
        const hashes = chain(...Array.from({ length: 1 + pick(4) }, () => [pick(2)]));
        const grant = cache.acquire(hashes, hashes.length + pick(2));
        if (grant) held.push({ blocks: grant.blocks, hashes, sealed: grant.cached });
      } else if (action === 1 && holder && holder.sealed < holder.hashes.length) {
        cache.seal(holder.blocks[holder.sealed]!, holder.hashes[holder.sealed]!);
        holder.sealed++;
      } else if (action === 2 && holder) {
        const block = cache.grow();
        if (block !== undefined) holder.blocks.push(block);
      } else if (action === 3 && holder) {
        cache.release(holder.blocks);
        held.splice(held.indexOf(holder), 1);
      }
      checkOwners(cache, held);
    }
    for (const { blocks } of held) cache.release(blocks);
    assert.equal(cache.free, 12);
  }
});

function checkOwners(
  cache: KvCache,
  held: readonly { blocks: number[]; hashes: string[]; sealed: number }[],
) {
  const contents = new Map<number, Set<string>>();
  const owners = new Uint16Array(cache.blocks);
  for (const { blocks, hashes, sealed } of held) {
    blocks.forEach((block, i) => {
      owners[block]!++;
      const content = i < sealed ? hashes[i]! : "private";
      contents.set(block, (contents.get(block) ?? new Set()).add(content));
    });
  }
  for (let block = 0; block < cache.blocks; block++) {
    assert.equal(cache.owners(block), owners[block]);
    if (owners[block]! > 1) {
      assert.equal(contents.get(block)!.size, 1);
      assert.ok(!contents.get(block)!.has("private"));
    }
  }
  assert.equal(cache.used, owners.filter((count) => count > 0).length);
}
