/**
 * Clusters that are read for a layer before its router has decided. One thread at a time looks here:
 * who guesses, and who comes last at the barrier behind the router.
 */
import { Demand } from "../flash/demand.ts";
import type { Control } from "./control.ts";
import { AHEAD_MAX, type ForesightPlan } from "./expert_plan.ts";

/** Words of the list: layer + 1 (0 = none), clusters guessed, of them being read. */
const State = { layer: 0, guessed: 1, read: 2 } as const;

/** What was guessed for a layer; `reads[i]` brings `items[i]`, and no more than those are read. */
export interface Guess {
  readonly items: Int32Array;
  readonly reads: Int32Array;
}

/** The list, and which reads may still be under way when their slots are next given away. */
export class ReadsAhead {
  readonly #state: Int32Array;
  readonly #items: Int32Array; // (AHEAD_MAX)
  readonly #reads: Int32Array; // (AHEAD_MAX)
  readonly #last: Int32Array; // (layers, 2) whether there is a last read, and its number
  readonly #demand: Demand;

  constructor(
    buffer: ArrayBufferLike,
    { list, last }: ForesightPlan,
    control: Control,
    layers: number,
  ) {
    this.#state = new Int32Array(buffer, list, 16);
    this.#items = new Int32Array(buffer, list + 64, AHEAD_MAX);
    this.#reads = new Int32Array(buffer, list + 64 + AHEAD_MAX * 4, AHEAD_MAX);
    this.#last = new Int32Array(buffer, last, layers * 2);
    this.#demand = new Demand(control);
  }

  /** Notes a layer's guess. */
  put(layer: number, { items, reads }: Guess): void {
    this.#state.set([layer + 1, items.length, reads.length]);
    this.#items.set(items);
    this.#reads.set(reads);
    if (reads.length > 0) this.#last.set([1, reads.at(-1)!], layer * 2);
  }

  /** This pass's guess for the layer; undefined if there was none. */
  of(layer: number): Guess | undefined {
    const { [State.layer]: guessed, [State.guessed]: all, [State.read]: read } = this.#state;
    if (guessed !== layer + 1) return undefined;
    return { items: this.#items.subarray(0, all), reads: this.#reads.subarray(0, read) };
  }

  /** The guess has served. */
  forget(): void {
    this.#state[State.layer] = 0;
  }

  /** Waits for what an earlier pass read ahead: no other read may get a slot that one still fills. */
  settle(layer: number): void {
    if (this.#last[layer * 2] === 0) return;
    this.#demand.wait(this.#last[layer * 2 + 1]!);
    this.#last[layer * 2] = 0;
  }
}
