/** API keys: what programs show in place of a person's sign-in; told once, kept as hashes. */
import { type Collection, FlintError, type Kv } from "@flint/core";
import { parse, plainText } from "@flint/plugins";
import { z } from "zod";
import type { Audit } from "./audit.ts";
import { newToken, tokenHash } from "./token.ts";

/** What a key is good for: talking with assistants, reading, changing what is one's own, the owner's acts. */
export const SCOPES = ["chat", "read", "write", "admin"] as const;
export type Scope = typeof SCOPES[number];

/** A key, without what opens. */
export const ApiKey = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  account: z.string(),
  name: plainText(1, 80).meta({ description: "What it is for" }),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  createdAt: z.iso.datetime(),
  usedAt: z.iso.datetime().optional().meta({ description: "Last use, to the hour" }),
}).meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof ApiKey>;

/** What a new key is made from. */
export const ApiKeyDraft = z.strictObject({
  name: ApiKey.shape.name,
  scopes: ApiKey.shape.scopes.optional().meta({ description: "Default: chat" }),
}).meta({ id: "ApiKeyDraft" });

/** How all keys of ours begin: other clients' placeholders do not, and scanners find it. */
export const KEY_PREFIX = "flint_";

/** The keys of one store. `by` is who acts, as the log tells it; default: the account. */
export interface Keys {
  /** `draft` is checked here (ApiKeyDraft). `secret` is told this once. "over_budget" when too many. */
  make(account: string, draft: unknown, by?: string): Promise<{ key: ApiKey; secret: string }>;
  /** An account's, in the order of their ids. */
  list(account: string): ApiKey[];
  /** "not_found" unless it is this account's. */
  revoke(account: string, id: string, by?: string): Promise<void>;
  /** Whose it is, if it is one; notes its use. */
  find(secret: string): Promise<ApiKey | undefined>;
}

const KEYS_MAX = 50;
/** Uses are noted once an hour, so that reading does not write. */
const USE_MS = 3600_000;

interface Kept extends ApiKey {
  readonly hash: string;
}

/** Opens the keys in `kv`. */
export function openKeys(
  kv: Kv,
  audit: Pick<Audit, "write">,
  { now = () => new Date() } = {},
): Keys {
  /** [account, id] */
  const keys: Collection<Kept> = kv.collection("api_keys");
  const byHash: Collection<[string, string]> = kv.collection("api_keys_by_hash");
  const list = (account: string) =>
    keys.list({ prefix: [account], limit: KEYS_MAX }).entries.map(({ value }) => value);
  return {
    async make(account, value, by = account) {
      const { name, scopes = ["chat"] } = parse(ApiKeyDraft, value);
      const secret = KEY_PREFIX + newToken(), hash = tokenHash(secret);
      const id = hash.slice(0, 12);
      const key = { id, account, name, scopes, createdAt: now().toISOString() };
      await kv.transaction((transaction) => {
        if (list(account).length === KEYS_MAX) {
          throw new FlintError("over_budget", `${KEYS_MAX} keys are all there may be: revoke one`);
        }
        transaction.put(keys, [account, id], { ...key, hash });
        transaction.put(byHash, hash, [account, id]);
        audit.write(transaction, { actor: by, act: "key.made", subject: account, detail: id });
      });
      return { key, secret };
    },
    list: (account) => list(account).map(({ hash: _, ...key }) => key),
    async revoke(account, id, by = account) {
      await kv.transaction((transaction) => {
        const found = keys.get([account, id]);
        if (!found) throw new FlintError("not_found", `there is no key "${id}" of yours`);
        transaction.remove(keys, [account, id]);
        transaction.remove(byHash, found.hash);
        audit.write(transaction, { actor: by, act: "key.revoked", subject: account, detail: id });
      });
    },
    async find(secret) {
      const place = byHash.get(tokenHash(secret)), found = place && keys.get(place);
      if (!found) return undefined;
      const at = now(), { hash: _, ...key } = found;
      if (at.getTime() - Date.parse(found.usedAt ?? found.createdAt) >= USE_MS || !found.usedAt) {
        await kv.transaction((transaction) => {
          const present = keys.get(place); // it may be revoked meanwhile
          if (present) transaction.put(keys, place, { ...present, usedAt: at.toISOString() });
        });
      }
      return key;
    },
  };
}
