/** Real data nobody here wrote, read in place; absent on most machines. */
import fs from "node:fs";
import path from "node:path";

/** $FLINT_TEST_DATA or ../shared/data beside the project; undefined where neither is there. */
export function sharedData(): string | undefined {
  const folder = Deno.env.get("FLINT_TEST_DATA") ??
    path.join(import.meta.dirname!, "..", "..", "shared", "data");
  return fs.existsSync(folder) ? folder : undefined;
}
