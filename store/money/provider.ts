/** Paying in: a top-up waits until whoever takes the money says that it came. Off unless the owner says. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { given } from "@flint/plugins";
import { z } from "zod";
import type { Ledger } from "./ledger.ts";
import { STORE_REFUNDS } from "./refunds.ts";
import type { TermsStore } from "./terms.ts";
import { walletOf, type Wallets } from "./wallets.ts";

/** Money that is to come. */
export const TopUp = z.strictObject({
  id: z.uuid(),
  account: z.string(),
  amount: z.int().meta({ description: "Micro-units" }),
  provider: z.enum(["manual", "stripe"]),
  state: z.enum(["waiting", "paid", "refunded"]),
  url: z.url().optional().meta({ description: "Where it is paid" }),
  at: z.iso.datetime(),
}).meta({ id: "TopUp" });
export type TopUp = z.infer<typeof TopUp>;

/** What a provider tells, its signature verified. */
export interface ProviderEvent {
  /** Its own id: told twice, it counts once. */
  readonly id: string;
  readonly kind: "paid" | "refunded";
  /** The provider's name of the payment. */
  readonly payment: string;
  /** Of "paid": which top-up. */
  readonly topUp?: string;
  /** Micro-units. */
  readonly amount: number;
}

/** How a payment is made. */
export interface Checkout {
  readonly currency: string;
  /** Where the payer comes back to. */
  readonly returnTo: string;
}

/** Somebody who takes payments. */
export interface PaymentProvider {
  /** Opens a payment; resolves to where it is paid. */
  begin(topUp: TopUp, checkout: Checkout): Promise<string | undefined>;
  /** What a webhook says; undefined for what does not concern money. @throws FlintError denied */
  event(body: string, signature: string): Promise<ProviderEvent | undefined>;
}

/** The ways to pay in. */
export interface TopUps {
  /** Opens a top-up. @throws FlintError unavailable while nobody takes payments */
  begin(account: string, amount: number, returnTo: string): Promise<TopUp>;
  /** The owner says that a manual one came. */
  confirm(id: string): Promise<TopUp>;
  /** Takes a webhook of the provider. "not_found" where it is another one, "denied" where it is forged. */
  event(body: string, signature: string): Promise<void>;
  get(id: string): TopUp;
}

/** What top-ups need. */
export interface TopUpNeeds {
  readonly kv: Kv;
  readonly ledger: Ledger;
  readonly wallets: Wallets;
  readonly terms: TermsStore;
  /** Opened each time that it is used: its secret may be set or changed meanwhile. */
  readonly stripe: () => PaymentProvider;
  readonly now: () => Date;
}

/** The least and the most that is paid in at once, micro-units. */
const AMOUNT_MIN = 1_000_000, AMOUNT_MAX = 10_000_000_000;

/** Opens them. */
export function openTopUps(needs: TopUpNeeds): TopUps {
  return new StoredTopUps(needs);
}

class StoredTopUps implements TopUps {
  readonly #needs: TopUpNeeds;
  readonly #topUps: Collection<TopUp>;
  readonly #events: Collection<true>;
  /** The provider's name of a payment: the top-up. */
  readonly #payments: Collection<string>;

  constructor(needs: TopUpNeeds) {
    this.#needs = needs;
    this.#topUps = needs.kv.collection("top_ups");
    this.#events = needs.kv.collection("provider_events");
    this.#payments = needs.kv.collection("provider_payments");
  }

  async begin(account: string, amount: number, returnTo: string): Promise<TopUp> {
    const { terms, now, stripe } = this.#needs, { provider, currency } = terms.get();
    if (provider === "none") {
      throw new FlintError(
        "unavailable",
        "nobody takes payments here: the owner turns them on by `flint wallet terms`",
      );
    }
    if (amount < AMOUNT_MIN || amount > AMOUNT_MAX || !Number.isSafeInteger(amount)) {
      throw new FlintError(
        "bad_input",
        `amount must be ${AMOUNT_MIN} to ${AMOUNT_MAX} micro-units`,
      );
    }
    const id = crypto.randomUUID(), at = now().toISOString();
    const topUp: TopUp = { id, account, amount, provider, state: "waiting", at };
    await this.#topUps.put(id, topUp);
    if (provider === "manual") return topUp;
    const url = await stripe().begin(topUp, { currency, returnTo });
    return await this.#needs.kv.transaction((transaction) => {
      // The webhook may have come before the answer.
      const known = { ...this.get(id), ...given({ url }) };
      transaction.put(this.#topUps, id, known);
      return known;
    });
  }

  async confirm(id: string): Promise<TopUp> {
    return await this.#needs.kv.transaction((transaction) => {
      const topUp = this.get(id);
      if (topUp.provider !== "manual") {
        throw new FlintError("bad_input", `top-up ${id} is ${topUp.provider}'s to confirm`);
      }
      return this.#paid(transaction, topUp, topUp.amount);
    });
  }

  async event(body: string, signature: string): Promise<void> {
    if (this.#needs.terms.get().provider !== "stripe") {
      throw new FlintError("not_found", "Stripe takes no payments for this store");
    }
    const event = await this.#needs.stripe().event(body, signature);
    if (!event) return;
    await this.#needs.kv.transaction((transaction) => {
      if (this.#events.get(event.id)) return;
      transaction.put(this.#events, event.id, true);
      if (event.kind === "refunded") return this.#refunded(transaction, event);
      const topUp = this.get(event.topUp ?? "?");
      transaction.put(this.#payments, event.payment, topUp.id);
      this.#paid(transaction, topUp, event.amount);
    });
  }

  get(id: string): TopUp {
    const found = this.#topUps.get(id);
    if (!found) throw new FlintError("not_found", `there is no top-up "${id}"`);
    return found;
  }

  #paid(transaction: Transaction, topUp: TopUp, amount: number): TopUp {
    if (topUp.state !== "waiting") return topUp;
    if (amount !== topUp.amount) {
      throw new FlintError("bad_input", `${amount} came of the ${topUp.amount} asked for`);
    }
    this.#needs.ledger.write(transaction, {
      ...{ key: `top-up-${topUp.id}`, kind: "deposit", memo: topUp.provider },
      postings: [
        { account: `provider:${topUp.provider}`, amount: -amount },
        { account: walletOf(topUp.account), amount },
      ],
    });
    const paid = { ...topUp, state: "paid" as const };
    transaction.put(this.#topUps, topUp.id, paid);
    return paid;
  }

  /** What was spent meanwhile the store bears: a wallet owes nothing. */
  #refunded(transaction: Transaction, { payment, amount, id }: ProviderEvent): void {
    const { ledger, wallets } = this.#needs, topUpId = this.#payments.get(payment);
    if (topUpId === undefined) return; // not a payment of ours
    const topUp = this.get(topUpId);
    const wallet = Math.max(0, Math.min(amount, wallets.available(topUp.account)));
    ledger.write(transaction, {
      ...{ key: `event-${id}`, kind: "refund", memo: topUp.provider },
      postings: [
        { account: walletOf(topUp.account), amount: -wallet },
        { account: STORE_REFUNDS, amount: wallet - amount },
        { account: `provider:${topUp.provider}`, amount },
      ].filter(({ amount }) => amount !== 0),
    });
    transaction.put(this.#topUps, topUp.id, { ...topUp, state: "refunded" });
  }
}
