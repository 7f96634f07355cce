/** Who is signed in: one-time links that lead in, and the sessions that begin with them. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { newToken, tokenHash } from "./token.ts";

/** Whom a token stands for, until when. Times in ms since 1970. */
interface Pass {
  readonly account: string;
  readonly madeAt: number;
  readonly endsAt: number;
}

/** A session's token, to be put into a cookie. */
export interface Begun {
  readonly account: string;
  readonly token: string;
}

/** The sessions of one store. Tokens are told once, only hashes are kept. */
export interface Sessions {
  /** A token that lets this account in once, within LINK_MS. */
  link(account: string): Promise<string>;
  /** Whom a link would let in, without using it up. */
  peek(link: string): string | undefined;
  /** Uses a link up and begins a session. "denied" if it was used or is too old. */
  enter(link: string): Promise<Begun>;
  /** Begins a session for somebody who has proved who he is. */
  begin(account: string): Promise<Begun>;
  /** Whose session it is, if it is one. */
  accountOf(token: string): string | undefined;
  /** Signs out. */
  end(token: string): Promise<void>;
  /** Signs out everywhere, and voids links. Resolves to how many sessions ended. */
  endAll(account: string): Promise<number>;
}

/** Long enough to read a terminal and open a browser. */
export const LINK_MS = 15 * 60_000;
/** A month; whoever comes back later signs in anew. */
export const SESSION_MS = 30 * 24 * 3600_000;
/** Sessions of one account; the oldest ends where one more begins. */
const SESSIONS_MAX = 50;

/** Opens the sessions in `kv`. */
export function openSessions(kv: Kv, { now = Date.now } = {}): Sessions {
  return new StoredSessions(kv, now);
}

class StoredSessions implements Sessions {
  readonly #kv: Kv;
  readonly #now: () => number;
  /** By hash of the token. */
  readonly #links: Collection<Pass>;
  readonly #sessions: Collection<Pass>;
  /** [account, madeAt, hash] of links and sessions. */
  readonly #byAccount: Collection<"link" | "session">;

  constructor(kv: Kv, now: () => number) {
    this.#kv = kv;
    this.#now = now;
    this.#links = kv.collection("sign_in_links");
    this.#sessions = kv.collection("sessions");
    this.#byAccount = kv.collection("sessions_by_account");
  }

  async link(account: string): Promise<string> {
    const token = newToken();
    await this.#kv.transaction((transaction) =>
      this.#put(transaction, "link", account, token, LINK_MS)
    );
    return token;
  }

  peek(link: string): string | undefined {
    return this.#valid(this.#links.get(tokenHash(link)))?.account;
  }

  async enter(link: string): Promise<Begun> {
    return await this.#kv.transaction((transaction) => {
      const pass = this.#links.get(tokenHash(link));
      if (!pass || !this.#valid(pass)) {
        const mend = "make another with `flint account link`, or start Flint anew";
        throw new FlintError("denied", `this link was used or is too old: ${mend}`);
      }
      this.#drop(transaction, "link", pass, tokenHash(link));
      return this.#begin(transaction, pass.account);
    });
  }

  begin(account: string): Promise<Begun> {
    return this.#kv.transaction((transaction) => this.#begin(transaction, account));
  }

  accountOf(token: string): string | undefined {
    return this.#valid(this.#sessions.get(tokenHash(token)))?.account;
  }

  async end(token: string): Promise<void> {
    await this.#kv.transaction((transaction) => {
      const hash = tokenHash(token), pass = this.#sessions.get(hash);
      if (pass) this.#drop(transaction, "session", pass, hash);
    });
  }

  async endAll(account: string): Promise<number> {
    return await this.#kv.transaction((transaction) => {
      const all = this.#of(account);
      for (const { kind, madeAt, hash } of all) {
        this.#drop(transaction, kind, { account, madeAt }, hash);
      }
      return all.filter(({ kind }) => kind === "session").length;
    });
  }

  #begin(transaction: Transaction, account: string): Begun {
    const all = this.#of(account); // oldest first
    const over = all.length + 1 - SESSIONS_MAX;
    for (const [index, { kind, madeAt, hash }] of all.entries()) {
      if (index < over || !this.#valid(this.#passes(kind).get(hash))) {
        this.#drop(transaction, kind, { account, madeAt }, hash);
      }
    }
    const token = newToken();
    this.#put(transaction, "session", account, token, SESSION_MS);
    return { account, token };
  }

  #put(
    transaction: Transaction,
    kind: "link" | "session",
    account: string,
    token: string,
    ms: number,
  ): void {
    const madeAt = this.#now(), hash = tokenHash(token);
    transaction.put(this.#passes(kind), hash, { account, madeAt, endsAt: madeAt + ms });
    transaction.put(this.#byAccount, [account, madeAt, hash], kind);
  }

  #drop(
    transaction: Transaction,
    kind: "link" | "session",
    { account, madeAt }: Pick<Pass, "account" | "madeAt">,
    hash: string,
  ): void {
    transaction.remove(this.#passes(kind), hash);
    transaction.remove(this.#byAccount, [account, madeAt, hash]);
  }

  #passes(kind: "link" | "session"): Collection<Pass> {
    return kind === "link" ? this.#links : this.#sessions;
  }

  #of(account: string) {
    return this.#byAccount.list({ prefix: [account], limit: 1000 }).entries
      .map(({ key, value: kind }) => {
        const [, madeAt, hash] = key as [string, number, string];
        return { kind, madeAt, hash };
      });
  }

  #valid(pass: Pass | undefined): Pass | undefined {
    return pass && this.#now() < pass.endsAt ? pass : undefined;
  }
}
