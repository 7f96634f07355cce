/** Opening a weights file for direct reads: no page cache, so the DRAM budget is the whole truth. */
import { constants, openSync } from "node:fs";

/** Opens with O_DIRECT; `direct` is false where the file system or platform has none. */
export function openDirect(path: string): { readonly fd: number; readonly direct: boolean } {
  const flag = (constants as { O_DIRECT?: number }).O_DIRECT;
  if (flag !== undefined) {
    try {
      return { fd: openSync(path, constants.O_RDONLY | flag), direct: true };
    } catch { /* no direct I/O on this file system: read through the page cache */ }
  }
  return { fd: openSync(path, "r"), direct: false };
}
