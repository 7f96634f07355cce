/** Leaderboards over a real store, against counting everything anew. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Kv, openKv } from "@flint/core";
import {
  type BoardEvent,
  type Boards,
  openBoards,
  RATING_PRIOR,
} from "../../store/market/boards.ts";
import {
  HALF_LIFE_MS,
  NEVER,
  periodName,
  ratingScore,
  trendingScore,
  trendingUse,
} from "../../store/market/scores.ts";

async function withBoards(use: (boards: Boards, kv: Kv) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  try {
    await use(openBoards(kv), kv);
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("scores: few ratings stay near the prior, many speak for themselves", () => {
  const score = (stars: number, count: number) =>
    ratingScore({ stars: stars * count, weight: count }, RATING_PRIOR);
  assert.equal(score(5, 0), 3.5);
  assert(score(5, 1) < score(4.5, 100));
  assert(Math.abs(score(4.6, 10_000) - 4.6) < 0.01);
});

Deno.test("scores: trending use halves in a half-life, and equals the plain sum of faded use", () => {
  const start = Date.UTC(2026, 5, 1);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 50 })), {
        minLength: 1,
        maxLength: 30,
      }),
      (uses) => {
        const now = start + 60 * HALF_LIFE_MS;
        const atOf = (step: number) => start + step * HALF_LIFE_MS;
        const score = uses.reduce((s, [step, n]) => trendingScore(s, n, atOf(step)), NEVER);
        const plain = uses.reduce((sum, [step, n]) => sum + n * 2 ** (step - 60), 0);
        const got = trendingUse(score, now);
        assert(Math.abs(got - plain) < 1e-9 * plain, `${got} against ${plain}`);
        const later = trendingUse(score, now + HALF_LIFE_MS);
        assert(Math.abs(2 * later - got) < 1e-9 * got);
      },
    ),
    { numRuns: 200, seed: 2 },
  );
});

Deno.test("scores: weeks are those of ISO 8601", () => {
  const names = ["2026-01-01", "2026-12-31", "2027-01-03", "2027-01-04", "2021-01-03"].map((day) =>
    periodName("week", new Date(`${day}T12:00:00Z`))
  );
  assert.deepEqual(names, ["2026-W01", "2026-W53", "2026-W53", "2027-W01", "2020-W53"]);
});

const day = (n: number) => new Date(Date.UTC(2026, 10, 1 + n));
const event = fc.record({
  listing: fc.constantFrom("a", "b", "c", "d", "e"),
  day: fc.integer({ min: 0, max: 24 }),
  installs: fc.constantFrom(0, 1, 1, -1),
  uses: fc.integer({ min: 0, max: 5 }),
  stars: fc.integer({ min: 0, max: 5 }),
});
const categoryOf = (listing: string) => "abc".includes(listing) ? "writing" : "education";

Deno.test("boards: whatever happens, each board is what counting anew gives", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 40 }),
      (events) =>
        withBoards(async (boards, kv) => {
          const sums = new Map<string, { installs: number; uses: number; week: number }>();
          for (const { listing, day: n, installs, uses, stars } of events) {
            const one: BoardEvent = {
              ...{ listing, category: categoryOf(listing), at: day(n), installs, uses },
              ...(stars > 0 ? { rating: { stars, weight: 1 } } : {}),
            };
            await kv.transaction((transaction) => boards.record(transaction, one));
            const sum = sums.get(listing) ?? { installs: 0, uses: 0, week: 0 };
            sum.installs += installs;
            sum.uses += uses;
            if (periodName("week", day(n)) === periodName("week", day(24))) sum.week += uses;
            sums.set(listing, sum);
          }
          const expected = (field: "installs" | "uses" | "week", category?: string) =>
            [...sums].filter(([listing, sum]) =>
              sum[field] !== 0 && (!category || categoryOf(listing) === category)
            ).map(([listing, sum]) => [listing, sum[field]] as const)
              .sort(([one, a], [two, b]) => b - a || (one < two ? -1 : 1));
          const got = (query: Parameters<Boards["top"]>[0]) =>
            boards.top(query, day(24)).map(({ listing, score }) => [listing, score]);
          assert.deepEqual(got({ board: "installed" }), expected("installs"));
          assert.deepEqual(
            got({ board: "used", category: "writing" }),
            expected("uses", "writing"),
          );
          assert.deepEqual(got({ board: "used", period: "week" }), expected("week"));
        }),
    ),
    { numRuns: 40, seed: 3 },
  );
});

Deno.test("boards: a listing taken off comes back with all it had", async () => {
  await withBoards(async (boards, kv) => {
    const at = day(3), rating = { stars: 5, weight: 1 };
    const record = (listing: string, uses: number) =>
      kv.transaction((transaction) =>
        boards.record(transaction, { listing, category: "writing", at, installs: 1, uses, rating })
      );
    await record("a", 9);
    await record("b", 3);
    const boardsNow = () =>
      (["installed", "used", "rated", "trending"] as const).map((board) =>
        boards.top({ board }, at)
      );
    const before = boardsNow();
    await kv.transaction((transaction) => boards.remove(transaction, "a"));
    assert(boardsNow().every((places) => places.every(({ listing }) => listing === "b")));
    assert.deepEqual(boards.top({ board: "used", period: "month" }, at).length, 1);
    await kv.transaction((transaction) => boards.restore(transaction, "a"));
    assert.deepEqual(boardsNow(), before);
  });
});

Deno.test("boards: what happens to a listing taken off is counted, and places it nowhere", async () => {
  await withBoards(async (boards, kv) => {
    const use = { listing: "a", category: "writing", at: day(3), uses: 2 };
    await kv.transaction((transaction) => {
      boards.remove(transaction, "a");
      boards.record(transaction, use);
      boards.record(transaction, use);
    });
    const used = (period: "all" | "month") => boards.top({ board: "used", period }, day(3));
    assert.deepEqual([...used("all"), ...used("month")], []);
    await kv.transaction((transaction) => boards.restore(transaction, "a"));
    assert.deepEqual([...used("all"), ...used("month")].map(({ score }) => score), [4, 4]);
  });
});

Deno.test("boards: a listing of another category stands on no shelf of its old one", async () => {
  await withBoards(async (boards, kv) => {
    for (const [category, n] of [["writing", 3], ["writing", 20], ["education", 21]] as const) {
      const use = { listing: "a", category, at: day(n), uses: 1, installs: 1 };
      await kv.transaction((transaction) => boards.record(transaction, use));
    }
    const scoreOn = (category: string, period: "all" | "month" | "week", n: number) =>
      boards.top({ board: "used", category, period }, day(n)).map(({ score }) => score);
    for (const [period, n, score] of [["all", 21, 3], ["month", 21, 3], ["week", 3, 1]] as const) {
      assert.deepEqual(scoreOn("writing", period, n), []);
      assert.deepEqual(scoreOn("education", period, n), [score]);
    }
  });
});

Deno.test("boards: only counts have periods", async () => {
  await withBoards((boards) => {
    assert.throws(() => boards.top({ board: "rated", period: "week" }), { code: "bad_input" });
    return Promise.resolve();
  });
});
