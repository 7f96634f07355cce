/** Counts for builders, over a real store: who came, who came back, what it took. */
import assert from "node:assert/strict";
import { type Kv, openKv } from "@flint/core";
import { Analytics } from "../../store/analytics/counts.ts";

/** A Wednesday. */
const START = Date.UTC(2026, 10, 11, 10);
const HOUR = 3600 * 1000, DAY = 24 * HOUR;

async function withAnalytics(use: (turn: TurnOf, analytics: Analytics, kv: Kv) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "flint_analytics_" });
  const kv = openKv(folder), analytics = new Analytics(kv);
  try {
    await use(
      (account, atMs, more = {}) =>
        kv.transaction((transaction) =>
          analytics.record(transaction, {
            ...{ turn: "t", account, at: new Date(atMs).toISOString(), begins: false, charge: 0 },
            ...{ publisher: "bob", listing: "poet", category: "other", version: 1, ranked: true },
            ...{ promptTokens: 10, cachedTokens: 4, completionTokens: 5, toolCalls: 1, turns: 1 },
            ...more,
          })
        ),
      analytics,
      kv,
    );
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

type TurnOf = (account: string, atMs: number, more?: object) => Promise<void>;

Deno.test("analytics: hours and days are counted as answers come, in UTC, with gaps as nothing", async () => {
  await withAnalytics(async (turn, analytics) => {
    await turn("ann", START, { begins: true, charge: 70 });
    await turn("ann", START + 10 * 60_000);
    await turn("dan", START + 2 * HOUR, { begins: true });
    const day = { listing: "poet", step: "day", from: new Date(START), to: new Date(START + DAY) };
    const [first, second] = analytics.series(day as never);
    assert.deepEqual(first, {
      ...{ at: "2026-11-11T00:00:00.000Z", conversations: 2, turns: 3, promptTokens: 30 },
      ...{ cachedTokens: 12, completionTokens: 15, toolCalls: 3, users: 2, newUsers: 2, paid: 70 },
    });
    assert.equal(second!.turns, 0);
    const hours = analytics.series({
      ...{ listing: "poet", step: "hour", from: new Date(START), to: new Date(START + 2 * HOUR) },
    });
    assert.deepEqual(hours.map(({ turns }) => turns), [2, 0, 1]);
    await turn("ann", START + DAY);
    const { listings } = analytics.totals("bob");
    assert.deepEqual(listings.map(({ listing, turns, users }) => [listing, turns, users]), [
      ["poet", 4, 2],
    ]);
  });
});

Deno.test("analytics: cohorts tell who came back, by day and by week", async () => {
  await withAnalytics(async (turn, analytics) => {
    for (const account of ["ann", "dan", "joe"]) await turn(account, START);
    await turn("ann", START + DAY);
    await turn("ann", START + DAY + HOUR); // the same day counts once
    await turn("dan", START + 5 * DAY); // Monday: the week after
    await turn("eve", START + 5 * DAY);
    const now = new Date(START + 5 * DAY);
    const days = analytics.retention.cohorts("poet", "day", { now, count: 6 });
    assert.deepEqual(days[0], { from: "2026-11-11", size: 3, back: [1, 0, 0, 0, 1] });
    assert.deepEqual(days[5], { from: "2026-11-16", size: 1, back: [] });
    const weeks = analytics.retention.cohorts("poet", "week", { now, count: 2 });
    assert.deepEqual(weeks, [
      { from: "2026-11-09", size: 3, back: [1] },
      { from: "2026-11-16", size: 1, back: [] },
    ]);
  });
});

Deno.test("analytics: a clock that is set back counts nobody twice", async () => {
  await withAnalytics(async (turn, analytics) => {
    await turn("ann", START);
    await turn("ann", START - 3 * DAY);
    const all = analytics.series({
      ...{ listing: "poet", step: "day", from: new Date(START - 3 * DAY), to: new Date(START) },
    });
    assert.equal(all.reduce((sum, { users }) => sum + users, 0), 1);
  });
});

Deno.test("analytics: hours are dropped after two weeks, days stay", async () => {
  await withAnalytics(async (turn, analytics) => {
    await turn("ann", START);
    await turn("ann", START + 15 * DAY);
    const at = new Date(START);
    const of = (step: "hour" | "day") =>
      analytics.series({ listing: "poet", step, from: at, to: at })[0]!.turns;
    assert.deepEqual([of("hour"), of("day")], [0, 1]);
  });
});
