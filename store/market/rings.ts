/**
 * Rings: accounts that rate the same listings within weeks of one another, in numbers that chance
 * and taste do not explain.
 *
 * Groups are found as frequent pairs of listings in a window of time, as "Spotting Fake Reviewer
 * Groups in Consumer Reviews" (Mukherjee, Liu, Glance, WWW 2012) mines them, in lockstep as
 * "CopyCatch" (Beutel and others, WWW 2013) has it. Pairs that many rate say little, so whatever a
 * ring rates to look like others neither helps nor harms: what counts is how much more often than by
 * chance two listings meet.
 */
import type { Collection, Kv, Transaction } from "@flint/core";
import { entriesOf } from "@flint/plugins";
import { DAY_MS } from "../money/calendar.ts";
import type { Arrival } from "./bursts.ts";

/** Two listings that too many of the same accounts rated at the same time. */
export interface Lockstep {
  readonly other: string;
  readonly accounts: number;
  /** As many were to be expected by chance. */
  readonly expected: number;
}

/** A rating, by what names it. */
export interface RatingKey {
  readonly listing: string;
  readonly account: string;
}

/** The rings of one store. */
export interface Rings {
  /** Takes a rating that would count; returns all that are a ring's from now on. */
  note(transaction: Transaction, arrival: Arrival): RatingKey[];
  /** Whether this rating is a ring's. */
  find(key: RatingKey): Lockstep | undefined;
  /** Forgets what no longer matters, at most `limit` records of each kind. */
  prune(transaction: Transaction, now: Date, limit: number): void;
}

const WINDOW_MS = 28 * DAY_MS;
/** An account's ratings that a new one is paired with: the latest. */
const PAIRS_MAX = 16;
/** How much more often than by chance people of one taste rate the same two. */
const TASTE = 2;
/** Friends who tell one another: never a ring. */
const FRIENDS = 5;

interface Pair {
  readonly accounts: number;
  readonly isRing: boolean;
}

/** Opens them in `kv`. */
export function openRings(kv: Kv): Rings {
  return new StoredRings(kv);
}

class StoredRings implements Rings {
  /** [account, time, listing] */
  readonly #recent: Collection<true>;
  /** [window, listing], and [window] for accounts: how many rated. */
  readonly #counts: Collection<number>;
  /** [window, account] */
  readonly #raters: Collection<true>;
  /** [window, listing, other listing]; of the two the one that sorts first comes first. */
  readonly #pairs: Collection<Pair>;
  /** [window, listing, other listing, account] */
  readonly #members: Collection<true>;
  /** [listing, account] */
  readonly #found: Collection<Lockstep>;

  constructor(kv: Kv) {
    this.#recent = kv.collection("ring_recent");
    this.#counts = kv.collection("ring_counts");
    this.#raters = kv.collection("ring_raters");
    this.#pairs = kv.collection("ring_pairs");
    this.#members = kv.collection("ring_members");
    this.#found = kv.collection("ring_found");
  }

  note(transaction: Transaction, { account, listing, at }: Arrival): RatingKey[] {
    const window = Math.floor(at.getTime() / WINDOW_MS);
    const recent = this.#recentOf(account, at);
    transaction.put(this.#recent, [account, at.getTime(), listing], true);
    this.#add(transaction, [window, listing]);
    if (!this.#raters.get([window, account])) {
      transaction.put(this.#raters, [window, account], true);
      this.#add(transaction, [window]);
    }
    return recent.flatMap((other) => {
      const pair = listing < other ? [listing, other] as const : [other, listing] as const;
      return this.#meet(transaction, window, pair, account);
    });
  }

  find({ listing, account }: RatingKey): Lockstep | undefined {
    return this.#found.get([listing, account]);
  }

  prune(transaction: Transaction, now: Date, limit: number): void {
    const end = [Math.floor(now.getTime() / WINDOW_MS) - 1];
    for (const kind of [this.#counts, this.#raters, this.#pairs, this.#members]) {
      const { entries } = (kind as Collection<unknown>).list({ end, limit });
      for (const { key } of entries) transaction.remove(kind, key);
    }
  }

  /** Listings that the account rated within the window's length before `at`. */
  #recentOf(account: string, at: Date): string[] {
    const { entries } = this.#recent.list({
      start: [account, at.getTime() - WINDOW_MS],
      end: [account, at.getTime() + 1],
      limit: PAIRS_MAX,
      reverse: true,
    });
    return entries.map(({ key }) => (key as [string, number, string])[2]);
  }

  #add(transaction: Transaction, key: readonly (string | number)[]): void {
    transaction.put(this.#counts, key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** One more account that rated both. What was found to be a ring stays one, however it grows. */
  #meet(
    transaction: Transaction,
    window: number,
    pair: readonly [string, string],
    account: string,
  ): RatingKey[] {
    const known = this.#pairs.get([window, ...pair]) ?? { accounts: 0, isRing: false };
    const accounts = known.accounts + 1;
    transaction.put(this.#members, [window, ...pair, account], true);
    const expected = this.#expected(window, pair), usual = TASTE * expected;
    const isRing = known.isRing || accounts > usual + 4 * Math.sqrt(usual) + FRIENDS;
    transaction.put(this.#pairs, [window, ...pair], { accounts, isRing });
    if (!isRing) return [];
    const members = known.isRing ? [account] : this.#membersOf(window, pair);
    return members.flatMap((each) => this.#mark(transaction, pair, each, { accounts, expected }));
  }

  #expected(window: number, [one, two]: readonly [string, string]): number {
    const count = (...key: string[]) =>
      (this.#counts.get([window, ...key]) ?? 0) + (this.#counts.get([window - 1, ...key]) ?? 0);
    return count(one) * count(two) / count();
  }

  #membersOf(window: number, pair: readonly [string, string]): string[] {
    const members = entriesOf(this.#members, { prefix: [window, ...pair] });
    return [...members].map(({ key }) => String((key as string[])[3]));
  }

  #mark(
    transaction: Transaction,
    [one, two]: readonly [string, string],
    account: string,
    found: Omit<Lockstep, "other">,
  ): RatingKey[] {
    return [[one, two], [two, one]].flatMap(([listing, other]) => {
      if (this.#found.get([listing!, account])) return [];
      transaction.put(this.#found, [listing!, account], { ...found, other: other! });
      return [{ listing: listing!, account }];
    });
  }
}
