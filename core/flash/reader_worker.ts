/**
 * A flash reader thread: loads the pinned units once, then keeps the ring of streamed units full
 * and serves what is demanded out of turn before it. Reads whole pages with O_DIRECT straight into the shared wasm memory: no copy, no page cache.
 */
import { closeSync, readSync } from "node:fs";
import { Control, COUNTERS_AT, SLOTS, Word } from "../model/control.ts";
import { openDirect } from "./direct.ts";
import { verifyUnit } from "./checksum.ts";
import { DemandQueue } from "./demand.ts";
import { type Passage, passages } from "./stream.ts";
import type { Unit } from "./layout.ts";
import { workerPort } from "../model/port.ts";

const port = workerPort<ReaderTask>();

/** What a reader is told at start. */
export interface ReaderTask {
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  readonly reader: number;
  readonly readers: number;
  readonly dataFile: string;
  /** Units to load now and keep, with their addresses. */
  readonly pinned: readonly { readonly unit: Unit; readonly at: number }[];
  /** Streamed units of all layers, then of the head, in visit order. */
  readonly layers: readonly Unit[];
  readonly head: readonly Unit[];
  readonly ring: { readonly at: number; readonly bytes: number };
}

/** Reads whole pages to address `at`, and counts them. */
function read(fd: number, task: ReaderTask, offset: number, bytes: number, at: number): void {
  const pages = new Uint8Array(task.memory.buffer, at, bytes);
  for (let done = 0; done < bytes;) {
    const got = readSync(fd, pages, done, bytes - done, offset + done);
    if (got <= 0) throw new Error(`the data file ends at ${offset + done}`);
    done += got;
  }
  const counters = new Float64Array(task.memory.buffer, COUNTERS_AT, 64);
  counters[8 + task.reader] = counters[8 + task.reader]! + bytes;
}

function readUnit(fd: number, task: ReaderTask, unit: Unit, at: number, check: boolean): void {
  read(fd, task, unit.offset, unit.bytes, at);
  if (check) verifyUnit(unit, new Uint8Array(task.memory.buffer, at, unit.bytes));
}

function run(task: ReaderTask): void {
  const control = new Control(task.memory, task.threads);
  const { fd } = openDirect(task.dataFile);
  try {
    task.pinned.forEach(({ unit, at }) => readUnit(fd, task, unit, at, true));
    port.postMessage({ type: "loaded" });
    serve(control, fd, task);
  } finally {
    closeSync(fd);
  }
}

/** Reads what is demanded, else the next streamed unit there is room for, else sleeps. */
function serve(control: Control, fd: number, task: ReaderTask): void {
  const demands = new DemandQueue(control);
  const streamed = new Streamed(control, task);
  while (!control.ended()) {
    const bell = control.load(Word.bell);
    const demand = demands.take();
    if (demand) {
      read(fd, task, demand.offset, demand.bytes, demand.at);
      demands.finish(demand);
      continue;
    }
    const next = streamed.take();
    if (!next) {
      if (!control.changed(Word.bell, bell, 0)) return;
      continue;
    }
    readUnit(fd, task, next.unit, next.at, next.fresh);
    control.publish(Word.ready + (next.k % SLOTS), (next.k + 1) | 0);
  }
}

/** This reader's share of the streamed units, one after the other. */
class Streamed {
  readonly #control: Control;
  readonly #task: ReaderTask;
  readonly #walk: ReturnType<typeof passages> | undefined;
  readonly #checked = new Set<number>();
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
    const fresh = !this.#checked.has(taken.unit.id);
    this.#checked.add(taken.unit.id);
    return { ...taken, fresh };
  }
}

port.onmessage = (event: MessageEvent<ReaderTask>) => {
  try {
    run(event.data);
  } catch (error) {
    port.postMessage({ type: "fault", message: String(error) });
    new Control(event.data.memory, event.data.threads).publish(Word.fault, 1);
  }
  port.close();
};
