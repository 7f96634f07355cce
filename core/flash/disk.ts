/**
 * How whole pages of a data file come into the shared memory: many reads in flight at once where
 * the system lets us (Linux's own asynchronous I/O), one at a time elsewhere.
 */
import { closeSync, readSync } from "node:fs";
import { canReadAsync, openAsync } from "./aio.ts";
import { openDirect } from "./direct.ts";
import { UNIT_BYTES_MAX } from "./layout.ts";

/** "aio": Linux's io_submit, through libc. "sync": one read at a time, with node:fs. */
export type ReadMethod = "aio" | "sync";

/** A data file, open for reading into one memory. Offsets, lengths, addresses: whole pages. */
export interface Disk {
  readonly method: ReadMethod;
  /** False where the file comes through the page cache. */
  readonly direct: boolean;
  /** Reads that may be in flight; their tags are 0..depth-1. */
  readonly depth: number;
  /** No more is begun while this many bytes of streamed units are in flight. */
  readonly streamBytes: number;
  /** Most bytes of one read. */
  readonly readBytes: number;
  /** Begins a read to address `at`; the tag is free. */
  begin(tag: number, offset: number, bytes: number, at: number): void;
  /** Waits for one read or more to end, at most 100 ms; `done` is told their tags. */
  settle(done: (tag: number) => void): void;
  /** Waits for what is in flight. */
  close(): void;
}

/** How this process may read. */
export function readMethod(): ReadMethod {
  return canReadAsync() ? "aio" : "sync";
}

/** Opens a file by the best method there is, or by the one that is named. */
export function openDisk(
  path: string,
  memory: WebAssembly.Memory,
  method = readMethod(),
): Disk {
  return method === "aio" ? openAsync(path, memory) : openSync(path, memory);
}

/** The portable way. Reads of a whole unit are best: each call costs as much as the disk's latency. */
function openSync(path: string, memory: WebAssembly.Memory): Disk {
  const { fd, direct } = openDirect(path);
  let ended = false;
  return {
    method: "sync",
    direct,
    depth: 1,
    streamBytes: 1,
    readBytes: UNIT_BYTES_MAX,
    begin: (_tag, offset, bytes, at) => {
      const pages = new Uint8Array(memory.buffer, at, bytes);
      for (let read = 0; read < bytes;) {
        const got = readSync(fd, pages, read, bytes - read, offset + read);
        if (got <= 0) throw new Error(`the data file ends at ${offset + read}`);
        read += got;
      }
      ended = true;
    },
    settle: (done) => {
      if (ended) done(0);
      ended = false;
    },
    close: () => closeSync(fd),
  };
}
