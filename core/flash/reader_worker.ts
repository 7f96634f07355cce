/**
 * A flash reader thread: loads the pinned units once, then keeps the ring of streamed units full
 * and serves what is demanded out of turn before it. Reads whole pages with O_DIRECT straight into
 * the shared wasm memory: no copy, no page cache.
 */
import { Control, Counter, SLOTS, Word } from "../model/control.ts";
import { faultOf, workerPort } from "../model/port.ts";
import { verifyUnit } from "./checksum.ts";
import { type DemandedRead, DemandQueue } from "./demand.ts";
import { type Disk, openDisk, type ReadMethod } from "./disk.ts";
import type { Unit } from "./layout.ts";
import { PageCheck, type PageSums } from "./page_sums.ts";
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
  /** Vouch for what is demanded. */
  readonly pageSums: PageSums;
  /** Units to load now and keep, with their addresses. */
  readonly pinned: readonly { readonly unit: Unit; readonly at: number }[];
  /** Streamed units of all layers, then of the head, in visit order. */
  readonly layers: readonly Unit[];
  readonly head: readonly Unit[];
  readonly ring: { readonly at: number; readonly bytes: number };
  /** Units of the layers in the order in which they are lent room, with their addresses there. */
  readonly loans: readonly { readonly unit: Unit; readonly at: number }[];
  /** Units that are demanded as wholes. */
  readonly demanded: readonly Unit[];
}

/** One reader's work. */
class Reader {
  readonly #task: ReaderTask;
  readonly #control: Control;
  readonly #disk: Disk;
  readonly #tracer = new Tracer();
  readonly #checked = new Set<number>(); // units
  readonly #demandable: ReadonlyMap<number, Unit>; // by offset
  readonly #pageCheck: PageCheck;
  #turn = 0; // of tracing, when last looked

  constructor(task: ReaderTask, disk: Disk) {
    this.#task = task;
    this.#control = new Control(task.memory, task.threads);
    this.#disk = disk;
    this.#demandable = new Map(task.demanded.map((unit) => [unit.offset, unit]));
    this.#pageCheck = new PageCheck(task.pageSums);
  }

  load(): void {
    this.#keep(this.#task.pinned);
  }

  /** Reads the units, whatever is streamed. */
  #keep(placed: ReaderTask["pinned"]): void {
    const units = placed.values();
    const next = () => {
      const one = units.next().value;
      return one && this.#unit(one.unit, one.at, () => {});
    };
    const pump = this.#pump([{ next, bytesMax: this.#disk.streamBytes }]);
    while (!this.#control.ended() && pump.turn());
  }

  /** Reads what is wanted, and between two epochs what is newly lent room. */
  serve(): void {
    const control = this.#control, { loans, reader, readers } = this.#task;
    for (let lent = 0, step = 1; !control.ended();) {
      const epoch = control.load(Word.epoch);
      this.#follow(lent, step);
      control.count(Word.paused);
      if (!control.changed(Word.epoch, epoch, 0)) return;
      const before = lent;
      lent = control.load(Word.lent);
      step = control.load(Word.step) + 1; // it may begin as soon as all have read
      this.#keep(loans.slice(before, lent).filter((_, i) => i % readers === reader));
      control.count(Word.paused);
    }
  }

  /**
   * Reads what is demanded and the streamed units there is room for, until it is to pause; sleeps
   * while there is neither. The first `lent` loans are in DRAM; the next step is number `step`.
   */
  #follow(lent: number, step: number): void {
    const control = this.#control;
    const demands = new DemandQueue(control);
    const streamed = new Streamed(control, this.#task, lent, step);
    const pump = this.#pump([
      { next: () => this.#demanded(demands), bytesMax: Infinity },
      { next: () => this.#streamed(streamed), bytesMax: this.#disk.streamBytes },
    ]);
    while (!control.ended()) {
      this.#trace();
      const bell = control.load(Word.bell);
      if (control.load(Word.pausing) !== 0) return pump.drain();
      if (!pump.turn() && !control.changed(Word.bell, bell, 0)) return;
    }
  }

  #pump(lanes: readonly Lane[]): Pump {
    const { counters } = this.#control;
    const { reader, readers } = this.#task;
    return new Pump(this.#disk, lanes, (bytes, ms) => {
      counters[Counter.readerBytes + reader]! += bytes;
      counters[Counter.readerMs + reader]! += ms / readers;
    });
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
        this.#checkDemanded(read);
        queue.finish(read);
      },
    };
  }

  /** A whole unit, or some pages of one. */
  #checkDemanded({ offset, bytes, at }: DemandedRead): void {
    const unit = this.#demandable.get(offset);
    if (unit) this.#check(unit, at);
    else this.#pageCheck.check(offset, new Uint8Array(this.#task.memory.buffer, at, bytes));
  }

  #streamed(streamed: Streamed): Reading | undefined {
    const next = streamed.take();
    if (!next) return undefined;
    const { k, unit, at } = next;
    return this.#unit(unit, at, () => {
      this.#control.publish(Word.ready + (k % SLOTS), (k + 1) | 0);
    });
  }

  /** A unit's bytes are checked when they are read for the first time. */
  #unit(unit: Unit, at: number, tell: () => void): Reading {
    const { offset, bytes, id, layer } = unit;
    const begin = this.#tracer.begin();
    const done = () => {
      this.#tracer.end("read", begin, { layer, unit: id });
      this.#check(unit, at);
      tell();
    };
    return { offset, bytes, at, done };
  }

  #check(unit: Unit, at: number): void {
    const { buffer } = this.#task.memory;
    if (!this.#checked.has(unit.id)) verifyUnit(unit, new Uint8Array(buffer, at, unit.bytes));
    this.#checked.add(unit.id);
  }
}

/** This reader's share of the streamed units, one after the other. */
class Streamed {
  readonly #control: Control;
  readonly #task: ReaderTask;
  readonly #walk: ReturnType<typeof passages> | undefined;
  #next: Passage | undefined;

  constructor(control: Control, task: ReaderTask, lent: number, step: number) {
    this.#control = control;
    this.#task = task;
    const { head, ring } = task;
    const resident = new Set(task.loans.slice(0, lent).map(({ unit }) => unit));
    const layers = task.layers.filter((unit) => !resident.has(unit));
    if (layers.length + head.length === 0) return;
    this.#walk = passages(control, layers, head, ring, step);
  }

  /** The next unit that may be read now. */
  take(): Passage | undefined {
    while (!this.#next) {
      const passage = this.#walk?.next().value;
      if (!passage) return undefined;
      if (passage.k % this.#task.readers === this.#task.reader) this.#next = passage;
    }
    if (!this.#control.isPast(Word.consumed, this.#next.consumed)) return undefined;
    const taken = this.#next;
    this.#next = undefined;
    return taken;
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
    port.postMessage({ type: "fault", message: faultOf(error) });
    new Control(event.data.memory, event.data.threads).publish(Word.fault, 1);
  }
  port.postMessage({ type: "ended" });
  port.close();
};
