import assert from "node:assert/strict";
import { comparePolicies, type Trace } from "./policy_scores.ts";
import { randomInts } from "../random.ts";

/** Shares in percent, by policy. */
function hits(trace: Trace, slots: number): Record<string, number> {
  const scores = comparePolicies(trace, slots);
  return Object.fromEntries(
    scores.map(({ policy, hitRate }) => [policy, Math.round(100 * hitRate)]),
  );
}

Deno.test("policies: on a cycle longer than DRAM lru hits nothing, a fixed set what it holds", () => {
  const tokens = Array.from({ length: 200 }, (_, t) => Int32Array.of(t % 20));
  const { lru, static: still, "Belady's bound": bound } = hits({ items: 20, tokens }, 10);
  assert.deepEqual([lru, still], [0, 50]);
  assert.ok(bound! >= 50, `${bound}`);
});

Deno.test("policies: a habit is found by counting, a topic by recency, and none beats the bound", () => {
  const next = randomInts(4);
  const text = (pick: (t: number) => number): Trace => ({
    items: 100,
    tokens: Array.from({ length: 300 }, (_, t) => {
      const some = new Set(Array.from({ length: 8 }, () => pick(t)));
      return Int32Array.from(some).sort();
    }),
  });
  const habit = hits(text(() => next(1 + next(100))), 20);
  const topic = hits(text((t) => (Math.floor(t / 30) * 10 + next(12)) % 100), 20);
  assert.ok(habit.lfu! > habit.lru!, JSON.stringify(habit));
  assert.ok(topic.lru! > topic.static! + 20, JSON.stringify(topic));
  for (const one of [habit, topic]) {
    for (const policy of ["lru", "lfu", "static", "half static, half lru"]) {
      assert.ok(one[policy]! <= one["Belady's bound"]!, JSON.stringify(one));
    }
  }
});

Deno.test("policies: a window of the last tokens holds their union, and reads what is new", () => {
  const tokens = [[1, 2], [2, 3], [3, 4], [1, 4]].map((items) => Int32Array.from(items));
  const scores = comparePolicies({ items: 5, tokens }, 5);
  const window = scores.find(({ policy }) => policy === "last 2 tokens")!;
  assert.deepEqual([window.hitRate, window.newItems, window.kept], [0.5, 1, 3]);
});
