/**
 * The window of one layer in DRAM: fixed slots for neurons (or clusters of experts), allocated once.
 * Of neurons, what leaves is replaced by what lies in the last used slot, so the free ones lie
 * together at the end and neighbours on flash are read in one go (LLM in a flash, arXiv 2312.11514,
 * 3.3); clusters are too large to move, and who comes takes the slot of who leaves. All state lies
 * in memory that the threads share: one of them at a time does the bookkeeping. Pure.
 */
import { assert } from "../errors.ts";

/**
 * Who leaves when room is needed, of those not wanted now:
 *   "lru"     the one unused for longest
 *   "lfu"     the least used, older uses counting less (seeded from an assistant's profile)
 *   "static"  half the slots keep what the profile says is used most; the rest goes by "lru"
 *   "first"   the last that came: what came first stays. To compare with
 *   "none"    all: nothing stays. To compare with
 */
export type Eviction = "lru" | "lfu" | "static" | "first" | "none";

/** A use counts half after three tokens: as good as lru on true zeros, better on gated models (bench policies). */
const DECAY = 0.8;
/** Counts are scaled down before f32 loses them. */
const WEIGHT_MAX = 1e20;
/** Score of what never leaves. */
const KEPT = Infinity;
/** Words before the arrays: used, tick, weight as f32. */
const HEADER_WORDS = 16;
const USED = 0, TICK = 1, WEIGHT = 2;

/** What an arena is made for. */
export interface ArenaShape {
  /** Things that may be held, numbered from 0. */
  readonly items: number;
  /** How many of them at once. */
  readonly slots: number;
  readonly eviction: Eviction;
}

/** Slots of one layer: which item lies where, who leaves next. */
export class Arena {
  readonly slots: number;
  readonly #eviction: Eviction;
  readonly #header: Int32Array;
  readonly #weight: Float32Array;
  readonly #slotOf: Int32Array; // (items) slot + 1, or 0
  readonly #itemOf: Int32Array; // (items; the first `used` count) item in a slot
  readonly #wanted: Int32Array; // (items) tick of the last use
  readonly #scores: Float32Array; // (items) the lowest leaves first

  /** Bytes of the state of an arena for `items`. */
  static bytes(items: number): number {
    return (HEADER_WORDS + 4 * items) * 4;
  }

  /** Over zeroed or earlier state at byte `at`. */
  constructor(buffer: ArrayBufferLike, at: number, { items, slots, eviction }: ArenaShape) {
    this.slots = Math.min(slots, items);
    this.#eviction = eviction;
    const array = (i: number) => at + (HEADER_WORDS + i * items) * 4;
    this.#header = new Int32Array(buffer, at, HEADER_WORDS);
    this.#weight = new Float32Array(buffer, at + WEIGHT * 4, 1);
    this.#slotOf = new Int32Array(buffer, array(0), items);
    this.#itemOf = new Int32Array(buffer, array(1), items);
    this.#wanted = new Int32Array(buffer, array(2), items);
    this.#scores = new Float32Array(buffer, array(3), items);
  }

  /** Slots in use: 0..used-1. */
  get used(): number {
    return this.#header[USED]!;
  }

  /** Where an item lies; -1 = nowhere. */
  slotOf(item: number): number {
    return this.#slotOf[item]! - 1;
  }

  /**
   * Takes in what a token (or a batch) wants, at most as many as there are slots. Items that were
   * not here get the slots from the returned one on, in the order given; their bytes must be read.
   * @param move copies a slot's bytes: (from, to)
   */
  admit(wanted: Int32Array, move: (from: number, to: number) => void): number {
    this.#evict(this.#note(wanted), move);
    const first = this.used;
    for (const item of wanted) {
      if (this.#slotOf[item] === 0) this.#place(item, this.#header[USED]!++);
    }
    return first;
  }

  /**
   * As `admit` for slots too large to move: who comes gets the slots of those who leave, wherever they
   * lie. `read` is told each that was not here, in order: its place in `wanted` and its slot.
   */
  exchange(wanted: Int32Array, read: (i: number, slot: number) => void): void {
    this.#take(wanted, this.#leave(this.#note(wanted)), read);
  }

  /**
   * Takes in what the next exchange may want and is not here, in place of what is used least, but for
   * what is here and may be wanted too. It leaves after that exchange at the earliest, so together
   * with what is wanted there it must fit the slots. No use is counted.
   */
  expect(
    items: Int32Array,
    here: readonly number[],
    read: (i: number, slot: number) => void,
  ): void {
    const tick = this.#header[TICK]!;
    for (const item of here) this.#wanted[item] = tick + 1;
    const free = this.#leave(this.used + items.length - this.slots, tick + 1);
    for (const item of here) this.#wanted[item] = tick;
    for (const item of items) this.#wanted[item] = tick + 1;
    this.#take(items, free, read);
  }

  #take(items: Int32Array, free: number[], read: (i: number, slot: number) => void): void {
    items.forEach((item, i) => {
      if (this.#slotOf[item] !== 0) return;
      const slot = free.pop() ?? this.#header[USED]!++;
      this.#place(item, slot);
      read(i, slot);
    });
  }

  /** Begins from a profile: how much each item is used, in any unit. Bytes stay where they are. */
  seed(profile: ArrayLike<number>): void {
    const items = this.#scores.length;
    assert(profile.length === items, "the profile has a count for each item");
    const order = Int32Array.from({ length: items }, (_, i) => i)
      .sort((a, b) => profile[b]! - profile[a]! || a - b);
    const most = Math.max(1e-9, profile[order[0]!]!);
    this.#weight[0] = 1;
    order.forEach((item, place) => {
      const kept = this.#eviction === "static" && place < this.slots / 2;
      // A profile's counts weigh as a habit of 1 / (1 - DECAY) tokens at the most.
      this.#scores[item] = kept ? KEPT : profile[item]! / most / (1 - DECAY);
      if (this.#eviction !== "lfu" && !kept) this.#scores[item] = this.#wanted[item]!;
    });
  }

  #age(): void {
    const weight = this.#weight[0] = (this.#weight[0] || 1) / DECAY;
    if (weight < WEIGHT_MAX || this.#eviction !== "lfu") return;
    for (let i = 0; i < this.#scores.length; i++) this.#scores[i]! /= weight;
    this.#weight[0] = 1;
  }

  #use(item: number, tick: number): void {
    if (this.#eviction === "lfu") this.#scores[item]! += this.#weight[0]!;
    else if (this.#eviction === "first") {
      if (this.#slotOf[item] === 0) this.#scores[item] = -tick;
    } else if (this.#scores[item] !== KEPT) this.#scores[item] = tick;
  }

  #place(item: number, slot: number): void {
    this.#slotOf[item] = slot + 1;
    this.#itemOf[slot] = item;
  }

  /** Counts a use of each; returns how many others must leave. */
  #note(wanted: Int32Array): number {
    assert(wanted.length <= this.slots, "what is wanted at once fits the slots");
    if (this.#eviction === "none") {
      this.#slotOf.fill(0);
      this.#header[USED] = 0;
    }
    const tick = ++this.#header[TICK]!;
    this.#age();
    let fresh = 0;
    for (const item of wanted) {
      this.#wanted[item] = tick;
      this.#use(item, tick);
      if (this.#slotOf[item] === 0) fresh++;
    }
    return this.used + fresh - this.slots;
  }

  /** Slots of `count` items that are not wanted at the tick and leave, the last first. */
  #leave(count: number, tick = this.#header[TICK]!): number[] {
    const slots: number[] = [];
    if (count <= 0) return slots;
    const { most, ties } = this.#bar(count, tick);
    let left = ties;
    for (let slot = this.used - 1; slot >= 0; slot--) {
      const item = this.#itemOf[slot]!, score = this.#scores[item]!;
      if (this.#wanted[item] === tick || score > most || score === most && left-- <= 0) continue;
      this.#slotOf[item] = 0;
      slots.push(slot);
    }
    return slots;
  }

  /** Lets `count` items go. From the end, so that no hole is last. */
  #evict(count: number, move: (from: number, to: number) => void): void {
    for (const slot of this.#leave(count)) {
      const last = --this.#header[USED]!;
      if (slot === last) continue;
      const moved = this.#itemOf[last]!;
      this.#place(moved, slot);
      move(last, slot);
    }
  }

  /** The highest score that leaves, and how many of those that have it do. */
  #bar(count: number, tick: number): { most: number; ties: number } {
    const free: number[] = [];
    for (let slot = 0; slot < this.used; slot++) {
      const item = this.#itemOf[slot]!;
      if (this.#wanted[item] !== tick) free.push(this.#scores[item]!);
    }
    const scores = Float32Array.from(free).sort();
    const most = scores[count - 1]!;
    let ties = 0;
    while (ties < count && scores[count - 1 - ties] === most) ties++;
    return { most, ties };
  }
}
