/** Ratings and reviews over a real store and real counts of use. */
import assert from "node:assert/strict";
import { type Kv, openKv } from "@flint/core";
import { type Boards, openBoards } from "../../store/market/boards.ts";
import { openReviews, type Reviews } from "../../store/market/reviews.ts";
import { openUse } from "../../store/market/use.ts";
import { ringTrial } from "../bench/ring_bench.ts";

const DAY_MS = 24 * 3600 * 1000;
const MADE = Date.UTC(2026, 0, 1);

interface World {
  readonly kv: Kv;
  readonly boards: Boards;
  readonly reviews: Reviews;
  /** The day it is, from 0; may be set. */
  readonly clock: { day: number };
  /** Listings that are not public; may be added to. */
  readonly hidden: Set<string>;
  /** Takes turns on each of the days given. */
  use(account: string, listing: string, turns: number, days: readonly number[]): Promise<void>;
}

async function withReviews(run: (world: World) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  try {
    const boards = openBoards(kv), counts = openUse(kv), clock = { day: 0 };
    const hidden = new Set<string>();
    const reviews = openReviews({
      ...{ kv, boards, use: counts },
      now: () => new Date(MADE + clock.day * DAY_MS),
      accountSince: () => new Date(MADE),
      listing: (id) =>
        id === "gone"
          ? undefined
          : { publisher: "builder", category: "games", isPublic: !hidden.has(id) },
    });
    const use: World["use"] = (account, listing, turns, days) =>
      kv.transaction((transaction) => {
        for (const day of days) {
          const at = new Date(MADE + day * DAY_MS);
          for (let i = 0; i < turns; i++) counts.record(transaction, { account, listing, at });
        }
      });
    await run({ kv, boards, reviews, clock, hidden, use });
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const ada = { listing: "dice", account: "ada" };

Deno.test("reviews: whoever used it may rate it, once; nobody else, nor its builder", async () => {
  await withReviews(async ({ reviews, use }) => {
    await use("ada", "dice", 4, [0]);
    await assert.rejects(reviews.rate(ada, { stars: 5 }), /5 turns: 1 to go/);
    await use("ada", "dice", 1, [0]);
    await reviews.rate(ada, { stars: 2, text: "Rolls seven." });
    await reviews.rate(ada, { stars: 4, text: "Mended." });
    assert.deepEqual(reviews.summary("dice").histogram, [0, 0, 0, 1, 0]);
    assert.deepEqual(reviews.list("dice").items.map(({ text }) => text), ["Mended."]);
    await use("builder", "dice", 9, [0]);
    await assert.rejects(
      reviews.rate({ listing: "dice", account: "builder" }, { stars: 5 }),
      /your own/,
    );
    await assert.rejects(
      reviews.rate({ listing: "gone", account: "ada" }, { stars: 5 }),
      /no list/,
    );
    await reviews.remove(ada);
    assert.deepEqual(reviews.summary("dice").histogram, [0, 0, 0, 0, 0]);
    await assert.rejects(reviews.remove(ada), /not reviewed/);
  });
});

Deno.test("reviews: a rating that counts only when its listing is taken back ranks nothing", async () => {
  await withReviews(async ({ kv, reviews, boards, clock, hidden, use }) => {
    await use("ada", "dice", 15, [0, 1, 2]);
    await reviews.rate(ada, { stars: 5 });
    hidden.add("dice");
    await kv.transaction((transaction) => boards.remove(transaction, "dice"));
    clock.day = 64;
    assert.equal(await reviews.settle(), 1);
    assert.equal(boards.standing("dice")!.rating.weight, 1);
    assert.deepEqual(boards.top({ board: "rated" }), []);
    await assert.rejects(reviews.rate(ada, { stars: 4 }), /no listing/);
  });
});

Deno.test("reviews: hostile text is refused or tamed", async () => {
  await withReviews(async ({ reviews, use }) => {
    await use("ada", "dice", 5, [0]);
    const rate = (draft: unknown) => reviews.rate(ada, draft);
    await assert.rejects(rate({ stars: 5, text: "x".repeat(2001) }), /too long/);
    await assert.rejects(rate({ stars: 5, text: `a${"\u0301".repeat(40)}` }), /marks/);
    await assert.rejects(rate({ stars: 5, text: "a\u202eb" }), /control/);
    await assert.rejects(rate({ stars: 6 }), /at most 5/);
    await assert.rejects(rate({ stars: 4.5 }), /whole number/);
    await assert.rejects(rate({ stars: 5, weight: 9 }), /not a field/);
    assert.equal((await rate({ stars: 5, text: " हिन्दी ốk \r\n" })).text, "हिन्दी ốk");
  });
});

Deno.test("reviews: a rating counts once its account has age and use, and then for more and more", async () => {
  await withReviews(async ({ reviews, boards, clock, use }) => {
    await use("ada", "dice", 6, [0, 1, 2]);
    await reviews.rate(ada, { stars: 5 });
    assert.match(reviews.verdict(ada).why, /0 days old/);
    assert.equal(boards.standing("dice"), undefined);
    const weights: number[] = [];
    for (clock.day = 1; clock.day < 200; clock.day += 1) {
      await reviews.settle();
      if (weights.at(-1) !== reviews.verdict(ada).weight) weights.push(reviews.verdict(ada).weight);
    }
    assert.deepEqual(weights, [0, 7 / 64, 15 / 64, 29 / 64]);
    assert.deepEqual(boards.standing("dice")!.rating, { stars: 5 * 29 / 64, weight: 29 / 64 });
    const log = reviews.judgements("dice").items;
    const logged = log.map(({ weight }) => weight).reverse();
    assert.deepEqual(logged.filter((weight, i) => weight !== logged[i - 1]), weights);
    assert.deepEqual(reviews.judgements(undefined).items, log);
    await reviews.remove(ada);
    assert.deepEqual(boards.standing("dice")!.rating, { stars: 0, weight: 0 });
    assert.deepEqual(boards.top({ board: "rated" }), []);
  });
});

Deno.test("reviews: the builder answers, readers report, the owner hides or lets count", async () => {
  await withReviews(async ({ reviews, use }) => {
    await use("ada", "dice", 5, [0]);
    await reviews.rate(ada, { stars: 1, text: "Buy my dice instead!" });
    await assert.rejects(reviews.answer(ada, "bob", { text: "No." }), /only the builder/);
    await reviews.answer(ada, "builder", { text: "Please don't." });
    await reviews.rate(ada, { stars: 1, text: "Buy mine!" });
    assert.equal(reviews.get(ada).answer?.text, "Please don't.");
    await reviews.report(ada, "bob", { reason: "an advertisement" });
    await reviews.report(ada, "bob", { reason: "still one" });
    assert.deepEqual(reviews.reports().items.map(({ reason }) => reason), ["still one"]);
    await reviews.decide(ada, { counts: false, why: "an advertisement" });
    assert.deepEqual(reviews.list("dice").items, []);
    assert.deepEqual(reviews.summary("dice").histogram, [0, 0, 0, 0, 0]);
    await reviews.rate(ada, { stars: 1, text: "Mine!" });
    assert.deepEqual([reviews.list("dice").items, reviews.get(ada).text], [[], ""]);
    await reviews.decide(ada, { counts: true, why: "they asked" });
    assert.deepEqual(reviews.verdict(ada), { weight: 1, ground: "owner", why: "they asked" });
    await reviews.decide(ada, { counts: null, why: "let it be judged" });
    assert.equal(reviews.verdict(ada).ground, "early");
    assert.equal(reviews.list("dice").items.length, 1);
  });
});

Deno.test("reviews: twenty alike at once are a burst, its first ones too; those who differ count", async () => {
  await withReviews(async ({ reviews, boards, clock, use }) => {
    clock.day = 90;
    await use("ada", "dice", 40, [1, 2, 3]);
    await reviews.rate(ada, { stars: 2 });
    const ring = Array.from({ length: 20 }, (_, i) => ({ listing: "dice", account: `ring-${i}` }));
    for (const key of ring) {
      await use(key.account, "dice", 4, [80, 81, 82]);
      await reviews.rate(key, { stars: 5 });
    }
    assert.deepEqual(new Set(ring.map((key) => reviews.verdict(key).ground)), new Set(["burst"]));
    assert.deepEqual(boards.standing("dice")!.rating, { stars: 2, weight: 1 });
    assert.match(reviews.verdict(ring[0]!).why, /of the same use, where its new users explain/);
  });
});

Deno.test("reviews: nine that rate the same listings are a ring; what the crowd rates proves nothing", async () => {
  await withReviews(async ({ reviews, clock, use }) => {
    clock.day = 90;
    const rate = async (account: string, listing: string, stars: number) => {
      const turns = 4 + Number(account.split("-")[1]) ** 2; // hardly two alike: no burst
      await use(account, listing, turns, [80, 81, 82]);
      await reviews.rate({ account, listing }, { stars });
    };
    for (let i = 0; i < 30; i++) await rate(`crowd-${i}`, "popular", 4);
    for (let i = 0; i < 260; i++) await rate(`other-0-${i}`, `tail-${i}`, 4);
    for (let i = 0; i < 9; i++) {
      for (const listing of ["popular", "one", "two"]) await rate(`ring-${i}`, listing, 5);
    }
    const ground = (account: string, listing: string) =>
      reviews.verdict({ account, listing }).ground;
    for (let i = 0; i < 9; i++) {
      assert.deepEqual([ground(`ring-${i}`, "one"), ground(`ring-${i}`, "two")], ["ring", "ring"]);
    }
    for (let i = 0; i < 30; i++) assert.notEqual(ground(`crowd-${i}`, "popular"), "ring");
  });
});

Deno.test("reviews: a ring of a hundred moves nothing far in a small store, honest raters do", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const moved = new Map<string, number>();
    const trial = {
      size: { listings: 150, raters: 500, ratings: 900, daysBefore: 60, daysOfAttack: 30 },
      ...{ accounts: 100, seed: 1 },
      only: (name: string) => /fresh|same, a slow|honest/.test(name),
    };
    for await (const { name, target } of ringTrial(folder, trial)) moved.set(name, target);
    const honest = "as many honest raters, of 20 times as many users";
    assert(moved.get(honest)! > 3, `honest raters moved it by ${moved.get(honest)}`);
    for (const [name, places] of moved) {
      if (name !== honest) assert(places <= 3, `${name} moved its target by ${places}`);
    }
    assert.equal(moved.size, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
