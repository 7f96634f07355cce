/**
 * A flash reader thread: loads the pinned units once, then keeps the ring of streamed units full
 * and serves what is demanded out of turn before it. Reads whole pages with O_DIRECT straight into
 * the shared wasm memory: no copy, no page cache.
 */
import { Control, SLOTS, Word } from "../model/control.ts";
import { workerPort } from "../model/port.ts";
import { verifyUnit } from "./checksum.ts";
import { DemandQueue } from "./demand.ts";
import { type Disk, openDisk, type ReadMethod } from "./disk.ts";
import type { Unit } from "./layout.ts";
import { type Lane, Pump, type Reading } from "./pump.ts";
import { type Passage, passages } from "./stream.ts";
import { Tracer } from "./trace.ts";

const port = workerPort<ReaderTask>();

/** What a reader is told at start. */
export interface ReaderTask {
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  readonly reader: number;
  readonly readers: number;
  readonly dataFile: string;
  readonly method: ReadMethod;
  /** Units to load now and keep, with their addresses. */
  readonly pinned: readonly { readonly unit: Unit; readonly at: number }[];
  /** Streamed units of all layers, then of the head, in visit order. */
  readonly layers: readonly Unit[];
  readonly head: readonly Unit[];
  readonly ring: { readonly at: number; readonly bytes: number };
}

/** One reader's work. */
class Reader {
  readonly #task: ReaderTask;
  readonly #control: Control;
  readonly #disk: Disk;
  readonly #tracer = new Tracer();
  #turn = 0; // of tracing, when last looked

  constructor(task: ReaderTask, disk: Disk) {
    this.#task = task;
    this.#control = new Control(task.memory, task.threads);
    this.#disk = disk;
  }

  load(): void {
    const pinned = this.#task.pinned.values();
    const next = () => {
      const one = pinned.next().value;
      return one && this.#unit(one.unit, one.at, true, () => {});
    };
    const pump = this.#pump([{ next, bytesMax: this.#disk.streamBytes }]);
    while (!this.#control.ended() && pump.turn());
  }

  /** Reads what is demanded and the streamed units there is room for; sleeps while there is neither. */
  serve(): void {
    const control = this.#control;
    const demands = new DemandQueue(control);
    const streamed = new Streamed(control, this.#task);
    const pump = this.#pump([
      { next: () => this.#demanded(demands), bytesMax: Infinity },
      { next: () => this.#streamed(streamed), bytesMax: this.#disk.streamBytes },
    ]);
    while (!control.ended()) {
      this.#trace();
      const bell = control.load(Word.bell);
      if (!pump.turn() && !control.changed(Word.bell, bell, 0)) return;
    }
  }

  #pump(lanes: readonly Lane[]): Pump {
    const { counters } = this.#control;
    const mine = 8 + this.#task.reader;
    return new Pump(this.#disk, lanes, (bytes) => counters[mine] = counters[mine]! + bytes);
  }

  /** Notes reads while it is wanted, and sends the notes when it is no longer. */
  #trace(): void {
    const turn = this.#control.load(Word.tracingReads);
    if (turn === this.#turn) return;
    this.#turn = turn;
    this.#tracer.on = turn % 2 === 1;
    if (!this.#tracer.on) {
      const row = { name: `reader ${this.#task.reader}`, spans: this.#tracer.take() };
      port.postMessage({ type: "trace", row });
    }
  }

  #demanded(queue: DemandQueue): Reading | undefined {
    const read = queue.take();
    const begin = this.#tracer.begin();
    return read && {
      ...read,
      done: () => {
        this.#tracer.end("read out of turn", begin);
        queue.finish(read);
      },
    };
  }

  #streamed(streamed: Streamed): Reading | undefined {
    const next = streamed.take();
    if (!next) return undefined;
    const { k, unit, at, fresh } = next;
    const tell = () => this.#control.publish(Word.ready + (k % SLOTS), (k + 1) | 0);
    return this.#unit(unit, at, fresh, tell);
  }

  /** A unit's bytes are checked when they are `fresh`: read for the first time. */
  #unit(unit: Unit, at: number, fresh: boolean, tell: () => void): Reading {
    const { memory } = this.#task;
    const { offset, bytes, id, layer } = unit;
    const begin = this.#tracer.begin();
    const done = () => {
      this.#tracer.end("read", begin, { layer, unit: id });
      if (fresh) verifyUnit(unit, new Uint8Array(memory.buffer, at, bytes));
      tell();
    };
    return { offset, bytes, at, done };
  }
}

/** This reader's share of the streamed units, one after the other. */
class Streamed {
  readonly #control: Control;
  readonly #task: ReaderTask;
  readonly #walk: ReturnType<typeof passages> | undefined;
  readonly #seen = new Set<number>();
  #next: Passage | undefined;

  constructor(control: Control, task: ReaderTask) {
    this.#control = control;
    this.#task = task;
    const { layers, head, ring } = task;
    if (layers.length + head.length > 0) this.#walk = passages(control, layers, head, ring);
  }

  /** The next unit that may be read now; `fresh` the first time. */
  take(): (Passage & { readonly fresh: boolean }) | undefined {
    while (!this.#next) {
      const passage = this.#walk?.next().value;
      if (!passage) return undefined;
      if (passage.k % this.#task.readers === this.#task.reader) this.#next = passage;
    }
    if (!this.#control.isPast(Word.consumed, this.#next.consumed)) return undefined;
    const taken = this.#next;
    this.#next = undefined;
    const fresh = !this.#seen.has(taken.unit.id);
    this.#seen.add(taken.unit.id);
    return { ...taken, fresh };
  }
}

function run(task: ReaderTask): void {
  const disk = openDisk(task.dataFile, task.memory, task.method);
  try {
    const reader = new Reader(task, disk);
    reader.load();
    port.postMessage({ type: "loaded" });
    reader.serve();
  } finally {
    disk.close();
  }
}

port.onmessage = (event: MessageEvent<ReaderTask>) => {
  try {
    run(event.data);
  } catch (error) {
    port.postMessage({ type: "fault", message: String(error) });
    new Control(event.data.memory, event.data.threads).publish(Word.fault, 1);
  }
  port.postMessage({ type: "ended" });
  port.close();
};
