/** How fast a disk reads the way the readers read: what bounds every token of a streamed model. */
import fs from "node:fs";
import { join } from "node:path";
import { type Disk, openDisk, type ReadMethod } from "./disk.ts";
import { PAGE, UNIT_BYTES_MAX } from "./layout.ts";
import { type Lane, Pump } from "./pump.ts";

/** What is tried: single pages out of turn, about a quarter of a flash unit, the largest one. */
const READ_BYTES = [PAGE, 256 << 10, UNIT_BYTES_MAX];
const FILE_BYTES = 64 << 20;
/**
 * Rented disks read faster for a moment after a rest (here twice as fast for 0.3 s), which no long
 * answer has anything of: so much reading comes before anything is measured.
 */
const SPEND_MS = 1000;
/** Reads of one size go on for so long. */
const READ_MS = 400;

/** Lasting speed of random reads of one size, as many at once as the readers have in flight. */
export interface ReadSpeed {
  readonly bytes: number;
  readonly gigabytesPerSecond: number;
}

/** What was measured, and whether the page cache was kept out of it. */
export interface DiskSpeed {
  readonly method: ReadMethod;
  readonly reads: readonly ReadSpeed[];
  /** False where the system has no O_DIRECT: then the figures may be those of memory. */
  readonly direct: boolean;
}

/** Writes a temporary file of 64 MB into `folder`, reads it at random places, removes it. */
export function measureDisk(folder: string): DiskSpeed {
  fs.mkdirSync(folder, { recursive: true });
  const path = join(folder, `.speed-${crypto.randomUUID()}`);
  try {
    writeNoise(path);
    return probe(path);
  } finally {
    fs.rmSync(path, { force: true });
  }
}

/** Reads a file of some megabytes at random places, for two seconds in all. */
export function probe(path: string, method?: ReadMethod): DiskSpeed {
  return withDisk(path, method, (disk, fileBytes) => {
    timeReads(disk, fileBytes, UNIT_BYTES_MAX, SPEND_MS);
    const reads = READ_BYTES.map((bytes) => ({
      bytes,
      gigabytesPerSecond: timeReads(disk, fileBytes, bytes, READ_MS),
    }));
    return { method: disk.method, reads, direct: disk.direct };
  });
}

/** Gigabytes a second of reads of the largest size, for `ms`; whatever credit there is counts. */
export function readSpeed(path: string, ms: number): number {
  return withDisk(path, undefined, (disk, fileBytes) => (
    timeReads(disk, fileBytes, UNIT_BYTES_MAX, ms)
  ));
}

function withDisk<T>(
  path: string,
  method: ReadMethod | undefined,
  use: (disk: Disk, fileBytes: number) => T,
): T {
  // Direct reads want a page-aligned target; wasm memory is one.
  const memory = new WebAssembly.Memory({ initial: 64 * UNIT_BYTES_MAX / 65_536 });
  const disk = openDisk(path, memory, method);
  try {
    return use(disk, fs.statSync(path).size);
  } finally {
    disk.close();
  }
}

/** Bytes that no disk can pack or leave out. */
function writeNoise(path: string): void {
  const file = fs.openSync(path, "w");
  try {
    const piece = new Uint8Array(1 << 20);
    for (let at = 0; at < FILE_BYTES; at += piece.length) {
      for (let i = 0; i < piece.length; i += 65_536) {
        crypto.getRandomValues(piece.subarray(i, i + 65_536));
      }
      fs.writeSync(file, piece);
    }
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

/** Gigabytes a second of random reads of one size, which go on for `ms`. */
function timeReads(disk: Disk, fileBytes: number, bytes: number, ms: number): number {
  const start = performance.now();
  let begun = 0, read = 0;
  const lane: Lane = {
    bytesMax: bytes === PAGE ? Infinity : disk.streamBytes, // pages are read out of turn
    next: () => {
      if (performance.now() - start > ms) return undefined;
      const offset = Math.floor(Math.random() * (fileBytes - bytes) / PAGE) * PAGE;
      return { offset, bytes, at: begun++ % 64 * bytes, done: () => {} };
    },
  };
  const pump = new Pump(disk, [lane], (got) => read += got);
  while (pump.turn());
  return read / 1e6 / (performance.now() - start);
}
