/** The house of models: brings the wanted model in, opens it, and lets a small one answer till then. */
import { setTimeout as sleep } from "node:timers/promises";
import { openEngine } from "../engine.ts";
import { FlintError } from "../errors.ts";
import { openFlashStore } from "../flash/store.ts";
import { planMachine, smallestBudget } from "../model/plan.ts";
import type { Engine } from "../run/api.ts";
import type { HouseOptions, HouseStatus, ModelEntry, ModelHouse, Progress } from "./api.ts";
import { Board } from "./board.ts";
import { DEFAULT_MODEL, EMBEDDING_MODEL, STAND_IN_MODEL } from "./catalog.ts";
import { Shelf } from "./shelf.ts";

/** How long answers of the small model may go on once the wanted one is ready to open. */
const DRAIN_MS = 60_000;
const DRAIN_LOOK_MS = 50;

/**
 * Opens the house and returns at once; models come in the background. Throws FlintError "not_found"
 * for a model that is neither imported nor in the catalog.
 */
export async function openModels(options: HouseOptions): Promise<ModelHouse> {
  const shelf = await Shelf.open(options.dataDir);
  const chosen = options.model ?? DEFAULT_MODEL;
  shelf.check(chosen);
  const short = options.model === undefined ? await shelf.diskShort(chosen) : 0;
  if (short <= 0) return new Models(shelf, options, chosen);
  const note = `the disk is ${
    Math.ceil(short / 1e6)
  } MB short of ${chosen}, so a small model answers`;
  return new Models(shelf, options, STAND_IN_MODEL, note);
}

class Models implements ModelHouse {
  readonly #shelf: Shelf;
  readonly #options: HouseOptions;
  readonly #wanted: string;
  /** Said with the status for as long as the house is open. */
  readonly #remark: string | undefined;
  readonly #board: Board;
  readonly #stop = new AbortController();
  readonly #work: Promise<void>;
  readonly #ready = Promise.withResolvers<Engine>();
  #engine: Engine | undefined;

  constructor(shelf: Shelf, options: HouseOptions, wanted: string, remark?: string) {
    this.#shelf = shelf;
    this.#options = options;
    this.#wanted = wanted;
    this.#remark = remark;
    this.#board = new Board({
      wanted,
      serving: undefined,
      progress: this.#withRemark({ ...NOTHING, model: wanted, stage: "absent" }),
    });
    this.#ready.promise.catch(() => {}); // told by the status too; who waits for it hears it
    this.#work = this.#run();
  }

  engine(): Engine {
    if (this.#engine) return this.#engine;
    throw new FlintError("unavailable", whyNone(this.#board.status));
  }

  status(): HouseStatus {
    return this.#board.status;
  }

  list(): ModelEntry[] {
    return this.#shelf.list(this.#board.status.progress);
  }

  ready(): Promise<Engine> {
    return this.#ready.promise;
  }

  watch(signal: AbortSignal): AsyncIterable<HouseStatus> {
    return this.#board.watch(AbortSignal.any([signal, this.#stop.signal]));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work;
    this.#ready.reject(new FlintError("cancelled", "the house of models was closed"));
    await this.#engine?.close();
    this.#engine = undefined;
  }

  async #run(): Promise<void> {
    try {
      if (this.#needsStandIn()) await this.#try(() => this.#bringAndOpen(STAND_IN_MODEL));
      await this.#bringAndOpen(this.#wanted);
      this.#ready.resolve(this.#engine!);
      const { embeddings } = this.#options;
      if (embeddings) await this.#try(() => this.#bring(EMBEDDING_MODEL, () => {}));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const { progress } = this.#board.status;
      this.#tell({ ...progress, model: this.#wanted, stage: "failed", note: messageOf(error) });
      this.#ready.reject(error);
    }
  }

  /** Whether a small model answers until the wanted one is there. */
  #needsStandIn(): boolean {
    const { standIn = true } = this.#options;
    return standIn && this.#wanted !== STAND_IN_MODEL && !this.#shelf.card(this.#wanted);
  }

  /** Work that is good to have: its failure is told and the rest goes on. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      if (!(error instanceof FlintError)) throw error;
      this.#tell({ ...this.#board.status.progress, note: error.message });
    }
  }

  async #bringAndOpen(name: string): Promise<void> {
    await this.#bring(name, (progress) => this.#tell(progress));
    await this.#open(name);
  }

  async #bring(name: string, onProgress: (progress: Progress) => void): Promise<void> {
    const { from, hub, keepSource } = this.#options;
    await this.#shelf.bring(name, {
      signal: this.#stop.signal,
      onProgress,
      ...(from === undefined ? {} : { from }),
      ...(hub === undefined ? {} : { hub }),
      ...(keepSource === undefined ? {} : { keepSource }),
    });
  }

  /** Opens a model in place of the one that answers; two budgets are never held at once. */
  async #open(name: string): Promise<void> {
    this.#tell({ ...NOTHING, model: name, stage: "opening" });
    const store = await openFlashStore(this.#shelf.folderOf(name));
    const usual = Math.max(this.#shelf.memoryFor(name), smallestBudget(store));
    const { fidelity, snapshots, memoryBytes = usual } = this.#options;
    planMachine(store, { memoryBytes }); // too small a budget is refused while the old one answers
    await this.#drain();
    this.#engine = await openEngine({
      store,
      memoryBytes,
      ...(fidelity === undefined ? {} : { fidelity }),
      ...(snapshots === undefined ? {} : { snapshots }),
    });
    this.#stop.signal.throwIfAborted();
    this.#tell({ ...NOTHING, model: name, stage: "ready" }, name);
  }

  /** Lets the running answers end, then closes the engine; new ones are refused meanwhile. */
  async #drain(): Promise<void> {
    const old = this.#engine;
    if (!old) return;
    this.#engine = undefined;
    this.#board.set({ serving: undefined });
    const end = performance.now() + DRAIN_MS;
    const { signal } = this.#stop;
    while (isBusy(old) && performance.now() < end && !signal.aborted) await sleep(DRAIN_LOOK_MS);
    await old.close();
    signal.throwIfAborted();
  }

  #tell(progress: Progress, serving = this.#board.status.serving): void {
    this.#board.set({ progress: this.#withRemark(progress), serving });
  }

  #withRemark(progress: Progress): Progress {
    return this.#remark === undefined ? progress : { note: this.#remark, ...progress };
  }
}

const NOTHING = { done: 0, total: 0, unit: "bytes" } as const;
const messageOf = (error: unknown) => error instanceof Error ? error.message : String(error);

function isBusy(engine: Engine): boolean {
  const { running, waiting } = engine.report();
  return running + waiting > 0;
}

/** Why no engine answers, for the person who asked. */
function whyNone({ progress: { model, stage, done, total, note } }: HouseStatus): string {
  const mb = (bytes: number) => Math.floor(bytes / 1e6);
  const amount = total > 0 ? `, ${mb(done)} of ${mb(total)} MB` : "";
  const words = {
    absent: "is about to be fetched",
    pulling: `is being fetched${amount}`,
    importing: `is being imported${amount}`,
    opening: "is being opened",
    ready: "is ready",
    failed: `could not be brought in: ${note}`,
  };
  const mend = stage === "failed" ? "" : "; ask again in a moment";
  return `${model} ${words[stage]}${mend}`;
}
