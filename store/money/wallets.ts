/** Wallets: what an account has paid in, less what running answers may still take of it. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import type { Ledger } from "./ledger.ts";

/** Money that one running answer may take. */
export interface Hold {
  readonly amount: number;
  /** Milliseconds since 1970; a hold beyond it counts no more: whoever placed it is gone. */
  readonly until: number;
}

/** An answer that money is held for. */
export interface HeldAnswer {
  readonly turn: string;
  readonly listing: string;
  /** The most it may cost, micro-units. */
  readonly amount: number;
}

/** Reads are synchronous; what changes something needs a transaction of the caller's. */
export interface Wallets {
  /** Micro-units that may be spent: the balance less all holds. */
  available(account: string): number;
  /** Micro-units that are held. */
  held(account: string): number;
  /** Sets aside what an answer may cost. @throws FlintError unpaid where less is available, busy */
  hold(transaction: Transaction, account: string, answer: HeldAnswer): void;
  /** Ends a hold; returns what it set aside, 0 if it is gone. */
  release(transaction: Transaction, account: string, id: string): number;
}

/** Longer than the longest answer. */
const HOLD_MS = 3600 * 1000;
/** Answers of one account that run at once. */
const HOLDS_MAX = 256;

/** An account's money in the ledger. */
export const walletOf = (account: string): string => `wallet:${account}`;

/** Opens the wallets in `kv`. */
export function openWallets(kv: Kv, ledger: Ledger, now: () => Date): Wallets {
  /** [account, id] */
  const holds: Collection<Hold> = kv.collection("holds");
  const of = (account: string) => holds.list({ prefix: [account], limit: 1000 }).entries;
  const live = ({ until }: Hold) => until > now().getTime();
  const held = (account: string) =>
    of(account).reduce((sum, { value }) => sum + (live(value) ? value.amount : 0), 0);
  const available = (account: string) => ledger.balance(walletOf(account)) - held(account);
  return {
    available,
    held,
    hold(transaction, account, { turn, listing, amount }) {
      const found = of(account);
      for (const { key, value } of found) if (!live(value)) transaction.remove(holds, key);
      if (found.filter(({ value }) => live(value)).length >= HOLDS_MAX) {
        throw new FlintError(
          "busy",
          `${HOLDS_MAX} answers of ${account} are running: wait for one`,
        );
      }
      const free = available(account);
      if (free < amount) {
        const most = `an answer of ${listing} may cost up to ${units(amount)}`;
        throw unpaid(`${most}, your wallet has ${units(free)} free`, amount - free);
      }
      transaction.put(holds, [account, turn], { amount, until: now().getTime() + HOLD_MS });
    },
    release(transaction, account, id) {
      const amount = holds.get([account, id])?.amount ?? 0;
      transaction.remove(holds, [account, id]);
      return amount;
    },
  };
}

/** Names what is there and what is missing. */
export function unpaid(why: string, missing: number): FlintError {
  return new FlintError(
    "unpaid",
    `${why}: add ${units(missing)} at /wallet or by \`flint wallet add\``,
  );
}

/** Micro-units as people read them, exactly: 1.5, 0.000001. */
export function units(micros: number): string {
  const sign = micros < 0 ? "-" : "", all = Math.abs(micros);
  const whole = Math.floor(all / 1e6), part = String(all % 1e6).padStart(6, "0");
  return `${sign}${whole}.${part.replace(/0{1,4}$/, "")}`;
}
