/** The priority queue of both tokenizers: the best rank first, among equals the leftmost place. */
import { assert } from "../errors.ts";

/** A place fits in 24 bits (texts are bounded below that), a rank in the 29 above it. */
const PLACES = 1 << 24;

/** A binary heap of (rank, place) pairs, packed as rank * 2^24 + place in exact doubles. */
export class MergeQueue {
  #heap = new Float64Array(64);
  #size = 0;

  push(rank: number, place: number): void {
    assert(place < PLACES, "a place fits in 24 bits");
    if (this.#size === this.#heap.length) this.#grow();
    const heap = this.#heap, key = rank * PLACES + place;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= key) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = key;
  }

  /** The least rank * 2^24 + place, or -1 when empty. */
  pop(): number {
    if (this.#size === 0) return -1;
    const heap = this.#heap, top = heap[0]!, key = heap[--this.#size]!;
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= key) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = key;
    return top;
  }

  /** Gives the memory of a very long word back. */
  shrink(): void {
    this.#size = 0;
    if (this.#heap.length > 1 << 16) this.#heap = new Float64Array(64);
  }

  #grow(): void {
    const larger = new Float64Array(this.#heap.length * 2);
    larger.set(this.#heap);
    this.#heap = larger;
  }
}

/** The rank within a key that `pop` returned. */
export const rankOf = (key: number): number => Math.floor(key / PLACES);
/** The place within a key that `pop` returned. */
export const placeOf = (key: number): number => key % PLACES;
