/** How fast a folder's disk reads: the figure that bounds every token of a streamed model. */
import fs from "node:fs";
import { join } from "node:path";
import { openDirect } from "./direct.ts";

/** Sizes tried: about one flash unit, and the largest one. */
const READ_BYTES = [256 << 10, 1 << 20];
const FILE_BYTES = 64 << 20;
/** Reads of one size go on until this much time or the whole file has passed. */
const READ_MS = 500;

/** Speed of random reads of one size, one at a time. */
export interface ReadSpeed {
  readonly bytes: number;
  readonly gigabytesPerSecond: number;
}

/** What was measured, and whether the page cache was kept out of it. */
export interface DiskSpeed {
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
    const { fd, direct } = openDirect(path);
    try {
      return { reads: READ_BYTES.map((bytes) => timeReads(fd, bytes)), direct };
    } finally {
      fs.closeSync(fd);
    }
  } finally {
    fs.rmSync(path, { force: true });
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

function timeReads(fd: number, bytes: number): ReadSpeed {
  // Direct reads want a page-aligned target; wasm memory is one.
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) });
  const target = new Uint8Array(memory.buffer, 0, bytes);
  const places = Array.from({ length: FILE_BYTES / bytes }, (_, i) => i * bytes);
  for (let i = places.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  const start = performance.now();
  let read = 0;
  for (const place of places) {
    read += fs.readSync(fd, target, 0, bytes, place);
    if (performance.now() - start > READ_MS) break;
  }
  return { bytes, gigabytesPerSecond: read / 1e6 / (performance.now() - start) };
}
