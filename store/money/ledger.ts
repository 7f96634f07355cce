/**
 * The ledger: every change of money as one entry whose postings add up to zero, appended, never
 * changed, each hashed over the one before. Balances are kept beside it in the same transaction.
 */
import { checkLimit, type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { given, parse } from "@flint/plugins";
import { type Entry, EntryDraft, entryHash, GENESIS, type Posting, saysTheSame } from "./entry.ts";

/** Some entries, in the order of their numbers; `next`, if there are more, is where they go on. */
export interface EntryList {
  readonly entries: readonly Entry[];
  readonly next?: number;
}

/** Some accounts in the order of their names; `next`, if there are more, is the following cursor. */
export interface BalanceList {
  readonly balances: readonly { readonly account: string; readonly balance: number }[];
  readonly next?: string;
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
  /** The same of a draft of our own, within a transaction of the caller's. */
  write(transaction: Transaction, draft: EntryDraft): Entry;
  /** Writes the opposite of an entry, once: a second time returns the first. */
  reverse(number: number, memo: string): Promise<Entry>;
  /** The same within a transaction of the caller's. */
  writeReversal(transaction: Transaction, number: number, memo: string): Entry;
  /** The entry that took one back, if any did. */
  reversalOf(number: number): Entry | undefined;
  /** Micro-units; 0 for an account nobody posted to. */
  balance(account: string): number;
  /** Accounts that begin so, with their balances: BALANCES_MAX of them, and where to go on. */
  balances(prefix: string, cursor?: string): BalanceList;
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
const BALANCES_MAX = 1000;

interface Head {
  readonly count: number;
  readonly hash: string;
}

/** Head and balances as a transaction changes them: each is written once, however many entries there are. */
interface Sheet {
  head: Head;
  readonly balances: Map<string, number>;
}

/** A draft that waits to be written together with others. */
interface Waiting {
  readonly draft: EntryDraft;
  readonly resolve: (entry: Entry) => void;
  readonly reject: (error: unknown) => void;
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
  #waiting: Waiting[] = [];

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
    const { promise, resolve, reject } = Promise.withResolvers<Entry>();
    // What is posted at once is one transaction: four times as fast as one each.
    if (this.#waiting.push({ draft, resolve, reject }) === 1) {
      queueMicrotask(() => void this.#writeWaiting());
    }
    return await promise;
  }

  write(transaction: Transaction, draft: EntryDraft): Entry {
    const sheet = this.#sheet();
    const entry = this.#append(transaction, sheet, draft);
    this.#close(transaction, sheet);
    return entry;
  }

  reverse(number: number, memo: string): Promise<Entry> {
    return this.#kv.transaction((transaction) => this.writeReversal(transaction, number, memo));
  }

  writeReversal(transaction: Transaction, number: number, memo: string): Entry {
    const entry = this.get(number), done = this.reversalOf(number);
    if (done) return done;
    if (entry.kind === "reversal") {
      throw new FlintError("bad_input", `entry ${number} is a reversal itself: post a new entry`);
    }
    const postings = entry.postings.map(({ account, amount }) => ({ account, amount: -amount }));
    const draft = { key: `reversal-of-${number}`, memo, postings, reverses: number };
    const reversal = this.write(transaction, parse(EntryDraft, { kind: "reversal", ...draft }));
    transaction.put(this.#reversals, number, reversal.number);
    return reversal;
  }

  reversalOf(number: number): Entry | undefined {
    const found = this.#reversals.get(number);
    return found === undefined ? undefined : this.get(found);
  }

  balance(account: string): number {
    return this.#balances.get(account) ?? 0;
  }

  balances(prefix: string, cursor?: string): BalanceList {
    const page = { prefix, limit: BALANCES_MAX, ...given({ cursor }) };
    const { entries, next } = this.#balances.list(page);
    const balances = entries.map(({ key, value }) => ({ account: String(key), balance: value }));
    return { balances, ...given({ next }) };
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

  /** Resolves all that wait when they are on disk; what is refused leaves nothing behind. */
  async #writeWaiting(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const written = await this.#kv.transaction((transaction) => {
        const sheet = this.#sheet();
        const entries = waiting.map(({ draft }) => this.#tried(transaction, sheet, draft));
        this.#close(transaction, sheet);
        return entries;
      });
      written.forEach((entry, i) =>
        entry instanceof FlintError ? waiting[i]!.reject(entry) : waiting[i]!.resolve(entry)
      );
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  #tried(transaction: Transaction, sheet: Sheet, draft: EntryDraft): Entry | FlintError {
    try {
      return this.#append(transaction, sheet, draft);
    } catch (error) {
      if (error instanceof FlintError) return error;
      throw error;
    }
  }

  #sheet(): Sheet {
    const head = this.#head.get("head") ?? { count: 0, hash: GENESIS };
    return { head, balances: new Map() };
  }

  #close(transaction: Transaction, { head, balances }: Sheet): void {
    if (balances.size === 0) return; // nothing was new
    for (const [account, balance] of balances) transaction.put(this.#balances, account, balance);
    transaction.put(this.#head, "head", head);
  }

  /** Everything is checked before anything is written. */
  #append(transaction: Transaction, sheet: Sheet, draft: EntryDraft): Entry {
    const known = this.#keys.get(draft.key);
    if (known !== undefined) return same(this.get(known), draft);
    const after = draft.postings.map((posting) => this.#after(sheet, posting));
    const { count, hash } = sheet.head;
    const unsigned = { ...draft, number: count, at: this.#now().toISOString(), previous: hash };
    const entry: Entry = { ...unsigned, hash: entryHash(unsigned) };
    draft.postings.forEach(({ account }, i) => {
      sheet.balances.set(account, after[i]!);
      transaction.put(this.#byAccount, [account, count], true);
    });
    transaction.put(this.#entries, count, entry);
    transaction.put(this.#keys, draft.key, count);
    sheet.head = { count: count + 1, hash: entry.hash };
    return entry;
  }

  /** What the account has after the posting. @throws FlintError where it may not be */
  #after({ balances }: Sheet, { account, amount }: Posting): number {
    const before = balances.get(account) ?? this.balance(account), after = before + amount;
    if (!Number.isSafeInteger(after)) {
      throw new FlintError("bad_input", `${account} cannot hold ${amount} micro-units more`);
    }
    if (after < 0 && amount < 0 && !MAY_OWE.test(account)) {
      throw new FlintError(
        "denied",
        `${account} has ${before} micro-units, ${-amount} are asked for: deposit the difference`,
      );
    }
    return after;
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
