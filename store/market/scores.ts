/** The arithmetic of ranks: ratings under doubt, and use that fades. Pure. */
import { DAY_MS } from "../money/calendar.ts";

/** Ratings as they are summed up. */
export interface RatingSum {
  /** Of stars, each times its weight. */
  readonly stars: number;
  /** Of weights: how many ratings count for. */
  readonly weight: number;
}

/** What a listing nobody rated is taken for, and how many ratings that knowledge counts for. */
export interface RatingPrior {
  readonly mean: number;
  readonly weight: number;
}

/**
 * Mean stars under doubt (Bayesian average): with few ratings close to the prior's mean, with many
 * close to their own.
 */
export function ratingScore({ stars, weight }: RatingSum, prior: RatingPrior): number {
  return (prior.mean * prior.weight + stars) / (prior.weight + weight);
}

/** Use counts half after this long. */
export const HALF_LIFE_MS = 3 * DAY_MS;
/** Scores are told from here, so that they stay small. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** The score of a listing that was never used. */
export const NEVER = -Infinity;

/**
 * Adds `amount` of use at `atMs` to a trending score. A score is the binary logarithm of all use,
 * each counted as what it will be worth in the far future: sum of 2^(t / half-life). All listings
 * fade alike, so their order changes with new use only and no score is ever touched by time
 * (the "forward decay" of Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009).
 */
export function trendingScore(score: number, amount: number, atMs: number): number {
  const added = (atMs - EPOCH_MS) / HALF_LIFE_MS + Math.log2(amount);
  const high = Math.max(score, added), low = Math.min(score, added);
  return low === NEVER ? high : high + Math.log2(1 + 2 ** (low - high));
}

/** What a trending score is worth at `atMs`: use, as if all of it had just been. */
export function trendingUse(score: number, atMs: number): number {
  return 2 ** (score - (atMs - EPOCH_MS) / HALF_LIFE_MS);
}

/** A span of time that boards are kept for. */
export const PERIODS = ["all", "month", "week"] as const;
export type Period = typeof PERIODS[number];

/** The name of the period that `at` (UTC) lies in: 2026-11 or 2026-W48 (ISO 8601); "all". */
export function periodName(period: Period, at: Date): string {
  if (period === "all") return "all";
  if (period === "month") return at.toISOString().slice(0, 7);
  // The week belongs to the year that its Thursday is in.
  const thursday = new Date(at);
  thursday.setUTCDate(at.getUTCDate() + 4 - (at.getUTCDay() || 7));
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - newYear) / (7 * DAY_MS)) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}
