/**
 * What builders see of their listings' use: counters by hour and day (UTC), kept as each answer is
 * metered, so that nothing is ever scanned. They hold numbers alone: nothing of what was said.
 */
import type { Collection, Kv, Transaction } from "@flint/core";
import { given } from "@flint/plugins";
import { DAY_MS } from "../money/calendar.ts";
import type { TurnRecord } from "../money/meter.ts";
import { Retention } from "./retention.ts";

/** What is counted of a span of time. */
export interface Counts {
  readonly conversations: number;
  readonly turns: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly toolCalls: number;
  /** Accounts that were there; of a day. */
  readonly users: number;
  /** Of them, those that had never been there before. */
  readonly newUsers: number;
  /** Micro-units that were paid for answers. */
  readonly paid: number;
}

/** How long a span is. */
export const STEPS = ["hour", "day"] as const;
export type Step = typeof STEPS[number];

/** A span and its counts; `at` is its first moment. */
export interface Point extends Counts {
  readonly at: string;
}

/** Which part of a series. */
export interface SeriesQuery {
  readonly listing: string;
  readonly step: Step;
  /** Included; both are moved to their span's begin. */
  readonly from: Date;
  readonly to: Date;
}

const HOUR_MS = 3600 * 1000;
/** How long each is. */
export const STEP_MS = { hour: HOUR_MS, day: DAY_MS } as const;
/** Hours are kept for two weeks: a week, and the one to compare it with. */
const HOURS_KEPT = 14 * 24;
/** Hours that are dropped with one answer, after a time without. */
const DROPPED_MAX = 100;
/** Longest series: three years of days. */
export const POINTS_MAX = 1100;

const NOTHING: Counts = {
  ...{ conversations: 0, turns: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
  ...{ toolCalls: 0, users: 0, newUsers: 0, paid: 0 },
};

/** The counters of one store. */
export class Analytics {
  readonly retention: Retention;
  /** [listing, step, number of the span since 1970] */
  readonly #counts: Collection<Counts>;
  /** [publisher, listing]: all time. */
  readonly #totals: Collection<Counts>;

  constructor(kv: Kv) {
    this.retention = new Retention(kv);
    this.#counts = kv.collection("analytics");
    this.#totals = kv.collection("analytics_totals");
  }

  /** Counts an answer within a transaction of the caller's. */
  record(transaction: Transaction, record: TurnRecord): void {
    const { listing, publisher } = record, at = Date.parse(record.at);
    const { isNew, isBack } = this.retention.record(transaction, listing, record.account, at);
    const more: Counts = {
      conversations: record.begins ? 1 : 0,
      turns: record.turns,
      promptTokens: record.promptTokens,
      cachedTokens: record.cachedTokens,
      completionTokens: record.completionTokens,
      toolCalls: record.toolCalls,
      users: isBack ? 1 : 0,
      newUsers: isNew ? 1 : 0,
      paid: record.charge,
    };
    for (const step of STEPS) {
      const key = [listing, step, Math.floor(at / STEP_MS[step])];
      transaction.put(this.#counts, key, sum(this.#counts.get(key), more));
    }
    // Of all time, everybody counts once.
    const all = { ...more, users: more.newUsers };
    const key = [publisher, listing];
    transaction.put(this.#totals, key, sum(this.#totals.get(key), all));
    this.#dropHours(transaction, listing, at);
  }

  /** Every span from one to the other, those without use as well; POINTS_MAX at most. */
  series({ listing, step, from, to }: SeriesQuery): Point[] {
    const ms = STEP_MS[step], first = Math.floor(from.getTime() / ms);
    const last = Math.min(Math.floor(to.getTime() / ms), first + POINTS_MAX - 1);
    const found = new Map<number, Counts>();
    for (let start = first; start <= last; start += 1000) {
      const end = Math.min(last + 1, start + 1000);
      const { entries } = this.#counts.list({
        ...{ start: [listing, step, start], end: [listing, step, end], limit: 1000 },
      });
      for (const { key, value } of entries) found.set((key as [string, Step, number])[2], value);
    }
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => ({
      at: new Date((first + i) * ms).toISOString(),
      ...(found.get(first + i) ?? NOTHING),
    }));
  }

  /** A publisher's listings and all they had, page by page. */
  totals(publisher: string, cursor?: string) {
    const { entries, next } = this.#totals.list({ prefix: [publisher], ...given({ cursor }) });
    const listings = entries.map(({ key, value }) => ({
      listing: (key as string[])[1]!,
      ...value,
    }));
    return { listings, ...given({ next }) };
  }

  #dropHours(transaction: Transaction, listing: string, at: number): void {
    const end = Math.floor(at / HOUR_MS) - HOURS_KEPT;
    const { entries } = this.#counts.list({
      ...{ start: [listing, "hour", 0], end: [listing, "hour", end], limit: DROPPED_MAX },
    });
    for (const { key } of entries) transaction.remove(this.#counts, key);
  }
}

function sum(one: Counts = NOTHING, two: Counts): Counts {
  const names = Object.keys(NOTHING) as (keyof Counts)[];
  return Object.fromEntries(
    names.map((name) => [name, one[name] + two[name]]),
  ) as unknown as Counts;
}
