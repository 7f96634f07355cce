/**
 * The ledger: every change of money as one entry whose postings add up to zero, appended, never
 * changed, each hashed over the one before. Balances are kept beside it in the same transaction.
 */
import { checkLimit, type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { parse } from "@flint/plugins";
import { type Entry, EntryDraft, entryHash, GENESIS, type Posting, saysTheSame } from "./entry.ts";

/** Some entries, in the order of their numbers; `next`, if there are more, is where they go on. */
export interface EntryList {
  readonly entries: readonly Entry[];
  readonly next?: number;
}

/** What a walk over the whole ledger found. */
export interface Audit {
  readonly entries: number;
  /** Hash of the last entry, GENESIS if there is none: whoever notes it can tell later changes. */
  readonly head: string;
  /** Number and reason of the first entry that is not as it was written. */
  readonly fault?: { readonly number: number; readonly why: string };
}

/** A ledger. Reads are synchronous; writes resolve when they are on disk. */
export interface Ledger {
  /**
   * Writes an entry (EntryDraft), or returns the one that is there under this key.
   * @throws FlintError bad_input; conflict when the key stands for something else; denied when a
   * wallet or an amount to be paid out would fall below zero
   */
  post(draft: unknown): Promise<Entry>;
  /** Writes the opposite of an entry, once: a second time returns the first. */
  reverse(number: number, memo: string): Promise<Entry>;
  /** Micro-units; 0 for an account nobody posted to. */
  balance(account: string): number;
  /** Accounts that begin so, with their balances; at most 1000. */
  balances(prefix: string): { account: string; balance: number }[];
  get(number: number): Entry;
  list(from?: number, limit?: number): EntryList;
  /** An account's entries, newest first; `before` is `next` of the list before. */
  statement(account: string, before?: number, limit?: number): EntryList;
  /** Walks over all entries and balances. */
  audit(): Audit;
}

/** Kinds of accounts that may owe: the rest of the world, and what was taken in. */
const MAY_OWE = /^(income|refunds|provider):/;
const LIST_MAX = 500;

interface Head {
  readonly count: number;
  readonly hash: string;
}

/** Opens the ledger in `kv`. `now` tells the time of entries. */
export function openLedger(kv: Kv, { now = () => new Date() } = {}): Ledger {
  return new StoredLedger(kv, now);
}

class StoredLedger implements Ledger {
  readonly #kv: Kv;
  readonly #now: () => Date;
  readonly #entries: Collection<Entry>;
  /** The client's key: the entry's number. */
  readonly #keys: Collection<number>;
  readonly #balances: Collection<number>;
  /** [account, number] */
  readonly #byAccount: Collection<true>;
  /** Number of the entry reversed: number of its reversal. */
  readonly #reversals: Collection<number>;
  readonly #head: Collection<Head>;

  constructor(kv: Kv, now: () => Date) {
    this.#kv = kv;
    this.#now = now;
    this.#entries = kv.collection("ledger");
    this.#keys = kv.collection("ledger_keys");
    this.#balances = kv.collection("ledger_balances");
    this.#byAccount = kv.collection("ledger_accounts");
    this.#reversals = kv.collection("ledger_reversals");
    this.#head = kv.collection("ledger_head");
  }

  async post(value: unknown): Promise<Entry> {
    const draft = parse(EntryDraft, value);
    if (draft.kind === "reversal") {
      throw new FlintError("bad_input", "kind must not be reversal: ask for the reversal instead");
    }
    return await this.#kv.transaction((transaction) => this.#append(transaction, draft));
  }

  reverse(number: number, memo: string): Promise<Entry> {
    return this.#kv.transaction((transaction) => {
      const entry = this.get(number);
      const done = this.#reversals.get(number);
      if (done !== undefined) return this.get(done);
      if (entry.kind === "reversal") {
        throw new FlintError("bad_input", `entry ${number} is a reversal itself: post a new entry`);
      }
      const postings = entry.postings.map(({ account, amount }) => ({ account, amount: -amount }));
      const draft = { key: `reversal-of-${number}`, memo, postings, reverses: number };
      const reversal = this.#append(transaction, parse(EntryDraft, { kind: "reversal", ...draft }));
      transaction.put(this.#reversals, number, reversal.number);
      return reversal;
    });
  }

  balance(account: string): number {
    return this.#balances.get(account) ?? 0;
  }

  balances(prefix: string) {
    const { entries } = this.#balances.list({ prefix, limit: 1000 });
    return entries.map(({ key, value }) => ({ account: String(key), balance: value }));
  }

  get(number: number): Entry {
    const found = this.#entries.get(number);
    if (!found) throw new FlintError("not_found", `there is no ledger entry ${number}`);
    return found;
  }

  list(from = 0, limit = 100): EntryList {
    checkLimit(limit, LIST_MAX);
    const { entries } = this.#entries.list({ start: from, limit: limit + 1 });
    return cut(entries.map(({ value }) => value), limit, (last) => last.number + 1);
  }

  statement(account: string, before = Number.MAX_SAFE_INTEGER, limit = 100): EntryList {
    checkLimit(limit, LIST_MAX);
    const { entries } = this.#byAccount.list({
      start: [account, 0],
      end: [account, before],
      limit: limit + 1,
      reverse: true,
    });
    const numbers = entries.map(({ key }) => (key as [string, number])[1]);
    return cut(numbers.map((number) => this.get(number)), limit, (last) => last.number);
  }

  audit(): Audit {
    const sums = new Map<string, number>();
    let previous = GENESIS, count = 0;
    for (let from: number | undefined = 0; from !== undefined;) {
      const { entries, next }: EntryList = this.list(from, LIST_MAX);
      for (const entry of entries) {
        const why = faultOf(entry, count, previous);
        if (why) return { entries: count, head: previous, fault: { number: count, why } };
        for (const { account, amount } of entry.postings) {
          sums.set(account, (sums.get(account) ?? 0) + amount);
        }
        previous = entry.hash;
        count++;
      }
      from = next;
    }
    const why = this.#faultOfBalances(sums, { count, hash: previous });
    return { entries: count, head: previous, ...(why ? { fault: { number: count, why } } : {}) };
  }

  #append(transaction: Transaction, draft: EntryDraft): Entry {
    const known = this.#keys.get(draft.key);
    if (known !== undefined) return same(this.get(known), draft);
    const { count, hash } = this.#head.get("head") ?? { count: 0, hash: GENESIS };
    const unsigned = { ...draft, number: count, at: this.#now().toISOString(), previous: hash };
    const entry: Entry = { ...unsigned, hash: entryHash(unsigned) };
    for (const posting of draft.postings) this.#book(transaction, posting, count);
    transaction.put(this.#entries, count, entry);
    transaction.put(this.#keys, draft.key, count);
    transaction.put(this.#head, "head", { count: count + 1, hash: entry.hash });
    return entry;
  }

  #book(transaction: Transaction, { account, amount }: Posting, number: number): void {
    const before = this.balance(account), after = before + amount;
    if (!Number.isSafeInteger(after)) {
      throw new FlintError("bad_input", `${account} cannot hold ${amount} micro-units more`);
    }
    if (after < 0 && amount < 0 && !MAY_OWE.test(account)) {
      throw new FlintError(
        "denied",
        `${account} has ${before} micro-units, ${-amount} are asked for: deposit the difference`,
      );
    }
    transaction.put(this.#balances, account, after);
    transaction.put(this.#byAccount, [account, number], true);
  }

  #faultOfBalances(sums: ReadonlyMap<string, number>, head: Head): string | undefined {
    const kept = this.#head.get("head") ?? { count: 0, hash: GENESIS };
    if (kept.count !== head.count || kept.hash !== head.hash) {
      return `the head says ${kept.count} entries, there are ${head.count}: some are missing`;
    }
    for (const [account, sum] of sums) {
      const balance = this.balance(account);
      if (balance !== sum) return `${account} has ${balance}, its entries add up to ${sum}`;
    }
    return undefined;
  }
}

function faultOf(entry: Entry, number: number, previous: string): string | undefined {
  if (entry.number !== number) return `entry ${entry.number} stands where ${number} should`;
  if (entry.previous !== previous) return "it does not stand on the entry before it";
  const { hash, ...unsigned } = entry;
  if (entryHash(unsigned) !== hash) return "it is not what was hashed";
  const sum = entry.postings.reduce((total, { amount }) => total + amount, 0);
  return sum === 0 ? undefined : `its postings add up to ${sum}`;
}

function same(entry: Entry, draft: EntryDraft): Entry {
  if (saysTheSame(entry, draft)) return entry;
  throw new FlintError(
    "conflict",
    `key "${draft.key}" is entry ${entry.number}, which says something else: use a new key`,
  );
}

function cut(entries: Entry[], limit: number, next: (last: Entry) => number): EntryList {
  if (entries.length <= limit) return { entries };
  const page = entries.slice(0, limit);
  return { entries: page, next: next(page.at(-1)!) };
}
