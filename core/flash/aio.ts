/**
 * Linux's asynchronous I/O through libc's `syscall`: reads go straight into the shared memory, many
 * in flight from one thread, at a third of the CPU time of blocking reads by several.
 */
import { closeSync } from "node:fs";
import { FlintError } from "../errors.ts";
import { openLibc } from "../libc.ts";
import type { Disk } from "./disk.ts";
import { openDirect } from "./direct.ts";
import { UNIT_BYTES_MAX } from "./layout.ts";

/** Reads in flight: of 4 KB, 4 gave 20,000 a second, 8 27,000, 16 34,000, 32 39,000, 64 43,000. */
const DEPTH = 40;
/** Of streamed units: enough for the disk while both cores compute, yet a read out of turn waits but some ms. */
const STREAM_BYTES = 4 << 20;
/** Whole units: in pieces of 256 KB the disk was no faster, and each piece costs CPU time. */
const READ_BYTES = UNIT_BYTES_MAX;
const WAIT_NS = 100_000_000n; // the bound after which a reader sees stop and fault

/** Numbers of the system calls, by processor. */
const CALLS = {
  x86_64: { setup: 206n, destroy: 207n, getEvents: 208n, submit: 209n },
  aarch64: { setup: 0n, destroy: 1n, getEvents: 4n, submit: 2n },
};

/** syscall(), once for each shape of arguments; results: -1 on failure. memcpy returns its target. */
const SYMBOLS = {
  memcpy: { parameters: ["buffer", "buffer", "usize"], result: "u64" },
  setup: { name: "syscall", parameters: ["i64", "i64", "buffer"], result: "i32" },
  destroy: { name: "syscall", parameters: ["i64", "u64"], result: "i32" },
  submit: { name: "syscall", parameters: ["i64", "u64", "i64", "buffer"], result: "i32" },
  getEvents: {
    name: "syscall",
    parameters: ["i64", "u64", "i64", "i64", "buffer", "buffer"],
    result: "i32",
  },
} as const;

/** A place for reads in flight in the kernel; undefined where there is none to be had. */
function openQueue() {
  const library = openLibc(SYMBOLS);
  if (!library) return undefined;
  const { symbols } = library;
  const calls = CALLS[Deno.build.arch];
  const context = new BigUint64Array(1);
  if (symbols.setup(calls.setup, BigInt(DEPTH), context) !== 0) {
    library.close();
    return undefined;
  }
  const id = context[0]!;
  return {
    submit: (blocks: BufferSource) => symbols.submit(calls.submit, id, 1n, blocks),
    /** Where a buffer lies, told by copying nothing to it: Deno.UnsafePointer wants leave for all libraries. */
    address: (buffer: ArrayBufferLike) => {
      const bytes = new Uint8Array(buffer);
      return symbols.memcpy(bytes, bytes, 0n);
    },
    getEvents: (most: bigint, events: BufferSource, timeout: BufferSource) =>
      symbols.getEvents(calls.getEvents, id, 1n, most, events, timeout),
    close: () => {
      symbols.destroy(calls.destroy, id); // waits for what is in flight
      library.close();
    },
  };
}

/** Whether the system has asynchronous reads and this process may use them. */
export function canReadAsync(): boolean {
  const queue = openQueue();
  queue?.close();
  return queue !== undefined;
}

// struct iocb (64 bytes): data u64, key u32, flags u32, opcode u16 (0 = pread), priority i16,
// file u32, buffer u64, bytes u64, offset i64, ... struct io_event (32 bytes): data u64, iocb u64,
// result i64, ...
const IOCB = 64, FILE_AT = 20, BUFFER_AT = 24, BYTES_AT = 32, OFFSET_AT = 40;
const EVENT_WORDS = 8, RESULT_AT = 4;

/** Opens a file for reads in flight. @throws FlintError unavailable where canReadAsync is false */
export function openAsync(path: string, memory: WebAssembly.Memory): Disk {
  const queue = openQueue();
  if (!queue) throw new FlintError("unavailable", "the system gave no queue for reads");
  const { fd, direct } = openDirect(path);
  const target = queue.address(memory.buffer);
  const blocks = new DataView(new ArrayBuffer(DEPTH * IOCB));
  const first = queue.address(blocks.buffer);
  const wanted = new Array<number>(DEPTH).fill(0); // bytes, by tag
  const pointer = new BigUint64Array(1);
  const events = new Int32Array(DEPTH * EVENT_WORDS);
  const timeout = BigInt64Array.of(0n, WAIT_NS);
  return {
    method: "aio",
    direct,
    depth: DEPTH,
    streamBytes: STREAM_BYTES,
    readBytes: READ_BYTES,
    begin: (tag, offset, bytes, at) => {
      const block = tag * IOCB;
      wanted[tag] = bytes;
      blocks.setUint32(block, tag, true);
      blocks.setUint32(block + FILE_AT, fd, true);
      blocks.setBigUint64(block + BUFFER_AT, target + BigInt(at), true);
      blocks.setUint32(block + BYTES_AT, bytes, true);
      blocks.setBigInt64(block + OFFSET_AT, BigInt(offset), true);
      pointer[0] = first + BigInt(block);
      if (queue.submit(pointer) !== 1) throw new Error(`the system refused a read at ${offset}`);
    },
    settle: (done) => {
      const count = queue.getEvents(BigInt(DEPTH), events, timeout);
      for (let i = 0; i < count; i++) {
        const tag = events[i * EVENT_WORDS]!, got = events[i * EVENT_WORDS + RESULT_AT]!;
        if (got !== wanted[tag]) {
          throw new Error(`a read of ${wanted[tag]} bytes of the data file gave ${got}`);
        }
        done(tag);
      }
    },
    close: () => {
      queue.close();
      closeSync(fd);
    },
  };
}
