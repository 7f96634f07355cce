/** Programs of our own that strangers' bytes go through: a process for each run, bounded whatever the bytes hold. */
import { FlintError } from "@flint/core/errors";
import { endChild } from "./child.ts";

/** A program that reads its standard input, prints one answer and ends. */
export interface WalledProgram {
  /** What it reads, for people. */
  readonly what: string;
  readonly script: URL;
  readonly args?: readonly string[];
  /** Deno's flags beside --quiet and --no-prompt; without any it may do nothing. */
  readonly flags?: readonly string[];
  /** Megabytes of V8's heap. */
  readonly heapMb: number;
  readonly msMax: number;
  /** Longest answer, bytes. */
  readonly answerBytesMax: number;
}

/** What it printed, or what it would have taken too much of to get there. */
export type WalledAnswer = { readonly said: string } | { readonly tooMuch: "time" | "memory" };

/** Runs it on some bytes. @throws FlintError cancelled */
export async function runWalled(
  program: WalledProgram,
  bytes: Uint8Array<ArrayBuffer>,
  signal?: AbortSignal,
): Promise<WalledAnswer> {
  const child = start(program);
  let late = false;
  const timer = setTimeout(() => { // no AbortSignal.timeout: it would keep a finished command alive
    late = true;
    endChild(child);
  }, program.msMax);
  const stop = () => endChild(child);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    // It may end before it has read everything.
    const fed = new Blob([bytes]).stream().pipeTo(child.stdin).catch(() => {});
    const said = await bounded(child.stdout, program.answerBytesMax);
    if (said === undefined) endChild(child);
    const [{ success }] = await Promise.all([child.status, fed]);
    if (signal?.aborted) throw new FlintError("cancelled", `reading ${program.what} was cancelled`);
    if (success && said !== undefined) return { said };
    return { tooMuch: late ? "time" : "memory" };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function start({ script, args = [], flags = [], heapMb }: WalledProgram): Deno.ChildProcess {
  const heap = `--v8-flags=--max-old-space-size=${heapMb}`;
  return new Deno.Command("deno", {
    args: ["run", "--quiet", "--no-prompt", ...flags, heap, script.href, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** A stream's text; undefined once it is longer than it may be. */
async function bounded(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  bytesMax: number,
): Promise<string | undefined> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size > bytesMax) return undefined;
    pieces.push(piece);
  }
  return await new Blob(pieces).text();
}
