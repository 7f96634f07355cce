/**
 * LMDB's data file as a plain file: its path, and whether it is whole. LMDB maps the file and dies
 * of a bus error where it is shorter than its tree, so one looks before opening it.
 */
import fs from "node:fs";
import { LMDB_HEADER, PAGE } from "./layout.ts";

const META_PAGES = 2;
const META_MAGIC = 0xbeefc0de;
// Fields of MDB_meta, in bytes from the start of its page (mdb.c of lmdb-js 3.5.6).
const PAGE_SIZE_AT = LMDB_HEADER + 24;
const LAST_PAGE_AT = LMDB_HEADER + 120;
const TRANSACTION_AT = LMDB_HEADER + 128;

/** The file LMDB keeps a folder's environment in. */
export function dataFileOf(folder: string): string {
  return `${folder}/data.mdb`;
}

/** Whether the file has LMDB's meta pages and every page that the later of them counts. */
export function isWhole(dataFile: string): boolean {
  const size = fs.statSync(dataFile).size;
  if (size < META_PAGES * PAGE) return false;
  const head = new Uint8Array(META_PAGES * PAGE);
  const file = fs.openSync(dataFile, "r");
  try {
    fs.readSync(file, head, 0, head.length, 0);
  } finally {
    fs.closeSync(file);
  }
  let latest = -1n, lastPage = 0n;
  for (let i = 0; i < META_PAGES; i++) {
    const meta = new DataView(head.buffer, i * PAGE, PAGE);
    if (meta.getUint32(LMDB_HEADER, true) !== META_MAGIC) return false;
    if (meta.getUint32(PAGE_SIZE_AT, true) !== PAGE) return false;
    const transaction = meta.getBigUint64(TRANSACTION_AT, true);
    if (transaction > latest) lastPage = meta.getBigUint64(LAST_PAGE_AT, true);
    if (transaction > latest) latest = transaction;
  }
  return (lastPage + 1n) * BigInt(PAGE) <= BigInt(size);
}

/** Removes what an import wrote into `folder`, but not the folder. */
export function discardStore(folder: string): void {
  for (const file of ["data.mdb", "lock.mdb"]) fs.rmSync(`${folder}/${file}`, { force: true });
}
