/** Opens the model core: one shared memory of the budget's size, threads over it, flash behind it. */
import { availableParallelism } from "node:os";
import { assert, FlintError } from "../errors.ts";
import { bytesOf, type FlashStore, itemsOf, type VectorName } from "../flash/layout.ts";
import type { ReaderTask } from "../flash/reader_worker.ts";
import type { TraceRow } from "../flash/trace.ts";
import { type ReadMethod, readMethod } from "../flash/disk.ts";
import { loadKernelModule } from "../kernels/kernels.ts";
import { Activity } from "./activity.ts";
import { Control, Counter, SLOTS, Word } from "./control.ts";
import type { Machine, MachineCounters, StepToken } from "./machine.ts";
import type { WorkerReport } from "./port.ts";
import { Recording } from "./recording.ts";
import { type Plan, planMachine, type PlanOptions } from "./plan.ts";
import { tallyLength } from "./tally.ts";
import { seedExperts } from "./expert_windows.ts";
import { seedWindows } from "./windows.ts";
import type { ThreadTask } from "./thread_worker.ts";

const READER = new URL("../flash/reader_worker.ts", import.meta.url);
/** Asynchronous reads take one thread; of blocking ones two keep a request at the disk. */
const READERS = { aio: 1, sync: 2 };
/** The longest a thread is waited for at the end, in which it closes what it has open. */
const END_MS = 500;

/** How to open a machine. */
export interface MachineOptions extends PlanOptions {
  readonly store: FlashStore;
  /** Compute threads; default one for each core. */
  readonly threads?: number | undefined;
  /** How flash is read; default the best there is. */
  readonly reading?: ReadMethod | undefined;
}

/** Opens the core and loads the pinned weights. @throws FlintError over_budget | bad_model */
export async function openMachine(options: MachineOptions): Promise<Machine> {
  const { store } = options;
  const plan = planMachine(store, options);
  const threads = options.threads ?? availableParallelism();
  const pages = plan.memoryBytes / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  writeVectors(memory, plan, store);
  const control = new Control(memory, threads);
  const method = options.reading ?? readMethod();
  const crew = new Crew(store.card.name);
  try {
    await Promise.all([
      ...readerTasks(plan, store, memory, threads, method).map((task) =>
        crew.start(options.baseline?.reader ?? READER, task)
      ),
      ...await threadTasks(plan, store, memory, threads).then((tasks) =>
        tasks.map((task) => crew.start(new URL("./thread_worker.ts", import.meta.url), task))
      ),
    ]);
  } catch (error) {
    control.stop();
    await crew.end();
    throw error;
  }
  return new FlashMachine({ plan, memory, crew, control, method });
}

function writeVectors(memory: WebAssembly.Memory, plan: Plan, store: FlashStore): void {
  const write = (at: number, values: Float32Array | undefined) => {
    if (values) new Float32Array(memory.buffer, at, values.length).set(values);
  };
  plan.vectors.forEach((names, layer) => {
    for (const name of Object.keys(names) as VectorName[]) {
      write(names[name], store.vector(layer, name));
    }
  });
  write(plan.outputNorm, store.outputNorm);
  if (!plan.screen) return;
  write(plan.screen.center, store.screen!.center);
  write(plan.screen.factors, store.screen!.factors.map((factor) => 1 / factor));
}

function readerTasks(
  plan: Plan,
  { dataFile, pageSums }: FlashStore,
  memory: WebAssembly.Memory,
  threads: number,
  method: ReadMethod,
): ReaderTask[] {
  const readers = READERS[method];
  const placed = [...plan.layers.flat(), ...plan.head, ...plan.screen?.units ?? []];
  const pinned = placed.filter(({ at }) => at >= 0);
  const streamed = (units: Plan["head"]) => units.filter(({ at }) => at < 0).map((p) => p.unit);
  return Array.from({ length: readers }, (_, reader) => ({
    memory,
    threads,
    reader,
    readers,
    dataFile,
    pageSums,
    method,
    pinned: pinned.filter((_, i) => i % readers === reader),
    layers: streamed(plan.layers.flat()),
    head: streamed(plan.head),
    ring: plan.ring,
    loans: plan.loans,
    demanded: (plan.experts?.layers ?? []).flatMap(({ units }) => units),
  }));
}

async function threadTasks(
  plan: Plan,
  { dataFile, pageSums }: FlashStore,
  memory: WebAssembly.Memory,
  threads: number,
): Promise<ThreadTask[]> {
  const module = await loadKernelModule();
  return Array.from(
    { length: threads },
    (_, index) => ({ memory, module, plan, index, threads, dataFile, pageSums }),
  );
}

/** The workers of one machine; the first fault of any of them is kept and told to whoever waits. */
class Crew {
  readonly #workers: Worker[] = [];
  readonly #ended: Promise<void>[] = [];
  readonly failed: Promise<never>;
  /** Where threads' traces go. */
  recording: Recording | undefined;
  readonly #model: string;
  #fail!: (error: FlintError) => void;

  /** @param model  the name that a fault is told with */
  constructor(model: string) {
    this.#model = model;
    this.failed = new Promise((_, reject) => this.#fail = reject);
    this.failed.catch(() => {}); // it may fail when nobody is waiting
  }

  /** Starts a worker; resolves when it has loaded what it needs. */
  start(module: URL, task: ReaderTask | ThreadTask): Promise<void> {
    const worker = new Worker(module, { type: "module" });
    this.#workers.push(worker);
    const loaded = Promise.withResolvers<void>(), ended = Promise.withResolvers<void>();
    this.#ended.push(ended.promise);
    worker.onmessage = ({ data }: MessageEvent<WorkerReport>) => {
      if (data.type === "loaded") loaded.resolve();
      else if (data.type === "ended") ended.resolve();
      else if (data.type === "trace") this.recording?.add(data.row);
      else this.#fail(new FlintError("bad_model", `${this.#model}: ${data.message}`));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      ended.resolve();
      this.#fail(new FlintError("unavailable", `a core thread stopped: ${event.message}`));
    };
    worker.postMessage(task);
    return Promise.race([loaded.promise, this.failed]);
  }

  /** Waits for the threads, which were told to end, and makes sure of it. */
  async end(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, END_MS);
    await Promise.race([Promise.all(this.#ended), late.promise]);
    clearTimeout(timer);
    for (const worker of this.#workers) worker.terminate();
  }
}

class FlashMachine implements Machine {
  readonly reading: ReadMethod;
  readonly #plan: Plan;
  readonly #memory: WebAssembly.Memory;
  readonly #floats: Float32Array;
  readonly #control: Control;
  readonly #crew: Crew;
  readonly #passBytes: Readonly<Record<"layers" | "head" | "screen", number>>;
  readonly #activity: Activity;
  #step = 0;
  #running = false;
  #favored: Uint8Array | undefined;
  #lent = 0; // of the plan's loans
  #tokens = 0;
  #bytesUsed = 0;
  #stepMs = 0;
  #rowBytes = 0; // read by single embedding rows

  constructor(
    needs: {
      plan: Plan;
      memory: WebAssembly.Memory;
      control: Control;
      crew: Crew;
      method: ReadMethod;
    },
  ) {
    this.reading = needs.method;
    this.#plan = needs.plan;
    this.#memory = needs.memory;
    this.#floats = new Float32Array(needs.memory.buffer);
    this.#control = needs.control;
    this.#crew = needs.crew;
    this.#activity = new Activity(needs.memory, needs.plan);
    const bytes = (units: Plan["head"]) => bytesOf(units.map(({ unit }) => unit));
    this.#passBytes = {
      layers: bytes(needs.plan.layers.flat()),
      head: bytes(needs.plan.head),
      screen: bytes(needs.plan.screen?.units ?? []),
    };
  }

  get spec() {
    return this.#plan.spec;
  }

  get limits() {
    return this.#plan.limits;
  }

  async step(batch: readonly StepToken[]): Promise<void> {
    assert(!this.#running, "one step at a time");
    assert(batch.length > 0 && batch.length <= this.limits.batchTokens, "batch fits");
    this.#running = true;
    if (this.#favored) {
      seedWindows(this.#plan, this.#memory, this.#favored);
      seedExperts(this.#plan, this.#memory, this.#favored);
    }
    this.#favored = undefined;
    const start = performance.now();
    const head = this.#describe(batch);
    const number = ++this.#step;
    const control = this.#control;
    const { recording } = this.#crew;
    const ended = recording?.open ? recording.step(control.threads) : undefined;
    control.words[Word.tracing] = ended ? 1 : 0;
    control.words[Word.headWanted + number % 64] = head === "head" ? 1 : 0;
    control.publish(Word.step, number);
    control.ring();
    try {
      await this.#counted(Word.done, number);
    } finally {
      this.#running = false;
    }
    ended?.();
    this.#activity.settle(batch.length);
    this.#tokens += batch.length;
    this.#bytesUsed += this.#passBytes.layers + (head ? this.#passBytes[head] : 0);
    this.#stepMs += performance.now() - start;
  }

  /** Writes the batch where the threads look for it; what its logits are made from, if wanted. */
  #describe(batch: readonly StepToken[]): "head" | "screen" | undefined {
    const plan = this.#plan, { words } = this.#control;
    const all = new Int32Array(this.#memory.buffer);
    const tableBlocks = Math.ceil(plan.spec.contextTokens / plan.limits.blockTokens);
    let logits = 0, screened = plan.screen !== undefined;
    batch.forEach((item, t) => {
      assert(item.token >= 0 && item.token < plan.spec.vocabulary, `token ${item.token} exists`);
      assert(item.position < item.blocks.length * plan.limits.blockTokens, "blocks cover position");
      all[plan.tokens / 4 + t] = item.token;
      all[plan.positions / 4 + t] = item.position;
      const used = Math.floor(item.position / plan.limits.blockTokens) + 1;
      all.set(item.blocks.subarray(0, used), plan.tables / 4 + t * tableBlocks);
      if (!item.logits) return;
      all[plan.logitRows / 4 + logits] = t;
      if (item.margin === undefined) screened = false;
      else if (plan.screen) this.#floats[plan.screen.margins / 4 + logits] = item.margin;
      logits++;
    });
    assert(logits <= plan.limits.batchLogits, "logit rows fit");
    words[Word.tokens] = batch.length;
    words[Word.logits] = logits;
    words[Word.screened] = screened ? 1 : 0;
    if (plan.rows[0]!.at < 0) this.#rowBytes += batch.length * plan.embeddingStride;
    return logits === 0 ? undefined : screened ? "screen" : "head";
  }

  async #reached(word: number, value: number): Promise<void> {
    const { words } = this.#control;
    for (let seen = Atomics.load(words, word); seen !== value;) {
      const wait = Atomics.waitAsync(words, word, seen);
      if (wait.async) await wait.value;
      seen = Atomics.load(words, word);
    }
  }

  get lendable() {
    return this.#plan.loans.length > 0;
  }

  async lend(first: number): Promise<void> {
    assert(!this.#running, "no step runs");
    const { kv, loans } = this.#plan;
    const from = kv + first * this.limits.blockBytes;
    const lent = loans.filter(({ at }) => at >= from).length;
    if (lent === this.#lent) return;
    const control = this.#control, { words } = control;
    const readers = READERS[this.reading];
    this.#lent = words[Word.lent] = lent;
    words[Word.paused] = 0;
    control.call(Word.pausing, 1);
    await this.#counted(Word.paused, readers);
    words.fill(0, Word.ready, Word.ready + SLOTS);
    words[Word.consumed] = words[Word.pausing] = 0;
    control.count(Word.epoch);
    await this.#counted(Word.paused, 2 * readers);
  }

  /** Waits until the word is at `value`, or a thread has failed. */
  async #counted(word: number, value: number): Promise<void> {
    await Promise.race([this.#reached(word, value), this.#crew.failed]);
  }

  logits(i: number): Float32Array {
    const { vocabulary } = this.spec;
    return new Float32Array(
      this.#memory.buffer,
      this.#plan.logits + i * vocabulary * 4,
      vocabulary,
    );
  }

  block(index: number): Uint8Array {
    const { blockBytes } = this.limits;
    return new Uint8Array(this.#memory.buffer, this.#plan.kv + index * blockBytes, blockBytes);
  }

  favor(profile: Uint8Array): void {
    assert(
      profile.length === this.spec.layers * itemsOf(this.spec),
      "the profile is of this model",
    );
    this.#favored = profile.slice(); // a step may run: seeded before the next
  }

  active(): Int32Array | undefined {
    return this.#activity.bits;
  }

  tally(): Float32Array | undefined {
    const { tally, spec } = this.#plan;
    return tally ? new Float32Array(this.#memory.buffer, tally, tallyLength(spec)) : undefined;
  }

  counters(): MachineCounters {
    const { counters } = this.#control;
    const ofReaders = (first: number) =>
      counters.subarray(first, first + READERS.sync).reduce((a, b) => a + b, 0);
    return {
      steps: this.#step,
      tokens: this.#tokens,
      bytesUsed: this.#bytesUsed + counters[Counter.windowBytesUsed]! +
        counters[Counter.headBytesUsed]!,
      bytesRead: ofReaders(Counter.readerBytes) - this.#plan.budget.pinned + this.#rowBytes,
      stepMs: this.#stepMs,
      waitMs: counters[Counter.passWaitMs]! + counters[Counter.headWaitMs]!,
      readMs: ofReaders(Counter.readerMs),
      aheadBytesRead: counters[Counter.aheadBytesRead]!,
      aheadBytesUsed: counters[Counter.aheadBytesUsed]!,
    };
  }

  async trace(run: () => Promise<void>): Promise<readonly TraceRow[]> {
    assert(!this.#crew.recording, "one trace at a time");
    const recording = this.#crew.recording = new Recording(READERS[this.reading]);
    const control = this.#control;
    const turn = () => control.call(Word.tracingReads, control.load(Word.tracingReads) + 1);
    let rows: readonly TraceRow[];
    turn();
    try {
      await run();
    } finally {
      recording.open = false;
      turn();
      rows = await recording.rows();
      this.#crew.recording = undefined;
    }
    return rows;
  }

  budget() {
    const { budget, loans } = this.#plan;
    const lent = loans.slice(0, this.#lent).reduce((sum, { unit }) => sum + unit.bytes, 0);
    return { ...budget, lent };
  }

  async close(): Promise<void> {
    this.#control.stop();
    await this.#crew.end();
  }
}
