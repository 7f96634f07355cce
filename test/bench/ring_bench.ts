/** `bench ring`: what a ring of accounts does to the ranks of a store, against what it would be without. */
import { type Kv, openKv } from "../../core/kv.ts";
import { type Boards, openBoards, RATING_PRIOR } from "../../store/market/boards.ts";
import { openReviews, type Reviews } from "../../store/market/reviews.ts";
import { ratingScore } from "../../store/market/scores.ts";
import { type Attack, HONEST, NOBODY, strategies, type Strategy } from "./ring_strategies.ts";
import {
  Draw,
  makeWorld,
  type RatingEvent,
  type World,
  type WorldSize,
  WorldUse,
} from "./ring_world.ts";

/** What a strategy came to. */
export interface RingOutcome {
  readonly name: string;
  /** The furthest that one of its targets moved, and any listing at all. */
  readonly target: number;
  readonly any: number;
  /** Ratings of the ring that count for something in the end, and all it gave. */
  readonly counted: number;
  readonly given: number;
  /** Honest ratings that were taken for a burst's or a ring's. */
  readonly suspected: number;
  /** Turns that it took, and accounts that rated. */
  readonly turns: number;
  readonly accounts: number;
}

/** A trial: a store, a ring's accounts, and a seed. */
export interface RingTrial {
  readonly size: WorldSize;
  readonly accounts: number;
  readonly seed: number;
  readonly only?: (name: string) => boolean;
}

/** A store of some size, a year old. */
export const STORE_SIZE: WorldSize = {
  listings: 2000,
  raters: 12_000,
  ratings: 40_000,
  daysBefore: 365,
  daysOfAttack: 60,
};

const DAY_MS = 24 * 3600 * 1000;
const START_MS = Date.UTC(2026, 0, 1);

/** Runs the strategies, each on a copy of the same store; HONEST is the last. */
export async function* ringTrial(folder: string, trial: RingTrial): AsyncGenerator<RingOutcome> {
  const { size, accounts, seed, only = () => true } = trial;
  const world = makeWorld(size, seed);
  const base = `${folder}/base`;
  await live(base, world, 0, size.daysBefore, undefined);
  const calm = await liveCopy(base, `${folder}/calm`, world);
  for (const strategy of [NOBODY, ...strategies(size), HONEST]) {
    if (!only(strategy.name)) continue;
    const attack = strategy.attack(world, accounts, new Draw(seed + 1));
    const after = await liveCopy(base, `${folder}/attacked`, world, attack);
    yield compared(strategy, attack, calm, after);
  }
}

/** What a store's life came to. */
interface Aftermath {
  /** Rank by listing. */
  readonly ranks: ReadonlyMap<string, number>;
  /** "account listing" of all that counts for something. */
  readonly counted: ReadonlySet<string>;
  /** Honest ratings that were taken for a burst's or a ring's. */
  readonly suspected: number;
}

async function liveCopy(base: string, folder: string, world: World, attack?: Attack) {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.copyFile(`${base}/data.mdb`, `${folder}/data.mdb`);
  const { daysBefore, daysOfAttack } = world.size;
  const end = await live(folder, world, daysBefore, daysBefore + daysOfAttack, attack);
  await Deno.remove(folder, { recursive: true });
  return end;
}

/** Lets a store live from one day to another; use before is brought in first. */
async function live(folder: string, world: World, from: number, to: number, attack?: Attack) {
  const kv = openKv(folder);
  const use = new WorldUse(), clock = { nowMs: 0 };
  const { reviews, boards } = opened(kv, world, use, clock, attack);
  const given = [...world.events, ...attack?.events ?? []];
  const days = Map.groupBy(given, ({ day }) => day);
  for (const account of world.since.keys()) use.addOther(account, { turns: 30, days: 5 });
  for (let day = 0; day < from; day++) {
    for (const event of days.get(day) ?? []) if (!attack?.since.has(event.account)) use.add(event);
  }
  // What a ring did to look like others before the attack is done on its first day.
  const late = attack?.events.filter(({ day }) => day < from) ?? [];
  for (let day = from; day < to; day++) {
    const today = [...day === from ? late : [], ...days.get(day) ?? []];
    for (const event of today) use.add(event);
    clock.nowMs = START_MS + day * DAY_MS;
    await Promise.all(today.map(({ account, listing, stars }) => {
      clock.nowMs++; // read in a transaction: all of a day's are written at its last moment
      return reviews.rate({ account, listing }, { stars });
    }));
    while (await reviews.settle(100) === 100);
  }
  const end = aftermath(world, given.filter(({ day }) => day < to), boards, reviews);
  await kv.close();
  return end;
}

function opened(kv: Kv, world: World, use: WorldUse, clock: { nowMs: number }, attack?: Attack) {
  const since = new Map([...world.since, ...attack?.since ?? []]);
  const categories = new Map(world.listings.map(({ id, category }) => [id, category]));
  const boards = openBoards(kv);
  const reviews = openReviews({
    ...{ kv, boards, use },
    now: () => new Date(clock.nowMs),
    accountSince: (account) => new Date(START_MS + since.get(account)! * DAY_MS),
    listing: (id) => ({ publisher: "builder", category: categories.get(id)!, isPublic: true }),
  });
  return { boards, reviews };
}

function aftermath(
  world: World,
  given: readonly RatingEvent[],
  boards: Boards,
  reviews: Reviews,
): Aftermath {
  const score = ({ id }: { id: string }) =>
    ratingScore(boards.standing(id)?.rating ?? { stars: 0, weight: 0 }, RATING_PRIOR);
  const order = [...world.listings].sort((a, b) => score(b) - score(a) || (a.id < b.id ? -1 : 1));
  const honest = new Set(world.events);
  const suspected = given.filter((key) =>
    honest.has(key) && /burst|ring/.test(reviews.verdict(key).ground)
  );
  const counting = given.filter((key) => reviews.verdict(key).weight > 0);
  return {
    ranks: new Map(order.map(({ id }, i) => [id, i + 1])),
    suspected: suspected.length,
    counted: new Set(counting.map(({ account, listing }) => `${account} ${listing}`)),
  };
}

function compared(
  { name }: Strategy,
  { since, targets, events }: Attack,
  calm: Aftermath,
  after: Aftermath,
): RingOutcome {
  const moved = (id: string) => Math.abs(after.ranks.get(id)! - calm.ranks.get(id)!);
  const aimed = new Set(targets);
  // What it gave to look like others is no attack.
  const given = events.filter(({ listing }) => aimed.has(listing));
  const users = (event: RatingEvent) => event.users * event.use.turns;
  return {
    name,
    target: Math.max(0, ...targets.map(moved)),
    any: Math.max(...[...calm.ranks.keys()].map(moved)),
    counted: given.filter((e) => after.counted.has(`${e.account} ${e.listing}`)).length,
    given: given.length,
    suspected: after.suspected,
    turns: events.reduce((sum, event) => sum + users(event), 0),
    accounts: since.size,
  };
}

/** The bench's command. */
export async function benchRing(folder: string, trial: RingTrial): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const place = await Deno.makeTempDir({ dir: folder, prefix: ".ring-" });
  const { size } = trial;
  console.log(
    `${size.listings} listings, ${size.ratings} ratings by at most ${size.raters} accounts in ` +
      `${size.daysBefore + size.daysOfAttack} days; ${trial.accounts} accounts attack in the ` +
      `last ${size.daysOfAttack}\n\n` +
      "| strategy | turns it takes | counted | target moved | any moved | honest held for it |\n" +
      "| --- | --- | --- | --- | --- | --- |",
  );
  try {
    for await (const outcome of ringTrial(place, trial)) {
      const { name, turns, counted, given, target, any, suspected } = outcome;
      const cells = [name, turns, `${counted} of ${given}`, target, any, suspected];
      console.log(`| ${cells.join(" | ")} |`);
    }
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}
