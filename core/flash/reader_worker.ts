/**
 * A flash reader thread: loads the pinned units once, then keeps the ring of streamed units full.
 * Reads whole pages with O_DIRECT straight into the shared wasm memory: no copy, no page cache.
 */
import { closeSync, readSync } from "node:fs";
import { Control, COUNTERS_AT, SLOTS, Word } from "../model/control.ts";
import { openDirect } from "./direct.ts";
import { verifyUnit } from "./checksum.ts";
import { passages } from "./stream.ts";
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

/** Reads a unit's pages to `at`; checks the bytes the first time. */
function readUnit(fd: number, task: ReaderTask, unit: Unit, at: number, check: boolean): void {
  const pages = new Uint8Array(task.memory.buffer, at, unit.bytes);
  for (let done = 0; done < unit.bytes;) {
    const got = readSync(fd, pages, done, unit.bytes - done, unit.offset + done);
    if (got <= 0) throw new Error(`unit ${unit.id}: the data file ends at ${unit.offset + done}`);
    done += got;
  }
  if (check) verifyUnit(unit, pages);
  const counters = new Float64Array(task.memory.buffer, COUNTERS_AT, 64);
  counters[8 + task.reader] = counters[8 + task.reader]! + unit.bytes;
}

function run(task: ReaderTask): void {
  const control = new Control(task.memory, task.threads);
  const { fd } = openDirect(task.dataFile);
  try {
    task.pinned.forEach(({ unit, at }) => readUnit(fd, task, unit, at, true));
    port.postMessage({ type: "loaded" });
    if (task.layers.length + task.head.length > 0) stream(control, fd, task);
  } finally {
    closeSync(fd);
  }
}

function stream(control: Control, fd: number, task: ReaderTask): void {
  const checked = new Set<number>();
  for (const { k, unit, at, consumed } of passages(control, task.layers, task.head, task.ring)) {
    if (k % task.readers !== task.reader) continue;
    if (!control.reached(Word.consumed, consumed)) return;
    readUnit(fd, task, unit, at, !checked.has(unit.id));
    checked.add(unit.id);
    control.publish(Word.ready + (k % SLOTS), (k + 1) | 0);
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
