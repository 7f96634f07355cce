/** One term's postings as a search walks them: page by page, block by block, decoding what it must. */
import { type PageEntry, PageReader } from "./postings.ts";
import type { IndexSlot } from "./slot.ts";

/** Behind every document. */
export const END = 2 ** 31 - 1;

/** A list that stands before one of its postings; it moves forward only, until it is rewound. */
export class PostingList {
  /** What one unit of impact adds to a score; whole, so that sums are the same in any order. */
  readonly weight: number;
  /** The document it stands before; END behind the last, -1 before its first `seek`. */
  document = -1;
  readonly #slot: IndexSlot;
  readonly #term: number;
  readonly #pages: readonly PageEntry[];
  readonly #reader = new PageReader();
  #page = -1;
  /** The decoded block of the open page, where in it the list stands, and its postings. */
  #block = -1;
  #at = 0;
  #count = 0;

  constructor(slot: IndexSlot, term: number, weight: number) {
    this.#slot = slot;
    this.#term = term;
    this.weight = weight;
    this.#pages = slot.entry(term)?.pages ?? [];
  }

  /** Moves to the first posting of `document` or behind it; returns its document. */
  seek(document: number): number {
    if (this.document >= document) return this.document;
    const documents = this.#reader.documents;
    while (this.#count === 0 || documents[this.#count - 1]! < document) {
      if (!this.#nextBlock(document)) return this.document = END;
    }
    while (documents[this.#at]! < document) this.#at++;
    return this.document = documents[this.#at]!;
  }

  /** Before everything again. */
  rewind(): void {
    this.document = this.#page = this.#block = -1;
    this.#count = this.#at = 0;
  }

  /** No impact before `end`, from where it stands, is larger. */
  maxBefore(end: number): number {
    if (this.document >= end) return 0;
    let max = 0;
    for (let block = this.#block; block < this.#reader.blocks; block++) {
      max = Math.max(max, this.#reader.max(block));
      if (this.#reader.last(block) >= end - 1) return max;
    }
    for (let page = this.#page + 1; page < this.#pages.length; page++) {
      if (this.#pages[page]!.base >= end) break;
      max = Math.max(max, this.#pages[page]!.max);
    }
    return max;
  }

  /** The impact of the posting it stands before. */
  get impact(): number {
    return this.#reader.impacts[this.#at]!;
  }

  /**
   * Adds all from where it stands to before `end` to `scores`, which begin with document `from`; those
   * that had none are noted in `touched`, of which there are `count`. Returns how many there are then.
   */
  addTo(scores: Int32Array, from: number, end: number, touched: Int32Array, count: number): number {
    const { documents, impacts } = this.#reader, weight = this.weight;
    while (this.document < end) {
      let at = this.#at;
      for (; at < this.#count && documents[at]! < end; at++) {
        const place = documents[at]! - from;
        if (scores[place] === 0) touched[count++] = place;
        scores[place]! += impacts[at]! * weight;
      }
      this.#settle(at);
    }
    return count;
  }

  /** Counts up all from where it stands to before `end` in `marks`, which begin with document `from`. */
  mark(marks: Uint8Array, from: number, end: number): void {
    const { documents } = this.#reader;
    while (this.document < end) {
      let at = this.#at;
      for (; at < this.#count && documents[at]! < end; at++) marks[documents[at]! - from]!++;
      this.#settle(at);
    }
  }

  /** Stands at a place of the block, or at the next block's first. */
  #settle(at: number): void {
    this.#at = at;
    if (at < this.#count) this.document = this.#reader.documents[at]!;
    else this.document = this.#nextBlock(0) ? this.#reader.documents[0]! : END;
  }

  /** Decodes the next block that may reach `document`; false if there is none. */
  #nextBlock(document: number): boolean {
    const reader = this.#reader;
    for (;;) {
      for (let block = this.#block + 1; this.#page >= 0 && block < reader.blocks; block++) {
        if (reader.last(block) < document) continue;
        this.#block = block;
        this.#count = reader.read(block);
        this.#at = 0;
        return true;
      }
      do this.#page++; while (
        this.#page < this.#pages.length && this.#pages[this.#page]!.last < document
      );
      if (this.#page >= this.#pages.length) return false;
      reader.open(this.#slot.page(this.#term, this.#pages[this.#page]!.base));
      this.#block = -1;
    }
  }
}
