/** A ByteSource over memory that also counts what is asked of it. */
import { FlintError } from "../core/errors.ts";
import type { ByteSource } from "../core/gguf/source.ts";

/** `size` may exceed the bytes held: a file with a long tail that no test should touch. */
export class BytesSource implements ByteSource {
  readonly size: number;
  readonly #bytes: Uint8Array;
  reads = 0;
  bytesRead = 0;
  largestRead = 0;

  constructor(bytes: Uint8Array, size = bytes.length) {
    this.#bytes = bytes;
    this.size = size;
  }

  read(offset: number, into: Uint8Array): void {
    this.bytesRead += into.length;
    this.largestRead = Math.max(this.largestRead, into.length);
    if (offset + into.length > this.#bytes.length) {
      throw new FlintError("bad_model", `the bytes end at ${this.#bytes.length}`);
    }
    into.set(this.#bytes.subarray(offset, offset + into.length));
  }
}
