/**
 * Leaderboards over LMDB: every event moves its listing to its new place in an ordered index, in the
 * event's own transaction, so that a board is read from its top and nothing is ever sorted.
 */
import { checkLimit, type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import {
  NEVER,
  type Period,
  periodName,
  PERIODS,
  type RatingPrior,
  ratingScore,
  type RatingSum,
  trendingScore,
  trendingUse,
} from "./scores.ts";

/** What ranks a board. Installs and use are counted for each period, too. */
export const BOARDS = ["installed", "used", "rated", "trending"] as const;
export type Board = typeof BOARDS[number];

/** Something that happened to a listing. */
export interface BoardEvent {
  readonly listing: string;
  readonly category: string;
  readonly at: Date;
  /** Of installs, 1 or -1. */
  readonly installs?: number;
  /** Turns. */
  readonly uses?: number;
  /** A rating's change: a new one adds stars x weight and weight, a withdrawn one takes them off. */
  readonly rating?: RatingSum;
}

/** All that is known of a listing's rank. */
export interface Standing {
  readonly category: string;
  readonly installs: number;
  readonly uses: number;
  readonly rating: RatingSum;
  readonly trending: number;
}

/** A place on a board. */
export interface Place {
  readonly listing: string;
  /** 1 is the top. */
  readonly rank: number;
  /** Installs, turns, mean stars under doubt, or use that still counts. */
  readonly score: number;
}

/** Which board to read. */
export interface BoardQuery {
  readonly board: Board;
  /** Default: all of them. */
  readonly category?: string;
  /** Default "all"; "rated" and "trending" have no other. */
  readonly period?: Period;
  /** 1..100, default 20. */
  readonly limit?: number;
}

/** The boards of one store. Reads are synchronous. */
export interface Boards {
  /** Takes an event within a transaction of the caller's. */
  record(transaction: Transaction, event: BoardEvent): void;
  /** Takes a listing off all boards: it was unpublished. */
  remove(transaction: Transaction, listing: string): void;
  /** Puts it back with all it had. */
  restore(transaction: Transaction, listing: string): void;
  top(query: BoardQuery, now?: Date): Place[];
  /** Undefined for a listing nothing happened to. */
  standing(listing: string): Standing | undefined;
}

/** The store's mean, weighing as much as ten ratings: one friend's five stars lead nowhere. */
export const RATING_PRIOR: RatingPrior = { mean: 3.5, weight: 10 };
/** The category that stands for all. */
const ALL = "*";
const LIMIT_MAX = 100;

const NOTHING = { installs: 0, uses: 0, rating: { stars: 0, weight: 0 }, trending: NEVER };

/** Opens the boards in `kv`. */
export function openBoards(kv: Kv): Boards {
  return new StoredBoards(kv);
}

class StoredBoards implements Boards {
  readonly #standings: Collection<Standing>;
  /** [listing, period's name]: what happened in it; only of periods that have a board of their own. */
  readonly #counts: Collection<{ installs: number; uses: number }>;
  /** [board, period's name, category, -score, listing] */
  readonly #places: Collection<true>;

  constructor(kv: Kv) {
    this.#standings = kv.collection("board_standings");
    this.#counts = kv.collection("board_counts");
    this.#places = kv.collection("board_places");
  }

  record(transaction: Transaction, event: BoardEvent): void {
    const { listing, category, at, installs = 0, uses = 0, rating } = event;
    const before = this.#standings.get(listing);
    const from = before ?? { ...NOTHING, category };
    const after: Standing = {
      category,
      installs: from.installs + installs,
      uses: from.uses + uses,
      rating: rating
        ? { stars: from.rating.stars + rating.stars, weight: from.rating.weight + rating.weight }
        : from.rating,
      trending: uses > 0 ? trendingScore(from.trending, uses, at.getTime()) : from.trending,
    };
    transaction.put(this.#standings, listing, after);
    this.#move(transaction, listing, before, after);
    if (installs !== 0 || uses > 0) this.#count(transaction, event);
  }

  remove(transaction: Transaction, listing: string): void {
    const standing = this.#standings.get(listing);
    if (standing) this.#move(transaction, listing, standing, undefined);
    for (const [period, counts] of this.#periodsOf(listing)) {
      this.#moveCounts(transaction, listing, standing!.category, period, counts, undefined);
    }
  }

  restore(transaction: Transaction, listing: string): void {
    const standing = this.#standings.get(listing);
    if (standing) this.#move(transaction, listing, undefined, standing);
    for (const [period, counts] of this.#periodsOf(listing)) {
      this.#moveCounts(transaction, listing, standing!.category, period, undefined, counts);
    }
  }

  top({ board, category = ALL, period = "all", limit = 20 }: BoardQuery, now = new Date()) {
    checkLimit(limit, LIMIT_MAX);
    if (period !== "all" && board !== "installed" && board !== "used") {
      throw new FlintError("bad_input", `the board "${board}" has no period: leave it out`);
    }
    const prefix = [board, periodName(period, now), category];
    const { entries } = this.#places.list({ prefix, limit });
    return entries.map(({ key }, i): Place => {
      const [, , , negative, listing] = key as [string, string, string, number, string];
      const score = board === "trending" ? trendingUse(-negative, now.getTime()) : -negative;
      return { listing, rank: i + 1, score };
    });
  }

  standing(listing: string): Standing | undefined {
    return this.#standings.get(listing);
  }

  /** Takes a listing from its places on the boards of all time, and gives it its new ones. */
  #move(transaction: Transaction, listing: string, from?: Standing, to?: Standing): void {
    for (const board of BOARDS) {
      const before = from && scoreOf(board, from), after = to && scoreOf(board, to);
      if (before === after && from?.category === to?.category) continue;
      this.#shift(transaction, [board, "all"], listing, [from?.category, before], [
        to?.category,
        after,
      ]);
    }
  }

  #count(transaction: Transaction, { listing, category, at, installs = 0, uses = 0 }: BoardEvent) {
    for (const period of PERIODS.slice(1)) {
      const name = periodName(period, at);
      const before = this.#counts.get([listing, name]);
      const after = {
        installs: (before?.installs ?? 0) + installs,
        uses: (before?.uses ?? 0) + uses,
      };
      transaction.put(this.#counts, [listing, name], after);
      this.#moveCounts(transaction, listing, category, name, before, after);
    }
  }

  #moveCounts(
    transaction: Transaction,
    listing: string,
    category: string,
    period: string,
    from?: { installs: number; uses: number },
    to?: { installs: number; uses: number },
  ): void {
    const places = [["installed", from?.installs, to?.installs], ["used", from?.uses, to?.uses]];
    for (const [board, before, after] of places as [Board, number?, number?][]) {
      if (before === after) continue;
      this.#shift(transaction, [board, period], listing, [category, before], [category, after]);
    }
  }

  #shift(
    transaction: Transaction,
    board: readonly [Board, string],
    listing: string,
    [oldCategory, before]: readonly [string | undefined, number | undefined],
    [newCategory, after]: readonly [string | undefined, number | undefined],
  ): void {
    if (oldCategory !== undefined && isPlaced(before)) {
      for (const shelf of [ALL, oldCategory]) {
        transaction.remove(this.#places, [...board, shelf, -before, listing]);
      }
    }
    if (newCategory !== undefined && isPlaced(after)) {
      for (const shelf of [ALL, newCategory]) {
        transaction.put(this.#places, [...board, shelf, -after, listing], true);
      }
    }
  }

  #periodsOf(listing: string) {
    const { entries } = this.#counts.list({ prefix: [listing], limit: 1000 });
    return entries.map(({ key, value }) => [(key as string[])[1]!, value] as const);
  }
}

/** Nothing installed, used or rated has no place. */
function isPlaced(score: number | undefined): score is number {
  return score !== undefined && Number.isFinite(score) && score !== 0;
}

function scoreOf(board: Board, { installs, uses, rating, trending }: Standing): number {
  if (board === "installed") return installs;
  if (board === "used") return uses;
  if (board === "trending") return trending;
  return rating.weight > 0 ? ratingScore(rating, RATING_PRIOR) : 0;
}
