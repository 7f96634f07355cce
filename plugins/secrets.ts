/**
 * Keys and tokens that plugins call others with. Sealed at rest by AES-256-GCM under a key that lies
 * in a file of its own, beside the database and not in it: neither alone gives a secret away.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { type Collection, FlintError, type Kv } from "@flint/core";
import { z } from "zod";

/** One secret: its parts by name, such as {user, password} or {token}. */
export type Secret = Readonly<Record<string, string>>;

/** What may be told of a secret. */
export interface SecretEntry {
  /** "plugin/what". */
  readonly name: string;
  /** Names of its parts. */
  readonly parts: readonly string[];
  readonly changedAt: string;
}

/** The secrets of one machine. */
export interface Secrets {
  list(): SecretEntry[];
  /** @throws FlintError unavailable when it can't be unsealed */
  get(name: string): Secret | undefined;
  put(name: string, secret: Secret): Promise<void>;
  /** Resolves to whether there was one. */
  remove(name: string): Promise<boolean>;
  /** Seals all under a new key; resolves to how many. */
  rotate(): Promise<number>;
  /**
   * The value (text, list, object) with a mark in place of every secret that can be unsealed: what
   * can't, nobody was given.
   */
  mask<T>(value: T): T;
}

/** In place of a secret. */
export const MASK = "•••";
/** Parts that tell whose a secret is, and are none. */
const OPEN_PARTS = new Set(["user", "clientId", "expiresAt", "scope"]);
/** Shorter values would be found everywhere. */
const MASKED_CHARS_MIN = 4;
const KEY_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16;
const PART_CHARS_MAX = 8192;
const SECRETS_MAX = 1000;

const Sealed = z.strictObject({
  /** Which key: the beginning of its SHA-256. */
  key: z.string(),
  /** Base64 of nonce, sealed JSON and tag. */
  sealed: z.string(),
  parts: z.array(z.string()),
  changedAt: z.iso.datetime(),
});
type Sealed = z.infer<typeof Sealed>;

/** A secret as it comes from outside. */
export const SecretParts = z.record(
  z.string().regex(/^[a-zA-Z][\w-]{0,99}$/, "must be letters, digits, _ or -, at most 100"),
  z.string().max(PART_CHARS_MAX),
).meta({ id: "SecretParts" });

/** Opens the secrets in `kv`; `keyFile` is made with the first one. */
export function openSecrets(needs: { readonly kv: Kv; readonly keyFile: string }): Secrets {
  return new SealedSecrets(needs.kv, needs.keyFile);
}

class SealedSecrets implements Secrets {
  readonly #kv: Kv;
  readonly #entries: Collection<Sealed>;
  readonly #keyFile: string;

  constructor(kv: Kv, keyFile: string) {
    this.#kv = kv;
    this.#keyFile = keyFile;
    this.#entries = kv.collection("secrets", { parse: (value) => Sealed.parse(value) });
  }

  list(): SecretEntry[] {
    return this.#all().map(([name, { parts, changedAt }]) => ({ name, parts, changedAt }));
  }

  get(name: string): Secret | undefined {
    const entry = this.#entries.get(name);
    return entry && this.#unseal(name, entry, this.#keys());
  }

  async put(name: string, secret: Secret): Promise<void> {
    if (!this.#entries.get(name) && this.#all().length === SECRETS_MAX) {
      throw new FlintError("over_budget", `there are ${SECRETS_MAX} secrets: remove some first`);
    }
    const [key] = this.#keys();
    await this.#entries.put(name, seal(name, secret, key ?? this.#makeKey()));
  }

  async remove(name: string): Promise<boolean> {
    return await this.#entries.remove(name);
  }

  /** Both keys lie in the file until all is sealed anew, so that it can end anywhere in between. */
  async rotate(): Promise<number> {
    const old = this.#keys(), fresh = randomBytes(KEY_BYTES);
    this.#writeKeys([fresh, ...old]);
    const count = await this.#kv.transaction((transaction) => {
      const all = this.#all();
      for (const [name, entry] of all) {
        const secret = this.#unseal(name, entry, old);
        const { changedAt } = entry;
        transaction.put(this.#entries, name, { ...seal(name, secret, fresh), changedAt });
      }
      return all.length;
    });
    this.#writeKeys([fresh]);
    return count;
  }

  mask<T>(value: T): T {
    const values = this.#values();
    return values.length === 0 ? value : masked(value, values) as T;
  }

  #all(): [string, Sealed][] {
    const { entries } = this.#entries.list({ limit: SECRETS_MAX });
    return entries.map(({ key, value }) => [String(key), value]);
  }

  /** All that must not be seen, in the forms it takes on the wire; the longest first. */
  #values(): string[] {
    const all = this.#all();
    const keys = all.length === 0 ? [] : ifSound(() => this.#keys()) ?? [];
    const secrets = all.flatMap(([name, entry]) =>
      ifSound(() => [this.#unseal(name, entry, keys)]) ?? []
    );
    const values = secrets.flatMap((secret) => [
      ...Object.entries(secret).filter(([part]) => !OPEN_PARTS.has(part)).map(([, value]) => value),
      ...(secret.password === undefined ? [] : [basic(secret)]),
    ]);
    const forms = values.filter((value) => value.length >= MASKED_CHARS_MIN)
      .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]);
    return [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  #unseal(name: string, { key, sealed }: Sealed, keys: readonly Uint8Array[]): Secret {
    const found = keys.find((one) => idOf(one) === key);
    const lost = `the secret ${name} is sealed by a key that ${this.#keyFile} does not have`;
    if (!found) throw new FlintError("unavailable", `${lost}: set it anew`);
    return unseal(name, sealed, found);
  }

  /** The newest first; read each time, for a command may have rotated them. */
  #keys(): Uint8Array[] {
    if (!existsSync(this.#keyFile)) return [];
    const keys = Deno.readTextFileSync(this.#keyFile).trim().split("\n").map(decodeKey);
    if (keys.every((key) => key?.length === KEY_BYTES)) return keys as Uint8Array[];
    throw new FlintError("unavailable", `${this.#keyFile} is not a key file of Flint: restore it`);
  }

  #makeKey(): Uint8Array {
    const key = randomBytes(KEY_BYTES);
    this.#writeKeys([key]);
    return key;
  }

  /** Whole or not at all, and the owner's alone from its first moment on. */
  #writeKeys(keys: readonly Uint8Array[]): void {
    const beside = `${this.#keyFile}.${randomBytes(4).toString("hex")}`;
    const text = keys.map((key) => `${Uint8Array.from(key).toBase64()}\n`).join("");
    Deno.writeTextFileSync(beside, text, { mode: 0o600, createNew: true });
    Deno.renameSync(beside, this.#keyFile);
  }
}

/** "user:password" as the Authorization header has it. */
export const basic = ({ user = "", password = "" }: Secret): string =>
  new TextEncoder().encode(`${user}:${password}`).toBase64();

function ifSound<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FlintError) return undefined;
    throw error;
  }
}

const idOf = (key: Uint8Array): string =>
  createHash("sha256").update(key).digest("hex").slice(0, 16);

function decodeKey(line: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(line);
  } catch {
    return undefined; // something else lies there
  }
}

/** The name is sealed along: a sealed value is of no use under another name. */
function seal(name: string, secret: Secret, key: Uint8Array): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(new TextEncoder().encode(name));
  const body = [cipher.update(JSON.stringify(secret), "utf8"), cipher.final()];
  const whole = new Uint8Array(Buffer.concat([nonce, ...body, cipher.getAuthTag()]));
  const changedAt = new Date().toISOString();
  return { key: idOf(key), sealed: whole.toBase64(), parts: Object.keys(secret), changedAt };
}

function unseal(name: string, sealed: string, key: Uint8Array): Secret {
  const whole = Uint8Array.fromBase64(sealed);
  const tagAt = whole.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, whole.subarray(0, NONCE_BYTES))
    .setAAD(new TextEncoder().encode(name)).setAuthTag(whole.subarray(tagAt));
  try {
    const body = whole.subarray(NONCE_BYTES, tagAt);
    return JSON.parse(decipher.update(body, undefined, "utf8") + decipher.final("utf8"));
  } catch (cause) {
    throw new FlintError("unavailable", `the secret ${name} was changed on disk: set it anew`, {
      cause,
    });
  }
}

function masked(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") {
    return secrets.reduce((text, secret) => text.replaceAll(secret, MASK), value);
  }
  if (Array.isArray(value)) return value.map((item) => masked(item, secrets));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, item]) => [masked(key, secrets), masked(item, secrets)]),
  );
}
