import assert from "node:assert/strict";
import { Arena, type Eviction } from "../../core/flash/arena.ts";
import { randomInts } from "../random.ts";

const ITEMS = 40;

/** An arena over bytes of its own; `bytes[slot]` is the item whose bytes lie there. */
function arena(slots: number, eviction: Eviction) {
  const buffer = new ArrayBuffer(Arena.bytes(ITEMS));
  const bytes = new Int32Array(slots).fill(-1);
  const window = new Arena(buffer, 0, { items: ITEMS, slots, eviction });
  /** Admits and "reads"; returns what had to be read. */
  const use = (...items: number[]) => {
    const had = items.filter((item) => window.slotOf(item) >= 0);
    const first = window.admit(Int32Array.from(items), (from, to) => bytes[to] = bytes[from]!);
    const fresh = items.filter((item) => !had.includes(item));
    fresh.forEach((item, i) => bytes[first + i] = item);
    items.forEach((item) => assert.equal(bytes[window.slotOf(item)], item, `item ${item}`));
    return fresh;
  };
  /** The same, with slots that nothing moves between. */
  const useLarge = (...items: number[]) => {
    const fresh: number[] = [];
    window.exchange(Int32Array.from(items), (i, slot) => {
      fresh.push(items[i]!);
      bytes[slot] = items[i]!;
    });
    items.forEach((item) => assert.equal(bytes[window.slotOf(item)], item, `item ${item}`));
    return fresh;
  };
  return { window, use, useLarge };
}

Deno.test("arena: lru lets go what was unused for longest", () => {
  const { use } = arena(4, "lru");
  use(1, 2);
  use(3);
  use(1, 4);
  assert.deepEqual(use(5, 6), [5, 6]); // 2 and 3 left
  assert.deepEqual(use(1, 4, 5), []);
  assert.deepEqual(use(2), [2]);
});

Deno.test("arena: lfu keeps what is used often, until its uses are old", () => {
  const { use } = arena(3, "lfu");
  for (let i = 0; i < 5; i++) use(7);
  use(8);
  use(9);
  use(10); // 8, used once and before 9, leaves
  assert.deepEqual([use(7), use(8)], [[], [8]]);
  for (let i = 0; i < 200; i++) use(20 + i % 2);
  use(11);
  assert.deepEqual(use(7), [7]);
});

Deno.test("arena: a profile decides before the first use; static keeps its best half for good", () => {
  const profile = Float32Array.from({ length: ITEMS }, (_, i) => i);
  const { window, use } = arena(4, "static");
  window.seed(profile);
  use(38, 39);
  for (let i = 0; i < 20; i++) use(i);
  assert.deepEqual(use(38, 39), []);
  const lfu = arena(3, "lfu");
  lfu.window.seed(profile);
  lfu.use(39, 0, 20);
  lfu.use(1);
  assert.deepEqual([lfu.use(39, 20), lfu.use(0)], [[], [0]]);
});

for (const eviction of ["lru", "lfu", "static", "first"] as const) {
  Deno.test(`arena: ${eviction}: bytes are where the table says, whatever comes`, () => {
    const moved = arena(12, eviction), large = arena(12, eviction);
    const next = randomInts(3);
    const profile = Float32Array.from({ length: ITEMS }, () => next(9));
    for (const { window } of [moved, large]) window.seed(profile);
    for (let i = 0; i < 300; i++) {
      const some = new Set(Array.from({ length: 1 + next(11) }, () => next(1 + next(ITEMS))));
      const items = [...some].sort((a, b) => a - b);
      moved.use(...items);
      large.useLarge(...items);
      assert.ok(moved.window.used <= 12 && large.window.used <= 12);
    }
  });
}

Deno.test("arena: who comes takes the slots of those who leave, where slots are too large to move", () => {
  const { window, useLarge } = arena(4, "lru");
  useLarge(0, 1, 2, 3);
  useLarge(1, 3);
  const free = [window.slotOf(0), window.slotOf(2)];
  assert.deepEqual(useLarge(1, 8, 9), [8, 9]);
  assert.deepEqual([window.slotOf(8), window.slotOf(9)].sort(), free.sort());
  assert.deepEqual([window.slotOf(1), window.slotOf(3)], [1, 3]);
});

Deno.test("arena: to compare with, what came first stays, or nothing does", () => {
  const first = arena(3, "first"), none = arena(3, "none");
  const run = ({ useLarge }: typeof first) =>
    [[1, 2], [3], [4], [1, 2], [5, 1]].map((items) => useLarge(...items));
  assert.deepEqual(run(first), [[1, 2], [3], [4], [], [5]]);
  assert.deepEqual(run(none), [[1, 2], [3], [4], [1, 2], [5, 1]]);
});

Deno.test("arena: what arrives together lies together, at the end", () => {
  const { window, use } = arena(8, "lru");
  use(0, 1, 2, 3, 4, 5, 6, 7);
  use(1, 3, 5, 20, 21, 22);
  assert.deepEqual([20, 21, 22].map((item) => window.slotOf(item)), [5, 6, 7]);
});

Deno.test("arena: what is expected takes the least used slots, stays until it can be used, then leaves", () => {
  const { window, useLarge } = arena(4, "lfu");
  for (let i = 0; i < 3; i++) useLarge(1, 2);
  useLarge(3, 4);
  const read: number[] = [];
  window.expect(Int32Array.of(5, 6), [4], (i, slot) => read.push(i, slot));
  assert.deepEqual(read.filter((_, i) => i % 2 === 0), [0, 1]);
  const here = [1, 2, 3, 4].filter((item) => window.slotOf(item) >= 0);
  assert.equal(here.length, 2);
  assert.ok(here.includes(4), "it may be wanted too");
  assert.ok(window.slotOf(5) >= 0 && window.slotOf(6) >= 0);
  const [five, six] = [window.slotOf(5), window.slotOf(6)];
  window.exchange(Int32Array.of(5, 7), (_, slot) => assert.notEqual(slot, six));
  assert.deepEqual([window.slotOf(5), window.slotOf(6)], [five, six], "both outlast that exchange");
  window.exchange(Int32Array.of(7, 4, 8), () => {});
  assert.equal(window.slotOf(6), -1, "6 was never used");
});
