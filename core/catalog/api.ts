/** What the faces (CLI, HTTP, pages) know of models: names, stages, and the engine that answers now. */
import type { Engine, Fidelity } from "../run/api.ts";
import type { Kv } from "../kv.ts";
import type { Hub } from "./hub.ts";

/** Where a model stands on its way from source to answering. */
export type ModelStage = "absent" | "pulling" | "importing" | "opening" | "ready" | "failed";

/** Progress of one stage, for a bar. `total` is 0 while unknown. */
export interface Progress {
  readonly model: string;
  readonly stage: ModelStage;
  readonly done: number;
  readonly total: number;
  readonly unit: "bytes" | "units";
  /** Why a stage failed or a fallback was chosen, in words for the user. */
  readonly note?: string;
}

/** One line of `flint models`. */
export interface ModelEntry {
  readonly name: string;
  readonly title: string;
  readonly license: string;
  /** What it does: hold conversations, or turn texts into vectors. */
  readonly use: "chat" | "embedding";
  readonly sourceBytes: number;
  readonly storeBytes: number;
  readonly stage: ModelStage;
  /** Default --memory for it, bytes. */
  readonly memoryBytes: number;
}

/** Which model was asked for and which one answers right now. */
export interface HouseStatus {
  readonly wanted: string;
  /** undefined until any engine is open. */
  readonly serving: string | undefined;
  readonly progress: Progress;
}

/** The house of models: at most one engine is open; a small one stands in while the wanted one is fetched. */
export interface ModelHouse {
  /** The engine that answers now; throws FlintError "unavailable" (with what is going on) if none does. */
  engine(): Engine;
  status(): HouseStatus;
  list(): ModelEntry[];
  /** Resolves when the wanted model answers. */
  ready(): Promise<Engine>;
  /** Told of every change of status until the signal aborts. */
  watch(signal: AbortSignal): AsyncIterable<HouseStatus>;
  close(): Promise<void>;
}

/** How to open the house. */
export interface HouseOptions {
  /** Folder of models and app data. */
  readonly dataDir: string;
  /** Catalog name or imported name; default: qwen2.5-coder-1.5b, or the small one on a small disk. */
  readonly model?: string;
  /** Hard DRAM budget in bytes; default: half the wanted model's file. */
  readonly memoryBytes?: number;
  readonly fidelity?: Fidelity;
  /** Whether a small model may answer meanwhile; default true. */
  readonly standIn?: boolean;
  /** File or folder to take sources from before any network. */
  readonly from?: string;
  /** Asked last; default: not at all. */
  readonly hub?: Hub;
  /** Whether to fetch the embedding model too, after the wanted one; default false. */
  readonly embeddings?: boolean;
  /** Where prefixes of assistants are kept; none: they are computed after each start. */
  readonly snapshots?: Kv;
  /** Keep the fetched file after its import; default false, it only takes disk. */
  readonly keepSource?: boolean;
}
