/** Reads a file of any kind that knowledge is made of; what others' parsers read is read in a process of its own. */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Block, Reading, Unreadable } from "./block.ts";
import { readCsv, readJson, readText } from "./readers/plain.ts";
import type { WalledKind } from "./read_worker.ts";

/** Largest file that is read. */
export const SOURCE_BYTES_MAX = 64 << 20;
/** How long one file may take; 500 pages of PDF take some 5 s. */
const READ_MS_MAX = 120_000;
/** What a process may answer with: DOCUMENT_CHARS_MAX in UTF-8 and JSON's own signs. */
const ANSWER_BYTES_MAX = 48 << 20;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HEAP = "--max-old-space-size=512"; // MB

type Kind = WalledKind | "text" | "csv" | "json";

const KINDS: Readonly<Record<string, Kind>> = {
  pdf: "pdf",
  docx: "docx",
  html: "html",
  htm: "html",
  xhtml: "html",
  md: "markdown",
  markdown: "markdown",
  txt: "text",
  text: "text",
  csv: "csv",
  tsv: "csv",
  json: "json",
};

/** Endings of the files that can be read. */
export const READABLE: readonly string[] = Object.keys(KINDS);

/** What a file of this name is; undefined: it can't be read. */
export function kindOf(name: string): Kind | undefined {
  return KINDS[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ""];
}

/** Reads a file; its name's ending says what it is. @throws FlintError bad_input saying why it can't */
export async function readFile(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  signal?: AbortSignal,
): Promise<Reading> {
  const kind = kindOf(name);
  if (kind === undefined) {
    throw new FlintError("bad_input", `${name} can't be read: known are ${READABLE.join(", ")}`);
  }
  if (bytes.length === 0) throw new FlintError("bad_input", `${name} is empty`);
  if (bytes.length > SOURCE_BYTES_MAX) {
    const most = `${SOURCE_BYTES_MAX} bytes are the most`;
    throw new FlintError("bad_input", `${name} has ${bytes.length} bytes; ${most}`);
  }
  const reading = isWalled(kind)
    ? await readWalled(kind, name, bytes, signal)
    : readOpen(kind, name, bytes);
  if (reading.blocks.length === 0) throw new FlintError("bad_input", `${name} has no text`);
  return reading;
}

/** What is read in this process. */
const READERS = { text: readText, csv: readCsv, json: readJson };

function isWalled(kind: Kind): kind is WalledKind {
  return !Object.hasOwn(READERS, kind);
}

function readOpen(kind: keyof typeof READERS, name: string, bytes: Uint8Array): Reading {
  try {
    return READERS[kind](decode(name, bytes));
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new FlintError("bad_input", `${name}: ${error.message}`, { cause: error });
  }
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FlintError("bad_input", `${name} is not UTF-8 text: save it as UTF-8`, { cause });
  }
}

const Answer = z.union([
  z.strictObject({ reading: Reading.extend({ blocks: z.array(Block) }) }),
  z.strictObject({ error: z.string() }),
]);

async function readWalled(
  kind: WalledKind,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  signal?: AbortSignal,
): Promise<Reading> {
  const limit = AbortSignal.timeout(READ_MS_MAX);
  const answer = await runReader(kind, bytes, signal ? AbortSignal.any([signal, limit]) : limit);
  if (signal?.aborted) throw new FlintError("cancelled", `reading ${name} was stopped`);
  if (limit.aborted) {
    throw new FlintError("bad_input", `${name} took longer than ${READ_MS_MAX / 1000} s to read`);
  }
  if (answer === undefined) {
    throw new FlintError("bad_input", `${name} needs more memory or unpacks to more than it may`);
  }
  const result = Answer.safeParse(answer);
  if (!result.success) throw new FlintError("bad_input", `${name} holds more than can be kept`);
  if ("error" in result.data) throw new FlintError("bad_input", `${name}: ${result.data.error}`);
  return result.data.reading;
}

/** What the process answers; undefined if it ended, or was ended, without an answer. */
async function runReader(
  kind: WalledKind,
  bytes: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<unknown> {
  // It may read the project, for a thread's code is read when the thread starts; the thread itself may not.
  // mammoth sets __proto__, which Deno forbids elsewhere.
  const args = [
    "--no-prompt",
    "--quiet",
    "--unstable-unsafe-proto",
    `--allow-read=${ROOT}`,
    `--v8-flags=${HEAP}`,
  ];
  const child = new Deno.Command("deno", {
    args: ["run", ...args, join(ROOT, "plugins", "knowledge", "read_process.ts"), kind],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  try {
    const sent = new Blob([bytes]).stream().pipeTo(child.stdin).catch(() => {}); // it may end early
    const answer = await bounded(child.stdout);
    if (answer === undefined) kill();
    await sent;
    const { success } = await child.status;
    return success && answer !== undefined ? JSON.parse(answer) : undefined;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** The stream's text; undefined if it is longer than it may be. */
async function bounded(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<string | undefined> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size > ANSWER_BYTES_MAX) return undefined;
    pieces.push(piece);
  }
  return await new Blob(pieces).text();
}
