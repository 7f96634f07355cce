import assert from "node:assert/strict";
import type { Turn } from "./rounds.ts";
import { physicalLimit, spread, summarize, withLimits } from "./summary.ts";

const flash = {
  ...{
    steps: 5,
    tokens: 10,
    bytesUsed: 5000,
    bytesRead: 2000,
    stepMs: 500,
    waitMs: 100,
    readMs: 400,
  },
  fidelity: "exact" as const,
};
const turn = (side: string, seconds: number, said: number[], more: Partial<Turn> = {}): Turn => ({
  ...{ side, case: "chat", round: 0, promptTokens: 3, firstTokenMs: 1000, said: [said] },
  ...{ windowTokens: 10, windowSeconds: seconds, cpuSeconds: 5, ...more },
});

Deno.test("bench: the median of an even number of values lies between the middle two", () => {
  assert.deepEqual(spread([4, 1, 3, 10]), { median: 3.5, least: 1, most: 10 });
});

Deno.test("bench: rates are compared by their medians, texts with the yardstick's of the round", () => {
  const turns = [
    ...[turn("yardstick", 1, [5, 6]), turn("yardstick", 1, [1, 2, 3], { round: 1 })],
    ...[turn("exact", 2, [5, 6, 7], { flash }), turn("exact", 5, [1, 2, 9], { flash, round: 1 })],
    turn("naive", 10, [1]),
  ];
  const exact = summarize(turns, "yardstick", ["naive"]).find(({ side }) => side === "exact")!;
  assert.equal(exact.rate.median, 3.5);
  assert.equal(exact.ratios["naive"], 3.5);
  assert.deepEqual([exact.same, exact.compared], [2, 3]);
  assert.equal(exact.flash!.tokensPerPass, 2);
  assert.equal(exact.flash!.bytesReadPerToken, 200);
  assert.equal(exact.flash!.hitRate, 0.6);
});

Deno.test("bench: the limit is set by the disk or by a pass in DRAM, whichever is slower", () => {
  // 10 tokens in 5 passes, 400 bytes and 80 ms with a read in flight each: 5000 bytes a second.
  const one = turn("exact", 1, [1], { flash, diskAfter: 2000 });
  const resident = (ms: number) =>
    turn("resident", 1, [1], { flash: { ...flash, stepMs: 5 * ms } });
  assert.equal(physicalLimit(one, resident(20))!.rate, 2 / 0.08, "what the readers were given");
  assert.equal(physicalLimit(one, resident(20))!.share, 10 * 0.04);
  const after = { ...one, diskAfter: 8000 };
  assert.equal(physicalLimit(after, resident(20))!.rate, 2 / 0.05, "what was there after the turn");
  assert.equal(physicalLimit(one, resident(100))!.rate, 2 / 0.1, "a pass in DRAM takes longer");
  const [figures] = withLimits(summarize([one, resident(100)], "none", []), [one, resident(100)], {
    ...{ yardstick: "resident", exact: ["exact"] },
  });
  assert.equal(figures!.limit!.share, 0.5);
  const idle = { ...one, flash: { ...flash, readMs: 0 } }; // single rows of the embedding
  assert.equal(physicalLimit(idle, resident(20)), undefined);
});
