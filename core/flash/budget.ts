/** The DRAM ledger: one fixed number of bytes, handed out once at start; beyond it, a clear refusal. */
import { FlintError } from "../errors.ts";

/** Hands out regions of one memory from low to high; nothing is ever given back. */
export class Ledger {
  readonly limit: number;
  #next = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get free(): number {
    return this.limit - this.#next;
  }

  /** Byte address of a new region. @throws FlintError over_budget */
  reserve(name: string, bytes: number, alignment = 64): number {
    const at = Math.ceil(this.#next / alignment) * alignment;
    if (at + bytes > this.limit) {
      throw new FlintError(
        "over_budget",
        `${name} needs ${bytes} bytes, ${this.free} of ${this.limit} are free`,
      );
    }
    this.#next = at + bytes;
    return at;
  }
}
