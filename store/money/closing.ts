/**
 * Closing a month: its escrow goes to those who earned it and to the store, listing by listing, in
 * small transactions. Killed at any moment it goes on where it stood; closed, a second time does nothing.
 */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { given } from "@flint/plugins";
import { monthOf } from "./calendar.ts";
import { keyOf } from "./entry.ts";
import { escrowOf, type Income, type Month, type Months } from "./income.ts";
import type { Ledger } from "./ledger.ts";
import { largestRemainder } from "./split.ts";
import { WHOLE_BPS } from "./terms.ts";

/** Where a closing stands. */
interface Progress {
  readonly step: "pass" | "shares";
  /** Cursor of the next page. */
  readonly cursor?: string;
}

/** What closing needs. */
export interface ClosingNeeds {
  readonly kv: Kv;
  readonly ledger: Ledger;
  readonly months: Months;
  readonly now: () => Date;
}

/** Accounts or listings in one transaction. */
const PAGE = 50;
/** Listings that one account's pass money is split over: the first thousand by name, of those it used. */
const USED_MAX = 1000;

/** The store's own account. */
const STORE_INCOME = "income:store";

/** Closes months. */
export class Closing {
  readonly #needs: ClosingNeeds;
  readonly #progress: Collection<Progress>;

  constructor(needs: ClosingNeeds) {
    this.#needs = needs;
    this.#progress = needs.kv.collection("money_closings");
  }

  /** @throws FlintError bad_input where the month is not over, not_found where it took nothing in */
  async close(month: string): Promise<Month> {
    const { months, now } = this.#needs;
    const found = months.months.get(month);
    if (!found) throw new FlintError("not_found", `${month} took no money in: nothing is to close`);
    if (found.state === "closed") return found;
    if (found.state === "open" && monthOf(now()) <= month) {
      throw new FlintError("bad_input", `${month} is not over: close it in the month after`);
    }
    for (;;) {
      const done = await this.#needs.kv.transaction((transaction) =>
        this.#step(transaction, month)
      );
      if (done) return done;
    }
  }

  /** One page; the closed month after the last. */
  #step(transaction: Transaction, month: string): Month | undefined {
    const { months } = this.#needs, record = months.months.get(month)!;
    if (record.state === "closed") return record;
    if (record.state === "open") {
      transaction.put(months.months, month, { ...record, state: "closing" });
      transaction.put(this.#progress, month, { step: "pass" });
      months.begin(transaction, month);
      return undefined;
    }
    const { step, cursor } = this.#progress.get(month)!;
    const page = { prefix: [month], limit: PAGE, ...given({ cursor }) };
    const next = step === "pass"
      ? this.#splitPasses(transaction, month, page)
      : this.#pay(transaction, month, record, page);
    if (next) transaction.put(this.#progress, month, { step, cursor: next });
    else if (step === "pass") transaction.put(this.#progress, month, { step: "shares" });
    else return this.#finish(transaction, month, record);
    return undefined;
  }

  /** What an account paid for the pass goes to what it used, by its answers: nobody draws on others' money. */
  #splitPasses(transaction: Transaction, month: string, page: Page): string | undefined {
    const { months } = this.#needs;
    const { entries, next } = months.passes.list(page);
    for (const { key, value } of entries) {
      const account = (key as string[])[1]!;
      const used = months.passTurns.list({ prefix: [month, account], limit: USED_MAX }).entries;
      const parts = largestRemainder(value, used.map(({ value: turns }) => turns));
      used.forEach(({ key }, i) => {
        const [, , publisher, listing] = key as [string, string, string, string];
        if (parts[i]! > 0) months.addPass(transaction, month, { publisher, listing }, parts[i]!);
      });
    }
    return next;
  }

  #pay(transaction: Transaction, month: string, record: Month, page: Page): string | undefined {
    const { months, ledger } = this.#needs;
    const { entries, next } = months.incomes.list(page);
    for (const { key, value } of entries) {
      const [, publisher, listing] = key as [string, string, string];
      const { gross, net, fee } = sharesOf(value, record.shareBps);
      if (gross === 0) continue;
      ledger.write(transaction, {
        key: keyOf("share", month, publisher, listing),
        kind: "share",
        memo: `${month} ${listing}`,
        postings: [
          { account: escrowOf(month), amount: -gross },
          { account: `payable:${publisher}`, amount: net },
          { account: STORE_INCOME, amount: fee },
        ].filter(({ amount }) => amount !== 0),
      });
    }
    return next;
  }

  /** What is left was paid for the pass by accounts that used nothing: it is the store's. */
  #finish(transaction: Transaction, month: string, record: Month): Month {
    const { ledger, months } = this.#needs, left = ledger.balance(escrowOf(month));
    if (left > 0) {
      ledger.write(transaction, {
        key: `rest-${month}`,
        kind: "share",
        memo: `${month}, the pass of accounts that used nothing`,
        postings: [
          { account: escrowOf(month), amount: -left },
          { account: STORE_INCOME, amount: left },
        ],
      });
    }
    const { entries: [last] } = ledger.statement(escrowOf(month), undefined, 1);
    const closed = { ...record, state: "closed" as const, last: last!.number, hash: last!.hash };
    transaction.put(months.months, month, closed);
    transaction.remove(this.#progress, month);
    return closed;
  }
}

interface Page {
  readonly prefix: string[];
  readonly limit: number;
  readonly cursor?: string;
}

/** A listing's month: all of it, the builder's part and the store's, which add up to it. */
export function sharesOf({ use, subscriptions, pass }: Income, shareBps: number) {
  const gross = use + subscriptions + pass;
  const [net, fee] = largestRemainder(gross, [WHOLE_BPS - shareBps, shareBps]) as [number, number];
  return { gross, net, fee };
}
