/**
 * The flash store of one model on disk: an LMDB environment that is written once by the importer.
 * Opening reads the index only; payloads are read from the data file by others (or by readUnit).
 * One of the two files that import lmdb.
 *
 *   units   id u32 -> the unit's image without LMDB's page header (bytes - 24)
 *   index   "source" what is being imported; "units", "card", "tokenizer", "vectors" (msgpack);
 *           "pageSums" i32 for each page of units that are read in parts (page_sums.ts);
 *           "complete" layout version, written last; later perhaps "variants", whose units have
 *           the ids after the model's own, and the notes of a calibration under way
 */
import fs from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type Database, open, type RootDatabase } from "lmdb";
import { FlintError } from "../errors.ts";
import { verifyUnit } from "./checksum.ts";
import { dataFileOf, isWhole } from "./data_file.ts";
import {
  type FlashStore,
  type LayerVariants,
  LMDB_HEADER,
  type ModelCard,
  PAGE,
  type TokenizerSpec,
  type Unit,
  type VectorName,
} from "./layout.ts";
import { pageSumsOf } from "./page_sums.ts";

/** Version of the layout written here. Raise it with any change that an older store cannot be read by. */
export const LAYOUT_VERSION = 2;

/** Version of the calibration. Raise it with any change of what variants hold or cost. */
export const VARIANTS_VERSION = 2;

/** Small float vectors; a layer's by layer and name. f32, little-endian. */
export interface StoredVectors {
  readonly layers: readonly Partial<Record<VectorName, Uint8Array>>[];
  readonly outputNorm: Uint8Array;
  readonly screen?: { readonly center: Uint8Array; readonly factors: Uint8Array } | undefined;
}

/** What the index holds beside "source" and "complete". */
export interface StoreIndex {
  readonly card: ModelCard;
  readonly units: readonly Unit[];
  readonly tokenizer: TokenizerSpec;
  readonly vectors: StoredVectors;
  /** Sums of the pages of units that are read in parts, by unit; i32, little-endian. */
  readonly pageSums: Uint8Array;
}

/** What an unfinished store was begun with; only the same source continues it. */
export interface StoreOrigin {
  readonly layoutVersion: number;
  readonly sourceSha256: string;
}

/** A store being written. Units go in by rising id, so what is committed is a prefix. */
export interface StoreWriter {
  readonly dataFile: string;
  /** Units committed by earlier runs and this one, variants included. */
  unitsDone(): number;
  /**
   * Commits the images (from page start, header stamped) of units `first`.. to disk in one
   * transaction. They must stay unchanged until it resolves.
   */
  put(first: number, images: readonly Uint8Array[]): Promise<void>;
  /** Writes the index, and when that is on disk the mark that completes the store. */
  finish(index: StoreIndex): Promise<void>;
  /** What a calibration of the present version has found out so far, by name. */
  note(name: string): unknown;
  putNote(name: string, value: unknown): Promise<void>;
  /** Writes where the coarser units of a complete store lie and what they cost. */
  finishVariants(variants: StoredVariants): Promise<void>;
  close(): Promise<void>;
}

/** The record of a finished calibration. */
export interface StoredVariants {
  /** Of the calibration; another one means: calibrate again. */
  readonly version: number;
  readonly layers: readonly LayerVariants[];
}

type Index = Database<unknown, string>;

/** Address space beyond the units: index, vocabulary and LMDB's own pages. */
const MAP_MARGIN_BYTES = 256 << 20;

function openRoot(folder: string, options: { mapSize?: number; readOnly: boolean }): RootDatabase {
  try {
    return open({
      path: folder,
      noSubdir: false, // else lmdb takes a folder with a dot in its name for a file
      pageSize: PAGE,
      maxDbs: 4,
      overlappingSync: false, // a commit is on disk when it resolves; as fast here
      ...options,
    });
  } catch (cause) {
    throw new FlintError("bad_model", `${folder} holds no readable flash store: ${mend(folder)}`, {
      cause,
    });
  }
}

/** The named records of the index. A store killed at birth has no index yet: then all are absent. */
async function readIndex<Key extends string>(
  folder: string,
  keys: readonly Key[],
): Promise<Partial<Record<Key, unknown>>> {
  if (!isWhole(dataFileOf(folder))) {
    throw new FlintError(
      "bad_model",
      `the flash store in ${folder} was cut short: ${mend(folder)}`,
    );
  }
  const root = openRoot(folder, { readOnly: true });
  try {
    const index = root.openDB<unknown, string>({ name: "index" }) as Index | undefined;
    const records: Partial<Record<Key, unknown>> = {};
    for (const key of keys) records[key] = index?.get(key);
    return records;
  } finally {
    await closeRoot(root);
  }
}

/** Closes once lmdb's timer of 0 ms, by which it ends a read's snapshot, has run. */
async function closeRoot(root: RootDatabase): Promise<void> {
  await setTimeout(0);
  await root.close();
}

/** Begins or continues the store in `folder` for units of `unitBytes` in all. */
export async function openStoreWriter(
  folder: string,
  origin: StoreOrigin,
  unitBytes: number,
): Promise<StoreWriter> {
  makeFolder(folder);
  const mapSize = Math.ceil((unitBytes + MAP_MARGIN_BYTES) / PAGE) * PAGE;
  const root = openRoot(folder, { mapSize, readOnly: false });
  const units = root.openDB<Uint8Array, number>({
    name: "units",
    keyEncoding: "uint32",
    encoding: "binary",
  });
  const index: Index = root.openDB({ name: "index" });
  const committed = (write: Promise<unknown>) => write.catch((error) => failWrite(folder, error));
  await committed(index.put("source", origin));
  return {
    dataFile: dataFileOf(folder),
    unitsDone: () => {
      for (const last of units.getKeys({ reverse: true, limit: 1 })) return last + 1;
      return 0;
    },
    put: async (first, images) => {
      const puts = images.map((image, i) => units.put(first + i, image.subarray(LMDB_HEADER)));
      await committed(Promise.all(puts));
    },
    finish: async ({ card, units: table, tokenizer, vectors, pageSums }) => {
      const records = { units: table, card, tokenizer, vectors, pageSums };
      const puts = Object.entries(records).map(([key, record]) => index.put(key, record));
      await committed(Promise.all(puts));
      await committed(index.put("complete", LAYOUT_VERSION));
    },
    note: (name) => index.get(noteKey(name)),
    putNote: async (name, value) => {
      await committed(index.put(noteKey(name), value));
    },
    finishVariants: async (variants) => {
      await committed(index.put("variants", variants));
    },
    close: () => closeRoot(root),
  };
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new FlintError(
      "denied",
      `cannot make the folder ${folder}: choose one you may write to`,
      {
        cause,
      },
    );
  }
}

/** Less free room than this after a failed write means that the disk is full. */
const FULL_BYTES = 64 << 20;

/** Turns lmdb's failed commit into words; its real cause is a second promise that must be heard. */
async function failWrite(
  folder: string,
  error: { commitError?: Promise<unknown> },
): Promise<never> {
  const cause = await error.commitError?.catch((reason) => reason) ?? error;
  const { bavail, bsize } = fs.statfsSync(folder);
  const full = bavail * bsize < FULL_BYTES;
  throw new FlintError(
    full ? "over_budget" : "unavailable",
    `writing the flash store in ${folder} failed (${cause}): ` +
      (full ? "the disk is full; make room" : "check the disk and its quota"),
    { cause },
  );
}

/** What stands in a folder: the source it was begun with, and the card once it is complete. */
export interface StoreState {
  readonly origin: StoreOrigin | undefined;
  readonly complete: boolean;
  readonly card: ModelCard | undefined;
}

/** Stores from before pages were summed count as unfinished: importing again keeps their units. */
const isCurrent = (complete: unknown, pageSums: unknown) =>
  complete === LAYOUT_VERSION && pageSums !== undefined;

/** What stands in `folder`; undefined where no store was begun. */
export async function inspectStore(folder: string): Promise<StoreState | undefined> {
  if (!fs.existsSync(dataFileOf(folder))) return undefined;
  if (!isWhole(dataFileOf(folder))) return { origin: undefined, complete: false, card: undefined };
  const keys = ["source", "complete", "card", "pageSums"] as const;
  const { source, complete, card, pageSums } = await readIndex(folder, keys);
  const origin = source as StoreOrigin | undefined;
  if (!isCurrent(complete, pageSums)) return { origin, complete: false, card: undefined };
  return { origin, complete: true, card: withSize(card as ModelCard, folder) };
}

/**
 * Opens a complete store. Throws "not_found" where none is, "bad_model" for an unfinished one or
 * one of another layout version, each with its mend.
 */
export async function openFlashStore(folder: string): Promise<FlashStore> {
  if (!fs.existsSync(dataFileOf(folder))) {
    throw new FlintError("not_found", `${folder} holds no flash store: import the model first`);
  }
  const keys = ["complete", "card", "units", "vectors", "pageSums", "variants"] as const;
  const { complete, card, units, vectors, pageSums, variants } = await readIndex(folder, keys);
  if (!isCurrent(complete, pageSums)) {
    const state = complete === undefined || complete === LAYOUT_VERSION
      ? "unfinished"
      : `of layout ${complete}, not ${LAYOUT_VERSION}`;
    throw new FlintError("bad_model", `the flash store in ${folder} is ${state}: ${mend(folder)}`);
  }
  const stored = vectors as StoredVectors;
  const layers = stored.layers.map((byName) =>
    new Map(Object.entries(byName).map(([name, bytes]) => [name, floats(bytes)]))
  );
  return {
    card: withSize(card as ModelCard, folder),
    units: units as Unit[],
    tokenizer: async () => (await readIndex(folder, ["tokenizer"])).tokenizer as TokenizerSpec,
    vector: (layer, name) => layers[layer]?.get(name),
    screen: stored.screen && {
      center: floats(stored.screen.center),
      factors: floats(stored.screen.factors),
    },
    outputNorm: floats(stored.outputNorm),
    pageSums: pageSumsOf(units as Unit[], pageSums as Uint8Array),
    variants: currentVariants(variants as StoredVariants | undefined),
    dataFile: dataFileOf(folder),
    close: () => Promise.resolve(), // nothing is held open
  };
}

const noteKey = (name: string) => `variants ${VARIANTS_VERSION} ${name}`;

/** Variants of another version are as good as none. */
function currentVariants(stored: StoredVariants | undefined): FlashStore["variants"] {
  return stored?.version === VARIANTS_VERSION ? stored.layers : undefined;
}

/** The card is written before its store is complete, so the size is taken when it is read. */
function withSize(card: ModelCard, folder: string): ModelCard {
  return { ...card, storeBytes: fs.statSync(dataFileOf(folder)).size };
}

/** A unit's pages (parts lie at their `at`), read through the page cache and checked. For tests and doctor. */
export function readUnit(store: FlashStore, unit: Unit): Uint8Array {
  const pages = new Uint8Array(unit.bytes);
  const file = fs.openSync(store.dataFile, "r");
  try {
    for (let done = 0; done < pages.length;) {
      const count = fs.readSync(file, pages, done, pages.length - done, unit.offset + done);
      if (count === 0) break; // what is missing stays zero and fails the checksum
      done += count;
    }
  } finally {
    fs.closeSync(file);
  }
  verifyUnit(unit, pages);
  return pages;
}

function mend(folder: string): string {
  return `remove ${folder} and import the model again`;
}

/** msgpack's bytes need not be aligned: copied. */
function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
