/** Who comes back: accounts by the day and the week they came first, and how many were there later. */
import type { Collection, Kv, Transaction } from "@flint/core";
import { DAY_MS } from "../money/calendar.ts";

/** An account's visits to a listing, as days since 1970. */
interface Seen {
  readonly first: number;
  readonly last: number;
}

/** Accounts that came first in one span, and how many of them were there `after` spans later. */
export interface Cohort {
  /** The span's first day. */
  readonly from: string;
  readonly size: number;
  /** By spans later, from 1; up to now or SPANS_MAX. */
  readonly back: readonly number[];
}

export const SPANS = ["day", "week"] as const;
export type Span = typeof SPANS[number];

const DAYS = { day: 1, week: 7 } as const;
/** Day 4 was a Monday (5 January 1970): ISO's weeks begin there. */
const MONDAY = 4;
/** Spans after a cohort's first that are told of. */
const SPANS_MAX = 30;

/** The cohorts of one store. */
export class Retention {
  /** [listing, account] */
  readonly #seen: Collection<Seen>;
  /** [listing, span, number of the first span, spans later]; 0 spans later: all. */
  readonly #cohorts: Collection<number>;

  constructor(kv: Kv) {
    this.#seen = kv.collection("analytics_seen");
    this.#cohorts = kv.collection("analytics_cohorts");
  }

  /** Notes that an account was there; tells whether it is new and whether this is its day's first. */
  record(transaction: Transaction, listing: string, account: string, atMs: number) {
    const day = Math.floor(atMs / DAY_MS), before = this.#seen.get([listing, account]);
    const isNew = before === undefined, isBack = isNew || day > before.last;
    if (!isBack) return { isNew, isBack };
    const first = before?.first ?? day;
    transaction.put(this.#seen, [listing, account], { first, last: day });
    for (const span of SPANS) {
      const number = spanOf(span, first), later = spanOf(span, day) - number;
      if (!isNew && spanOf(span, before!.last) === spanOf(span, day)) continue;
      if (later > SPANS_MAX) continue;
      const key = [listing, span, number, later];
      transaction.put(this.#cohorts, key, (this.#cohorts.get(key) ?? 0) + 1);
    }
    return { isNew, isBack };
  }

  /** The cohorts of the latest spans, oldest first. */
  cohorts(listing: string, span: Span, { now = new Date(), count = 12 } = {}): Cohort[] {
    const current = spanOf(span, Math.floor(now.getTime() / DAY_MS));
    const oldest = current - count + 1;
    return Array.from({ length: count }, (_, i) => oldest + i).map((number) => {
      const { entries } = this.#cohorts.list({ prefix: [listing, span, number], limit: 100 });
      const by = new Map(entries.map(({ key, value }) => [(key as number[])[3]!, value]));
      const later = Math.min(current - number, SPANS_MAX);
      return {
        from: dayName(span, number),
        size: by.get(0) ?? 0,
        back: Array.from({ length: later }, (_, i) => by.get(i + 1) ?? 0),
      };
    });
  }
}

const spanOf = (span: Span, day: number): number =>
  span === "day" ? day : Math.floor((day - MONDAY) / DAYS.week);

function dayName(span: Span, number: number): string {
  const day = span === "day" ? number : number * DAYS.week + MONDAY;
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
