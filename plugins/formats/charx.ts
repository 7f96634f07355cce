/** CharX files: zips with a character card (card.json) and its pictures, of which the card is read. */
import { FlintError } from "@flint/core";
import { Uint8ArrayReader, ZipReader } from "@zip.js/zip.js";
import { BoundedSink } from "../pieces.ts";
import { importFile } from "./file.ts";
import type { Imported } from "./format.ts";

/** The largest card text met so far has 250 KB; lorebooks can be long. */
const CARD_BYTES_MAX = 4_000_000;
/** Pictures, sounds and modules of one character: some hundred. */
const MEMBERS_MAX = 2000;

/**
 * As importFile, and of a CharX the card in it. Its pictures are not kept.
 * @throws FlintError bad_input with the reason
 */
export async function importPackage(file: Uint8Array, name: string): Promise<Imported[]> {
  if (!isZip(file)) return importFile(file, name);
  const found = importFile(await cardIn(file), name);
  return found.map((one) => ({ ...one, format: "charx" }));
}

function isZip(file: Uint8Array): boolean {
  return file[0] === 0x50 && file[1] === 0x4b && file[2] === 3 && file[3] === 4;
}

async function cardIn(file: Uint8Array): Promise<Uint8Array> {
  const zip = new ZipReader(new Uint8ArrayReader(file), {
    useWebWorkers: false,
    checkSignature: true,
  });
  try {
    let seen = 0;
    for await (const entry of zip.getEntriesGenerator()) {
      if (++seen > MEMBERS_MAX) throw refusal(`it holds more than ${MEMBERS_MAX} files`);
      if (entry.directory || entry.filename !== "card.json") continue;
      if (entry.encrypted) throw refusal("its card.json is encrypted");
      const card = new BoundedSink(
        CARD_BYTES_MAX,
        () => refusal(`its card.json unpacks to more than ${CARD_BYTES_MAX} bytes`),
      );
      await entry.getData(new WritableStream(card));
      return card.bytes();
    }
  } catch (error) {
    if (error instanceof FlintError) throw error;
    throw refusal(`it is damaged: ${(error as Error).message}`, error);
  } finally {
    await zip.close();
  }
  throw refusal("it has no card.json: only zips of characters can be read");
}

function refusal(why: string, cause?: unknown): FlintError {
  return new FlintError("bad_input", `this zip is no CharX file: ${why}`, { cause });
}
