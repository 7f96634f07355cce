/**
 * A bundle: one signed file with an assistant and what belongs to it. It is a zip, so that everyone
 * can look into it, whose comment holds the publisher's key and signature of all bytes before:
 *
 *   zip up to its comment | "FLINTB1\n" | public key, 32 bytes | signature, 64 bytes
 *
 * So whatever byte is changed, in a member, in the zip's own tables or in the key, it is refused
 * before anything is unpacked. `bundle.json` lists all members with their lengths and hashes.
 */
import { createHash } from "node:crypto";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter } from "@zip.js/zip.js";
import { FlintError } from "@flint/core";
import { BoundedSink, parse } from "@flint/plugins";
import { z } from "zod";
import { isSigned, KEY_BYTES, type PublicKey, SIGNATURE_BYTES, type Signer } from "./keys.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A file of a bundle. */
export interface Member {
  readonly path: string;
  readonly bytes: Bytes;
}

/** A bundle that was read: whole, and signed by `publicKey`. */
export interface OpenBundle {
  readonly publicKey: PublicKey;
  /** By path, `bundle.json` left out. */
  readonly members: ReadonlyMap<string, Bytes>;
}

/** Largest file. */
const BUNDLE_BYTES_MAX = 16 << 20;
/** What it may unpack to: as much as the bodies that Flint takes. */
export const UNPACKED_BYTES_MAX = 64 << 20;
/** An assistant, 64 plugins and what 16 collections hold together. */
const MEMBERS_MAX = 1100;
const TABLE = "bundle.json", TABLE_BYTES_MAX = 512 * 1024;
const MAGIC = new TextEncoder().encode("FLINTB1\n");
const COMMENT_BYTES = MAGIC.length + KEY_BYTES + SIGNATURE_BYTES;

const path = z.string().max(120).regex(
  /^[a-z]+(\/[a-z0-9-]+)*\.(json|txt)$/,
  "is no member's name",
);

const Table = z.strictObject({
  format: z.literal("flint-bundle"),
  version: z.literal(1),
  members: z.array(z.strictObject({
    path,
    bytes: z.int().min(0).max(UNPACKED_BYTES_MAX),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })).max(MEMBERS_MAX),
});

/** Packs and signs. The same members and key make the same bytes. @throws FlintError over_budget */
export async function packBundle(members: readonly Member[], signer: Signer): Promise<Bytes> {
  const table = {
    format: "flint-bundle",
    version: 1,
    members: members.map(({ path, bytes }) => ({
      path,
      bytes: bytes.length,
      sha256: sha256(bytes),
    })),
  };
  const head = { path: TABLE, bytes: new TextEncoder().encode(JSON.stringify(table, null, 1)) };
  const zip = new ZipWriter(new Uint8ArrayWriter(), ZIP_OPTIONS);
  for (const { path, bytes } of [head, ...members]) {
    await zip.add(path, new Uint8ArrayReader(bytes), ZIP_OPTIONS);
  }
  const file = await zip.close(new Uint8Array(COMMENT_BYTES)) as Bytes;
  if (file.length > BUNDLE_BYTES_MAX) {
    throw new FlintError(
      "over_budget",
      `the bundle has ${file.length} bytes, at most ${BUNDLE_BYTES_MAX} may be: leave knowledge out`,
    );
  }
  file.set(MAGIC, file.length - COMMENT_BYTES);
  file.set(signer.publicKey, file.length - SIGNATURE_BYTES - KEY_BYTES);
  const body = file.subarray(0, file.length - SIGNATURE_BYTES);
  file.set(await signer.sign(body), body.length);
  return file;
}

/** Whether it looks like a bundle; openBundle says whether it is one. */
export function isBundle(file: Uint8Array): boolean {
  const at = file.length - COMMENT_BYTES;
  return at > 0 && MAGIC.every((byte, i) => file[at + i] === byte);
}

/** Checks the signature, unpacks, and checks every member. @throws FlintError bad_input with the reason */
export async function openBundle(file: Bytes): Promise<OpenBundle> {
  if (file.length > BUNDLE_BYTES_MAX) {
    throw refusal(`it has ${file.length} bytes, at most ${BUNDLE_BYTES_MAX} may be`);
  }
  if (!isBundle(file)) throw refusal("it does not end in a publisher's signature");
  const body = file.subarray(0, file.length - SIGNATURE_BYTES);
  const publicKey = body.slice(-KEY_BYTES);
  if (!await isSigned(publicKey, file.slice(-SIGNATURE_BYTES), body)) {
    throw refusal("it was changed after it was signed, or is not whole: get it anew");
  }
  return { publicKey, members: await unpacked(file) };
}

/** No clock, no zone, no machine: what is in it alone decides the bytes. */
const ZIP_OPTIONS = {
  useWebWorkers: false,
  level: 9,
  lastModDate: new Date(2026, 0, 1),
  extendedTimestamp: false,
  msDosCompatible: true,
  dataDescriptor: false,
} as const;

async function unpacked(file: Bytes): Promise<Map<string, Bytes>> {
  const zip = new ZipReader(new Uint8ArrayReader(file), { useWebWorkers: false });
  try {
    const found = new Map<string, Bytes>();
    let table: z.infer<typeof Table> | undefined, room = UNPACKED_BYTES_MAX;
    for await (const entry of zip.getEntriesGenerator()) {
      if (entry.directory || entry.encrypted) throw refusal(`${entry.filename} is no plain file`);
      const said = table?.members[found.size];
      if (table && said?.path !== entry.filename) throw refusal(`${entry.filename} is not listed`);
      const bytesMax = Math.min(room, said?.bytes ?? TABLE_BYTES_MAX);
      const sink = new BoundedSink(
        bytesMax,
        () => refusal(`a member unpacks to more than the ${bytesMax} bytes it may have`),
      );
      await entry.getData(new WritableStream(sink));
      const bytes = sink.bytes();
      room -= bytes.length;
      if (!table) table = tableOf(entry.filename, bytes);
      else if (sha256(bytes) !== said!.sha256) throw refusal(`${entry.filename} is not as listed`);
      else found.set(entry.filename, bytes);
    }
    if (found.size === table?.members.length) return found;
    throw refusal("members that it lists are missing");
  } catch (error) {
    if (error instanceof FlintError) throw error;
    throw refusal(`it is damaged: ${(error as Error).message}`, error);
  } finally {
    await zip.close();
  }
}

function tableOf(name: string, bytes: Bytes): z.infer<typeof Table> {
  if (name !== TABLE) throw refusal(`it does not begin with ${TABLE}`);
  return parse(Table, readJson(name, bytes));
}

/** The JSON in a member. @throws FlintError bad_input */
export function readJson(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refusal(`${name} is no JSON`, cause);
  }
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function refusal(why: string, cause?: unknown): FlintError {
  return new FlintError("bad_input", `this is no bundle that can be trusted: ${why}`, { cause });
}
