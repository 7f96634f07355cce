/**
 * Typed collections over LMDB for app data: registry, conversations, profiles, KV snapshots.
 * One environment in one folder; each collection is a named database; values are msgpack.
 * The only file but flash/store.ts that imports lmdb.
 */
import { type Database, type Key as LmdbKey, open, type RootDatabase } from "lmdb";
import { setTimeout } from "node:timers/promises";
import { assert, FlintError } from "./errors.ts";

/** A key: a text or number, or several, ordered part by part. `["a"]` and `"a"` are one key. */
export type Key = KeyPart | readonly KeyPart[];
/** One part of a key. */
export type KeyPart = string | number;

/** A stored value; `version` grows with each write of the key, also across removal. */
export interface Entry<T> {
  readonly key: Key;
  readonly value: T;
  readonly version: number;
}

/** Some consecutive entries; `next` (if there are more) is the cursor of the following page. */
export interface Page<T> {
  readonly entries: readonly Entry<T>[];
  readonly next?: string;
}

/** Which entries to list, in key order. */
export interface ListOptions {
  /** Text: keys that are one text beginning so. Array: keys whose first parts are these. */
  readonly prefix?: Key;
  /** First key, included; not together with `prefix`. */
  readonly start?: Key;
  /** Key to stop before; not together with `prefix`. */
  readonly end?: Key;
  /** 1..LIST_MAX, default 100. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
  readonly reverse?: boolean;
}

/** Condition of a write. */
export interface WriteOptions {
  /** Only if the entry has this version; 0 = only if there is none. Else FlintError "conflict". */
  readonly ifVersion?: number;
}

/** Values of one shape, by key. Reads are synchronous (a memory map); writes resolve when committed. */
export interface Collection<T> {
  readonly name: string;
  get(key: Key): T | undefined;
  entry(key: Key): Entry<T> | undefined;
  /** Resolves to the new version. */
  put(key: Key, value: T, options?: WriteOptions): Promise<number>;
  /** Resolves to whether there was such an entry. */
  remove(key: Key, options?: WriteOptions): Promise<boolean>;
  list(options?: ListOptions): Page<T>;
}

/** Bytes by key, for values too large to copy. */
export interface Blobs {
  /** The bytes where the memory map has them: valid until the next read of any blob, never to be written. */
  borrow(key: Key): Uint8Array | undefined;
  /** `bytes` must not change until the promise resolves. */
  put(key: Key, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  remove(key: Key): Promise<boolean>;
  /** The first 1 to LIST_MAX keys that are one text beginning with `prefix` ("": all), in order. */
  keys(prefix: string, limit: number): string[];
}

/** Writes of one transaction. They are seen by reads in the same function at once. */
export interface Transaction {
  put<T>(collection: Collection<T>, key: Key, value: T, options?: WriteOptions): number;
  remove(collection: Collection<unknown>, key: Key, options?: WriteOptions): boolean;
  /** `bytes` are taken at once: they may change when this returns. */
  putBytes(blobs: Blobs, key: Key, bytes: Uint8Array<ArrayBuffer>): void;
  removeBytes(blobs: Blobs, key: Key): void;
  /** Removes all there are, at the cost of a few pages' reads and none of the values'. */
  clearBytes(blobs: Blobs): void;
}

/** An open store of app data. */
export interface Kv {
  /** `parse` checks values when written and when read (they may come from an older version). */
  collection<T>(name: string, options?: { parse?: (value: unknown) => T }): Collection<T>;
  blobs(name: string): Blobs;
  /** All writes of `change` or, if it throws, none. `change` may not await. */
  transaction<R>(change: (transaction: Transaction) => R): Promise<R>;
  close(): Promise<void>;
}

/** LMDB's own limit is 1978 bytes at 4 KB pages; half leaves room for its escapes and separators. */
const KEY_BYTES_MAX = 960;
const KEY_PARTS_MAX = 8;
/** Longest page of a list. */
export const LIST_MAX = 1000;
const COLLECTIONS_MAX = 256;
/** Sorts behind every text and number as a last part (ordered-binary: 0xff). */
const LAST = new Uint8Array([0xff]);

/** Opens or creates the store in `folder`. Throws FlintError "unavailable" when it can't. */
export function openKv(folder: string): Kv {
  const root = openRoot(folder);
  const transaction: Transaction = {
    put: (collection, key, value, options) => storeOf(collection).putNow(key, value, options),
    remove: (collection, key, options) => storeOf(collection).removeNow(key, options),
    putBytes: (blobs, key, bytes) => blobsOf(blobs).putNow(key, bytes),
    removeBytes: (blobs, key) => blobsOf(blobs).removeNow(key),
    clearBytes: (blobs) => blobsOf(blobs).clearNow(),
  };
  return {
    collection: (name, { parse } = {}) => new Store(root, checkName(name), parse),
    blobs: (name) => new BlobStore(root, checkName(name)),
    transaction: (change) =>
      root.childTransaction(() => {
        const result = change(transaction);
        assert(!(result instanceof Promise), "a transaction may not await");
        return result;
      }),
    close: async () => {
      // lmdb ends a read's snapshot by a timer of 0 ms, which must not find the store closed.
      await setTimeout(0);
      await root.close();
    },
  };
}

/** A collection and its writes inside a transaction. */
class Store<T> implements Collection<T> {
  readonly name: string;
  readonly #root: RootDatabase;
  readonly #db: Database<unknown, LmdbKey>;
  readonly #parse: (value: unknown) => T;

  constructor(root: RootDatabase, name: string, parse?: (value: unknown) => T) {
    this.name = name;
    this.#root = root;
    this.#parse = parse ?? ((value) => value as T);
    this.#db = root.openDB({ name, useVersions: true, ...PLAIN_OBJECTS });
  }

  get(key: Key): T | undefined {
    return this.entry(key)?.value;
  }

  entry(key: Key): Entry<T> | undefined {
    const found = this.#db.getEntry(checkKey(key));
    return found && { key, value: this.#parse(found.value), version: found.version ?? 0 };
  }

  // A child transaction, so that a throw inside (a conflict) writes nothing.
  put(key: Key, value: T, options?: WriteOptions): Promise<number> {
    return this.#root.childTransaction(() => this.putNow(key, value, options));
  }

  remove(key: Key, options?: WriteOptions): Promise<boolean> {
    return this.#root.childTransaction(() => this.removeNow(key, options));
  }

  putNow(key: Key, value: T, options?: WriteOptions): number {
    const checked = checkKey(key);
    const before = this.#expect(checked, options);
    // Beyond the transaction's number, so that a removed and rewritten key gets a new version.
    const version = Math.max(before + 1, this.#root.getWriteTxnId());
    this.#db.put(checked, this.#parse(value), version);
    return version;
  }

  removeNow(key: Key, options?: WriteOptions): boolean {
    const checked = checkKey(key);
    const before = this.#expect(checked, options);
    if (before > 0) this.#db.remove(checked);
    return before > 0;
  }

  list(options: ListOptions = {}): Page<T> {
    const { limit = 100 } = options;
    checkLimit(limit, LIST_MAX);
    const rows = [
      ...this.#db.getRange({ ...rangeOf(options), limit: limit + 1, versions: true }),
    ];
    const entries = rows.slice(0, limit).map(({ key, value, version }) => ({
      key: key as Key,
      value: this.#parse(value),
      version: version ?? 0,
    }));
    const last = entries.at(-1);
    return rows.length > limit && last ? { entries, next: cursorOf(last.key) } : { entries };
  }

  /** The version there is (0 = no entry), which must be `ifVersion` where one is given. */
  #expect(key: LmdbKey, { ifVersion }: WriteOptions = {}): number {
    const version = this.#db.getEntry(key)?.version ?? 0;
    if (ifVersion !== undefined && version !== ifVersion) {
      const found = version ? `is at version ${version}` : "does not exist";
      throw new FlintError(
        "conflict",
        `${this.name} ${JSON.stringify(key)} ${found}, not ${ifVersion || "absent"}: read it again`,
      );
    }
    return version;
  }
}

/** msgpack without generated record classes: stored key names never become code. */
const PLAIN_OBJECTS = { encoder: { useRecords: false } };

/** How long a list is wanted: 1 to `max`. @throws FlintError bad_input */
export function checkLimit(limit: number, max: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return;
  throw new FlintError("bad_input", `limit must be 1 to ${max}, got ${limit}`);
}

function checkName(name: string): string {
  assert(/^[a-z][a-z_]{0,40}$/.test(name), `a collection's name is snake_case: ${name}`);
  return name;
}

function storeOf<T>(collection: Collection<T>): Store<T> {
  assert(collection instanceof Store, "the collection is of this store");
  return collection;
}

function openRoot(folder: string): RootDatabase {
  try {
    return open({ path: folder, noSubdir: false, maxDbs: COLLECTIONS_MAX });
  } catch (cause) {
    throw new FlintError("unavailable", `cannot open the data store in ${folder}`, { cause });
  }
}

/** Blobs and their writes inside a transaction. */
class BlobStore implements Blobs {
  readonly #db: Database<Uint8Array, LmdbKey>;

  constructor(root: RootDatabase, name: string) {
    this.#db = root.openDB({ name, encoding: "binary" });
  }

  borrow(key: Key): Uint8Array | undefined {
    const found = this.#db.getBinaryFast(checkKey(key));
    // lmdb's buffer is a larger one with a narrowed `length`; only a view of our own is bounded.
    return found && new Uint8Array(found.buffer, found.byteOffset, found.length);
  }

  async put(key: Key, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#db.put(checkKey(key), unshared(bytes));
  }

  async remove(key: Key): Promise<boolean> {
    return await this.#db.remove(checkKey(key));
  }

  putNow(key: Key, bytes: Uint8Array<ArrayBuffer>): void {
    this.#db.put(checkKey(key), unshared(bytes));
  }

  removeNow(key: Key): void {
    this.#db.remove(checkKey(key));
  }

  clearNow(): void {
    this.#db.clearSync();
  }

  keys(prefix: string, limit: number): string[] {
    checkLimit(limit, LIST_MAX);
    return [...this.#db.getKeys({ ...prefix && rangeOf({ prefix }), limit })] as string[];
  }
}

function blobsOf(blobs: Blobs): BlobStore {
  assert(blobs instanceof BlobStore, "the blobs are of this store");
  return blobs;
}

/** lmdb 3.5.6 crashes the process on memory that threads share. */
function unshared<B extends Uint8Array>(bytes: B): B {
  assert(!((bytes.buffer as unknown) instanceof SharedArrayBuffer), "bytes are not shared");
  return bytes;
}

function rangeOf({ prefix, start, end, cursor, reverse = false }: ListOptions) {
  assert(prefix === undefined || (start ?? end) === undefined, "prefix or range, not both");
  let low = start === undefined ? undefined : checkKey(start);
  let high: LmdbKey | undefined = end === undefined ? undefined : checkKey(end);
  if (prefix !== undefined) {
    low = checkKey(prefix);
    high = typeof prefix === "string"
      ? `${prefix}\u{10ffff}`
      : [...prefix as readonly KeyPart[], LAST];
  }
  const after = cursor === undefined ? undefined : checkKey(keyOf(cursor));
  if (!reverse) {
    return { ...bound("start", after ?? low), ...bound("end", high), exclusiveStart: !!after };
  }
  // Backwards lmdb begins at `start` and stops before `end`, which leaves out `low` itself.
  return {
    ...bound("start", after ?? high ?? LAST),
    ...bound("end", low),
    inclusiveEnd: true,
    exclusiveStart: after !== undefined || high !== undefined,
    reverse,
  };
}

function bound<N extends string>(name: N, key: LmdbKey | undefined) {
  return key === undefined ? {} : { [name]: key };
}

/** Keys reach here from outside: bounded, and of such parts as order and come back as they went in. */
function checkKey(key: Key): LmdbKey {
  const parts = Array.isArray(key) ? key as readonly KeyPart[] : [key as KeyPart];
  if (parts.length < 1 || parts.length > KEY_PARTS_MAX) {
    throw new FlintError("bad_input", `a key has 1 to ${KEY_PARTS_MAX} parts, got ${parts.length}`);
  }
  let bytes = 0;
  for (const part of parts) bytes += partBytesMost(part);
  if (bytes > KEY_BYTES_MAX) bytes = parts.reduce<number>((sum, part) => sum + partBytes(part), 0);
  if (bytes > KEY_BYTES_MAX) {
    throw new FlintError("bad_input", `a key has at most ${KEY_BYTES_MAX} bytes, got ${bytes}`);
  }
  return parts.length === 1 ? parts[0]! : [...parts];
}

function partBytes(part: KeyPart): number {
  return typeof part === "number" ? 9 : new TextEncoder().encode(part).length + 1;
}

/** At most how many it has: keys are checked often, and hardly ever long enough to be encoded for it. */
function partBytesMost(part: unknown): number {
  if (typeof part === "number" && Number.isFinite(part)) return 9;
  // Control characters would be read back as separators or type marks of the key encoding.
  if (typeof part === "string" && part.isWellFormed() && !/^$|\p{Cc}/u.test(part)) {
    return part.length * 3 + 1;
  }
  const shown = typeof part === "string" ? JSON.stringify(part.slice(0, 80)) : typeof part;
  throw new FlintError(
    "bad_input",
    `a key part is a finite number or a text without control characters, got ${shown}`,
  );
}

function cursorOf(key: Key): string {
  return encodeURIComponent(JSON.stringify(key));
}

function keyOf(cursor: string): Key {
  try {
    return JSON.parse(decodeURIComponent(cursor)) as Key;
  } catch (cause) {
    throw new FlintError("bad_input", "the cursor is not one of ours", { cause });
  }
}
