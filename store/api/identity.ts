/**
 * Who sends a request: a key, a session's cookie, or nobody. Where the owner is alone on his machine,
 * nobody is the owner, too.
 */
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { OWNER } from "@flint/plugins";
import type { Account, Accounts } from "../people/accounts.ts";
import { KEY_PREFIX, type Keys, type Scope } from "../people/keys.ts";
import type { Sessions } from "../people/sessions.ts";
import { reachOf, scopeOf } from "./access.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** Who asks; undefined for guests. */
    account: Account | undefined;
  }
}

/** The cookie that holds a session's token. */
export const SESSION_COOKIE = "flint_session";

/** What tells who somebody is. */
export interface IdentityDeps {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly keys: Keys;
}

/** How strangers are met. */
export interface IdentityOptions {
  /** Names the server is reached by beyond this machine's own: with any, nobody is a guest. */
  readonly hosts?: readonly string[];
}

/** Sets `account`; 401 for guests where they may not be, 403 for members and keys likewise. */
export function identity(deps: IdentityDeps, { hosts = [] }: IdentityOptions): MiddlewareHandler {
  return async (c, next) => {
    const { method, path } = c.req;
    const { account, scopes } = await whoAsks(c, deps, hosts.length === 0);
    c.set("account", account);
    const reach = reachOf(method, path);
    if (reach !== "guest") requireAccount(c);
    if (reach === "owner") requireOwner(c);
    const scope = scopeOf(method, path);
    if (scopes && reach !== "guest" && !grants(scopes, scope)) {
      throw new HTTPException(403, {
        message: `this key is for ${scopes.join(", ")}; ${method} ${path} needs ${scope}: make ` +
          `another by \`flint key new --scope ${scope}\``,
      });
    }
    await next();
  };
}

/** The account that asks. @throws 401 */
export function requireAccount(c: Context): Account {
  const account = c.get("account");
  if (account) return account;
  throw new HTTPException(401, {
    message: "sign in at /sign-in, or send Authorization: Bearer and a key of `flint key new`",
  });
}

/** The owner, if it is he who asks. @throws 401, 403 */
export function requireOwner(c: Context): Account {
  const account = requireAccount(c);
  if (account.role === "owner") return account;
  throw new HTTPException(403, { message: "only the owner of this machine may do that" });
}

interface Asker {
  readonly account: Account | undefined;
  /** Of keys alone; persons may do all that their account may. */
  readonly scopes?: readonly Scope[];
}

async function whoAsks(
  c: Context,
  { accounts, sessions, keys }: IdentityDeps,
  here: boolean,
): Promise<Asker> {
  const [, secret] = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  // Clients that must send some key send a made-up one: it tells nothing.
  if (secret?.startsWith(KEY_PREFIX)) {
    const key = await keys.find(secret);
    if (key) return { account: accounts.get(key.account), scopes: key.scopes };
    throw new HTTPException(401, { message: "this key is not valid: it may have been revoked" });
  }
  const token = getCookie(c, SESSION_COOKIE);
  const id = token === undefined ? undefined : sessions.accountOf(token);
  if (id !== undefined) return { account: accounts.get(id) };
  return { account: here && accounts.alone() ? accounts.get(OWNER) : undefined };
}

/** Whoever may write may read. */
function grants(scopes: readonly Scope[], wanted: Scope): boolean {
  return scopes.includes(wanted) || (wanted === "read" && scopes.includes("write"));
}
