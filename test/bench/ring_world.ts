/**
 * A made-up store for trying what rings can do to its ranks: listings whose users are Zipf-shaped,
 * raters with tastes, and use as reviews read it. The same seed makes the same store.
 */
import type { Use, UseOf } from "../../store/market/use.ts";
import { randomFloats } from "../random.ts";

/** How large the store is. */
export interface WorldSize {
  readonly listings: number;
  readonly raters: number;
  readonly ratings: number;
  /** Before the attack, and while it goes on. */
  readonly daysBefore: number;
  readonly daysOfAttack: number;
}

/** Somebody rates a listing, after using it. */
export interface RatingEvent {
  readonly day: number;
  readonly account: string;
  readonly listing: string;
  readonly stars: number;
  /** What the account used of it until then. */
  readonly use: Use;
  /** Users who came to the listing on that day, the rater among them. */
  readonly users: number;
}

/** A listing, as the honest see it. */
export interface WorldListing {
  readonly id: string;
  readonly category: string;
  /** Mean of honest stars. */
  readonly quality: number;
}

/** A store's honest life. */
export interface World {
  readonly size: WorldSize;
  /** By falling popularity. */
  readonly listings: readonly WorldListing[];
  /** In order of time. */
  readonly events: readonly RatingEvent[];
  /** Day on which an account was made; of before the first day, negative. */
  readonly since: ReadonlyMap<string, number>;
}

/** One user in twenty rates, as a rule; listings differ. */
export const USERS_PER_RATING = 20;
const CATEGORIES = 14;
/** How many of an account's ratings are of its two favourite categories. */
const TASTE = 0.6;

/** Random draws of the shapes that stores have. */
export class Draw {
  readonly float: () => number;
  constructor(seed: number) {
    this.float = randomFloats(seed);
  }
  below(n: number): number {
    return Math.floor(this.float() * n);
  }
  /** Box and Muller's. */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.float());
  }
  /** 0..n-1, the k-th as often as 1/(k+1). */
  zipf(n: number): number {
    return Math.min(n - 1, Math.floor((n + 1) ** this.float()) - 1);
  }
  stars(mean: number): number {
    return Math.min(5, Math.max(1, Math.round(this.normal(mean, 0.9))));
  }
  /** What somebody used of a listing before they rated it: half of them more than 40 turns. */
  use(): Use {
    const turns = Math.min(3000, Math.max(5, Math.round(40 * Math.exp(this.normal(0, 1)))));
    return { turns, days: Math.max(1, Math.min(turns, Math.round(turns / 8 + this.float() * 2))) };
  }
}

/** Makes the store. */
export function makeWorld(size: WorldSize, seed: number): World {
  const draw = new Draw(seed);
  const days = size.daysBefore + size.daysOfAttack;
  const listings = Array.from({ length: size.listings }, (_, i): WorldListing => ({
    id: `listing-${i}`,
    category: `category-${draw.below(CATEGORIES)}`,
    quality: Math.min(4.9, Math.max(1.5, draw.normal(4, 0.45))),
  }));
  const crowds = listings.map(() => USERS_PER_RATING * Math.exp(draw.normal(0, 0.3)));
  const shelves = Map.groupBy(listings.keys(), (i) => listings[i]!.category);
  const tastes = Array.from({ length: size.raters }, () => [0, 0].map(() => draw.zipf(CATEGORIES)));
  const since = new Map<string, number>();
  const seen = new Set<string>(), events: RatingEvent[] = [];
  for (let i = 0; i < size.ratings; i++) {
    const day = Math.floor(days * i / size.ratings);
    const rater = draw.zipf(size.raters), account = `rater-${rater}`;
    const shelf = shelves.get(`category-${tastes[rater]![draw.below(2)]}`) ?? [];
    const place = draw.float() < TASTE && shelf.length > 0
      ? shelf[draw.zipf(shelf.length)]!
      : draw.zipf(size.listings);
    const { id, quality } = listings[place]!;
    if (seen.has(`${account} ${id}`)) continue;
    seen.add(`${account} ${id}`);
    if (!since.has(account)) since.set(account, day - 10 - draw.below(300));
    const users = 1 + Math.round(crowds[place]! * 2 * draw.float());
    events.push({ day, account, listing: id, stars: draw.stars(quality), use: draw.use(), users });
  }
  return { size, listings, events, since };
}

/** Use as the made-up events say it. */
export class WorldUse implements UseOf {
  readonly #uses = new Map<string, Use>();
  readonly #accounts = new Map<string, Use>();
  readonly #users = new Map<string, number>();
  #all = 0;

  add({ account, listing, use, users }: RatingEvent): void {
    this.#uses.set(`${account} ${listing}`, use);
    this.addOther(account, use);
    this.addUsers(listing, users);
  }
  /** Other use of the store than of what is rated. */
  addOther(account: string, use: Use): void {
    const { turns, days } = this.by(account);
    this.#accounts.set(account, { turns: turns + use.turns, days: days + use.days });
  }
  addUsers(listing: string, users: number): void {
    this.#users.set(listing, this.users(listing) + users);
    this.#all += users;
  }
  of = (account: string, listing: string): Use => this.#uses.get(`${account} ${listing}`) ?? NONE;
  by = (account: string): Use => this.#accounts.get(account) ?? NONE;
  users = (listing: string): number => this.#users.get(listing) ?? 0;
  usersOfAll = (): number => this.#all;
}

const NONE: Use = { turns: 0, days: 0 };
