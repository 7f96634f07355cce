/** Room on the disk of a folder, asked before anything large is written. */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { FlintError } from "../errors.ts";

/** Bytes free for us on the disk `folder` is on, or will be on once it is made. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const disk = await statfs(folder);
    return disk.bavail * disk.bsize;
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT" || dirname(folder) === folder) throw error;
    return await freeBytes(dirname(folder));
  }
}

/** Throws FlintError "over_budget" when less than `bytes` are free. */
export async function needDisk(folder: string, bytes: number, what: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= bytes) return;
  const mb = (count: number) => `${Math.ceil(count / 1e6)} MB`;
  throw new FlintError(
    "over_budget",
    `${what} needs ${mb(bytes)} of disk at ${folder}, ${mb(free)} are free; ` +
      "make room or choose another folder with --data",
  );
}
