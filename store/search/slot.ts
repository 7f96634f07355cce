/**
 * Where one whole index lies in LMDB. An open search has two: one answers while the other is built.
 *
 *   words      term -> its number, which never changes
 *   postings   [term's number, 0] -> its entry; [term's number, base + 1] -> a page (postings.ts)
 *   numbers    document's id -> its number; they ascend, and a changed document gets a new one
 *   documents  number -> what is kept of a document, so that it can be removed as it was added
 *   typos      hash of a term less one sign -> such terms (typo.ts)
 */
import type { Blobs, Collection, Kv, Transaction } from "@flint/core";
import {
  packEntry,
  packPage,
  type Postings,
  readVarint,
  type TermEntry,
  unpackEntry,
  writeVarint,
} from "./postings.ts";

/** What is kept of a document beside its postings. */
export interface Kept {
  readonly id: string;
  readonly category: string;
  readonly language: string;
  readonly tags: readonly string[];
  /** The numbers of its terms, ascending. */
  readonly terms: readonly number[];
}

/** How far an index has come. */
export interface Counts {
  documents: number;
  nextDocument: number;
  nextTerm: number;
}

/** A term's keys are its number times this: one number orders faster than two parts. */
const TERM_KEYS = 2 ** 26;
/** Numbers of documents that fit behind a term's. */
export const DOCUMENTS_MAX = TERM_KEYS - 2;
const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Reads are synchronous and see the writes of their own transaction. */
export class IndexSlot {
  readonly #name: string;
  readonly #counts: Collection<Counts>;
  readonly #words: Blobs;
  readonly #postings: Blobs;
  readonly #numbers: Blobs;
  readonly #documents: Blobs;
  readonly #typos: Blobs;

  constructor(kv: Kv, name: string) {
    this.#name = name;
    this.#counts = kv.collection("search_counts");
    this.#words = kv.blobs(`search_${name}_words`);
    this.#postings = kv.blobs(`search_${name}_postings`);
    this.#numbers = kv.blobs(`search_${name}_numbers`);
    this.#documents = kv.blobs(`search_${name}_documents`);
    this.#typos = kv.blobs(`search_${name}_typos`);
  }

  /** A copy. */
  counts(): Counts {
    return { ...this.#counts.get(this.#name) ?? { documents: 0, nextDocument: 1, nextTerm: 1 } };
  }

  numberOf(id: string): number | undefined {
    return uint32(this.#numbers.borrow(id));
  }

  term(term: string): number | undefined {
    return uint32(this.#words.borrow(term));
  }

  /** The first terms that begin so, in order. */
  termsFrom(prefix: string, limit: number): string[] {
    return this.#words.keys(prefix, limit);
  }

  entry(term: number): TermEntry | undefined {
    const bytes = this.#postings.borrow(term * TERM_KEYS);
    return bytes && unpackEntry(bytes);
  }

  /** In how many documents a term is. */
  countOf(term: number): number {
    return uint32(this.#postings.borrow(term * TERM_KEYS)) ?? 0;
  }

  /** A page's bytes, copied. */
  page(term: number, base: number): Uint8Array {
    return this.#postings.borrow(term * TERM_KEYS + base + 1)!.slice();
  }

  document(number: number): Kept | undefined {
    const bytes = this.#documents.borrow(number);
    return bytes && unpackKept(bytes);
  }

  /** Only the id, as a page of hits needs it. */
  idOf(number: number): string | undefined {
    const bytes = this.#documents.borrow(number);
    return bytes && headOf(bytes)[0];
  }

  /** Terms that had this hash; some may be gone. */
  typosOf(hash: number): string[] {
    const bytes = this.#typos.borrow(hash);
    return bytes ? decoder.decode(bytes).split("\n") : [];
  }

  saveCounts(transaction: Transaction, counts: Counts): void {
    transaction.put(this.#counts, this.#name, counts);
  }

  saveTerm(transaction: Transaction, term: string, number: number): void {
    transaction.putBytes(this.#words, term, bytesOf(number));
  }

  saveEntry(transaction: Transaction, term: number, entry: TermEntry): void {
    transaction.putBytes(this.#postings, term * TERM_KEYS, packEntry(entry));
  }

  savePage(transaction: Transaction, term: number, base: number, postings: Postings): void {
    transaction.putBytes(this.#postings, term * TERM_KEYS + base + 1, packPage(postings));
  }

  dropPage(transaction: Transaction, term: number, base: number): void {
    transaction.removeBytes(this.#postings, term * TERM_KEYS + base + 1);
  }

  saveDocument(transaction: Transaction, number: number, kept: Kept): void {
    transaction.putBytes(this.#numbers, kept.id, bytesOf(number));
    transaction.putBytes(this.#documents, number, packKept(kept));
  }

  dropDocument(transaction: Transaction, number: number, id: string): void {
    transaction.removeBytes(this.#numbers, id);
    transaction.removeBytes(this.#documents, number);
  }

  saveTypos(transaction: Transaction, hash: number, terms: readonly string[]): void {
    transaction.putBytes(this.#typos, hash, encoder.encode(terms.join("\n")));
  }

  /** Empties it. */
  clear(transaction: Transaction): void {
    for (
      const blobs of [
        this.#words,
        this.#postings,
        this.#numbers,
        this.#documents,
        this.#typos,
      ]
    ) {
      transaction.clearBytes(blobs);
    }
    transaction.remove(this.#counts, this.#name);
  }
}

/** Length of the head u16 | id, category, language and tags, a line each | terms as varint distances. */
function packKept({ id, category, language, tags, terms }: Kept): Uint8Array<ArrayBuffer> {
  const lines = [id, category, language, ...tags].map((line) => line.replaceAll("\n", " "));
  const head = encoder.encode(lines.join("\n"));
  const bytes = new Uint8Array(2 + head.length + terms.length * 5);
  new DataView(bytes.buffer).setUint16(0, head.length, true);
  bytes.set(head, 2);
  let at = 2 + head.length, before = 0;
  for (const term of terms) {
    at = writeVarint(bytes, at, term - before);
    before = term;
  }
  return bytes.slice(0, at);
}

function headOf(bytes: Uint8Array): string[] {
  const length = bytes[0]! | bytes[1]! << 8;
  return decoder.decode(bytes.subarray(2, 2 + length)).split("\n");
}

function unpackKept(bytes: Uint8Array): Kept {
  const [id = "", category = "", language = "", ...tags] = headOf(bytes);
  const terms: number[] = [];
  let term = 0;
  for (let at = 2 + (bytes[0]! | bytes[1]! << 8); at < bytes.length;) {
    const [distance, end] = readVarint(bytes, at);
    term += distance;
    terms.push(term);
    at = end;
  }
  return { id, category, language, tags, terms };
}

function bytesOf(number: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

function uint32(bytes: Uint8Array | undefined): number | undefined {
  return bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
