/** Passwords, kept as scrypt hashes (RFC 7914) beside the parameters they were made with. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { type Collection, FlintError, type Kv } from "@flint/core";
import { parse } from "@flint/plugins";
import { z } from "zod";
import { Tries } from "./tries.ts";

/** A hash and all that is needed to make it again; bytes in base64. */
interface Hashed {
  readonly salt: string;
  readonly hash: string;
  readonly cost: number;
  readonly block: number;
  readonly parallel: number;
}

/** Long enough that one need not rule what is in it; short enough that hashing is bounded. */
export const Password = z.string().min(12).max(256).meta({ id: "Password" });

/** What OWASP advises where 32 MiB are to be enough (Password Storage Cheat Sheet, 2^15, 8, 3). */
const PARAMS = { cost: 2 ** 15, block: 8, parallel: 3 };
/** scrypt takes 128 x cost x block bytes and a little. */
const MEMORY_BYTES = 64 << 20;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/** The passwords of one store. */
export interface Passwords {
  /** Sets or replaces it. "bad_input" for one too short. */
  set(account: string, password: unknown): Promise<void>;
  /** Whether it is this account's. Takes as long for accounts that have none. "busy" after many tries. */
  check(account: string, password: string): Promise<boolean>;
  has(account: string): boolean;
}

/** Opens the passwords in `kv`. */
export function openPasswords(kv: Kv, tries = new Tries()): Passwords {
  const passwords: Collection<Hashed> = kv.collection("passwords");
  const random = (bytes: number) => randomBytes(bytes).toString("base64");
  const nobodys: Hashed = { ...PARAMS, salt: random(SALT_BYTES), hash: random(HASH_BYTES) };
  // One at a time: many at once would take 32 MiB each.
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return {
    async set(account, value) {
      const password = parse(z.strictObject({ password: Password }), { password: value }).password;
      await passwords.put(account, await alone(() => hash(password, randomBytes(SALT_BYTES))));
    },
    async check(account, password) {
      tries.take(account);
      const kept = passwords.get(account) ?? nobodys;
      if (!await alone(() => isIts(password, kept))) return false;
      tries.clear(account);
      return true;
    },
    has: (account) => passwords.get(account) !== undefined,
  };
}

async function hash(password: string, salt: Uint8Array): Promise<Hashed> {
  const bytes = await derive(password, salt, PARAMS);
  return { ...PARAMS, salt: salt.toBase64(), hash: bytes.toBase64() };
}

async function isIts(password: string, kept: Hashed): Promise<boolean> {
  const bytes = await derive(password, Uint8Array.fromBase64(kept.salt), kept);
  const wanted = Uint8Array.fromBase64(kept.hash);
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
}

function derive(
  password: string,
  salt: Uint8Array,
  { cost, block, parallel }: typeof PARAMS,
): Promise<Uint8Array> {
  const options = { N: cost, r: block, p: parallel, maxmem: MEMORY_BYTES };
  // One text has several encodings: keyboards differ, people do not see it.
  const typed = password.normalize("NFKC");
  return new Promise((resolve, reject) => {
    scrypt(typed, salt, HASH_BYTES, options, (error, key) => {
      if (error) reject(new FlintError("unavailable", "scrypt failed", { cause: error }));
      else resolve(key);
    });
  });
}
