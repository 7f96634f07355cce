/** The block tree against a plain model of it: which blocks are found, and with which bytes. */
import assert from "node:assert/strict";
import { type Kv, openKv } from "../../core/kv.ts";
import { BlockTree } from "../../core/run/block_tree.ts";
import { blockHash, type Content } from "../../core/run/kv_cache.ts";
import { randomInts } from "../random.ts";

const BYTES = 64;

async function withKv(run: (kv: Kv) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  await run(kv).finally(() => kv.close());
  await Deno.remove(folder, { recursive: true });
}

/** A text's blocks of one token each. */
function blocksOf(text: readonly number[]): Content[] {
  const blocks: Content[] = [];
  for (const token of text) {
    const before = blocks.at(-1);
    blocks.push({ parent: before ? blockHash(before) : "", tokens: [token] });
  }
  return blocks;
}

/** Bytes of the block that `text` ends with, another for each text. */
function bytesOf(text: readonly number[]): Uint8Array<ArrayBuffer> {
  const pick = randomInts(text.reduce((state, token) => state * 31 + token + 1, 7) % 1e9);
  return Uint8Array.from({ length: BYTES }, () => pick(256));
}

function write(tree: BlockTree, text: readonly number[], usedAt: number): Promise<void> {
  const shared = new Uint8Array(BYTES); // as the engine has one buffer for all
  const bytes = (i: number) => {
    shared.set(bytesOf(text.slice(0, i + 1)));
    return shared;
  };
  return tree.write({ blocks: blocksOf(text), usedAt, bytes });
}

/** How many of a text's leading blocks are found, each with its own bytes. */
function found(tree: BlockTree, text: readonly number[]): number {
  const place = new Uint8Array(BYTES);
  const missing = blocksOf(text).findIndex((block, i) => {
    if (!tree.read(block, place)) return true;
    assert.deepEqual(place, bytesOf(text.slice(0, i + 1)));
    return false;
  });
  return missing < 0 ? text.length : missing;
}

/** The same by the letter: texts as keys, and leaves looked for among all of them. */
class PlainTree {
  readonly used = new Map<string, number>();
  readonly max: number;
  constructor(max: number) {
    this.max = max;
  }

  write(text: readonly number[], usedAt: number): void {
    const path = text.map((_, i) => text.slice(0, i + 1).join());
    for (const name of path) {
      if (this.used.has(name)) continue;
      if (this.used.size >= this.max && !this.#evict(path, usedAt)) return;
      this.used.set(name, usedAt);
    }
    const last = path.at(-1)!;
    this.used.set(last, Math.max(this.used.get(last)!, usedAt));
  }

  found(text: readonly number[]): number {
    const missing = text.findIndex((_, i) => !this.used.has(text.slice(0, i + 1).join()));
    return missing < 0 ? text.length : missing;
  }

  #evict(path: readonly string[], usedAt: number): boolean {
    const names = [...this.used.keys()];
    const leaves = names.filter((name) =>
      !path.includes(name) && !names.some((other) => other.startsWith(`${name},`))
    );
    const oldest = leaves.toSorted((a, b) => this.used.get(a)! - this.used.get(b)!)[0];
    if (oldest === undefined || this.used.get(oldest)! >= usedAt) return false;
    const parent = oldest.slice(0, Math.max(0, oldest.lastIndexOf(",")));
    if (this.used.has(parent)) {
      this.used.set(parent, Math.max(this.used.get(parent)!, this.used.get(oldest)!));
    }
    return this.used.delete(oldest);
  }
}

Deno.test("block tree: random texts are found as in a plain tree, within the size limit", () =>
  withKv(async (kv) => {
    const pick = randomInts(3), max = 24;
    const plain = new PlainTree(max);
    const texts = Array.from(
      { length: 40 },
      () => Array.from({ length: 1 + pick(20) }, (_, i) => pick(i < 4 ? 2 : 3)),
    );
    for (let time = 1; time <= 120; time++) {
      // A new tree is what a restart leaves.
      const tree = new BlockTree({ kv, model: "m", bytesMax: max * BYTES });
      const text = texts[pick(texts.length)]!;
      const usedAt = 10 * time + (pick(4) === 0 ? 300 : 0); // some stay longer
      await write(tree, text, usedAt);
      plain.write(text, usedAt);
      const { entries } = kv.collection("block_nodes").list({ limit: 1000 });
      assert.equal(entries.length, plain.used.size);
      assert.ok(entries.length <= max);
      for (const one of texts) assert.equal(found(tree, one), plain.found(one));
    }
  }));

Deno.test("block tree: models share the limit, not the blocks", () =>
  withKv(async (kv) => {
    const [one, two] = ["one", "two"].map((model) =>
      new BlockTree({ kv, model, bytesMax: 4 * BYTES })
    );
    await write(one!, [1, 2, 3], 1);
    assert.equal(found(two!, [1, 2, 3]), 0);
    await write(two!, [1, 2, 3], 2);
    assert.deepEqual([found(one!, [1, 2, 3]), found(two!, [1, 2, 3])], [1, 3]);
  }));

Deno.test("block tree: bytes that changed on disk are not taken, and written anew", () =>
  withKv(async (kv) => {
    const tree = new BlockTree({ kv, model: "m" });
    await write(tree, [1, 2, 3], 1);
    const [one, two] = blocksOf([1, 2]).map(blockHash);
    await kv.blobs("block_bytes").put(["m", one!, two!], bytesOf([9]));
    assert.equal(found(tree, [1, 2, 3]), 1);
    await write(tree, [1, 2, 3], 2);
    assert.equal(found(tree, [1, 2, 3]), 3);
  }));

Deno.test("block tree: the block that begins most alike is read, if it is better than what there is", () =>
  withKv(async (kv) => {
    const tree = new BlockTree({ kv, model: "m" });
    const first = { parent: "", tokens: [1, 2] }, parent = blockHash(first);
    const place = new Uint8Array(BYTES);
    for (const [time, tokens] of [[3, 4], [3, 5], [6, 7]].entries()) {
      const blocks = [first, { parent, tokens }];
      await tree.write({ blocks, usedAt: time + 1, bytes: (i) => bytesOf(blocks[i]!.tokens) });
    }
    assert.equal(tree.readLike({ parent, tokens: [3, 5] }, 0, place), 2);
    assert.deepEqual(place, bytesOf([3, 5]));
    assert.equal(tree.readLike({ parent, tokens: [6, 1] }, 0, place), 1);
    assert.deepEqual(place, bytesOf([6, 7]));
    assert.equal(tree.readLike({ parent, tokens: [6, 1] }, 1, place), undefined);
    assert.equal(tree.readLike({ parent: "", tokens: [1, 9] }, 0, place), 1);
    assert.equal(tree.readLike({ parent, tokens: [9] }, 0, place), undefined);
  }));

Deno.test("block tree: a process killed while writing leaves whole paths", async () => {
  const folder = await Deno.makeTempDir();
  const text = Array.from({ length: 200 }, (_, i) => i);
  const code = `
    import { openKv } from "${new URL("../../core/kv.ts", import.meta.url)}";
    import { BlockTree } from "${new URL("../../core/run/block_tree.ts", import.meta.url)}";
    const tree = new BlockTree({ kv: openKv("${folder}"), model: "m" });
    const blocks = ${JSON.stringify(blocksOf(text))};
    const bytes = (i) => {
      if (i === 100) Deno.kill(Deno.pid, "SIGKILL");
      return new Uint8Array(${BYTES}).fill(i);
    };
    await tree.write({ blocks, usedAt: 1, bytes });`;
  const { signal } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", code],
    cwd: new URL("../..", import.meta.url).pathname,
  }).output();
  assert.equal(signal, "SIGKILL");
  const kv = openKv(folder);
  const tree = new BlockTree({ kv, model: "m" });
  const place = new Uint8Array(BYTES);
  const whole = blocksOf(text).filter((block) => tree.read(block, place)).length;
  assert.equal(whole, 96); // the pieces of 8 before the one it died in
  assert.equal(whole, kv.collection("block_nodes").list({ limit: 1000 }).entries.length);
  await kv.close();
  await Deno.remove(folder, { recursive: true });
});
