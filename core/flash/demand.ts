/**
 * Reads out of turn: pages that a step finds it needs (rows of the head, predicted neurons), asked
 * for through a queue in the control block and served by the readers before streamed units.
 */
import { assert } from "../errors.ts";
import { type Control, DEMANDS, Ended, SPINS, Word } from "../model/control.ts";
import { PAGE } from "./layout.ts";

/** Whole pages at `offset` of the data file, wanted at address `at`. */
export interface DemandedRead {
  readonly number: number;
  readonly offset: number;
  readonly bytes: number;
  readonly at: number;
}

/** First of the four words of a read's place in the queue. */
const placeOf = (number: number) => Word.demands + 4 * ((number >>> 0) % DEMANDS);
const DONE = 3;

/** The asking end: one thread at a time posts, any thread waits. */
export class Demand {
  readonly #control: Control;
  #waited = 0; // every read up to this number lies in DRAM

  constructor(control: Control) {
    this.#control = control;
  }

  /**
   * Asks for pages; offset, bytes and `at` are multiples of a page. Returns the read's number: 1,
   * 2... (it wraps as i32). Waits while the queue is full.
   * @throws Ended when the machine stops meanwhile
   */
  post(offset: number, bytes: number, at: number): number {
    assert(offset % PAGE === 0 && bytes % PAGE === 0 && at % PAGE === 0, "whole pages are read");
    const control = this.#control, { words } = control;
    const number = (control.load(Word.demanded) + 1) | 0;
    const place = placeOf(number);
    if (!control.reached(place + DONE, (number - DEMANDS) | 0, SPINS)) throw new Ended();
    words[place] = offset / PAGE;
    words[place + 1] = bytes;
    words[place + 2] = at; // read back as u32
    control.call(Word.demanded, number);
    return number;
  }

  /** Whether a read lies in DRAM. */
  isDone(number: number): boolean {
    return this.#control.isPast(placeOf(number) + DONE, number);
  }

  /** Waits until every read up to `number` lies in DRAM. @throws Ended when the machine stops */
  wait(number: number): void {
    if (((number - this.#waited) | 0) > DEMANDS) this.#waited = (number - DEMANDS) | 0;
    while (((number - this.#waited) | 0) > 0) {
      const next = (this.#waited + 1) | 0;
      if (!this.#control.reached(placeOf(next) + DONE, next, SPINS)) throw new Ended();
      this.#waited = next;
    }
  }
}

/** The readers' end: each read is taken up by one of them. */
export class DemandQueue {
  readonly #control: Control;

  constructor(control: Control) {
    this.#control = control;
  }

  /** The next read that nobody has taken up; undefined if there is none now. */
  take(): DemandedRead | undefined {
    const { words } = this.#control;
    for (;;) {
      const served = Atomics.load(words, Word.served);
      if (served === Atomics.load(words, Word.demanded)) return undefined;
      const number = (served + 1) | 0;
      const place = placeOf(number);
      const read = {
        number,
        offset: words[place]! * PAGE,
        bytes: words[place + 1]!,
        at: words[place + 2]! >>> 0,
      };
      if (Atomics.compareExchange(words, Word.served, served, number) === served) return read;
    }
  }

  /** Tells that a read lies in DRAM. */
  finish({ number }: DemandedRead): void {
    this.#control.publish(placeOf(number) + DONE, number);
  }
}
