/** Paying builders out: batches whose every line is a ledger entry, and what they were earned with. */
import { stringify } from "csv-stringify/sync";
import { type Collection, FlintError, type Kv } from "@flint/core";
import { entriesOf } from "@flint/plugins";
import { keyOf } from "./entry.ts";
import { sharesOf } from "./closing.ts";
import type { Months } from "./income.ts";
import type { Ledger } from "./ledger.ts";
import type { TermsStore } from "./terms.ts";

/** What one builder gets. */
export interface PayoutLine {
  readonly publisher: string;
  /** Micro-units. */
  readonly amount: number;
  /** Number and hash of its ledger entry. */
  readonly entry: number;
  readonly hash: string;
}

/** A batch of payouts. The ledger's entries from `first` to `last` hold all of it. */
export interface Payout {
  readonly id: string;
  readonly currency: string;
  readonly at: string;
  readonly first: number;
  readonly last: number;
  /** Hash of the last entry: it stands on all before, so it proves the whole range. */
  readonly hash: string;
  readonly total: number;
}

/** A listing's line of a statement, micro-units. */
export interface StatementLine {
  readonly listing: string;
  readonly turns: number;
  readonly use: number;
  readonly subscriptions: number;
  readonly pass: number;
  readonly gross: number;
  readonly fee: number;
  readonly net: number;
}

/** What a builder earned in a month; until it is closed, without what the pass brings. */
export interface Statement {
  readonly month: string;
  readonly state: "open" | "closing" | "closed";
  readonly publisher: string;
  readonly currency: string;
  readonly shareBps: number;
  readonly lines: readonly StatementLine[];
  readonly net: number;
  /** Of a closed month: the ledger's range and what proves it. */
  readonly ledger?: { readonly first: number; readonly last: number; readonly hash: string };
}

/** What payouts need. */
export interface PayoutNeeds {
  readonly kv: Kv;
  readonly ledger: Ledger;
  readonly months: Months;
  readonly terms: TermsStore;
  readonly now: () => Date;
}

/** Name of a batch. */
export const BATCH = /^[a-z0-9][a-z0-9-]{0,39}$/;
const LINES_MAX = 1000;

/** The payouts of one store. */
export class Payouts {
  readonly #needs: PayoutNeeds;
  readonly #batches: Collection<Payout>;
  /** [batch, publisher] */
  readonly #lines: Collection<PayoutLine>;

  constructor(needs: PayoutNeeds) {
    this.#needs = needs;
    this.#batches = needs.kv.collection("payouts");
    this.#lines = needs.kv.collection("payout_lines");
  }

  /**
   * Pays out whoever has the least amount or more, once under one name: broken off, the same call
   * goes on. Money leaves by hand: whoever runs the store sends what the file says.
   */
  async pay(id: string): Promise<Payout> {
    if (!BATCH.test(id)) {
      throw new FlintError("bad_input", `"${id}" names no batch: use a-z, 0-9 and hyphens`);
    }
    const done = this.#batches.get(id);
    if (done) return done;
    const { ledger } = this.#needs;
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = ledger.balances("payable:", cursor);
      await this.#payPage(id, page.balances.map(({ account }) => account));
      cursor = page.next;
    }
    return await this.#finish(id);
  }

  /** "not_found". */
  get(id: string): Payout {
    const found = this.#batches.get(id);
    if (!found) throw new FlintError("not_found", `there is no payout "${id}"`);
    return found;
  }

  /** Newest names last. */
  list(): Payout[] {
    return this.#batches.list({ limit: LINES_MAX }).entries.map(({ value }) => value);
  }

  /** All lines of a batch, page by page. */
  *lines(id: string): Generator<PayoutLine> {
    for (const { value } of entriesOf(this.#lines, { prefix: [id] })) yield value;
  }

  /** A batch as a table, for whoever sends the money. */
  csv(id: string): string {
    const { currency, first, last, hash } = this.get(id);
    const rows = [...this.lines(id)].map((line) => ({
      batch: id,
      publisher: line.publisher,
      micros: line.amount,
      currency,
      ...{ entry: line.entry, entry_hash: line.hash },
      ...{ range_first: first, range_last: last, range_hash: hash },
    }));
    return stringify(rows, { header: true, columns: CSV_COLUMNS, escape_formulas: true });
  }

  /** @throws FlintError not_found for a month without money */
  statement(publisher: string, month: string): Statement {
    const { months, terms } = this.#needs, record = months.months.get(month);
    if (!record) throw new FlintError("not_found", `${month} took no money in`);
    const { entries } = months.incomes.list({ prefix: [month, publisher], limit: LINES_MAX });
    const lines = entries.map(({ key, value }) => {
      const listing = (key as string[])[2]!;
      return { listing, ...value, ...sharesOf(value, record.shareBps) };
    });
    const { first, last, hash, shareBps, state } = record;
    return {
      ...{ month, state, publisher, shareBps, lines, currency: terms.get().currency },
      net: lines.reduce((sum, line) => sum + line.net, 0),
      ...(last !== undefined && hash ? { ledger: { first, last, hash } } : {}),
    };
  }

  async #payPage(id: string, accounts: readonly string[]): Promise<void> {
    const { kv, ledger, terms } = this.#needs, { payoutMin } = terms.get();
    await kv.transaction((transaction) => {
      for (const account of accounts) {
        const publisher = account.slice("payable:".length), amount = ledger.balance(account);
        if (amount < payoutMin || this.#lines.get([id, publisher])) continue;
        const entry = ledger.write(transaction, {
          ...{ key: keyOf("payout", id, publisher), kind: "payout", memo: id },
          postings: [{ account, amount: -amount }, { account: "provider:payouts", amount }],
        });
        const line = { publisher, amount, entry: entry.number, hash: entry.hash };
        transaction.put(this.#lines, [id, publisher], line);
      }
    });
  }

  #finish(id: string): Promise<Payout> {
    const { kv, terms, now } = this.#needs;
    return kv.transaction((transaction) => {
      const done = this.#batches.get(id);
      if (done) return done;
      const { currency, payoutMin } = terms.get();
      const lines = [...this.lines(id)].sort((a, b) => a.entry - b.entry);
      const first = lines[0], last = lines.at(-1);
      if (!first || !last) {
        throw new FlintError("not_found", `nobody has ${payoutMin} micro-units to be paid out`);
      }
      const total = lines.reduce((sum, { amount }) => sum + amount, 0);
      const range = { first: first.entry, last: last.entry, hash: last.hash };
      const payout = { id, currency, at: now().toISOString(), total, ...range };
      transaction.put(this.#batches, id, payout);
      return payout;
    });
  }
}

const CSV_COLUMNS = [
  ...["batch", "publisher", "micros", "currency", "entry", "entry_hash"],
  ...["range_first", "range_last", "range_hash"],
];
