/** Subscriptions to listings and to the store's pass: trial, renewal, cancellation at a period's end. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { z } from "zod";
import { addMonths, DAY_MS } from "./calendar.ts";
import { keyOf } from "./entry.ts";
import type { Earner, Months } from "./income.ts";
import { PASS, type Prices } from "./prices.ts";
import { units, unpaid, type Wallets } from "./wallets.ts";

/** One account's subscription. */
export const Subscription = z.strictObject({
  account: z.string(),
  /** A listing, or the pass. */
  plan: z.string(),
  /** Micro-units for each period: what was asked when it began, until it is begun anew. */
  amount: z.int(),
  every: z.enum(["month", "year"]),
  state: z.enum(["trial", "active", "ended"]),
  /** Whether it ends with this period. */
  cancelled: z.boolean(),
  /** The first paid period's begin, from which all periods are counted. */
  anchor: z.iso.datetime(),
  /** Periods that were paid. */
  paid: z.int(),
  /** What was had lasts until then. */
  until: z.iso.datetime(),
}).meta({ id: "Subscription" });
export type Subscription = z.infer<typeof Subscription>;

/** The subscriptions of one store. */
export interface Plans {
  /** Begins one, by a trial if there is one and it is the account's first. @throws FlintError unpaid, bad_input, conflict */
  subscribe(account: string, plan: string): Promise<Subscription>;
  /** Ends it with the period that was paid. "not_found". */
  cancel(account: string, plan: string): Promise<Subscription>;
  /** Whether it lasts now; renews or ends what is due, within a transaction of its own. */
  covers(account: string, plan: string): Promise<boolean>;
  /** An account's, SUBSCRIPTIONS_MAX at most. */
  list(account: string): Subscription[];
  /** Renews or ends all that are due; resolves to how many there were. */
  renewDue(): Promise<number>;
}

/** What subscriptions are made from. */
export interface PlanNeeds {
  readonly kv: Kv;
  readonly prices: Prices;
  readonly wallets: Wallets;
  readonly months: Months;
  /** Who earns what is paid for a listing. "not_found". */
  readonly earnerOf: (listing: string) => Earner;
  readonly now: () => Date;
}

const SUBSCRIPTIONS_MAX = 500;
/** Renewed in one transaction. */
const DUE_MAX = 100;
const MONTHS = { month: 1, year: 12 } as const;

/** Opens the subscriptions in `kv`. */
export function openPlans(needs: PlanNeeds): Plans {
  return new StoredPlans(needs);
}

class StoredPlans implements Plans {
  readonly #needs: PlanNeeds;
  /** [account, plan] */
  readonly #plans: Collection<Subscription>;
  /** [until, account, plan] */
  readonly #due: Collection<true>;

  constructor(needs: PlanNeeds) {
    this.#needs = needs;
    this.#plans = needs.kv.collection("subscriptions");
    this.#due = needs.kv.collection("subscriptions_due");
  }

  subscribe(account: string, plan: string): Promise<Subscription> {
    const { kv, now, prices } = this.#needs;
    return kv.transaction((transaction) => {
      const at = now(), price = prices.at(plan, at), before = this.#plans.get([account, plan]);
      if (price.kind !== "subscription") {
        throw new FlintError("bad_input", `${plan} has no subscription: it is ${price.kind}`);
      }
      const current = before && this.#renewed(transaction, before);
      if (current && current.state !== "ended") {
        if (!current.cancelled) {
          throw new FlintError("conflict", `${account} is subscribed to ${plan} already`);
        }
        return this.#save(transaction, { ...current, cancelled: false }, current);
      }
      if (!before && this.list(account).length === SUBSCRIPTIONS_MAX) {
        throw new FlintError("over_budget", `an account has ${SUBSCRIPTIONS_MAX} subscriptions`);
      }
      const { amount, every, trialDays } = price;
      const isTrial = !before && trialDays > 0;
      const anchor = new Date(at.getTime() + (isTrial ? trialDays * DAY_MS : 0)).toISOString();
      const fresh: Subscription = {
        ...{ account, plan, amount, every, anchor, cancelled: false, paid: 0, until: anchor },
        state: "trial",
      };
      if (isTrial) return this.#save(transaction, fresh, before);
      return this.#save(transaction, this.#charged(transaction, fresh), before);
    });
  }

  cancel(account: string, plan: string): Promise<Subscription> {
    return this.#needs.kv.transaction((transaction) => {
      const found = this.#plans.get([account, plan]);
      if (!found || found.state === "ended") {
        throw new FlintError("not_found", `${account} is not subscribed to ${plan}`);
      }
      return this.#save(transaction, { ...found, cancelled: true }, found);
    });
  }

  async covers(account: string, plan: string): Promise<boolean> {
    const found = this.#plans.get([account, plan]);
    if (!found) return false;
    if (this.#lasts(found)) return true;
    if (found.state === "ended") return false;
    const renewed = await this.#needs.kv.transaction((transaction) =>
      this.#renewed(transaction, this.#plans.get([account, plan])!)
    );
    return this.#lasts(renewed);
  }

  list(account: string): Subscription[] {
    const { entries } = this.#plans.list({ prefix: [account], limit: SUBSCRIPTIONS_MAX });
    return entries.map(({ value }) => value);
  }

  async renewDue(): Promise<number> {
    let renewed = 0;
    for (let page = DUE_MAX; page === DUE_MAX; renewed += page) page = await this.#renewPage();
    return renewed;
  }

  #renewPage(): Promise<number> {
    return this.#needs.kv.transaction((transaction) => {
      const end = [new Date(this.#needs.now().getTime() + 1).toISOString()];
      const { entries } = this.#due.list({ end, limit: DUE_MAX });
      for (const { key } of entries) {
        const [, account, plan] = key as [string, string, string];
        this.#renewed(transaction, this.#plans.get([account, plan])!);
      }
      return entries.length;
    });
  }

  #lasts({ state, until }: Subscription): boolean {
    return state !== "ended" && Date.parse(until) > this.#needs.now().getTime();
  }

  /**
   * As it is now. A period that is due is paid, or it ends. Of periods that went by while nobody
   * renewed only the one that lasts now is paid: nobody pays for what could not be used.
   */
  #renewed(transaction: Transaction, before: Subscription): Subscription {
    if (before.state === "ended" || this.#lasts(before)) return before;
    if (before.cancelled) return this.#save(transaction, { ...before, state: "ended" }, before);
    try {
      return this.#save(transaction, this.#charged(transaction, before), before);
    } catch (error) {
      // Too little is there, or what was subscribed to is not.
      if (!(error instanceof FlintError && /^(unpaid|not_found)$/.test(error.code))) throw error;
      return this.#save(transaction, { ...before, state: "ended" }, before);
    }
  }

  /** With the period paid that `now` lies in. @throws FlintError unpaid */
  #charged(transaction: Transaction, before: Subscription): Subscription {
    const { account, plan, amount, anchor, every } = before;
    const { wallets, months, now, earnerOf } = this.#needs, at = now().getTime();
    let periods = 1;
    const endOf = (count: number) => addMonths(new Date(anchor), count * MONTHS[every]);
    while (endOf(periods).getTime() <= Math.max(at, Date.parse(before.until))) periods++;
    const free = wallets.available(account);
    if (free < amount) {
      throw unpaid(
        `${account}'s wallet has ${units(free)} free and ${units(amount)} are asked for`,
        amount - free,
      );
    }
    months.pay(transaction, {
      key: keyOf("subscription", account, plan, anchor, periods),
      ...{ kind: "subscription", account, amount },
      earner: plan === PASS ? undefined : earnerOf(plan),
    });
    const until = endOf(periods).toISOString();
    return { ...before, state: "active", paid: before.paid + 1, until };
  }

  #save(transaction: Transaction, after: Subscription, before?: Subscription): Subscription {
    const { account, plan } = after;
    if (before) transaction.remove(this.#due, [before.until, account, plan]);
    transaction.put(this.#plans, [account, plan], after);
    if (after.state !== "ended") transaction.put(this.#due, [after.until, account, plan], true);
    return after;
  }
}
