/** Who uses this machine: its owner, who is always there, and whom the owner lets in. */
import { type Collection, FlintError, type Kv } from "@flint/core";
import { given, type ListPart, OWNER, pageOf, parse, plainText, Slug } from "@flint/plugins";
import { z } from "zod";
import type { Audit } from "./audit.ts";

/** A person, as others may see them. What they sign in with is kept apart. */
export const Account = z.strictObject({
  id: Slug.meta({ description: "Name in URLs; publications and money go by it" }),
  name: plainText(1, 80).meta({ description: "What people call them" }),
  role: z.enum(["owner", "member"]).meta({
    description: "The owner moderates and runs the machine",
  }),
  createdAt: z.iso.datetime(),
}).meta({ id: "Account" });
export type Account = z.infer<typeof Account>;

/** What a new member is made from. */
export const AccountDraft = Account.pick({ id: true, name: true }).partial({ name: true })
  .meta({ id: "AccountDraft" });

/** Some accounts, by id; `next`, if there are more, is the cursor of the following ones. */
export interface AccountList {
  readonly accounts: readonly Account[];
  readonly next?: string;
}

/** The accounts of one store. Reads are synchronous; writes resolve when they are on disk. */
export interface Accounts {
  /** Keeps the owner's account, if it is not there yet. */
  found(): Promise<void>;
  /** The owner lets somebody in. `draft` is checked here (AccountDraft). "conflict" if the id is taken. */
  make(draft: unknown): Promise<Account>;
  /** Throws "not_found". */
  get(id: string): Account;
  /** 1..100 of them, default 50. */
  list(part?: ListPart): AccountList;
  /** Whether the owner is the only one there is. */
  alone(): boolean;
  /** Gives an account another name. */
  rename(id: string, name: unknown): Promise<Account>;
}

/** Opens the accounts in `kv`. `now` tells the time of their making. */
export function openAccounts(
  kv: Kv,
  audit: Pick<Audit, "write">,
  { now = () => new Date() } = {},
): Accounts {
  return new StoredAccounts(kv, audit, now);
}

class StoredAccounts implements Accounts {
  readonly #kv: Kv;
  readonly #audit: Pick<Audit, "write">;
  readonly #now: () => Date;
  readonly #accounts: Collection<Account>;
  /** Stands for the kept one until `found` has kept it. */
  readonly #owner: Account;

  constructor(kv: Kv, audit: Pick<Audit, "write">, now: () => Date) {
    this.#kv = kv;
    this.#audit = audit;
    this.#now = now;
    this.#accounts = kv.collection("accounts", { parse: (value) => Account.parse(value) });
    this.#owner = { id: OWNER, name: "Owner", role: "owner", createdAt: now().toISOString() };
  }

  async found(): Promise<void> {
    await this.#kv.transaction((transaction) => {
      if (!this.#accounts.get(OWNER)) transaction.put(this.#accounts, OWNER, this.#owner);
    });
  }

  async make(value: unknown): Promise<Account> {
    const { id, name = id } = parse(AccountDraft, value);
    const account: Account = { id, name, role: "member", createdAt: this.#now().toISOString() };
    return await this.#kv.transaction((transaction) => {
      if (id === OWNER || this.#accounts.get(id)) {
        throw new FlintError("conflict", `there is an account "${id}": choose another id`);
      }
      transaction.put(this.#accounts, id, account);
      this.#audit.write(transaction, { actor: OWNER, act: "account.made", subject: id });
      return account;
    });
  }

  get(id: string): Account {
    const found = this.#accounts.get(id) ?? (id === OWNER ? this.#owner : undefined);
    if (!found) throw new FlintError("not_found", `there is no account "${id}"`);
    return found;
  }

  list(part: ListPart = {}): AccountList {
    const { entries, next } = pageOf(this.#accounts, part);
    return { accounts: entries.map(({ value }) => value), ...given({ next }) };
  }

  alone(): boolean {
    return this.#accounts.list({ limit: 2 }).entries.every(({ key }) => key === OWNER);
  }

  async rename(id: string, value: unknown): Promise<Account> {
    const { name } = parse(Account.pick({ name: true }), { name: value });
    return await this.#kv.transaction((transaction) => {
      const renamed = { ...this.get(id), name };
      transaction.put(this.#accounts, id, renamed);
      return renamed;
    });
  }
}
