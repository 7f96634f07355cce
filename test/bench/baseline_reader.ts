/**
 * The reader thread of the bench's baselines, in place of core/flash/reader_worker.ts: it reads a
 * whole layer before it gives any of it to the compute threads, and waits until they have finished
 * with the one before (or the one before that). Its ReadingPlan comes in its URL.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { DemandQueue } from "../../core/flash/demand.ts";
import { type Disk, openDisk } from "../../core/flash/disk.ts";
import { type Unit, UNIT_BYTES_MAX } from "../../core/flash/layout.ts";
import { type Lane, Pump, type Reading } from "../../core/flash/pump.ts";
import type { ReaderTask } from "../../core/flash/reader_worker.ts";
import { type Passage, passages } from "../../core/flash/stream.ts";
import { Control, Counter, SLOTS, Word } from "../../core/model/control.ts";
import { workerPort } from "../../core/model/port.ts";
import type { ReadingPlan } from "./baseline.ts";

const port = workerPort<ReaderTask>();
const plan: ReadingPlan = JSON.parse(new URL(import.meta.url).searchParams.get("plan")!);

/** This reader's part of each layer, and of what the head holds at once; each is a stage. */
class Stages {
  readonly #control: Control;
  readonly #task: ReaderTask;
  readonly #walk: ReturnType<typeof passages>;
  readonly #starts: ReadonlySet<Unit>;
  #begins = [0, 0]; // first unit of this stage, and of the one before
  #passes = 0;
  #seen: Passage | undefined; // the walk's next, whoever reads it
  #next: Passage | undefined; // this reader's next
  #idle: (readonly [offset: number, bytes: number])[] = []; // read though nobody waits for it
  #flying = { idle: 0, units: 0 };
  #read: number[] = []; // units of the stage that lie in DRAM

  constructor(control: Control, task: ReaderTask) {
    this.#control = control;
    this.#task = task;
    this.#walk = passages(control, task.layers, task.head, task.ring);
    this.#starts = stageStarts(task);
  }

  /** What may be read now. */
  next(): Reading | undefined {
    const passage = this.#next ??= this.#advance();
    if (!passage || !this.#mayRead(passage)) return undefined;
    const { k, at, unit: { offset, bytes } } = passage;
    if (this.#idle.length > 0) return this.#readIdle(at, bytes);
    if (this.#flying.idle > 0) return undefined; // they lie where this unit is to lie
    this.#next = undefined;
    this.#flying.units++;
    const done = () => {
      this.#flying.units--;
      this.#read.push(k);
    };
    return { offset, bytes, at, done };
  }

  /** This reader's next unit; a stage begins when all of the one before is given to compute. */
  #advance(): Passage | undefined {
    for (;;) {
      const passage = this.#seen ??= this.#walk.next().value;
      const begins = !passage || this.#starts.has(passage.unit);
      if (begins && this.#flying.units > 0) return undefined;
      if (begins) this.#give();
      if (!passage) return undefined;
      this.#seen = undefined;
      if (begins) this.#begin(passage);
      if (passage.k % this.#task.readers === this.#task.reader) return passage;
    }
  }

  #begin({ k, unit }: Passage): void {
    this.#begins = [k, this.#begins[0]!];
    if (unit !== this.#task.layers[0]) return;
    this.#passes++;
    const { reader, readers } = this.#task;
    this.#idle = plan.also.filter((_, i) => i % readers === reader);
  }

  /** Without read-ahead a pass is begun when it is asked for, not before. */
  #mayRead({ consumed }: Passage): boolean {
    if (plan.ahead === 0 && !this.#control.isPast(Word.step, this.#passes)) return false;
    return this.#control.isPast(Word.consumed, Math.max(this.#begins[plan.ahead]!, consumed));
  }

  /** A piece that fits where the next unit will lie. */
  #readIdle(at: number, bytesMax: number): Reading {
    const [offset, all] = this.#idle.pop()!;
    const bytes = Math.min(all, bytesMax);
    if (bytes < all) this.#idle.push([offset + bytes, all - bytes]);
    this.#flying.idle++;
    return { offset, bytes, at, done: () => this.#flying.idle-- };
  }

  #give(): void {
    for (const k of this.#read.splice(0)) {
      this.#control.publish(Word.ready + (k % SLOTS), (k + 1) | 0);
    }
  }
}

/** Where a stage begins: at each layer, and in the head at as much as compute holds at once. */
function stageStarts({ layers, head, ring }: ReaderTask): Set<Unit> {
  const most = [...layers, ...head].reduce((bytes, unit) => Math.max(bytes, unit.bytes), 1);
  const held = Math.max(1, Math.floor(ring.bytes / most / 2)); // as model/thread.ts counts it
  return new Set([
    ...layers.filter((unit, i) => unit.layer !== layers[i - 1]?.layer),
    ...head.filter((_, i) => i % held === 0),
  ]);
}

/** Through the page cache, one read after the other; reading ahead is the kernel's. */
function openBuffered(path: string, memory: WebAssembly.Memory): Disk {
  const fd = openSync(path, "r");
  let ended = false;
  return {
    ...{ method: "sync", direct: false, depth: 1, streamBytes: 1, readBytes: UNIT_BYTES_MAX },
    begin: (_tag, offset, bytes, at) => {
      const pages = new Uint8Array(memory.buffer, at, bytes);
      for (let read = 0; read < bytes;) {
        read += readSync(fd, pages, read, bytes - read, offset + read);
      }
      ended = true;
    },
    settle: (done) => {
      if (ended) done(0);
      ended = false;
    },
    close: () => closeSync(fd),
  };
}

function run(task: ReaderTask): void {
  const { dataFile, memory, threads, method } = task;
  const control = new Control(memory, threads);
  const disk = plan.direct ? openDisk(dataFile, memory, method) : openBuffered(dataFile, memory);
  const pump = (...nexts: Lane["next"][]) =>
    new Pump(
      disk,
      nexts.map((next) => ({ next, bytesMax: disk.streamBytes })),
      (bytes, ms) => {
        control.counters[Counter.readerBytes + task.reader]! += bytes;
        control.counters[Counter.readerMs + task.reader]! += ms / task.readers;
      },
    );
  try {
    const pinned = task.pinned.map(({ unit, at }) => ({ ...unit, at, done: () => {} })).values();
    const loading = pump(() => pinned.next().value);
    while (loading.turn());
    port.postMessage({ type: "loaded" });
    const demands = new DemandQueue(control);
    const stages = new Stages(control, task);
    const demanded = () => {
      const read = demands.take();
      return read && { ...read, done: () => demands.finish(read) };
    };
    const streaming = pump(demanded, () => stages.next());
    while (!control.ended()) {
      const bell = control.load(Word.bell);
      if (!streaming.turn()) control.changed(Word.bell, bell, 0);
    }
  } finally {
    disk.close();
  }
}

port.onmessage = ({ data }: MessageEvent<ReaderTask>) => {
  try {
    run(data);
  } catch (error) {
    port.postMessage({ type: "fault", message: String(error) });
    new Control(data.memory, data.threads).publish(Word.fault, 1);
  }
  port.postMessage({ type: "ended" });
  port.close();
};
