import assert from "node:assert/strict";
import type { Turn } from "./rounds.ts";
import { physicalLimit, spread, summarize } from "./summary.ts";

const flash = {
  ...{ steps: 5, tokens: 10, bytesUsed: 5000, bytesRead: 2000, stepMs: 500, waitMs: 100 },
  ...{ pinnedBytes: 600, fidelity: "exact" } as const,
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
  const [one] = summarize([turn("exact", 1, [1], { flash })], "none", []);
  // 2 tokens a pass; 1000 bytes used, 600 stay; a pass in DRAM takes 100 ms.
  assert.equal(physicalLimit(one!.flash!, one!.flash!, 2000), 2 / 0.2);
  assert.equal(physicalLimit(one!.flash!, one!.flash!, 8000), 2 / 0.1);
});
