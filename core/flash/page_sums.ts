/**
 * Checksums of single pages, for units of which a pass reads only some: rows of the embedding and
 * the head, neurons one by one. One word a page, a thousandth of what it vouches for.
 */
import { assert, FlintError } from "../errors.ts";
import { pageChecksum } from "./checksum.ts";
import { PAGE, type Unit, UNIT_HEADER } from "./layout.ts";

/** The units that are read in parts, and the sums of all their pages, one unit after the other. */
export interface PageSums {
  readonly units: readonly Pick<Unit, "offset" | "bytes">[];
  /** Shared, so that no thread holds a copy. */
  readonly sums: Int32Array<SharedArrayBuffer>;
}

/** Whether passes read some of a unit's pages without the others. */
export function isReadInParts({ kind, parts }: Pick<Unit, "kind" | "parts">): boolean {
  const { matrix } = parts[0]!;
  return kind === "neurons" || matrix === "embedding" || matrix === "head";
}

/** The sums of a unit's pages; the header of the first is LMDB's and the unit's own. */
export function sumPages(pages: Uint8Array): Int32Array {
  return Int32Array.from({ length: pages.length / PAGE }, (_, i) => (
    pageChecksum(pages.subarray(i === 0 ? UNIT_HEADER : i * PAGE, (i + 1) * PAGE))
  ));
}

/** The sums of units as the index has them. */
export function pageSumsOf(units: readonly Unit[], stored: Uint8Array): PageSums {
  const sums = new Int32Array(new SharedArrayBuffer(stored.length));
  new Uint8Array(sums.buffer).set(stored);
  const inParts = units.filter(isReadInParts).map(({ offset, bytes }) => ({ offset, bytes }));
  return { units: inParts, sums };
}

/** Checks pages when they are read for the first time by its owner. */
export class PageCheck {
  readonly #sums: Int32Array;
  readonly #seen: Uint8Array;
  /** By offset: where a unit's pages begin in the file, and its first sum. */
  readonly #spans: readonly { readonly unit: PageSums["units"][number]; readonly first: number }[];

  constructor({ units, sums }: PageSums) {
    this.#sums = sums;
    this.#seen = new Uint8Array(sums.length);
    let first = 0;
    this.#spans = units.map((unit) => {
      const span = { unit, first };
      first += unit.bytes / PAGE;
      return span;
    }).sort((a, b) => a.unit.offset - b.unit.offset);
  }

  /** Whole pages of one unit, read at `offset` of the data file. @throws FlintError bad_model */
  check(offset: number, pages: Uint8Array): void {
    const { unit, first } = this.#spanAt(offset);
    for (let at = 0; at < pages.length; at += PAGE) {
      const page = (offset - unit.offset + at) / PAGE;
      if (this.#seen[first + page]) continue;
      const from = page === 0 ? UNIT_HEADER : at;
      if (pageChecksum(pages.subarray(from, at + PAGE)) !== this.#sums[first + page]) {
        const place = `byte ${offset + at} of the flash store`;
        throw new FlintError(
          "bad_model",
          `the page at ${place} is damaged: import the model again`,
        );
      }
      this.#seen[first + page] = 1;
    }
  }

  #spanAt(offset: number) {
    let low = 0, high = this.#spans.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#spans[middle]!.unit.offset <= offset) low = middle;
      else high = middle;
    }
    const span = this.#spans[low];
    assert(
      span && offset < span.unit.offset + span.unit.bytes,
      "only such units are read in parts",
    );
    return span;
  }
}
