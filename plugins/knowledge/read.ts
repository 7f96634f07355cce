/** Reads a file of any kind that knowledge is made of; what others' parsers read is read in a process of its own. */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { fileURLToPath } from "node:url";
import { Block, Reading, Unreadable } from "./block.ts";
import { readCsv, readJson, readText } from "./readers/plain.ts";
import { runWalled } from "../walled.ts";
import type { WalledKind } from "./read_worker.ts";

/** Largest file that is read. */
export const SOURCE_BYTES_MAX = 64 << 20;
/** It may read the project, for a thread's code is read when the thread starts; the thread itself may not. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READER = {
  script: new URL("./read_process.ts", import.meta.url),
  // mammoth sets __proto__, which Deno forbids elsewhere.
  flags: ["--unstable-unsafe-proto", `--allow-read=${ROOT}`],
  heapMb: 512,
  /** 500 pages of PDF take some 5 s. */
  msMax: 120_000,
  /** DOCUMENT_CHARS_MAX in UTF-8 and JSON's own signs. */
  answerBytesMax: 48 << 20,
};

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
  const run = await runWalled({ ...READER, args: [kind], what: name }, bytes, signal);
  if ("tooMuch" in run) {
    const why = run.tooMuch === "time"
      ? `took longer than ${READER.msMax / 1000} s to read`
      : "needs more memory or unpacks to more than it may";
    throw new FlintError("bad_input", `${name} ${why}`);
  }
  const result = Answer.safeParse(JSON.parse(run.said));
  if (!result.success) throw new FlintError("bad_input", `${name} holds more than can be kept`);
  if ("error" in result.data) throw new FlintError("bad_input", `${name}: ${result.data.error}`);
  return result.data.reading;
}
