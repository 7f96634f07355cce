/**
 * Texts in PNG files (tEXt, zTXt, iTXt), where character cards lie. Only the walk over the chunks:
 * pictures are neither decoded nor changed. Layout: PNG specification, third edition, chapters 5 and 11.
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { FlintError } from "@flint/core";
import { joined } from "../pieces.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Length, type and checksum around a chunk's data. */
const FRAME_BYTES = 12;
/** Encoders write 8 KiB of picture a chunk; this many hold 130 MB of it. */
const CHUNKS_MAX = 16_384;
/** A card of a million characters in base64, with room; also what a compressed text may grow to. */
const TEXT_BYTES_MAX = 4_000_000;
/** Keywords have 1 to 79 bytes by the specification. */
const KEYWORD_BYTES_MAX = 79;
const TEXT_TYPES: ReadonlySet<string> = new Set(["tEXt", "zTXt", "iTXt"]);

interface Chunk {
  readonly type: string;
  /** A view of the file. */
  readonly data: Uint8Array;
  /** The chunk with its frame, a view of the file. */
  readonly whole: Uint8Array;
}

/** Whether a file begins as PNG files do. */
export function isPng(file: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => file[i] === byte);
}

/** The texts of a PNG by keyword, in lower case; of several by one keyword the last. Throws "bad_input". */
export function readTexts(png: Uint8Array, keywords: ReadonlySet<string>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const chunk of chunks(png)) {
    const keyword = keywordOf(chunk);
    if (keyword !== undefined && keywords.has(keyword)) texts.set(keyword, textOf(chunk, keyword));
  }
  return texts;
}

/** A copy of a PNG with these texts (Latin letters) in place of all by the keywords `replaced`. */
export function withTexts(
  png: Uint8Array,
  texts: ReadonlyMap<string, string>,
  replaced: ReadonlySet<string>,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [SIGNATURE];
  for (const chunk of chunks(png)) {
    if (replaced.has(keywordOf(chunk) ?? "")) continue;
    if (chunk.type === "IEND") {
      for (const [keyword, text] of texts) parts.push(framed("tEXt", latin(`${keyword}\0${text}`)));
    }
    parts.push(chunk.whole);
  }
  return joined(parts);
}

/** A picture for what has none: two colours by `seed`, one fading into the other. 400 by 600 points. */
export function drawPng(seed: string): Uint8Array<ArrayBuffer> {
  const [width, height] = [400, 600];
  const hash = crc32(new TextEncoder().encode(seed));
  const [from, to] = [colour(hash), colour(hash >>> 12)];
  const rows = new Uint8Array(height * (1 + width * 3)); // a row: filter 0, then red, green, blue
  for (let y = 0; y < height; y++) {
    const shade = from.map((low, i) => Math.round(low + (to[i]! - low) * y / height));
    for (let x = 0; x < width; x++) rows.set(shade, y * (1 + width * 3) + 1 + x * 3);
  }
  const head = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]); // 8 bits, true colour
  new DataView(head.buffer).setUint32(0, width);
  new DataView(head.buffer).setUint32(4, height);
  return joined([
    SIGNATURE,
    framed("IHDR", head),
    framed("IDAT", deflateSync(rows)),
    framed("IEND", new Uint8Array()),
  ]);
}

/** Walks the chunks from IHDR to IEND; what follows IEND is no part of the picture. */
function* chunks(png: Uint8Array): Generator<Chunk> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  let at = SIGNATURE.length;
  for (let count = 0; count < CHUNKS_MAX; count++) {
    const left = png.length - at - FRAME_BYTES;
    if (left < 0) throw broken("the file ends before its IEND chunk");
    const length = view.getUint32(at);
    if (length > left) throw broken(`a chunk says it has ${length} bytes, ${left} are left`);
    const end = at + FRAME_BYTES + length;
    const named = png.subarray(at + 4, end - 4);
    const type = String.fromCharCode(...named.subarray(0, 4));
    if (!/^[A-Za-z]{4}$/.test(type)) throw broken(`a chunk's type is not four letters`);
    if ((count === 0) !== (type === "IHDR")) throw broken("IHDR is not its first chunk, once");
    if (crc32(named) !== view.getUint32(end - 4)) throw broken(`its ${type} chunk has a wrong CRC`);
    yield { type, data: named.subarray(4), whole: png.subarray(at, end) };
    if (type === "IEND") return;
    at = end;
  }
  throw broken(`it has more than ${CHUNKS_MAX} chunks`);
}

function keywordOf({ type, data }: Chunk): string | undefined {
  if (!TEXT_TYPES.has(type)) return undefined;
  const end = data.subarray(0, KEYWORD_BYTES_MAX + 1).indexOf(0);
  if (end < 1) throw broken(`a ${type} chunk has no keyword of 1 to ${KEYWORD_BYTES_MAX} bytes`);
  return String.fromCharCode(...data.subarray(0, end)).toLowerCase();
}

function textOf({ type, data }: Chunk, keyword: string): string {
  if (data.length > TEXT_BYTES_MAX) {
    throw broken(
      `its text "${keyword}" has ${data.length} bytes, at most ${TEXT_BYTES_MAX} may be`,
    );
  }
  const body = data.subarray(keyword.length + 1);
  if (type === "tEXt") return new TextDecoder("latin1").decode(body);
  if (type === "zTXt") {
    return new TextDecoder("latin1").decode(inflated(body[0], body.subarray(1), keyword));
  }
  // iTXt: whether and how it is compressed, a language, the keyword in that language, the text.
  const language = body.indexOf(0, 2);
  const translated = language < 0 ? -1 : body.indexOf(0, language + 1);
  if (translated < 0) throw broken(`its iTXt chunk "${keyword}" is cut off`);
  const text = body.subarray(translated + 1);
  return utf8(body[0] === 0 ? text : inflated(body[1], text, keyword), keyword);
}

/** Stops growing at the limit, however much a small chunk would unpack to. */
function inflated(method: number | undefined, packed: Uint8Array, keyword: string): Uint8Array {
  if (method !== 0) throw broken(`its text "${keyword}" is compressed in an unknown way`);
  try {
    return inflateSync(packed, { maxOutputLength: TEXT_BYTES_MAX });
  } catch (cause) {
    const isLarge = (cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
    const why = isLarge ? `unpacks to more than ${TEXT_BYTES_MAX} bytes` : "does not unpack";
    throw broken(`its text "${keyword}" ${why}`, cause);
  }
}

function utf8(bytes: Uint8Array, keyword: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw broken(`its text "${keyword}" is not UTF-8`, cause);
  }
}

function framed(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(FRAME_BYTES + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(latin(type), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

const latin = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** A colour of middle brightness: red, green, blue. */
function colour(hash: number): number[] {
  return [0, 4, 8].map((shift) => 64 + ((hash >>> shift) & 15) * 10);
}

function broken(why: string, cause?: unknown): FlintError {
  return new FlintError("bad_input", `this PNG can't be read: ${why}`, { cause });
}
