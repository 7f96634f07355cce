/** The order in which streamed units are read and used; reader and compute threads walk it alike. */
import { type Control, Ended, SLOTS, Word } from "../model/control.ts";
import { Ring } from "./ring.ts";
import type { Unit } from "./layout.ts";

/** A streamed unit on its way: number, where it goes, what must be consumed first. */
export interface Passage {
  readonly k: number;
  readonly unit: Unit;
  readonly at: number;
  readonly consumed: number;
}

/**
 * Endless walk over the streamed units: all layers, then the head when the step wants it, then the
 * next step's layers at once (they are needed whatever comes). Where the head begins and the step
 * has not said whether it wants it, the walk yields undefined: ask again when the bell rings.
 * The walk begins with step `first`.
 */
export function* passages(
  control: Control,
  layers: readonly Unit[],
  head: readonly Unit[],
  ring: { readonly at: number; readonly bytes: number },
  first = 1,
): Generator<Passage | undefined, never, void> {
  const placer = new Ring(ring.at, ring.bytes);
  let k = 0;
  const pass = function* (units: readonly Unit[]) {
    for (const unit of units) yield { k: k++, unit, ...placer.place(unit.bytes) };
  };
  for (let step = first;; step++) {
    yield* pass(layers);
    if (head.length === 0 && layers.length > 0) continue;
    while (!control.isPast(Word.step, step)) yield undefined;
    if (control.load(Word.headWanted + (step % 64)) !== 0) yield* pass(head);
  }
}

/** The compute threads' end: waits for the next streamed unit and gives its address. */
export class Consumer {
  /** Streamed units this thread has taken so far; the same in every thread at a barrier. */
  taken = 0;
  waitMs = 0;
  readonly #control: Control;
  readonly #place: { readonly at: number; readonly bytes: number };
  #ring: Ring;

  constructor(control: Control, ring: { readonly at: number; readonly bytes: number }) {
    this.#control = control;
    this.#place = ring;
    this.#ring = new Ring(ring.at, ring.bytes);
  }

  /** Begins anew with the first unit, as the readers do. */
  restart(): void {
    this.#ring = new Ring(this.#place.at, this.#place.bytes);
    this.taken = 0;
  }

  /** Address of the unit, once it lies in DRAM. */
  take(unit: Unit): number {
    const { at } = this.#ring.place(unit.bytes);
    const word = Word.ready + (this.taken % SLOTS);
    const number = (++this.taken) | 0;
    const control = this.#control;
    if (control.load(word) !== number) {
      const start = performance.now();
      for (let seen = control.load(word); seen !== number; seen = control.load(word)) {
        if (!control.changed(word, seen)) throw new Ended();
      }
      this.waitMs += performance.now() - start;
    }
    return at;
  }
}
