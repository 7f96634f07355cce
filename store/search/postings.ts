/**
 * A term's postings as bytes. They lie in pages of up to 4,096; a page is cut into blocks of 128:
 *
 *   count u16 | for each block: last document u32, end of its bytes u16, largest impact u8 | blocks
 *
 * and a block is the documents' distances (varints, the first from the block before), then their
 * impacts, a byte each. A term's entry lists its pages, with their largest impacts, so that a search
 * passes pages by unread, and blocks undecoded.
 */

/** Postings of one page. */
export const PAGE_POSTINGS = 4096;
/** Postings of one block. */
export const BLOCK_POSTINGS = 128;
const HEAD_BYTES = 2, BLOCK_HEAD_BYTES = 7;
const ENTRY_BYTES = 8, PAGE_ENTRY_BYTES = 11;

/** Documents, ascending, and their impacts. */
export interface Postings {
  readonly documents: number[];
  readonly impacts: number[];
}

/** One page of a term. `last` and `max` are upper bounds: removals leave them. */
export interface PageEntry {
  /** Its name: the first document it was made with. */
  readonly base: number;
  last: number;
  max: number;
  count: number;
}

/** A term: in how many documents it is, and where they lie. */
export interface TermEntry {
  count: number;
  readonly pages: PageEntry[];
}

/** Packs a page. Documents must ascend. */
export function packPage({ documents, impacts }: Postings): Uint8Array<ArrayBuffer> {
  const count = documents.length, blocks = Math.ceil(count / BLOCK_POSTINGS);
  const head = HEAD_BYTES + blocks * BLOCK_HEAD_BYTES;
  const bytes = new Uint8Array(head + count * 6), view = new DataView(bytes.buffer);
  view.setUint16(0, count, true);
  let at = head, before = 0;
  for (let block = 0; block < blocks; block++) {
    const from = block * BLOCK_POSTINGS, to = Math.min(count, from + BLOCK_POSTINGS);
    let max = 0;
    for (let i = from; i < to; i++) {
      at = writeVarint(bytes, at, documents[i]! - before);
      before = documents[i]!;
    }
    for (let i = from; i < to; i++) {
      bytes[at++] = impacts[i]!;
      if (impacts[i]! > max) max = impacts[i]!;
    }
    const place = HEAD_BYTES + block * BLOCK_HEAD_BYTES;
    view.setUint32(place, before, true);
    view.setUint16(place + 4, at, true);
    view.setUint8(place + 6, max);
  }
  return bytes.slice(0, at);
}

/** All of a page. */
export function unpackPage(bytes: Uint8Array): Postings {
  const page = new PageReader();
  page.open(bytes);
  const documents: number[] = [], impacts: number[] = [];
  for (let block = 0; block < page.blocks; block++) {
    const count = page.read(block);
    for (let i = 0; i < count; i++) {
      documents.push(page.documents[i]!);
      impacts.push(page.impacts[i]!);
    }
  }
  return { documents, impacts };
}

/** Reads one page after another, block by block, into the same memory. */
export class PageReader {
  /** The block that was read last. */
  readonly documents = new Uint32Array(BLOCK_POSTINGS);
  readonly impacts = new Uint8Array(BLOCK_POSTINGS);
  blocks = 0;
  #bytes = new Uint8Array(0) as Uint8Array;
  #view = new DataView(new ArrayBuffer(0)) as DataView;
  #count = 0;

  /** Takes a page; its bytes must stay as they are. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#count = this.#view.getUint16(0, true);
    this.blocks = Math.ceil(this.#count / BLOCK_POSTINGS);
  }

  last(block: number): number {
    return this.#view.getUint32(HEAD_BYTES + block * BLOCK_HEAD_BYTES, true);
  }

  max(block: number): number {
    return this.#bytes[HEAD_BYTES + block * BLOCK_HEAD_BYTES + 6]!;
  }

  /** Decodes a block; returns how many postings it has. */
  read(block: number): number {
    const bytes = this.#bytes, documents = this.documents;
    const count = Math.min(BLOCK_POSTINGS, this.#count - block * BLOCK_POSTINGS);
    let at = block === 0 ? HEAD_BYTES + this.blocks * BLOCK_HEAD_BYTES : this.#end(block - 1);
    let document = block === 0 ? 0 : this.last(block - 1);
    for (let i = 0; i < count; i++) {
      let byte = bytes[at++]!, distance = byte & 0x7f;
      for (let shift = 7; byte > 0x7f; shift += 7) {
        byte = bytes[at++]!;
        distance |= (byte & 0x7f) << shift;
      }
      document += distance;
      documents[i] = document;
    }
    for (let i = 0; i < count; i++) this.impacts[i] = bytes[at++]!;
    return count;
  }

  #end(block: number): number {
    return this.#view.getUint16(HEAD_BYTES + block * BLOCK_HEAD_BYTES + 4, true);
  }
}

/** Packs a term's entry. */
export function packEntry({ count, pages }: TermEntry): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ENTRY_BYTES + pages.length * PAGE_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, count, true);
  view.setUint32(4, pages.length, true);
  pages.forEach((page, i) => {
    const at = ENTRY_BYTES + i * PAGE_ENTRY_BYTES;
    view.setUint32(at, page.base, true);
    view.setUint32(at + 4, page.last, true);
    view.setUint16(at + 8, page.count, true);
    view.setUint8(at + 10, page.max);
  });
  return bytes;
}

/** A term's entry. */
export function unpackEntry(bytes: Uint8Array): TermEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pages: PageEntry[] = [];
  for (let at = ENTRY_BYTES; at < bytes.byteLength; at += PAGE_ENTRY_BYTES) {
    pages.push({
      base: view.getUint32(at, true),
      last: view.getUint32(at + 4, true),
      count: view.getUint16(at + 8, true),
      max: view.getUint8(at + 10),
    });
  }
  return { count: view.getUint32(0, true), pages };
}

/** Writes 7 bits a byte, the low ones first; returns where it ends. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value > 0x7f) {
    bytes[at++] = value & 0x7f | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

/** A varint and where it ends. */
export function readVarint(bytes: Uint8Array, at: number): [value: number, end: number] {
  let byte = bytes[at++]!, value = byte & 0x7f;
  for (let shift = 7; byte > 0x7f; shift += 7) {
    byte = bytes[at++]!;
    value |= (byte & 0x7f) << shift;
  }
  return [value, at];
}
