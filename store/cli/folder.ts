/** The files of a folder that a command looks for. */
import { join } from "node:path";
import { FlintError } from "@flint/core";

/** The largest collection met so far has 505 agents in 18 languages each. */
const FILES_MAX = 20_000;
const FOLDERS_DEEP_MAX = 8;

/** Paths of the files whose name fits, in order; links are not followed. */
export async function filesIn(folder: string, fits: RegExp, deep = 1): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const found: string[] = [];
  for (const { name, isFile, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (isFile && fits.test(name)) found.push(join(folder, name));
    else if (isDirectory && deep < FOLDERS_DEEP_MAX) {
      found.push(...await filesIn(join(folder, name), fits, deep + 1));
    }
    if (found.length > FILES_MAX) {
      throw new FlintError("bad_input", `${folder} holds more than ${FILES_MAX} files`);
    }
  }
  return found;
}
