/** What answers an account under a name: its own assistant, what it installed, or what it may try. */
import { FlintError } from "@flint/core";
import type { Assistant, Registry } from "@flint/plugins";
import type { Accounts } from "../people/accounts.ts";
import type { Groups } from "../people/groups.ts";
import { there } from "../there.ts";
import type { Installs } from "./installs.ts";
import type { Listings } from "./listings.ts";
import { maySee } from "./visible.ts";

/** The assistants that an account may talk to. */
export interface Usable {
  /** Throws "not_found", "denied" for what was taken down. */
  get(id: string, account: string): Assistant;
  /** Its own, then what it installed; at most `limit` (1..100) of each. */
  list(account: string, limit: number): Assistant[];
}

/** What it is found in. */
export interface UsableNeeds {
  readonly registry: Pick<Registry, "get" | "list" | "ownerOf">;
  readonly listings: Pick<Listings, "find" | "get" | "releaseOf">;
  readonly installs: Pick<Installs, "get" | "list">;
  readonly accounts: Pick<Accounts, "get">;
  readonly groups: Pick<Groups, "isMember">;
}

/** Joins them. */
export function openUsable(needs: UsableNeeds): Usable {
  const { registry, listings, installs, accounts, groups } = needs;
  const installed = (account: string, id: string): Assistant | undefined => {
    const install = installs.get(account, id);
    if (!install) return undefined;
    const { state, reason } = listings.get(id);
    if (state === "removed") {
      throw new FlintError("denied", `"${id}" was taken down: ${reason ?? "no reason was given"}`);
    }
    return { ...listings.releaseOf(id, install.release).manifest, id };
  };
  return {
    get(id, account) {
      if (there(() => registry.ownerOf(id)) === account) return registry.get(id);
      const found = installed(account, id);
      if (found) return found;
      const listing = listings.find(id);
      if (listing?.state === "listed" && maySee(listing, accounts.get(account), groups)) {
        return { ...listing.manifest, id };
      }
      throw new FlintError("not_found", `there is no assistant "${id}"`);
    },
    list(account, limit) {
      const own = registry.list({ owner: account, limit }).assistants;
      const others = installs.list(account, { limit }).installs
        .map(({ listing }) => there(() => installed(account, listing)));
      const all = [...own, ...others.filter((one) => one !== undefined)];
      return [...new Map(all.toReversed().map((one) => [one.id, one])).values()].reverse();
    },
  };
}
