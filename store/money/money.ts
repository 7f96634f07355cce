/** A store's money, put together: ledger, prices, wallets, months, subscriptions, meter, payouts. */
import { FlintError } from "@flint/core";
import { Closing } from "./closing.ts";
import { Months } from "./income.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { type Meter, type MeterNeeds, openMeter } from "./meter.ts";
import { Payouts } from "./payouts.ts";
import { openPlans, type Plans } from "./plans.ts";
import { openPrices, type Prices } from "./prices.ts";
import { openTopUps, type TopUpNeeds, type TopUps } from "./provider.ts";
import { openRefunds, type Refund } from "./refunds.ts";
import { openTerms, type TermsStore } from "./terms.ts";
import { openWallets, type Wallets } from "./wallets.ts";

/** What money is made from. */
export interface MoneyNeeds
  extends
    Pick<MeterNeeds, "kv" | "meteredAs" | "alone" | "observers" | "log">,
    Pick<TopUpNeeds, "stripe"> {
  readonly now?: () => Date;
}

/** All of it. */
export interface Money {
  readonly ledger: Ledger;
  readonly terms: TermsStore;
  readonly prices: Prices;
  readonly wallets: Wallets;
  readonly months: Months;
  readonly plans: Plans;
  readonly closing: Closing;
  readonly payouts: Payouts;
  readonly topUps: TopUps;
  readonly refund: Refund;
  readonly meter: Meter;
}

/** Opens it in `kv`. */
export function openMoney({ now = () => new Date(), ...needs }: MoneyNeeds): Money {
  const { kv, meteredAs } = needs;
  const ledger = openLedger(kv, { now }), terms = openTerms(kv);
  const prices = openPrices(kv, now), wallets = openWallets(kv, ledger, now);
  const months = new Months(kv, ledger, terms, now);
  const earnerOf = (listing: string) => {
    const found = meteredAs(listing);
    if (!found) throw new FlintError("not_found", `there is no listing "${listing}"`);
    return { publisher: found.publisher, listing };
  };
  const plans = openPlans({ kv, prices, wallets, months, earnerOf, now });
  return {
    ...{ ledger, terms, prices, wallets, months, plans },
    closing: new Closing({ kv, ledger, months, now }),
    payouts: new Payouts({ kv, ledger, months, terms, now }),
    topUps: openTopUps({ ...needs, ledger, wallets, terms, now }),
    refund: openRefunds(kv, ledger, months),
    meter: openMeter({ ...needs, prices, wallets, months, plans, now }),
  };
}
