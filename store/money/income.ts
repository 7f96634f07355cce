/**
 * What a month took in and for whom, counted as it comes: paid use and subscriptions of each listing,
 * and who paid for the pass and used what. The money itself waits in the month's escrow.
 */
import type { Collection, Kv, Transaction } from "@flint/core";
import type { Entry, EntryDraft } from "./entry.ts";
import type { Ledger } from "./ledger.ts";
import { monthAfter, monthOf } from "./calendar.ts";
import type { TermsStore } from "./terms.ts";
import { walletOf } from "./wallets.ts";

/** A listing's month, micro-units before the store's share. */
export interface Income {
  readonly use: number;
  readonly subscriptions: number;
  /** From the pass; known once the month is closed. */
  readonly pass: number;
  /** Answers that were paid for, by whatever way. */
  readonly turns: number;
}

/** A month. */
export interface Month {
  /** The store's share, as it was when the first payment came. */
  readonly shareBps: number;
  readonly state: "open" | "closing" | "closed";
  /** Numbers of the ledger's first entry of it and, once it is closed, of the last. */
  readonly first: number;
  readonly last?: number;
  /** The last entry's hash, which stands on all before. */
  readonly hash?: string;
}

/** A payment by an account. */
export interface Payment {
  readonly key: string;
  readonly kind: "usage" | "subscription";
  readonly account: string;
  readonly amount: number;
  /** Who earns it; undefined: the pass. */
  readonly earner: Earner | undefined;
}

/** A listing and who built it. */
export interface Earner {
  readonly publisher: string;
  readonly listing: string;
}

const NOTHING: Income = { use: 0, subscriptions: 0, pass: 0, turns: 0 };

/** Where a month's money waits. */
export const escrowOf = (month: string): string => `escrow:${month}`;

/** The months of one store. Writes need a transaction of the caller's. */
export class Months {
  readonly months: Collection<Month>;
  /** [month, publisher, listing] */
  readonly incomes: Collection<Income>;
  /** [month, account]: micro-units paid for the pass. */
  readonly passes: Collection<number>;
  /** [month, account, publisher, listing]: answers that the pass paid for. */
  readonly passTurns: Collection<number>;
  /** Number of a payment's entry: what it was for. */
  readonly #payments: Collection<Payment & { readonly month: string }>;
  readonly #newest: Collection<string>;
  readonly #ledger: Ledger;
  readonly #terms: TermsStore;
  readonly #now: () => Date;

  constructor(kv: Kv, ledger: Ledger, terms: TermsStore, now: () => Date) {
    this.months = kv.collection("money_months");
    this.incomes = kv.collection("money_incomes");
    this.passes = kv.collection("money_passes");
    this.passTurns = kv.collection("money_pass_turns");
    this.#payments = kv.collection("money_payments");
    this.#newest = kv.collection("money_newest_closed");
    this.#ledger = ledger;
    this.#terms = terms;
    this.#now = now;
  }

  /** The month that money is booked to: the clock's, but never one that was closed. */
  current(): string {
    const newest = this.#newest.get("month"), month = monthOf(this.#now());
    return newest !== undefined && month <= newest ? monthAfter(newest) : month;
  }

  /** Moves an account's money into the month's escrow. @throws FlintError denied below zero */
  pay(transaction: Transaction, payment: Payment): Entry {
    const { key, kind, account, amount, earner } = payment, month = this.current();
    const draft: EntryDraft = {
      ...{ key, kind, memo: earner?.listing ?? "pass" },
      postings: [
        { account: walletOf(account), amount: -amount },
        { account: escrowOf(month), amount },
      ],
    };
    const entry = this.#ledger.write(transaction, draft);
    if (this.#payments.get(entry.number)) return entry; // sent again
    transaction.put(this.#payments, entry.number, { ...payment, month });
    this.#open(transaction, month, entry.number);
    this.#book(transaction, payment, month, 1);
    return entry;
  }

  /** Counts an answer that a subscription or the pass paid for, or that was paid by itself. */
  used(transaction: Transaction, account: string, { publisher, listing }: Earner, pass: boolean) {
    const month = this.current();
    this.#add(transaction, month, { publisher, listing }, { turns: 1 });
    if (!pass) return;
    const key = [month, account, publisher, listing];
    transaction.put(this.passTurns, key, (this.passTurns.get(key) ?? 0) + 1);
  }

  /** Takes a payment out of its month again; false where that month is closed, or it is none. */
  unbook(transaction: Transaction, number: number): boolean {
    const payment = this.#payments.get(number);
    if (!payment || this.months.get(payment.month)?.state !== "open") return false;
    this.#book(transaction, payment, payment.month, -1);
    return true;
  }

  /** What was paid by an entry. */
  payment(number: number): Payment | undefined {
    return this.#payments.get(number);
  }

  /** From now on money is booked to a later month. */
  begin(transaction: Transaction, month: string): void {
    const newest = this.#newest.get("month");
    if (newest === undefined || newest < month) transaction.put(this.#newest, "month", month);
  }

  /** Adds to a listing's month. */
  addPass(transaction: Transaction, month: string, earner: Earner, pass: number): void {
    this.#add(transaction, month, earner, { pass });
  }

  #open(transaction: Transaction, month: string, first: number): void {
    if (this.months.get(month)) return;
    const { shareBps } = this.#terms.get();
    transaction.put(this.months, month, { shareBps, state: "open", first });
  }

  #book(transaction: Transaction, payment: Payment, month: string, sign: 1 | -1): void {
    const { account, earner, kind } = payment, amount = sign * payment.amount;
    if (earner) {
      const income = kind === "usage" ? { use: amount } : { subscriptions: amount };
      this.#add(transaction, month, earner, income);
    } else {
      const key = [month, account];
      transaction.put(this.passes, key, (this.passes.get(key) ?? 0) + amount);
    }
  }

  #add(transaction: Transaction, month: string, earner: Earner, more: Partial<Income>): void {
    const key = [month, earner.publisher, earner.listing];
    const { use, subscriptions, pass, turns } = this.incomes.get(key) ?? NOTHING;
    transaction.put(this.incomes, key, {
      use: use + (more.use ?? 0),
      subscriptions: subscriptions + (more.subscriptions ?? 0),
      pass: pass + (more.pass ?? 0),
      turns: turns + (more.turns ?? 0),
    });
  }
}
