/** Prices of listings, version by version: what was in force at a time stays what it was. */
import { type Collection, FlintError, type Kv } from "@flint/core";
import { parse } from "@flint/plugins";
import { z } from "zod";
import { Price } from "./rates.ts";

/** A price and since when it holds. */
export const PriceVersion = z.strictObject({
  version: z.int().min(1),
  from: z.iso.datetime(),
  price: Price,
}).meta({ id: "PriceVersion" });
export type PriceVersion = z.infer<typeof PriceVersion>;

/** What sets a price: from now on unless `from` names a later time. */
export const PriceDraft = z.strictObject({ price: Price, from: z.iso.datetime().optional() })
  .meta({ id: "PriceDraft" });

/** The prices of one store. Reads are synchronous; writes resolve when they are on disk. */
export interface Prices {
  /** Sets the next version (PriceDraft). @throws FlintError bad_input where it would change the past */
  set(listing: string, draft: unknown): Promise<PriceVersion>;
  /** What a listing asks at a time; free until a price was set. */
  at(listing: string, when: Date): Price;
  /** All versions, oldest first; VERSIONS_MAX at most. */
  list(listing: string): PriceVersion[];
}

/** The store's pass is priced as a listing of this name, which no slug can be. */
export const PASS = "@pass";

const VERSIONS_MAX = 1000;
const FREE: Price = { kind: "free" };

/** Opens the prices in `kv`. `now` tells what is past. */
export function openPrices(kv: Kv, now: () => Date): Prices {
  /** [listing, version] */
  const versions: Collection<PriceVersion> = kv.collection("prices");
  const list = (listing: string) =>
    versions.list({ prefix: [listing], limit: VERSIONS_MAX }).entries.map(({ value }) => value);
  return {
    list,
    at: (listing, when) =>
      list(listing).findLast(({ from }) => Date.parse(from) <= when.getTime())?.price ?? FREE,
    async set(listing, draft) {
      const { price, from: asked } = parse(PriceDraft, draft);
      if (listing === PASS && price.kind === "use") {
        throw new FlintError("bad_input", "the pass has a price for each period, none for use");
      }
      return await kv.transaction((transaction) => {
        const before = list(listing), last = before.at(-1);
        const from = asked ?? later(now().toISOString(), last?.from);
        const why = before.length === VERSIONS_MAX
          ? `has ${VERSIONS_MAX} versions, the most there may be`
          : Date.parse(from) < now().getTime() && asked
          ? `would change the past: let it begin now or later, not at ${from}`
          : last && from < last.from
          ? `would begin before version ${last.version}, which begins at ${last.from}`
          : undefined;
        if (why) throw new FlintError("bad_input", `the price of ${listing} ${why}`);
        const version = { version: (last?.version ?? 0) + 1, from, price };
        transaction.put(versions, [listing, version.version], version);
        return version;
      });
    },
  };
}

/** A clock that was set back begins nothing before what has begun. */
const later = (one: string, two = one): string => one > two ? one : two;
