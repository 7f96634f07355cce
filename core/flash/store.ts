/**
 * The flash store of one model on disk: an LMDB environment that is written once by the importer.
 * Opening reads the index only; payloads are read from the data file by others (or by readUnit).
 * One of the two files that import lmdb.
 *
 *   units   id u32 -> the unit's image without LMDB's page header (bytes - 24)
 *   index   "source" what is being imported; "units", "card", "tokenizer", "vectors" (msgpack);
 *           "complete" layout version, written last
 */
import fs from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { FlintError } from "../errors.ts";
import { verifyUnit } from "./checksum.ts";
import {
  type FlashStore,
  LMDB_HEADER,
  type ModelCard,
  PAGE,
  type TokenizerSpec,
  type Unit,
  type VectorName,
} from "./layout.ts";

/** Version of the layout written here. Raise it with any change of units or index. */
export const LAYOUT_VERSION = 1;

/** Small float vectors; a layer's by layer and name. f32, little-endian. */
export interface StoredVectors {
  readonly layers: readonly Partial<Record<VectorName, Uint8Array>>[];
  readonly outputNorm: Uint8Array;
}

/** What the index holds beside "source" and "complete". */
export interface StoreIndex {
  readonly card: ModelCard;
  readonly units: readonly Unit[];
  readonly tokenizer: TokenizerSpec;
  readonly vectors: StoredVectors;
}

/** What an unfinished store was begun with; only the same source continues it. */
export interface StoreOrigin {
  readonly layoutVersion: number;
  readonly sourceSha256: string;
}

/** A store being written. Units go in by rising id, so what is committed is a prefix. */
export interface StoreWriter {
  readonly dataFile: string;
  /** Units committed by earlier runs and this one. */
  unitsDone(): number;
  /** Commits the images (from page start, header stamped) of units `first`..; they must stay unchanged until it resolves. */
  put(first: number, images: readonly Uint8Array[]): Promise<void>;
  /** Makes all units durable, then writes the index, then the mark that completes the store. */
  finish(index: StoreIndex): Promise<void>;
  close(): Promise<void>;
}

/** Address space beyond the units: index, vocabulary and LMDB's own pages. */
const MAP_MARGIN_BYTES = 256 << 20;

interface Environment {
  readonly root: RootDatabase;
  readonly units: Database<Uint8Array, number>;
  readonly index: Database<unknown, string>;
}

function openEnvironment(folder: string, options: { mapSize?: number; readOnly: boolean }) {
  try {
    // noSubdir is said because lmdb takes a folder with a dot in its name for a file.
    const root = open({ path: folder, noSubdir: false, pageSize: PAGE, maxDbs: 4, ...options });
    const units = root.openDB<Uint8Array, number>({
      name: "units",
      keyEncoding: "uint32",
      encoding: "binary",
    });
    const index = root.openDB<unknown, string>({ name: "index" });
    return { root, units, index } satisfies Environment;
  } catch (cause) {
    throw new FlintError("bad_model", `${folder} holds no readable flash store: ${mend(folder)}`, {
      cause,
    });
  }
}

/** Begins or continues the store in `folder` for units of `unitBytes` in all. */
export async function openStoreWriter(
  folder: string,
  origin: StoreOrigin,
  unitBytes: number,
): Promise<StoreWriter> {
  fs.mkdirSync(folder, { recursive: true });
  const mapSize = Math.ceil((unitBytes + MAP_MARGIN_BYTES) / PAGE) * PAGE;
  const { root, units, index } = openEnvironment(folder, { mapSize, readOnly: false });
  await index.put("source", origin);
  return {
    dataFile: dataFileOf(folder),
    unitsDone: () => {
      for (const last of units.getKeys({ reverse: true, limit: 1 })) return last + 1;
      return 0;
    },
    put: async (first, images) => {
      await Promise.all(
        images.map((image, i) => units.put(first + i, image.subarray(LMDB_HEADER))),
      );
    },
    finish: async ({ card, units: table, tokenizer, vectors }) => {
      await root.flushed;
      await index.transaction(() => {
        index.put("units", table);
        index.put("card", card);
        index.put("tokenizer", tokenizer);
        index.put("vectors", vectors);
      });
      await root.flushed;
      await index.put("complete", LAYOUT_VERSION);
      await root.flushed;
    },
    close: () => root.close(),
  };
}

/** What stands in a folder: the source it was begun with, and the card once it is complete. */
export interface StoreState {
  readonly origin: StoreOrigin | undefined;
  readonly complete: boolean;
  readonly card: ModelCard | undefined;
}

/** What stands in `folder`; undefined where no store was begun. */
export async function inspectStore(folder: string): Promise<StoreState | undefined> {
  if (!fs.existsSync(dataFileOf(folder))) return undefined;
  const { root, index } = openEnvironment(folder, { readOnly: true });
  try {
    const complete = index.get("complete") === LAYOUT_VERSION;
    const card = complete ? index.get("card") as ModelCard : undefined;
    return {
      origin: index.get("source") as StoreOrigin | undefined,
      complete,
      card: card && { ...card, storeBytes: fs.statSync(dataFileOf(folder)).size },
    };
  } finally {
    await root.close();
  }
}

/**
 * Opens a complete store. Throws "not_found" where none is, "bad_model" for an unfinished one or
 * one of another layout version, each with its mend.
 */
export async function openFlashStore(folder: string): Promise<FlashStore> {
  const dataFile = dataFileOf(folder);
  if (!fs.existsSync(dataFile)) {
    throw new FlintError("not_found", `${folder} holds no flash store: import the model first`);
  }
  const { root, index } = openEnvironment(folder, { readOnly: true });
  try {
    const version = index.get("complete");
    if (version !== LAYOUT_VERSION) {
      const state = version === undefined
        ? "unfinished"
        : `of layout ${version}, not ${LAYOUT_VERSION}`;
      throw new FlintError(
        "bad_model",
        `the flash store in ${folder} is ${state}: ${mend(folder)}`,
      );
    }
    const card = index.get("card") as ModelCard;
    const vectors = index.get("vectors") as StoredVectors;
    const layers = vectors.layers.map((byName) =>
      new Map(Object.entries(byName).map(([name, bytes]) => [name, floats(bytes)]))
    );
    return {
      card: { ...card, storeBytes: fs.statSync(dataFile).size },
      units: index.get("units") as Unit[],
      tokenizer: index.get("tokenizer") as TokenizerSpec,
      vector: (layer, name) => layers[layer]?.get(name),
      outputNorm: floats(vectors.outputNorm),
      dataFile,
      // The environment is closed below: nothing is held open.
      close: () => Promise.resolve(),
    };
  } finally {
    await root.close();
  }
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

/** Removes what an import wrote into `folder`, but not the folder. */
export function discardStore(folder: string): void {
  for (const file of ["data.mdb", "lock.mdb"]) fs.rmSync(`${folder}/${file}`, { force: true });
}

/** The file LMDB keeps a folder's environment in. */
export function dataFileOf(folder: string): string {
  return `${folder}/data.mdb`;
}

function mend(folder: string): string {
  return `remove ${folder} and import the model again`;
}

/** msgpack's bytes need not be aligned: copied. */
function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
