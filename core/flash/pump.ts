/** Keeps a disk busy: takes readings from lanes, the first lane before the second, in pieces. */
import type { Disk } from "./disk.ts";

/** Something to be read whole: a unit, or pages out of turn. */
export interface Reading {
  readonly offset: number;
  readonly bytes: number;
  readonly at: number;
  /** Called once all of it lies in DRAM. */
  done(): void;
}

/** Where readings come from. */
export interface Lane {
  /** The next reading that may begin now. */
  next(): Reading | undefined;
  /** No piece is begun while this many bytes of the lane are in flight. */
  readonly bytesMax: number;
}

/** A reading under way. */
interface Progress {
  readonly reading: Reading;
  begun: number;
  missing: number;
}

/** A lane, the reading it is in the middle of, and its bytes in flight. */
interface LaneState {
  readonly lane: Lane;
  current: Progress | undefined;
  flying: number;
}

/** A piece in flight. */
interface Piece {
  readonly of: Progress;
  readonly from: LaneState;
  readonly bytes: number;
}

/** The reads in flight on one disk. */
export class Pump {
  readonly #disk: Disk;
  readonly #count: (bytes: number, ms: number) => void;
  readonly #lanes: readonly LaneState[];
  readonly #free: number[]; // tags
  readonly #pieces: (Piece | undefined)[]; // by tag
  #since = 0; // when something was in flight that is not counted yet

  /**
   * `count` is told the bytes of each piece that has come, before a reading is done, and for how long
   * something was in flight since the last one.
   */
  constructor(disk: Disk, lanes: readonly Lane[], count: (bytes: number, ms: number) => void) {
    this.#disk = disk;
    this.#count = count;
    this.#lanes = lanes.map((lane) => ({ lane, current: undefined, flying: 0 }));
    this.#free = Array.from({ length: disk.depth }, (_, tag) => tag);
    this.#pieces = new Array(disk.depth);
  }

  /** Begins what may be begun, then waits for one read or more to end; false if none is in flight. */
  turn(): boolean {
    for (const state of this.#lanes) while (this.#begin(state));
    if (this.#free.length === this.#disk.depth) return false;
    this.#disk.settle((tag) => this.#end(tag));
    return true;
  }

  /** Waits for what is in flight; begins nothing. */
  drain(): void {
    while (this.#free.length < this.#disk.depth) this.#disk.settle((tag) => this.#end(tag));
  }

  #begin(from: LaneState): boolean {
    if (this.#free.length === 0 || from.flying >= from.lane.bytesMax) return false;
    const of = from.current ??= progress(from.lane.next());
    if (!of) return false;
    const { offset, at } = of.reading;
    const bytes = Math.min(this.#disk.readBytes, of.reading.bytes - of.begun);
    if (this.#free.length === this.#disk.depth) this.#since = performance.now();
    const tag = this.#free.pop()!;
    this.#disk.begin(tag, offset + of.begun, bytes, at + of.begun);
    this.#pieces[tag] = { of, from, bytes };
    from.flying += bytes;
    of.begun += bytes;
    if (of.begun === of.reading.bytes) from.current = undefined;
    return true;
  }

  #end(tag: number): void {
    const { of, from, bytes } = this.#pieces[tag]!;
    this.#pieces[tag] = undefined;
    this.#free.push(tag);
    const now = performance.now();
    this.#count(bytes, now - this.#since);
    this.#since = now;
    from.flying -= bytes;
    of.missing -= bytes;
    if (of.missing === 0) of.reading.done();
  }
}

const progress = (reading: Reading | undefined): Progress | undefined =>
  reading && { reading, begun: 0, missing: reading.bytes };
