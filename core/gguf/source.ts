/** Where a GGUF is read from: positioned reads of a known size, so nothing is loaded whole. */
import fs from "node:fs";
import { FlintError } from "../errors.ts";

/** Bytes with a size; `read` fills all of `into` from `offset` on or throws FlintError. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, into: Uint8Array): void;
}

/** A local file as ByteSource. */
export interface FileSource extends ByteSource {
  close(): void;
}

/** Opens a local file; "not_found" if it is missing, "bad_model" if it is no plain file. */
export function openFileSource(path: string): FileSource {
  let file: number;
  try {
    file = fs.openSync(path, "r");
  } catch (cause) {
    throw new FlintError("not_found", `cannot open the model file ${path}: check path and rights`, {
      cause,
    });
  }
  const stat = fs.fstatSync(file);
  if (!stat.isFile()) {
    fs.closeSync(file);
    throw new FlintError("bad_model", `${path} is not a plain file: give the path of a .gguf file`);
  }
  return {
    size: stat.size,
    read: (offset, into) => readFully(file, path, offset, into),
    close: () => fs.closeSync(file),
  };
}

function readFully(file: number, path: string, offset: number, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const count = fs.readSync(file, into, done, into.length - done, offset + done);
    if (count === 0) {
      throw new FlintError(
        "bad_model",
        `${path} ends at byte ${offset + done}, where ${into.length - done} more were expected: ` +
          "it was cut short; fetch it again",
      );
    }
    done += count;
  }
}
