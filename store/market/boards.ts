/**
 * Leaderboards over LMDB: every event moves its listing to its new place in an ordered index, in the
 * event's own transaction, so that a board is read from its top and nothing is ever sorted.
 */
import { checkLimit, type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { entriesOf } from "@flint/plugins";
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
  /** Takes a listing off all boards: it was unpublished. What happens to it goes on being counted. */
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
  /** Listings that were taken off. */
  readonly #off: Collection<true>;

  constructor(kv: Kv) {
    this.#standings = kv.collection("board_standings");
    this.#counts = kv.collection("board_counts");
    this.#places = kv.collection("board_places");
    this.#off = kv.collection("board_off");
  }

  record(transaction: Transaction, event: BoardEvent): void {
    const { listing, category, at, installs = 0, uses = 0, rating } = event;
    const isOff = this.#off.get(listing) === true;
    const before = this.#standings.get(listing), from = before ?? NOTHING;
    if (before && before.category !== category && !isOff) {
      this.#reshelve(transaction, listing, before, { ...before, category });
    }
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
    if (!isOff) this.#move(transaction, listing, category, before, after);
    if (installs !== 0 || uses > 0) this.#count(transaction, event, isOff);
  }

  remove(transaction: Transaction, listing: string): void {
    this.#reshelve(transaction, listing, this.#standings.get(listing), undefined);
    transaction.put(this.#off, listing, true);
  }

  restore(transaction: Transaction, listing: string): void {
    this.#reshelve(transaction, listing, undefined, this.#standings.get(listing));
    transaction.remove(this.#off, listing);
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
      return { listing, rank: i + 1, score: toldScore(board, -negative, now) };
    });
  }

  standing(listing: string): Standing | undefined {
    return this.#standings.get(listing);
  }

  /** Takes all its places off one category's shelves, and gives it those of another's. */
  #reshelve(transaction: Transaction, listing: string, from?: Standing, to?: Standing): void {
    if (from) this.#move(transaction, listing, from.category, from, undefined);
    if (to) this.#move(transaction, listing, to.category, undefined, to);
    for (const { key, value } of entriesOf(this.#counts, { prefix: [listing] })) {
      const period = (key as string[])[1]!;
      if (from) this.#moveCounts(transaction, listing, from.category, period, value, undefined);
      if (to) this.#moveCounts(transaction, listing, to.category, period, undefined, value);
    }
  }

  /** Takes a listing from its places on the boards of all time, and gives it its new ones. */
  #move(
    transaction: Transaction,
    listing: string,
    category: string,
    from?: Standing,
    to?: Standing,
  ): void {
    for (const board of BOARDS) {
      const before = from && scoreOf(board, from), after = to && scoreOf(board, to);
      this.#shift(transaction, [board, "all"], listing, category, before, after);
    }
  }

  #count(
    transaction: Transaction,
    { listing, category, at, installs = 0, uses = 0 }: BoardEvent,
    isOff: boolean,
  ): void {
    for (const period of PERIODS.slice(1)) {
      const name = periodName(period, at);
      const before = this.#counts.get([listing, name]);
      const after = {
        installs: (before?.installs ?? 0) + installs,
        uses: (before?.uses ?? 0) + uses,
      };
      transaction.put(this.#counts, [listing, name], after);
      if (!isOff) this.#moveCounts(transaction, listing, category, name, before, after);
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
    this.#shift(
      transaction,
      ["installed", period],
      listing,
      category,
      from?.installs,
      to?.installs,
    );
    this.#shift(transaction, ["used", period], listing, category, from?.uses, to?.uses);
  }

  #shift(
    transaction: Transaction,
    board: readonly [Board, string],
    listing: string,
    category: string,
    before: number | undefined,
    after: number | undefined,
  ): void {
    if (before === after) return;
    for (const shelf of [ALL, category]) {
      if (isPlaced(before)) transaction.remove(this.#places, [...board, shelf, -before, listing]);
      if (isPlaced(after)) transaction.put(this.#places, [...board, shelf, -after, listing], true);
    }
  }
}

/** Nothing installed, used or rated has no place. */
function isPlaced(score: number | undefined): score is number {
  return score !== undefined && Number.isFinite(score) && score !== 0;
}

/** What a board's score is told as: of trending ones, use that still counts. */
export function toldScore(board: Board, score: number, now: Date): number {
  return board === "trending" ? trendingUse(score, now.getTime()) : score;
}

/** What places a listing on a board; 0 or, never used, NEVER: nowhere. */
export function scoreOf(board: Board, { installs, uses, rating, trending }: Standing): number {
  if (board === "installed") return installs;
  if (board === "used") return uses;
  if (board === "trending") return trending;
  return rating.weight > 0 ? ratingScore(rating, RATING_PRIOR) : 0;
}
