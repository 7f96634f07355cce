/** Collections of listings, made by the owner of the store. */
import { type Collection, FlintError, type Kv } from "@flint/core";
import { parse } from "@flint/plugins";
import { CollectionDraft, ListingCollection } from "./card.ts";

/** All collections. Reads are synchronous. */
export interface Collections {
  /** By id; there are COLLECTIONS_MAX at most. */
  list(): ListingCollection[];
  get(id: string): ListingCollection | undefined;
  /** Makes or replaces one (CollectionDraft). "bad_input", "over_budget". */
  put(id: string, draft: unknown): Promise<ListingCollection>;
  /** Resolves to whether there was one. */
  remove(id: string): Promise<boolean>;
}

/** A page shows them all. */
const COLLECTIONS_MAX = 100;

/** Opens the collections in `kv`. */
export function openCollections(kv: Kv): Collections {
  const kept: Collection<ListingCollection> = kv.collection("listing_collections");
  const list = () => kept.list({ limit: COLLECTIONS_MAX }).entries.map(({ value }) => value);
  return {
    list,
    get: (id) => kept.get(id),
    async put(id, draft) {
      const { title, description = "", listings } = parse(CollectionDraft, draft);
      const updatedAt = new Date().toISOString();
      const value = parse(ListingCollection, { id, title, description, listings, updatedAt });
      return await kv.transaction((transaction) => {
        if (!kept.get(id) && list().length === COLLECTIONS_MAX) {
          throw new FlintError(
            "over_budget",
            `there are ${COLLECTIONS_MAX} collections: remove one`,
          );
        }
        transaction.put(kept, id, value);
        return value;
      });
    },
    remove: (id) => kept.remove(id),
  };
}
