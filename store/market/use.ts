/** How much a listing was used, and by whom: counted turn by turn, for whatever asks for real use. */
import type { Collection, Kv, Transaction } from "@flint/core";
import { DAY_MS } from "../money/calendar.ts";

/** Use by one account. */
export interface Use {
  readonly turns: number;
  /** Days (UTC) with at least one turn. */
  readonly days: number;
}

/** What metering tells of use. Reads are synchronous and cost no scan. */
export interface UseOf {
  /** Of one listing by one account. */
  of(account: string, listing: string): Use;
  /** Of all listings by one account. */
  by(account: string): Use;
  /** Accounts with USER_TURNS_MIN turns or more of a listing. */
  users(listing: string): number;
  /** The same of all listings: an account counts once for each. */
  usersOfAll(): number;
}

/** Turns that make an account a user, who may rate: as many as it takes to have asked and asked back. */
export const USER_TURNS_MIN = 5;

/** A turn that was answered. */
export interface Turn {
  readonly account: string;
  readonly listing: string;
  readonly at: Date;
}

/** The counts of one store. */
export interface UseCounts extends UseOf {
  /** Counts a turn within a transaction of the caller's. */
  record(transaction: Transaction, turn: Turn): void;
}

interface Counted extends Use {
  /** Day of the last turn, counted from 1970. */
  readonly day: number;
}

const NONE: Counted = { turns: 0, days: 0, day: -1 };
/** Stands for all listings; no slug can be this. */
const ALL = "*";

/** Opens the counts in `kv`. */
export function openUse(kv: Kv): UseCounts {
  /** [account, listing], [account, ALL] */
  const uses: Collection<Counted> = kv.collection("uses");
  /** Listing, or ALL. */
  const users: Collection<number> = kv.collection("use_users");
  const usersOf = (key: string) => users.get(key) ?? 0;
  return {
    of: (account, listing) => bare(uses.get([account, listing])),
    by: (account) => bare(uses.get([account, ALL])),
    users: usersOf,
    usersOfAll: () => usersOf(ALL),
    record(transaction, { account, listing, at }) {
      const day = Math.floor(at.getTime() / DAY_MS);
      for (const key of [listing, ALL]) {
        const after = grown(uses.get([account, key]) ?? NONE, day);
        transaction.put(uses, [account, key], after);
        if (key === ALL || after.turns !== USER_TURNS_MIN) continue;
        for (const all of [listing, ALL]) transaction.put(users, all, usersOf(all) + 1);
      }
    },
  };
}

const grown = ({ turns, days, day: last }: Counted, day: number): Counted =>
  day > last ? { turns: turns + 1, days: days + 1, day } : { turns: turns + 1, days, day: last };

const bare = ({ turns, days }: Counted = NONE): Use => ({ turns, days });
