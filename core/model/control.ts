/**
 * The control block at the start of the shared memory: how the main thread, the compute threads
 * and the flash readers meet. Int32 words, used with Atomics only; times and byte counts as f64.
 */
import { assert } from "../errors.ts";
import { SCRATCH_BYTES } from "../kernels/kernels.ts";

/** Word numbers in the control block. */
export const Word = {
  step: 64, // number of the step to run; main adds 1 and notifies
  done: 80, // number of the last finished step
  arrived: 96, // threads waiting in the barrier
  generation: 112, // passes of the barrier
  consumed: 128, // streamed units that compute has finished with (wraps)
  bell: 132, // rung whenever there may be something new for the readers (wraps)
  stop: 144, // 1: every thread ends
  fault: 145, // 1: a reader failed; the message follows by postMessage
  tokens: 146, // tokens in this step
  logits: 147, // of them, how many want logits
  screened: 150, // 1: of the logits only the best are wanted
  ticket: 1264, // next piece of work of this phase: whoever is free takes it
  finished: 1344, // words for the clusters of a group: rows done of each, 0 again once all are
  tracing: 148, // 1: the threads note what they do in this step
  tracingReads: 149, // odd: the readers do; even again: they send what they have noted
  pausing: 154, // 1: the readers end what is in flight and rest until the next epoch
  paused: 155, // readers that rest; then, counted on, those that have read what is lent
  epoch: 156, // raised with each change of what is lent
  lent: 157, // units that lie in the KV cache's free blocks, the first so many of plan.loans
  headWanted: 160, // 64 words: step n reads the head, at n % 64 (a reader may lag behind the step)
  ready: 224, // SLOTS words: k + 1 (wraps) once streamed unit k lies in the ring
  demanded: 1280, // reads out of turn that were ever asked for (wraps)
  served: 1296, // of them, how many a reader has taken up (wraps)
  demands: 1536, // DEMANDS times: first page, bytes, address, number of the last read that is done
} as const;

/** Streamed units that may be in flight; more than any ring holds units. */
export const SLOTS = 1024;
/** Reads out of turn that may be in flight. */
export const DEMANDS = 256;
/** f64 counters begin here, in bytes; see Counter. */
export const COUNTERS_AT = 12 * 1024;
/** Numbers of the counters, each written by one thread at a time. */
export const Counter = {
  passWaitMs: 0, // of thread 0: for streamed units, neurons and experts
  windowBytesUsed: 1, // of neurons and experts
  headWaitMs: 2, // for rows of the head that screening left
  headBytesUsed: 3, // of those rows
  aheadBytesRead: 4, // of experts, on a guess
  aheadBytesUsed: 5, // of them, what the router then chose
  readerBytes: 8, // + r: read by reader r
  readerMs: 10, // + r: in which it had reads in flight, by the number of readers
} as const;
/** The kernels' scratch begins here, SCRATCH_BYTES for each thread. */
export const SCRATCH_AT = 16 * 1024;
/** Compute threads there may be. */
export const THREADS_MAX = 64;
/** Bytes of the whole control block. */
export const CONTROL_BYTES = SCRATCH_AT + THREADS_MAX * SCRATCH_BYTES;

/** Looks before sleeping, some 20-40 us: longer than most gaps inside a layer. */
export const SPINS = 4000;
/**
 * After looking in vain a thread goes to the next so many barriers asleep: whoever it waits for has
 * lost its core to another program, and looking would keep it from this one.
 */
const SLEEPS = 16;

/** One thread's view of the control block. */
export class Control {
  readonly words: Int32Array;
  readonly counters: Float64Array;
  readonly threads: number;
  #drowsy = 0; // barriers at which it sleeps at once

  constructor(memory: WebAssembly.Memory, threads: number) {
    assert(threads <= THREADS_MAX, `${THREADS_MAX} compute threads or fewer`);
    this.words = new Int32Array(memory.buffer, 0, SCRATCH_AT / 4);
    this.counters = new Float64Array(memory.buffer, COUNTERS_AT, 64);
    this.threads = threads;
    assert(Word.demands + 4 * DEMANDS <= COUNTERS_AT / 4, "control words do not meet the counters");
  }

  /** Bytes that flash has given in a millisecond of reading so far; 1 GB/s before it has. */
  get readSpeed(): number {
    const { counters } = this, ms = counters[Counter.readerMs]! + counters[Counter.readerMs + 1]!;
    const bytes = counters[Counter.readerBytes]! + counters[Counter.readerBytes + 1]!;
    return ms > 0 ? bytes / ms : 1e6;
  }

  load(word: number): number {
    return Atomics.load(this.words, word);
  }

  /** Stores and wakes whoever waits on the word. */
  publish(word: number, value: number): void {
    Atomics.store(this.words, word, value);
    Atomics.notify(this.words, word);
  }

  /** Stores and wakes the readers, who sleep on the bell alone: many things concern them. */
  call(word: number, value: number): void {
    Atomics.store(this.words, word, value);
    this.ring();
  }

  /** Adds one and wakes whoever waits on the word. */
  count(word: number): void {
    Atomics.add(this.words, word, 1);
    Atomics.notify(this.words, word);
  }

  /** Wakes the readers. */
  ring(): void {
    Atomics.add(this.words, Word.bell, 1);
    Atomics.notify(this.words, Word.bell);
  }

  /** Waits until the word no longer holds `value`; false when the machine stops or a reader failed. */
  changed(word: number, value: number, spins = SPINS): boolean {
    return this.#looks(word, value, spins) || this.#sleeps(word, value);
  }

  /** Whether the word changes while it is looked at. */
  #looks(word: number, value: number, spins: number): boolean {
    for (let i = 0; i < spins; i++) if (this.load(word) !== value) return true;
    return false;
  }

  #sleeps(word: number, value: number): boolean {
    const { words } = this;
    while (Atomics.load(words, word) === value) {
      if (this.ended()) return false;
      Atomics.wait(words, word, value, 100); // ms: the bound after which stop and fault are seen
    }
    return true;
  }

  /** Whether a counting word is at `value` or past it; counts may wrap. */
  isPast(word: number, value: number): boolean {
    return ((this.load(word) - value) | 0) >= 0;
  }

  /** Waits until a counting word is at `value` or past it; false as in `changed`. */
  reached(word: number, value: number, spins = 0): boolean {
    for (let seen = this.load(word); ((seen - value) | 0) < 0; seen = this.load(word)) {
      if (!this.changed(word, seen, spins)) return false;
    }
    return !this.ended();
  }

  /** Tells every thread to end. */
  stop(): void {
    this.publish(Word.stop, 1);
    for (const word of [Word.step, Word.bell, Word.generation]) Atomics.notify(this.words, word);
  }

  ended(): boolean {
    return Atomics.load(this.words, Word.stop) !== 0 || Atomics.load(this.words, Word.fault) !== 0;
  }

  /**
   * All compute threads meet; the last to come calls `onLast` before the others go on, so what is
   * too little to divide needs no meeting of its own. Tickets begin at 0 again.
   * @throws Ended when the machine stops meanwhile
   */
  barrier(onLast?: () => void): void {
    const { words } = this;
    const generation = Atomics.load(words, Word.generation);
    if (Atomics.add(words, Word.arrived, 1) === this.threads - 1) {
      Atomics.store(words, Word.arrived, 0);
      Atomics.store(words, Word.ticket, 0);
      onLast?.();
      this.publish(Word.generation, (generation + 1) | 0);
    } else if (!this.#released(generation)) throw new Ended();
  }

  /** Waits for the others, asleep at once where looking was in vain not long ago. */
  #released(generation: number): boolean {
    if (this.#drowsy > 0) this.#drowsy--;
    else if (this.#looks(Word.generation, generation, SPINS)) return true;
    else this.#drowsy = SLEEPS;
    return this.#sleeps(Word.generation, generation);
  }
}

/** Unwinds a thread when the machine stops or a reader failed in the middle of a step. */
export class Ended extends Error {}
