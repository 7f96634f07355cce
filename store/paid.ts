/** Money and analytics over one store: what the turnstile sees becomes charges, ranks and counts. */
import type { Registry } from "@flint/plugins";
import { Analytics } from "./analytics/counts.ts";
import type { Boards } from "./market/boards.ts";
import { isPublic } from "./market/listing.ts";
import type { Listings } from "./market/listings.ts";
import { openUse } from "./market/use.ts";
import type { Metered } from "./money/meter.ts";
import { type MoneyNeeds, openMoney } from "./money/money.ts";
import type { Accounts } from "./people/accounts.ts";

/** Money and analytics, which see every answer at the turnstile. */
export function openPaid({ kv, registry, accounts, stripe, ...market }: PaidNeeds) {
  const { listings, boards } = market, analytics = new Analytics(kv), uses = openUse(kv);
  const money = openMoney({
    ...{ kv, stripe, alone: () => accounts.alone(), log: console.error },
    meteredAs: (id) => meteredAs({ registry, listings }, id),
    observers: [
      (transaction, record) => analytics.record(transaction, record),
      (transaction, { account, publisher, listing, category, ranked, turns, at }) => {
        if (turns === 0) return;
        const use = { listing, at: new Date(at) };
        uses.record(transaction, { ...use, account });
        if (ranked && account !== publisher) {
          boards.record(transaction, { ...use, category, uses: turns });
        }
      },
    ],
  });
  return { money, analytics, uses };
}

/** What they need. */
export interface PaidNeeds extends Pick<MoneyNeeds, "kv" | "stripe"> {
  readonly registry: Registry;
  readonly accounts: Pick<Accounts, "alone">;
  readonly listings: Pick<Listings, "find">;
  readonly boards: Boards;
}

/** A listing's answers are its publisher's; what was never published is its owner's. */
function meteredAs(
  { registry, listings }: Pick<PaidNeeds, "registry" | "listings">,
  id: string,
): Metered | undefined {
  const listing = listings.find(id);
  if (listing) {
    const { publisher, release, manifest: { category } } = listing;
    return { publisher, listing: id, category, version: release, ranked: isPublic(listing) };
  }
  const { category, version } = registry.get(id);
  return { publisher: registry.ownerOf(id), listing: id, category, version, ranked: false };
}
