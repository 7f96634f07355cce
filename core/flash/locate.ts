/** Finds where LMDB put the units: a scan of the data file for stamped first pages. */
import fs from "node:fs";
import { FlintError } from "../errors.ts";
import { readStamp, unitChecksum } from "./checksum.ts";
import { PAGE, UNIT_HEADER } from "./layout.ts";

/** Where a unit lies, and the checksum its bytes were found to have. */
export interface UnitPlace {
  readonly offset: number;
  readonly checksum: string;
}

/** What to look for: units `first`.. of these sizes, stamped with this salt. */
export interface UnitSearch {
  readonly dataFile: string;
  readonly unitBytes: readonly number[];
  readonly salt: Uint8Array;
  /** Id of the first; default 0. */
  readonly first?: number;
  /** Awaited after each unit found, with its pages, valid until then; may reject to stop. */
  readonly onUnit: (id: number, pages: Uint8Array) => Promise<void>;
}

/**
 * Reads the whole file once. Each unit must be found exactly once with the right size and
 * checksum; otherwise throws "bad_model".
 */
export async function locateUnits(search: UnitSearch): Promise<UnitPlace[]> {
  const { first = 0 } = search;
  const places: (UnitPlace | undefined)[] = search.unitBytes.map(() => undefined);
  const image = new Uint8Array(Math.max(...search.unitBytes));
  const file = fs.openSync(search.dataFile, "r");
  try {
    const size = fs.fstatSync(file).size;
    for (let offset = 0; offset + PAGE <= size;) {
      const found = readCandidate(file, offset, image, search);
      if (!found) {
        offset += PAGE;
        continue;
      }
      if (places[found.id - first]) refuse(`unit ${found.id} was found twice`);
      places[found.id - first] = { offset, checksum: found.checksum };
      offset += found.bytes;
      await search.onUnit(found.id, image.subarray(0, found.bytes));
    }
  } finally {
    fs.closeSync(file);
  }
  return places.map((place, i) => place ?? refuse(`unit ${first + i} was not found intact`));
}

/** The unit that begins at `offset`, if its stamp, size and checksum are right. */
function readCandidate(file: number, offset: number, image: Uint8Array, search: UnitSearch) {
  fs.readSync(file, image, 0, UNIT_HEADER, offset);
  const stamp = readStamp(image, search.salt);
  if (!stamp || stamp.bytes !== search.unitBytes[stamp.id - (search.first ?? 0)]) return undefined;
  const pages = image.subarray(0, stamp.bytes);
  if (fs.readSync(file, pages, 0, stamp.bytes, offset) !== stamp.bytes) return undefined;
  return unitChecksum(pages.subarray(UNIT_HEADER)) === stamp.checksum ? stamp : undefined;
}

function refuse(what: string): never {
  throw new FlintError("bad_model", `the flash store is damaged (${what}): import the model again`);
}
