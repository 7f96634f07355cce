/**
 * Staging for streamed units: a byte ring filled in visit order. The same arithmetic runs in every
 * reader thread, so all agree on the address of the k-th streamed unit without talking. Pure.
 */

/** Where the next unit goes, and how many units must have been consumed before it may be filled. */
export interface Placement {
  readonly at: number;
  readonly consumed: number;
}

/** Deterministic placement of a sequence of units in a ring of bytes. */
export class Ring {
  readonly #base: number;
  readonly #bytes: number;
  readonly #live: { k: number; start: number; end: number }[] = []; // oldest first
  #head = 0; // next free byte, relative to base
  #k = 0;

  constructor(base: number, bytes: number) {
    this.#base = base;
    this.#bytes = bytes;
  }

  /** Places unit number k = 0, 1, 2... of `bytes`; it overwrites units below `consumed` only. */
  place(bytes: number): Placement {
    if (bytes > this.#bytes) throw new Error(`unit of ${bytes} in a ring of ${this.#bytes}`);
    const live = this.#live;
    let start = this.#head;
    let consumed = live[0]?.k ?? this.#k;
    const retire = (from: number, to: number) => {
      while (live.length > 0 && live[0]!.start < to && live[0]!.end > from) {
        consumed = live.shift()!.k + 1;
      }
    };
    if (start + bytes > this.#bytes) { // the rest of the lap is skipped: its old units must go too
      retire(start, this.#bytes);
      start = 0;
    }
    retire(start, start + bytes);
    live.push({ k: this.#k++, start, end: start + bytes });
    this.#head = start + bytes;
    return { at: this.#base + start, consumed };
  }
}
