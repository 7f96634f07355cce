import assert from "node:assert/strict";
import { blockHash, type Content, KvCache } from "../../core/run/kv_cache.ts";
import { randomInts } from "../random.ts";

/** Consecutive blocks of a text. */
const path = (...blocks: number[][]) => {
  const contents: Content[] = [];
  for (const tokens of blocks) {
    const before = contents.at(-1);
    contents.push({ parent: before ? blockHash(before) : "", tokens });
  }
  return contents;
};
const chain = (...blocks: number[][]) => path(...blocks).map(blockHash);

Deno.test("kv cache: a block's name tells its tokens and all before it", () => {
  const [a, b] = chain([1, 2], [3, 4]);
  assert.equal(blockHash({ parent: a!, tokens: [3, 4] }), b);
  assert.notEqual(blockHash({ parent: "", tokens: [3, 4] }), b);
  assert.notEqual(blockHash({ parent: a!, tokens: [4, 3] }), b);
});

Deno.test("kv cache: a common prefix is shared, what differs is not", () => {
  const cache = new KvCache(8);
  const first = cache.acquire([], 3)!;
  const contents = path([1], [2], [3]), hashes = contents.map(blockHash);
  first.blocks.forEach((block, i) => cache.seal(block, contents[i]!));
  const second = cache.acquire([hashes[0]!, hashes[1]!, "other"], 4)!;
  assert.equal(second.cached, 2);
  assert.deepEqual(second.blocks.slice(0, 2), first.blocks.slice(0, 2));
  assert.ok(second.blocks.slice(2).every((block) => !first.blocks.includes(block)));
  assert.deepEqual(first.blocks.map((block) => cache.owners(block)), [2, 2, 1]);
  assert.equal(cache.used, 5);
});

Deno.test("kv cache: a freed block is found again until its room is needed, tail first", () => {
  const cache = new KvCache(3);
  const contents = path([1], [2], [3]), hashes = contents.map(blockHash);
  const { blocks } = cache.acquire([], 3)!;
  blocks.forEach((block, i) => cache.seal(block, contents[i]!));
  cache.release(blocks);
  assert.equal(cache.free, 3);
  const taken = cache.grow()!;
  assert.equal(taken, blocks[2]);
  const again = cache.acquire(hashes, 2)!;
  assert.deepEqual(again, { blocks: blocks.slice(0, 2), cached: 2 });
});

Deno.test("kv cache: of known blocks behind one text the most alike is found, full or left", () => {
  const cache = new KvCache(4);
  const wanted = { parent: "p", tokens: [1, 2, 3, 4] };
  assert.equal(cache.nearest(wanted), undefined);
  const [one, two, three] = cache.acquire([], 3)!.blocks as [number, number, number];
  cache.seal(one, { parent: "p", tokens: [1, 9, 9, 9] });
  cache.leave(two, { parent: "p", tokens: [1, 2, 3] });
  cache.seal(three, { parent: "other", tokens: [1, 2, 3, 4] });
  assert.deepEqual(cache.nearest(wanted), { block: two, count: 3 });
  assert.equal(cache.nearest({ parent: "p", tokens: [5] }), undefined);
  cache.release([one, two, three]);
  assert.equal(cache.free, 4);
  cache.acquire([], 3); // the blank one, then the ones freed first
  assert.deepEqual(cache.nearest(wanted), { block: one, count: 1 });
  assert.equal(cache.acquire([blockHash({ parent: "p", tokens: [1, 2, 3] })], 2), undefined);
});

Deno.test("kv cache: too few free blocks give nothing and take nothing", () => {
  const cache = new KvCache(4);
  const contents = path([1], [2]), hashes = contents.map(blockHash);
  const { blocks } = cache.acquire([], 2)!;
  blocks.forEach((block, i) => cache.seal(block, contents[i]!));
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
    const held: Holder[] = [];
    for (let turn = 0; turn < 300; turn++) {
      const holder = held[pick(held.length)];
      const action = pick(4);
      if (action === 0) { // arrive: prefixes from a small set, so that they meet often
        const contents = path(...Array.from({ length: 1 + pick(4) }, () => [pick(2)]));
        const hashes = contents.map(blockHash);
        const grant = cache.acquire(hashes, hashes.length + pick(2));
        if (grant) held.push({ blocks: grant.blocks, contents, hashes, sealed: grant.cached });
      } else if (action === 1 && holder && holder.sealed < holder.hashes.length) {
        cache.seal(holder.blocks[holder.sealed]!, holder.contents[holder.sealed]!);
        holder.sealed++;
      } else if (action === 2 && holder) {
        const block = cache.grow();
        if (block !== undefined) holder.blocks.push(block);
      } else if (action === 3 && holder) {
        const rest = holder.blocks[holder.sealed], content = holder.contents[holder.sealed];
        if (rest !== undefined && content) cache.leave(rest, content);
        cache.release(holder.blocks);
        held.splice(held.indexOf(holder), 1);
      }
      checkOwners(cache, held);
    }
    for (const { blocks } of held) cache.release(blocks);
    assert.equal(cache.free, 12);
  }
});

interface Holder {
  readonly blocks: number[];
  readonly contents: readonly Content[];
  readonly hashes: readonly string[];
  sealed: number;
}

function checkOwners(cache: KvCache, held: readonly Holder[]) {
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

Deno.test("kv cache: blocks from the limit on are not given, and what they held is forgotten", () => {
  const cache = new KvCache(6);
  const { blocks } = cache.acquire([], 6)!;
  blocks.forEach((block, i) => cache.seal(block, { parent: "", tokens: [i] }));
  cache.release(blocks.slice(2));
  assert.throws(() => cache.limit = 1, /used blocks are not lent/);
  cache.limit = 4;
  assert.deepEqual([cache.free, cache.used, cache.usedEnd], [2, 2, 2]);
  assert.equal(cache.known([blockHash({ parent: "", tokens: [5] })]), 0);
  assert.equal(cache.known([blockHash({ parent: "", tokens: [3] })]), 1);
  assert.deepEqual([cache.grow(), cache.grow(), cache.grow()].toSorted(), [2, 3, undefined]);
  cache.limit = 6;
  assert.deepEqual([cache.grow(), cache.grow(), cache.grow()], [4, 5, undefined]);
});
