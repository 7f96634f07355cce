/**
 * What a rating counts for. It counts for nothing before its account has some age and real use,
 * then for more with more of both, and for nothing in a burst (bursts.ts) or a ring (rings.ts).
 */
import type { Kv, Transaction } from "@flint/core";
import { DAY_MS } from "../money/calendar.ts";
import { openBursts } from "./bursts.ts";
import { openRings, type RatingKey } from "./rings.ts";
import type { UseOf } from "./use.ts";

/** Why a rating counts for what it does. */
export const GROUNDS = ["counts", "early", "burst", "ring", "owner"] as const;

/** What a rating counts for, and why. */
export interface Verdict {
  /** 0..1 */
  readonly weight: number;
  readonly ground: typeof GROUNDS[number];
  /** For the listing's builder and the store's owner. */
  readonly why: string;
}

/** What is asked of ratings. */
export interface TrustNeeds {
  readonly kv: Kv;
  readonly use: UseOf;
  /** When an account was made. */
  readonly accountSince: (account: string) => Date;
}

/** Judges the ratings of one store. */
export interface Trust {
  /**
   * Judges a rating, and takes note of it when it would count for the first time. `revised` are the
   * ratings that this puts into a burst or a ring: judge them again.
   */
  judge(
    transaction: Transaction,
    key: RatingKey,
    now: Date,
  ): { verdict: Verdict; revised: RatingKey[] };
  /** Forgets what no longer matters, at most `limit` records of each kind. */
  prune(transaction: Transaction, now: Date, limit: number): void;
}

/** Before this an account's ratings wait. Reviews are read at once; ranks have time. */
export const COUNTS_FROM = { ageDays: 7, turns: 10, days: 2, daysOfAll: 3 } as const;
/** Where a rating counts in full. */
const FULL = { ageDays: 60, turns: 40 } as const;
const WEIGHT_MIN = 0.25;
/** Sums of 64ths are exact: what is taken off again leaves nothing. */
const WEIGHTS = 64;

/** Opens the judgement in `kv`. */
export function openTrust({ kv, use, accountSince }: TrustNeeds): Trust {
  const bursts = openBursts(kv, use), rings = openRings(kv);

  function standing({ account, listing }: RatingKey, now: Date): Verdict {
    const ageDays = (now.getTime() - accountSince(account).getTime()) / DAY_MS;
    const { turns, days } = use.of(account, listing), { days: daysOfAll } = use.by(account);
    const early = [
      ageDays < COUNTS_FROM.ageDays && `the account is ${Math.floor(ageDays)} days old`,
      turns < COUNTS_FROM.turns && `it was used for ${turns} turns`,
      days < COUNTS_FROM.days && `on ${days} day${days === 1 ? "" : "s"}`,
      daysOfAll < COUNTS_FROM.daysOfAll && `the account was active on ${daysOfAll} days`,
    ].filter((reason) => reason !== false);
    if (early.length > 0) return { weight: 0, ground: "early", why: early.join(", ") };
    const weight = part(ageDays, FULL.ageDays) * part(turns, FULL.turns);
    const why = `an account of ${Math.floor(ageDays)} days, ${turns} turns`;
    return { weight: Math.round(weight * WEIGHTS) / WEIGHTS, ground: "counts", why };
  }

  /** All that are in a burst or a ring now that this one has come. */
  function note(transaction: Transaction, key: RatingKey, at: Date): RatingKey[] {
    const { listing, account } = key;
    // Who rates anew what they took back has come before.
    if (bursts.has(listing, account)) return [];
    const caught = bursts.note(transaction, { ...key, at });
    const inBurst = caught.map((each) => ({ listing, account: each }));
    return [...inBurst, ...rings.note(transaction, { ...key, at })];
  }

  return {
    judge(transaction, key, now) {
      const own = standing(key, now);
      if (own.weight === 0) return { verdict: own, revised: [] };
      const { listing, account } = key;
      const revised = note(transaction, key, now)
        .filter((other) => other.listing !== listing || other.account !== account);
      const burst = bursts.find(listing, account), ring = rings.find(key);
      const verdict: Verdict = burst
        ? { weight: 0, ground: "burst", why: saidOfBurst(burst) }
        : ring
        ? { weight: 0, ground: "ring", why: saidOfRing(ring) }
        : own;
      return { verdict, revised };
    },
    prune: (transaction, now, limit) => rings.prune(transaction, now, limit),
  };
}

const part = (value: number, full: number): number =>
  Math.min(1, Math.max(WEIGHT_MIN, value / full));

const saidOfBurst = ({ ratings, expected }: { ratings: number; expected: number }): string =>
  `one of ${ratings} or more by accounts of the same use, where its new users explain ` +
  expected.toFixed(1);

const saidOfRing = (found: { other: string; accounts: number; expected: number }): string =>
  `one of ${found.accounts} accounts that rated ${found.other}, too, within four weeks, where ` +
  `chance explains ${found.expected.toFixed(2)}`;
