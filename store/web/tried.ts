/** Forms that are refused: told on the page they came from. */
import { FlintError } from "@flint/core";

/** Does it; what Flint refuses is told on the page instead, but for what is not there. */
export async function tried<T>(
  work: () => Promise<T>,
  refused: (why: string) => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FlintError && error.code !== "not_found") {
      return await refused(error.message);
    }
    throw error;
  }
}
