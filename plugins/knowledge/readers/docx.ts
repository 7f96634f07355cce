/** Word documents into blocks, by way of HTML. */
import { BlobReader, ZipReader } from "@zip.js/zip.js";
import mammoth from "mammoth";
import { type Reading, Unreadable } from "../block.ts";
import { readHtml } from "./html.ts";

/** Unpacked bytes of a whole document; what is larger is a bomb or an album. */
const UNPACKED_BYTES_MAX = 96 << 20;

/** @throws Unreadable when it is no Word document or unpacks to too much */
export async function readDocx(bytes: Uint8Array<ArrayBuffer>): Promise<Reading> {
  await checkUnpacked(bytes);
  const { value } = await mammoth.convertToHtml({ buffer: bytes as never }, {
    convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: "" })),
  });
  return readHtml(value, { article: false });
}

/** The library unpacks whole members into memory, so all is unpacked once before, and counted only. */
async function checkUnpacked(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const zip = new ZipReader(new BlobReader(new Blob([bytes])), { useWebWorkers: false });
  let left = UNPACKED_BYTES_MAX;
  const counter = () =>
    new WritableStream<Uint8Array>({
      write(piece) {
        left -= piece.length;
        if (left < 0) {
          throw new Unreadable(
            `it unpacks to more than ${UNPACKED_BYTES_MAX} bytes, which no document needs`,
          );
        }
      },
    });
  try {
    for (const entry of await zip.getEntries()) {
      if (!entry.directory) await entry.getData(counter());
    }
  } finally {
    await zip.close();
  }
}
