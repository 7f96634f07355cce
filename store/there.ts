/** What may be gone: conversations outlive assistants, listings their publishers. */
import { FlintError } from "@flint/core";

/** What `get` gives; undefined for what is not there any more, or was taken down. */
export function there<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch (error) {
    if (error instanceof FlintError && ["not_found", "denied"].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}
