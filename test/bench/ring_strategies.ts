/** What a ring of accounts may do to a store's ratings, from the crude to what costs as much as use. */
import { COUNTS_FROM } from "../../store/market/trust.ts";
import { USER_TURNS_MIN } from "../../store/market/use.ts";
import {
  Draw,
  type RatingEvent,
  USERS_PER_RATING,
  type World,
  type WorldSize,
} from "./ring_world.ts";

/** An attack, or what looks like one and is none. */
export interface Attack {
  readonly events: readonly RatingEvent[];
  /** Day on which an account was made. */
  readonly since: ReadonlyMap<string, number>;
  /** Listings it is about. */
  readonly targets: readonly string[];
}

/** A way to attack, with `accounts` accounts. */
export interface Strategy {
  readonly name: string;
  readonly attack: (world: World, accounts: number, draw: Draw) => Attack;
}

/** How one account behaves. */
interface Manner {
  /** Days before the attack on which accounts were made. */
  readonly agedDays: number;
  /** Days that the attack is spread over. */
  readonly overDays: number;
  readonly stars: number;
  readonly use: (draw: Draw) => RatingEvent["use"];
  /** Popular listings that each rates as others do. */
  readonly camouflage?: number;
  /** Accounts that use the target and don't rate it, for each one that does. */
  readonly silent?: number;
}

/** As little as the store lets rate, and as little as counts. */
const least = () => ({ turns: USER_TURNS_MIN, days: 1 });
const enough = () => ({ turns: COUNTS_FROM.turns, days: COUNTS_FROM.daysOfAll });
const asUsers = (draw: Draw) => draw.use();

/** Listings whose popularity is middling: that is where a few ratings matter most. */
const middle = ({ listings }: World) => [listings[Math.floor(listings.length / 5)]!.id];
const rival = ({ listings }: World) => [listings[Math.floor(listings.length / 100)]!.id];
/** Among the listings that everybody rates. */
const POPULAR = 50;

function attackBy(world: World, accounts: number, draw: Draw, target: string, manner: Manner) {
  const { daysBefore } = world.size;
  const since = new Map<string, number>(), events: RatingEvent[] = [];
  for (let i = 0; i < accounts; i++) {
    const account = `ring-${target}-${i}`;
    since.set(account, daysBefore - manner.agedDays - draw.below(Math.max(1, manner.agedDays / 2)));
    const day = daysBefore + 1 + draw.below(manner.overDays), use = manner.use(draw);
    for (let hidden = 0; hidden < (manner.camouflage ?? 0); hidden++) {
      const { id, quality } = world.listings[draw.below(Math.min(POPULAR, world.listings.length))]!;
      const before = Math.max(daysBefore - 30, day - draw.below(30));
      const stars = draw.stars(quality);
      events.push({ day: before, account, listing: id, stars, use: manner.use(draw), users: 1 });
    }
    const users = 1 + (manner.silent ?? 0);
    events.push({ day, account, listing: target, stars: manner.stars, use, users });
  }
  return { events, since };
}

function promote(name: string, manner: Manner, pick = middle): Strategy {
  return {
    name,
    attack: (world, accounts, draw) => {
      const targets = pick(world);
      const raters = Math.floor(accounts / (1 + (manner.silent ?? 0)));
      return { ...attackBy(world, raters, draw, targets[0]!, manner), targets };
    },
  };
}

/** Many rings, each too small to make a burst, each for several listings of its own. */
const small: Strategy = {
  name: "80 rings of 12, each for 8 listings",
  attack: (world, accounts, draw) => {
    const tail = world.listings.slice(Math.floor(world.listings.length / 2));
    const rings = Math.ceil(accounts / 12.5), events: RatingEvent[] = [], targets: string[] = [];
    const since = new Map<string, number>();
    for (let ring = 0; ring < rings; ring++) {
      const own = Array.from({ length: 8 }, () => tail[draw.below(tail.length)]!.id);
      targets.push(...own);
      for (let i = 0; i < 12; i++) {
        const account = `ring-${ring}-${i}`, day = world.size.daysBefore + 1 + draw.below(20);
        since.set(account, world.size.daysBefore - 200);
        for (const listing of new Set(own)) {
          events.push({ day, account, listing, stars: 5, use: enough(), users: 1 });
        }
      }
    }
    return { events, since, targets };
  },
};

/** The store as it goes on by itself. */
export const NOBODY: Strategy = {
  name: "nobody",
  attack: () => ({ events: [], since: new Map(), targets: [] }),
};

/** People who found a listing good: with the users that raters are a part of. */
export const HONEST: Strategy = {
  name: "as many honest raters, of 20 times as many users",
  attack: (world, accounts, draw) => {
    const targets = middle(world);
    const manner: Manner = {
      agedDays: 100,
      overDays: world.size.daysOfAttack - 1,
      stars: 5,
      use: asUsers,
      silent: USERS_PER_RATING - 1,
    };
    return { ...attackBy(world, accounts, draw, targets[0]!, manner), targets };
  },
};

/** The strategies, from the cheapest on; `days` is how long an attack may take. */
export function strategies({ daysOfAttack }: WorldSize): Strategy[] {
  const slowly = daysOfAttack - 1;
  return [
    promote("fresh accounts at once", { agedDays: 1, overDays: 1, stars: 5, use: least }),
    promote("aged accounts at once", { agedDays: 200, overDays: 1, stars: 5, use: least }),
    promote("aged, as much use as counts, at once", {
      ...{ agedDays: 200, overDays: 2, stars: 5, use: enough },
    }),
    promote("the same, a slow drip", { agedDays: 200, overDays: slowly, stars: 5, use: enough }),
    promote("the same, each rating 10 popular ones too", {
      ...{ agedDays: 200, overDays: slowly, stars: 5, use: enough, camouflage: 10 },
    }),
    promote("the same, 1 star for a popular rival", {
      ...{ agedDays: 200, overDays: slowly, stars: 1, use: enough, camouflage: 10 },
    }, rival),
    small,
    promote("each used like a user, a slow drip", {
      ...{ agedDays: 200, overDays: slowly, stars: 5, use: asUsers, camouflage: 10 },
    }),
    promote("each used like a user, 1 star for a rival", {
      ...{ agedDays: 200, overDays: slowly, stars: 1, use: asUsers, camouflage: 10 },
    }, rival),
    promote("19 of 20 use it and don't rate", {
      ...{ agedDays: 200, overDays: slowly, stars: 5, use: asUsers },
      ...{ camouflage: 10, silent: USERS_PER_RATING - 1 },
    }),
  ];
}
