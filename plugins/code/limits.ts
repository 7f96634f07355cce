/**
 * The system's own limits on a plugin's process (Linux): what Deno's permissions do not say. They
 * are set from outside before any of its code is loaded; a process cannot raise them again.
 */
import { openLibc } from "@flint/core";

/** Bytes a plugin may take beyond what an empty process has: heap, buffers, wasm, threads together. */
const MEMORY_BYTES = 256 << 20;
/** Processor seconds of a process in its whole life: the end of one whose parent is gone, too. */
const CPU_SECONDS = 300;
/** Open files and pipes; an empty process has about 20. */
const FILES = 128;

const SYMBOLS = {
  prlimit: { parameters: ["i32", "i32", "buffer", "buffer"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

// sys/resource.h
const RLIMIT_CPU = 0, RLIMIT_FSIZE = 1, RLIMIT_DATA = 2, RLIMIT_NOFILE = 7;
const PAGE_BYTES = 4096;

/** Limits on one process. */
export interface Limits {
  /** Processor time used so far, milliseconds; undefined where the system does not tell. */
  cpuMs(): number | undefined;
  close(): void;
}

/** Sets the limits on a process that has loaded nothing of a plugin yet. */
export function limit(pid: number): Limits {
  const library = openLibc(SYMBOLS);
  if (!library) return { cpuMs: () => undefined, close: () => {} };
  const { symbols } = library;
  const set = (resource: number, most: number) =>
    symbols.prlimit(pid, resource, BigUint64Array.of(BigInt(most), BigInt(most)), null);
  set(RLIMIT_CPU, CPU_SECONDS);
  set(RLIMIT_FSIZE, 0); // not a byte into any file, whatever else may fail
  set(RLIMIT_NOFILE, FILES);
  const data = dataBytes(symbols, pid);
  if (data !== undefined) set(RLIMIT_DATA, data + MEMORY_BYTES);
  const clock = (~pid << 3) | 2; // the process's CPU clock, as clock_getcpuclockid has it
  const time = new BigInt64Array(2); // seconds, nanoseconds
  return {
    cpuMs: () =>
      symbols.clock_gettime(clock, time) === 0
        ? Number(time[0]) * 1e3 + Number(time[1]) / 1e6
        : undefined,
    close: () => library.close(),
  };
}

/** What the process has of the memory that RLIMIT_DATA counts: the sixth number of its statm. */
function dataBytes(
  { open, read, close }: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>,
  pid: number,
): number | undefined {
  // Deno gives /proc only to who may do all; this reads three numbers of our own child.
  const file = open(new TextEncoder().encode(`/proc/${pid}/statm\0`), 0);
  if (file < 0) return undefined;
  const text = new Uint8Array(200);
  const length = Number(read(file, text, BigInt(text.length)));
  close(file);
  const pages = Number(new TextDecoder().decode(text.subarray(0, length)).split(" ")[5]);
  return Number.isSafeInteger(pages) && pages > 0 ? pages * PAGE_BYTES : undefined;
}
