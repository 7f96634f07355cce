/** Who installed what: the release an account took goes on answering it until it takes another. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { given, type ListPart, pageOf } from "@flint/plugins";
import type { Boards } from "./boards.ts";
import { isPublic } from "./listing.ts";
import type { Listings } from "./listings.ts";

/** One account's copy of a listing. */
export interface Install {
  readonly listing: string;
  /** The release that answers. */
  readonly release: number;
  readonly installedAt: string;
  /** Whether the boards count it: what only some may see is not ranked. */
  readonly counted: boolean;
}

/** Some installs, by listing; `next`, if there are more, is the cursor of the following ones. */
export interface InstallList {
  readonly installs: readonly Install[];
  readonly next?: string;
}

/** The installs of one store. Whether an account may see a listing is for the caller to ask. */
export interface Installs {
  /** Takes the present release; also to update. Counts once for each account. "not_found", "denied". */
  install(account: string, listing: string): Promise<Install>;
  /** Resolves to whether it was installed. */
  uninstall(account: string, listing: string): Promise<boolean>;
  get(account: string, listing: string): Install | undefined;
  /** An account's. */
  list(account: string, part?: ListPart): InstallList;
}

/** What installs need. */
export interface InstallNeeds {
  readonly kv: Kv;
  readonly listings: Listings;
  readonly boards: Boards;
  /** Tells the time of installs. */
  readonly now?: () => Date;
}

/** Opens the installs in `kv`, and lets the boards follow what becomes public or ceases to be. */
export function openInstalls(needs: InstallNeeds): Installs {
  const { listings, boards } = needs;
  listings.onChange((transaction, { before, after }) => {
    const was = before !== undefined && isPublic(before);
    if (was && !isPublic(after)) boards.remove(transaction, after.id);
    if (!was && isPublic(after)) boards.restore(transaction, after.id);
  });
  return new StoredInstalls(needs);
}

class StoredInstalls implements Installs {
  readonly #kv: Kv;
  readonly #listings: Listings;
  readonly #boards: Boards;
  readonly #now: () => Date;
  /** [account, listing] */
  readonly #installs: Collection<Install>;

  constructor({ kv, listings, boards, now = () => new Date() }: InstallNeeds) {
    this.#kv = kv;
    this.#listings = listings;
    this.#boards = boards;
    this.#now = now;
    this.#installs = kv.collection("installs");
  }

  async install(account: string, id: string): Promise<Install> {
    return await this.#kv.transaction((transaction) => {
      const listing = this.#listings.get(id);
      if (listing.state !== "listed") {
        throw new FlintError("denied", `"${id}" is ${listing.state}: it can't be installed`);
      }
      const before = this.get(account, id);
      const fresh = { listing: id, installedAt: this.#now().toISOString() };
      const counted = before ? before.counted : isPublic(listing);
      const install = { ...fresh, ...before, release: listing.release, counted };
      transaction.put(this.#installs, [account, id], install);
      if (!before && counted) this.#count(transaction, install, 1);
      return install;
    });
  }

  async uninstall(account: string, id: string): Promise<boolean> {
    return await this.#kv.transaction((transaction) => {
      const before = this.get(account, id);
      if (!before) return false;
      transaction.remove(this.#installs, [account, id]);
      if (before.counted) this.#count(transaction, before, -1);
      return true;
    });
  }

  get(account: string, listing: string): Install | undefined {
    return this.#installs.get([account, listing]);
  }

  list(account: string, part: ListPart = {}): InstallList {
    const { entries, next } = pageOf(this.#installs, part, { prefix: [account] });
    return { installs: entries.map(({ value }) => value), ...given({ next }) };
  }

  /** What is taken back is taken from the periods it was counted in. */
  #count(transaction: Transaction, { listing, installedAt }: Install, installs: 1 | -1): void {
    const { category } = this.#listings.get(listing).manifest;
    this.#boards.record(transaction, { listing, category, at: new Date(installedAt), installs });
  }
}
