/**
 * The reader thread of the bench's baselines, in place of core/flash/reader_worker.ts: it reads a
 * whole layer before it gives any of it to the compute threads, and waits until they have finished
 * with the one before (or the one before that). Its ReadingPlan comes in its URL.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { DemandQueue } from "../../core/flash/demand.ts";
import { openDirect } from "../../core/flash/direct.ts";
import { type Unit, UNIT_BYTES_MAX } from "../../core/flash/layout.ts";
import type { ReaderTask } from "../../core/flash/reader_worker.ts";
import { type Passage, passages } from "../../core/flash/stream.ts";
import { Control, COUNTERS_AT, SLOTS, Word } from "../../core/model/control.ts";
import { workerPort } from "../../core/model/port.ts";
import type { ReadingPlan } from "./baseline.ts";

const port = workerPort<ReaderTask>();
const plan: ReadingPlan = JSON.parse(new URL(import.meta.url).searchParams.get("plan")!);

class Reader {
  readonly #task: ReaderTask;
  readonly #control: Control;
  readonly #demands: DemandQueue;
  readonly #fd: number;
  /** Where bytes go that nobody waits for. */
  readonly #scratch = new WebAssembly.Memory({ initial: 2 * UNIT_BYTES_MAX / 65536 });
  #passes = 0;

  constructor(task: ReaderTask) {
    this.#task = task;
    this.#control = new Control(task.memory, task.threads);
    this.#demands = new DemandQueue(this.#control);
    this.#fd = plan.direct ? openDirect(task.dataFile).fd : openSync(task.dataFile, "r");
  }

  /** Reads whole pages to address `at`, and counts them. */
  #read(offset: number, bytes: number, at: number, memory = this.#task.memory): void {
    const pages = new Uint8Array(memory.buffer, at, bytes);
    for (let done = 0; done < bytes;) {
      const got = readSync(this.#fd, pages, done, bytes - done, offset + done);
      if (got <= 0) throw new Error(`the data file ends at ${offset + done}`);
      done += got;
    }
    const counter = COUNTERS_AT / 8 + 8 + this.#task.reader;
    new Float64Array(this.#task.memory.buffer)[counter]! += bytes;
  }

  load(): void {
    this.#task.pinned.forEach(({ unit, at }) => this.#read(unit.offset, unit.bytes, at));
  }

  /** Serves demands until the condition holds; false when the machine stops. */
  #until(holds: () => boolean): boolean {
    const control = this.#control;
    while (!control.ended()) {
      const bell = control.load(Word.bell);
      const demand = this.#demands.take();
      if (demand) {
        this.#read(demand.offset, demand.bytes, demand.at);
        this.#demands.finish(demand);
      } else if (holds()) return true;
      else control.changed(Word.bell, bell, 0);
    }
    return false;
  }

  /** Reads stage by stage this reader's part, and gives it to compute once the stage is read. */
  stream(): void {
    const { layers, reader, readers } = this.#task;
    const starts = stageStarts(this.#task);
    const walk = passages(this.#control, layers, this.#task.head, this.#task.ring);
    const begins = [0, 0]; // first unit of this stage, and of the one before
    const read: Passage[] = [];
    for (;;) {
      const passage = walk.next().value ?? this.#rest(read, walk);
      if (!passage) return;
      const { k, unit, at } = passage;
      if (starts.has(unit)) {
        this.#give(read);
        begins.unshift(k);
        begins.length = 2;
        if (unit === layers[0] && !this.#beginPass()) return;
      }
      if (k % readers !== reader) continue;
      const from = Math.max(begins[plan.ahead]!, passage.consumed);
      if (!this.#until(() => this.#control.isPast(Word.consumed, from))) return;
      this.#read(unit.offset, unit.bytes, at);
      read.push(passage);
    }
  }

  /** The next passage, once the step has said whether there is one. */
  #rest(read: Passage[], walk: ReturnType<typeof passages>): Passage | undefined {
    this.#give(read);
    let passage: Passage | undefined;
    return this.#until(() => (passage = walk.next().value) !== undefined) ? passage : undefined;
  }

  #give(read: Passage[]): void {
    for (const { k } of read.splice(0)) {
      this.#control.publish(Word.ready + (k % SLOTS), (k + 1) | 0);
    }
  }

  /** Without read-ahead a pass is begun when it is asked for; what nobody waits for is read first. */
  #beginPass(): boolean {
    const step = ++this.#passes;
    const asked = () => this.#control.isPast(Word.step, step);
    if (plan.ahead === 0 && !this.#until(asked)) return false;
    plan.also.forEach(([offset, bytes], i) => {
      if (i % this.#task.readers === this.#task.reader) {
        this.#read(offset, bytes, 0, this.#scratch);
      }
    });
    return true;
  }

  close(): void {
    closeSync(this.#fd);
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

port.onmessage = ({ data }: MessageEvent<ReaderTask>) => {
  try {
    const reader = new Reader(data);
    reader.load();
    port.postMessage({ type: "loaded" });
    reader.stream();
    reader.close();
  } catch (error) {
    port.postMessage({ type: "fault", message: String(error) });
    new Control(data.memory, data.threads).publish(Word.fault, 1);
  }
  port.postMessage({ type: "ended" });
  port.close();
};
