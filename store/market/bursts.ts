/**
 * Bursts: more ratings than a listing's own history lets its new users give.
 *
 * A CUSUM chart (Page, "Continuous Inspection Schemes", Biometrika 1954) of each listing: a rating
 * adds 1, a new user takes off half as much again as the share of users who rated so far. People
 * rate days after they came, so users of the last two weeks may bring it below 0, and no others.
 * Where it was lowest last is where a burst began.
 */
import type { Collection, Kv, Transaction } from "@flint/core";
import { entriesOf } from "@flint/plugins";
import { DAY_MS } from "../money/calendar.ts";
import type { UseOf } from "./use.ts";

/** A rating that counts for the first time. */
export interface Arrival {
  readonly account: string;
  readonly listing: string;
  readonly at: Date;
}

/** Why a rating is in a burst. */
export interface BurstCell {
  /** Ratings since the burst began by accounts that used the listing and the store as much. */
  readonly ratings: number;
  /** As many were to be expected. */
  readonly expected: number;
}

/** The bursts of one store. */
export interface Bursts {
  /** Takes an arrival; returns the accounts whose ratings of this listing are in a burst from now on. */
  note(transaction: Transaction, arrival: Arrival): string[];
  /** Whether this rating was noted; it stays so when it is taken back. */
  has(listing: string, account: string): boolean;
  /** Whether it is in a burst. */
  find(listing: string, account: string): BurstCell | undefined;
}

/** The chart's limit: chance brings one listing there in some 100,000 beginnings. */
const SURPLUS_ALARM = 16;
/** Never higher, so that what comes after a burst is not judged by it for long. */
const SURPLUS_MAX = 2 * SURPLUS_ALARM;
/** The rate, in usual ones, from which ratings add up. */
const RATE_SUSPECT = 1.5;
/** How long users may take to rate: their credit fades to 1/e. */
const LAG_MS = 14 * DAY_MS;
/** The store's own share of users who rate weighs as much as this many users of a listing. */
const PRIOR_USERS = 100;
/** Taken for the share of users who rate: never less, as ratings lag behind users and listings differ. */
const SHARE_MIN = 0.06;
/** Steps of use, doubling: 8 of the listing by 8 of the whole store. */
const STEPS = 8, CELLS = STEPS * STEPS;

interface Chart {
  readonly surplus: number;
  /** Where it was lowest. */
  readonly low: number;
  /** Counts the times it was; what comes after belongs together. */
  readonly episode: number;
  /** Users then, and the last time it was looked at, ms since 1970. */
  readonly usersBefore: number;
  readonly users: number;
  readonly atMs: number;
  /** Users of late: who came longer ago counts less. */
  readonly recent: number;
  /** Share of users who rate, as it was known then. */
  readonly share: number;
  readonly alarmed: boolean;
  /** Ratings of this episode, by cell. */
  readonly cells: Readonly<Record<string, number>>;
  /** All ratings but those in bursts. */
  readonly ratings: number;
}

interface Member {
  readonly episode: number;
  readonly cell: number;
}

/** Ratings of the whole store but those in bursts, by cell. */
type Totals = readonly number[];

/** Opens them in `kv`. */
export function openBursts(kv: Kv, use: UseOf): Bursts {
  return new StoredBursts(kv, use);
}

class StoredBursts implements Bursts {
  readonly #use: UseOf;
  readonly #charts: Collection<Chart>;
  /** [listing, account] */
  readonly #members: Collection<Member>;
  /** [listing, episode, cell, account] */
  readonly #cells: Collection<true>;
  /** [listing, episode, cell]: in a burst. */
  readonly #closed: Collection<BurstCell>;
  readonly #totals: Collection<Totals>;

  constructor(kv: Kv, use: UseOf) {
    this.#use = use;
    this.#charts = kv.collection("burst_charts");
    this.#members = kv.collection("burst_members");
    this.#cells = kv.collection("burst_cells");
    this.#closed = kv.collection("burst_closed");
    this.#totals = kv.collection("burst_totals");
  }

  note(transaction: Transaction, { account, listing, at }: Arrival): string[] {
    const totals = this.#totals.get("all") ?? new Array<number>(CELLS).fill(0);
    const cell = cellOf(this.#use, account, listing);
    const chart = this.#stepped(listing, cell, totals, at.getTime());
    const { episode } = chart;
    transaction.put(this.#members, [listing, account], { episode, cell });
    transaction.put(this.#cells, [listing, episode, cell, account], true);
    if (this.#closed.get([listing, episode, cell])) {
      transaction.put(this.#charts, listing, chart);
      return [account];
    }
    const closing = chart.alarmed ? this.#excess(chart, listing, totals) : [];
    const caught = closing.flatMap((found) => this.#close(transaction, listing, chart, found));
    const counts = [...totals];
    counts[cell]! += 1;
    for (const found of closing) counts[found.cell]! -= found.ratings;
    transaction.put(this.#totals, "all", counts);
    transaction.put(this.#charts, listing, {
      ...chart,
      ratings: chart.ratings + 1 - caught.length,
    });
    return caught;
  }

  has(listing: string, account: string): boolean {
    return this.#members.get([listing, account]) !== undefined;
  }

  find(listing: string, account: string): BurstCell | undefined {
    const member = this.#members.get([listing, account]);
    return member && this.#closed.get([listing, member.episode, member.cell]);
  }

  /** The listing's chart with its new users taken off and one rating added. */
  #stepped(listing: string, cell: number, totals: Totals, atMs: number): Chart {
    const users = this.#use.users(listing);
    const known = this.#charts.get(listing) ?? this.#first(totals, atMs);
    const came = users - known.users;
    const recent = known.recent * Math.exp((known.atMs - atMs) / LAG_MS) + came;
    const credit = RATE_SUSPECT * known.share;
    const left = Math.max(-credit * recent, known.surplus - credit * came);
    const chart = left <= known.low ? this.#begun(known, users, totals, left) : known;
    const surplus = Math.min(SURPLUS_MAX, left + 1);
    const cells = { ...chart.cells, [cell]: (chart.cells[cell] ?? 0) + 1 };
    const alarmed = chart.alarmed || surplus > SURPLUS_ALARM;
    return { ...chart, users, recent, atMs, surplus, cells, alarmed };
  }

  #first(totals: Totals, atMs: number): Chart {
    const nobody = { usersBefore: 0, users: 0, recent: 0, atMs, ratings: 0 };
    const share = this.#usual(totals);
    return { ...nobody, share, surplus: 0, low: 0, episode: 0, alarmed: false, cells: {} };
  }

  /** A chart that is at its lowest: what came before is explained. */
  #begun({ episode, ratings, ...chart }: Chart, users: number, totals: Totals, low: number): Chart {
    const own = (ratings + PRIOR_USERS * this.#usual(totals)) / (users + PRIOR_USERS);
    const share = Math.max(SHARE_MIN, own);
    const begun = { low, share, usersBefore: users, episode: episode + 1, alarmed: false };
    return { ...chart, ...begun, ratings, cells: {} };
  }

  /** The share of users who rate, in the whole store. */
  #usual(totals: Totals): number {
    const all = totals.reduce((sum, count) => sum + count, 0);
    return Math.max(SHARE_MIN, all / Math.max(1, this.#use.usersOfAll()));
  }

  /** Cells with more ratings than its users explain: beyond three deviations and a chance meeting. */
  #excess({ episode, cells, share, users, usersBefore }: Chart, listing: string, totals: Totals) {
    const all = totals.reduce((sum, count) => sum + count, 0);
    return Object.entries(cells).flatMap(([name, ratings]) => {
      const cell = Number(name);
      const shareOfCell = (totals[cell]! + 1) / (all + CELLS);
      const expected = share * (users - usersBefore) * shareOfCell;
      if (ratings <= expected + 3 * Math.sqrt(expected) + 1) return [];
      return this.#closed.get([listing, episode, cell]) ? [] : [{ cell, ratings, expected }];
    });
  }

  #close(
    transaction: Transaction,
    listing: string,
    { episode }: Chart,
    { cell, ratings, expected }: BurstCell & { readonly cell: number },
  ): string[] {
    transaction.put(this.#closed, [listing, episode, cell], { ratings, expected });
    const members = entriesOf(this.#cells, { prefix: [listing, episode, cell] });
    return [...members].map(({ key }) => String((key as string[])[3]));
  }
}

/** Whoever makes accounts uses them alike: by so many turns of the listing and of the store. */
function cellOf(use: UseOf, account: string, listing: string): number {
  const step = (turns: number) => Math.floor(Math.log2(Math.max(1, turns)));
  const own = Math.min(STEPS - 1, Math.max(0, step(use.of(account, listing).turns) - 2));
  const all = Math.min(STEPS - 1, Math.max(0, step(use.by(account).turns) - 3));
  return own * STEPS + all;
}
