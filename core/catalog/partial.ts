/** A file under construction: grows under a temporary name, and gets its own only when it checks. */
import { createHash, type Hash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { assert, FlintError } from "../errors.ts";

const COPY_BYTES = 1 << 20;

/** What a finished file must be. */
export interface Expected {
  /** Final path. */
  readonly path: string;
  readonly bytes: number;
  /** Hex: sha256 (64 digits), or git's sha1 of a blob (40), which hubs declare for small files. */
  readonly checksum: string;
}

/** The running hash whose hex digest a checksum of this length is compared with. */
function startHash({ bytes, checksum }: Expected): Hash {
  if (checksum.length === 64) return createHash("sha256");
  assert(checksum.length === 40, "a checksum has 64 or 40 hex digits");
  return createHash("sha1").update(`blob ${bytes}\0`);
}

/**
 * What is written is always a prefix of the whole, so a later run goes on where this one stopped.
 * The hash of a prefix found on disk is taken anew. One process at a time: the caller locks.
 */
export class PartialFile {
  readonly #file: Deno.FsFile;
  readonly #expected: Expected;
  readonly #temporary: string;
  readonly #hash: Hash;
  #written = 0;
  #gone = false;

  private constructor(file: Deno.FsFile, expected: Expected, temporary: string) {
    this.#file = file;
    this.#expected = expected;
    this.#temporary = temporary;
    this.#hash = startHash(expected);
  }

  /** Opens or creates it. `keep` says how many of the bytes found on disk may stay. */
  static async open(
    expected: Expected,
    keep: (found: number) => number = (found) => found,
    signal?: AbortSignal,
  ): Promise<PartialFile> {
    const folder = dirname(expected.path);
    await Deno.mkdir(folder, { recursive: true });
    const name = `.${basename(expected.path)}.${expected.checksum.slice(0, 12)}.part`;
    const temporary = join(folder, name);
    const file = await Deno.open(temporary, { read: true, write: true, create: true });
    const partial = new PartialFile(file, expected, temporary);
    try {
      const found = (await file.stat()).size;
      await partial.#adopt(found > expected.bytes ? 0 : keep(found), signal);
      return partial;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes that are on disk and in the hash. */
  get written(): number {
    return this.#written;
  }

  /** Appends; throws "bad_input" when the source gives more than the file may hold. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#written + chunk.length > this.#expected.bytes) {
      throw new FlintError("bad_input", `source is longer than ${this.#expected.bytes} bytes`);
    }
    for (let at = 0; at < chunk.length;) at += await this.#file.write(chunk.subarray(at));
    this.#hash.update(chunk);
    this.#written += chunk.length;
  }

  /** Checks size and hash, then gives the file its name. A wrong one is removed and refused. */
  async commit(): Promise<void> {
    const { bytes, checksum, path } = this.#expected;
    if (this.#written !== bytes) {
      throw new FlintError("bad_input", `source ended after ${this.#written} of ${bytes} bytes`);
    }
    const found = this.#hash.digest("hex");
    this.#gone = true;
    if (found !== checksum) {
      await Deno.remove(this.#temporary);
      throw new FlintError("bad_input", `checksum is ${found}, not the expected ${checksum}`);
    }
    await this.#file.syncData();
    await Deno.rename(this.#temporary, path);
  }

  /** Leaves what was written for a later run; an empty file is no use to it. */
  close(): void {
    this.#file.close();
    if (this.#written === 0 && !this.#gone) Deno.removeSync(this.#temporary);
  }

  /** Takes the first `keep` bytes found on disk into the hash and cuts off the rest. */
  async #adopt(keep: number, signal?: AbortSignal): Promise<void> {
    await this.#file.truncate(keep);
    const buffer = new Uint8Array(COPY_BYTES);
    while (this.#written < keep) {
      signal?.throwIfAborted();
      const read = await this.#file.read(buffer);
      if (read === null) throw new FlintError("bad_input", `${this.#temporary} shrank while read`);
      this.#hash.update(buffer.subarray(0, read));
      this.#written += read;
    }
  }
}
