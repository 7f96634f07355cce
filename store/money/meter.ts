/**
 * The meter behind the turnstile: lets answers begin that are free or paid for, and writes what each
 * took in one transaction: charge, income, boards, use, analytics. A failure of it breaks no answer.
 */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import type { TurnAsked, Turnstile, TurnUse } from "@flint/plugins";
import type { Earner, Months } from "./income.ts";
import type { Plans } from "./plans.ts";
import { PASS, type Prices } from "./prices.ts";
import { type Consumption, costMax, costOf, type Price } from "./rates.ts";
import { units, type Wallets } from "./wallets.ts";

/** What an answer belongs to. */
export interface Metered extends Earner {
  readonly category: string;
  readonly version: number;
  /** Whether the boards rank it. */
  readonly ranked: boolean;
}

/** An answer as it is kept: what it took, whose it was; nothing of what was said. */
export interface TurnRecord extends Consumption, Metered {
  readonly turn: string;
  readonly account: string;
  readonly at: string;
  readonly begins: boolean;
  /** Micro-units that were paid for it. */
  readonly charge: number;
}

/** What the meter is made from. */
export interface MeterNeeds {
  readonly kv: Kv;
  readonly prices: Prices;
  readonly wallets: Wallets;
  readonly months: Months;
  readonly plans: Plans;
  /** What an assistant's answers belong to; undefined: to nobody but who made it. */
  readonly meteredAs: (assistant: string) => Metered | undefined;
  /** Whether the owner is alone here: nobody pays himself. */
  readonly alone: () => boolean;
  /** Take each answer within its transaction. */
  readonly observers: readonly ((transaction: Transaction, record: TurnRecord) => void)[];
  /** Takes a line about a failure. */
  readonly log: (line: string) => void;
  readonly now: () => Date;
}

/** A turnstile that counts. */
export interface Meter extends Turnstile {
  /** Of an answer that was written. */
  get(turn: string): TurnRecord | undefined;
  /** Writes answers that could not be written before; resolves to how many still wait. */
  retry(): Promise<number>;
}

/** How an answer is paid. */
interface Way {
  readonly by: "nobody" | "use" | "subscription" | "pass";
  readonly price: Price;
}

/** An answer that is over and not written yet. */
interface Ended {
  readonly asked: TurnAsked;
  readonly as: Metered;
  readonly way: Way;
  readonly use: TurnUse;
  readonly at: Date;
}

/** Calls of tools that a price is held for; further ones are free. */
const CALLS_HELD = 8;
/** Unwritten answers that are kept for a retry: beyond it the disk has been full for days. */
const LATE_MAX = 10_000;

/** Opens the meter. */
export function openMeter(needs: MeterNeeds): Meter {
  return new StoredMeter(needs);
}

class StoredMeter implements Meter {
  readonly #needs: MeterNeeds;
  readonly #turns: Collection<TurnRecord>;
  #late: Ended[] = [];

  constructor(needs: MeterNeeds) {
    this.#needs = needs;
    this.#turns = needs.kv.collection("turns");
  }

  async enter(asked: TurnAsked): Promise<(use: TurnUse) => Promise<void>> {
    const as = this.#as(asked.assistant);
    if (!as) return () => Promise.resolve();
    const way = await this.#wayOf(asked, as);
    return async (use) => {
      const ended = { asked, as, way, use, at: this.#needs.now() };
      try {
        await this.#write(ended);
        if (this.#late.length > 0) await this.retry();
      } catch (error) {
        this.#keep(ended, error);
      }
    };
  }

  get(turn: string): TurnRecord | undefined {
    return this.#turns.get(turn);
  }

  async retry(): Promise<number> {
    const late = this.#late;
    this.#late = [];
    for (const ended of late) await this.#write(ended).catch((error) => this.#keep(ended, error));
    return this.#late.length;
  }

  #keep(ended: Ended, error: unknown): void {
    this.#needs.log(`an answer could not be metered yet: ${error}`);
    if (this.#late.length < LATE_MAX) this.#late.push(ended);
  }

  /** @throws FlintError not_found; other failures let the answer pass, uncounted. */
  #as(assistant: string): Metered | undefined {
    try {
      return this.#needs.meteredAs(assistant);
    } catch (error) {
      if (error instanceof FlintError) throw error;
      this.#needs.log(`whose answer it is could not be told: ${error}`);
      return undefined;
    }
  }

  /** @throws FlintError unpaid; other failures let the answer pass, uncharged. */
  async #wayOf(asked: TurnAsked, as: Metered): Promise<Way> {
    const free: Way = { by: "nobody", price: { kind: "free" } };
    try {
      return await this.#paidWay(asked, as) ?? free;
    } catch (error) {
      if (error instanceof FlintError) throw error;
      this.#needs.log(`an answer's price could not be told: ${error}`);
      return free;
    }
  }

  async #paidWay({ user, turn, contextTokens }: TurnAsked, as: Metered): Promise<Way | undefined> {
    const { prices, plans, alone, kv, wallets, now } = this.#needs;
    if (alone() || user === as.publisher) return undefined;
    const price = prices.at(as.listing, now());
    if (price.kind === "free") return undefined;
    if (price.pass && await plans.covers(user, PASS)) return { by: "pass", price };
    if (price.kind === "subscription") {
      if (await plans.covers(user, as.listing)) return { by: "subscription", price };
      throw unsubscribed(as.listing, price);
    }
    const most = {
      promptTokens: contextTokens,
      completionTokens: contextTokens,
      toolCalls: CALLS_HELD,
      turns: 1,
    };
    const amount = costMax(price.rates, most);
    const answer = { turn, listing: as.listing, amount };
    await kv.transaction((transaction) => wallets.hold(transaction, user, answer));
    return { by: "use", price };
  }

  async #write({ asked, as, way, use, at }: Ended): Promise<void> {
    const { kv, wallets, observers } = this.#needs, { turn, user, begins, goesOn } = asked;
    if (use.completionTokens === 0 && way.by !== "use") return; // it never began
    const consumption = { ...use, turns: goesOn ? 0 : 1 };
    await kv.transaction((transaction) => {
      const held = wallets.release(transaction, user, turn);
      if (use.completionTokens === 0 || this.#turns.get(turn)) return;
      const charge = this.#charge(transaction, { asked, as, way, held, consumption });
      const record: TurnRecord = {
        ...{ turn, account: user, at: at.toISOString(), begins, charge },
        ...as,
        ...consumption,
      };
      transaction.put(this.#turns, turn, record);
      for (const observe of observers) observe(transaction, record);
    });
  }

  /** Never more than was held, nor than is there: a wallet that was emptied meanwhile pays its rest. */
  #charge(
    transaction: Transaction,
    { asked: { user, turn }, as, way, held, consumption }: {
      readonly asked: TurnAsked;
      readonly as: Metered;
      readonly way: Way;
      readonly held: number;
      readonly consumption: Consumption;
    },
  ): number {
    const { months, wallets } = this.#needs;
    if (way.by !== "nobody" && consumption.turns > 0) {
      months.used(transaction, user, as, way.by === "pass");
    }
    if (way.price.kind !== "use" || way.by !== "use") return 0;
    const free = Math.max(0, wallets.available(user));
    const amount = Math.min(costOf(way.price.rates, consumption), held, free);
    if (amount === 0) return 0;
    const earner = { publisher: as.publisher, listing: as.listing };
    months.pay(transaction, { key: `turn-${turn}`, kind: "usage", account: user, amount, earner });
    return amount;
  }
}

function unsubscribed(
  listing: string,
  price: Extract<Price, { kind: "subscription" }>,
): FlintError {
  const trial = price.trialDays > 0 ? `, the first ${price.trialDays} days free` : "";
  return new FlintError(
    "unpaid",
    `${listing} asks ${units(price.amount)} a ${price.every}${trial}: subscribe at /wallet or by ` +
      `\`flint wallet subscribe ${listing}\``,
  );
}
