/** The terms of a store's money: what the owner decides, and what holds until then. */
import type { Collection, Kv } from "@flint/core";
import { parse } from "@flint/plugins";
import { z } from "zod";

/** All of it, in hundredths of a percent. */
export const WHOLE_BPS = 10_000;

/** What the owner decides. */
export const Terms = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, "must be a currency's code, such as EUR").meta({
    description: "The unit of all amounts (ISO 4217)",
  }),
  shareBps: z.int().min(0).max(WHOLE_BPS).meta({
    description: "The store's share of what builders earn, in hundredths of a percent",
  }),
  payoutMin: z.int().min(1).max(1_000_000_000_000).meta({
    description: "Micro-units from which on a builder is paid out",
  }),
  provider: z.enum(["none", "manual", "stripe"]).meta({
    description: "Who takes payments: nobody, the owner by hand, or Stripe",
  }),
}).meta({ id: "MoneyTerms" });
export type Terms = z.infer<typeof Terms>;

/** As it is until the owner decides: 30 % for the store, payouts from 10 units, and nobody can pay in. */
const TERMS_DEFAULT: Terms = {
  currency: "USD",
  shareBps: 3000,
  payoutMin: 10_000_000,
  provider: "none",
};

/** The terms of one store. */
export interface TermsStore {
  get(): Terms;
  /** Changes some (Terms). A month's share is what it was when its first payment came. */
  set(change: unknown): Promise<Terms>;
}

/** Opens the terms in `kv`. */
export function openTerms(kv: Kv): TermsStore {
  const terms: Collection<Terms> = kv.collection("money_terms");
  const get = () => ({ ...TERMS_DEFAULT, ...terms.get("terms") });
  return {
    get,
    async set(change) {
      const next = { ...get(), ...parse(Terms.partial(), change) } as Terms;
      await terms.put("terms", next);
      return next;
    },
  };
}
