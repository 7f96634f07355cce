/**
 * Reads a GGUF's header, metadata and tensor table from a ByteSource; every length is bounded.
 *
 * Our own reader because @huggingface/gguf 0.4.6 is no border against hostile files: it fills
 * what lies past the end of a file with zeros, so SmolLM2 cut off in mid-vocabulary was accepted
 * with 272 empty tensors; it checks neither types, offsets, overlaps nor duplicate names.
 */
import { FlintError } from "../errors.ts";
import type { TensorType } from "../flash/layout.ts";
import { blockWeights, rowBytes } from "../kernels/blocks.ts";
import {
  GGUF_ALIGNMENT_DEFAULT,
  GGUF_MAGIC,
  GGUF_VERSIONS,
  isTensorType,
  TENSOR_TYPES,
  typeName,
  VALUE_BYTES_MIN,
  ValueType,
} from "./format.ts";
import type { ByteSource } from "./source.ts";

/** Header with vocabulary: 20 MB for 262,144 tokens with merges is the largest seen. */
export const HEADER_BYTES_MAX = 64 << 20;
/** Real files have 20-60 entries. */
export const METADATA_COUNT_MAX = 4096;
/** 2 x 126 layers x 10 tensors is the largest dense model. */
export const TENSOR_COUNT_MAX = 65_536;
/** GGUF's own limit. */
export const KEY_BYTES_MAX = 65_535;
/** Chat templates reach 20 KB. */
export const STRING_BYTES_MAX = 1 << 20;
/** Array elements of the whole file: 262,144 tokens, types, scores and 515,000 merges fit twice. */
export const ELEMENTS_MAX = 1 << 21;
/** GGML's own limit. */
export const DIMS_MAX = 4;
/** GGML's own limit on tensor names is 64 bytes. */
export const TENSOR_NAME_BYTES_MAX = 64;
/** Far above any tensor; its bytes, 4 a weight, still are an exact number. */
export const WEIGHTS_MAX = 2 ** 48;
/** llama.cpp writes 32; anything above a huge page is a lie. */
export const ALIGNMENT_MAX = 1 << 21;

/** One metadata value; 64-bit integers are numbers when exact, else refused. */
export type MetadataValue = number | boolean | string | number[] | boolean[] | string[];

/** One entry of the tensor table, checked: its bytes lie inside the file and overlap no other's. */
export interface TensorEntry {
  readonly name: string;
  readonly type: TensorType;
  /** Fastest dimension first, as in the file: (cols), (cols, rows), .. */
  readonly shape: readonly number[];
  /** Absolute position in the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** What a GGUF holds besides weights. */
export interface GgufFile {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Bytes before the first tensor. */
  readonly headerBytes: number;
}

/** Parses the header; throws FlintError "bad_model" naming field, value and what would be right. */
export function readGguf(source: ByteSource): GgufFile {
  const cursor = new Cursor(source);
  const magic = cursor.u32("the magic number");
  if (magic !== GGUF_MAGIC) {
    refuse(`the file starts with 0x${magic.toString(16)}, not with "GGUF": give a .gguf file`);
  }
  const version = cursor.u32("the version");
  if (!GGUF_VERSIONS.includes(version)) {
    const order = version % 0x1000000 === 0 ? " (a big-endian file)" : "";
    refuse(`GGUF version ${version}${order} is not supported: convert it to version 3`);
  }
  const tensorCount = cursor.count("the tensor count", TENSOR_COUNT_MAX);
  const metadataCount = cursor.count("the metadata count", METADATA_COUNT_MAX);
  const metadata = readMetadata(cursor, metadataCount);
  const alignment = checkAlignment(metadata.get("general.alignment") ?? GGUF_ALIGNMENT_DEFAULT);
  const entries: TensorEntry[] = [];
  for (let i = 0; i < tensorCount; i++) entries.push(readTensor(cursor, alignment));
  const headerBytes = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = placeTensors(entries, headerBytes, source.size);
  return { version, metadata, tensors, headerBytes };
}

function readMetadata(cursor: Cursor, count: number): Map<string, MetadataValue> {
  const metadata = new Map<string, MetadataValue>();
  for (let i = 0; i < count; i++) {
    const key = cursor.string(`the key of metadata entry ${i}`, KEY_BYTES_MAX);
    if (metadata.has(key)) refuse(`metadata key ${quote(key)} occurs twice: keys must be unique`);
    metadata.set(key, readValue(cursor, key));
  }
  return metadata;
}

function readValue(cursor: Cursor, key: string): MetadataValue {
  const name = `metadata ${quote(key)}`;
  const type = cursor.u32(`the type of ${name}`);
  if (type !== ValueType.ARRAY) return readScalar(cursor, type, name);
  const element = cursor.u32(`the element type of ${name}`);
  const bytesMin = VALUE_BYTES_MIN.get(element);
  if (bytesMin === undefined) {
    refuse(
      `${name} is an array of type ${element}: only arrays of numbers, bools and strings are read`,
    );
  }
  const count = cursor.elements(name, bytesMin);
  const values = [];
  for (let i = 0; i < count; i++) values.push(readScalar(cursor, element, name));
  return values as MetadataValue;
}

function readScalar(cursor: Cursor, type: number, name: string): number | boolean | string {
  switch (type) {
    case ValueType.U8:
      return cursor.take(1, name).getUint8(0);
    case ValueType.I8:
      return cursor.take(1, name).getInt8(0);
    case ValueType.U16:
      return cursor.take(2, name).getUint16(0, true);
    case ValueType.I16:
      return cursor.take(2, name).getInt16(0, true);
    case ValueType.U32:
      return cursor.u32(name);
    case ValueType.I32:
      return cursor.take(4, name).getInt32(0, true);
    case ValueType.F32:
      return cursor.take(4, name).getFloat32(0, true);
    case ValueType.BOOL:
      return cursor.bool(name);
    case ValueType.STRING:
      return cursor.string(name, STRING_BYTES_MAX);
    case ValueType.U64:
      return exact(cursor.take(8, name).getBigUint64(0, true), name);
    case ValueType.I64:
      return exact(cursor.take(8, name).getBigInt64(0, true), name);
    case ValueType.F64:
      return cursor.take(8, name).getFloat64(0, true);
    default:
      return refuse(`${name} has the unknown value type ${type}: GGUF knows 0 to 12`);
  }
}

function exact(value: bigint, name: string): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : refuse(`${name} is ${value}: beyond 2^53`);
}

function checkAlignment(alignment: MetadataValue): number {
  const ok = typeof alignment === "number" && alignment >= 8 && alignment <= ALIGNMENT_MAX &&
    Number.isInteger(Math.log2(alignment));
  return ok
    ? alignment
    : refuse(`general.alignment is ${alignment}: it must be a power of two, 8 to ${ALIGNMENT_MAX}`);
}

/** One table entry; `offset` is still relative to the data section. */
function readTensor(cursor: Cursor, alignment: number): TensorEntry {
  const name = cursor.string("a tensor name", TENSOR_NAME_BYTES_MAX);
  const what = `tensor ${quote(name)}`;
  const dims = cursor.u32(`the dimension count of ${what}`);
  if (dims < 1 || dims > DIMS_MAX) {
    refuse(`${what} has ${dims} dimensions: 1 to ${DIMS_MAX} are right`);
  }
  const shape: number[] = [];
  for (let i = 0; i < dims; i++) {
    shape.push(cursor.count(`dimension ${i} of ${what}`, WEIGHTS_MAX));
  }
  const type = cursor.u32(`the type of ${what}`);
  if (!isTensorType(type)) {
    refuse(`${what} has type ${type}, which is not supported; supported are ${TENSOR_TYPES}`);
  }
  const bytes = tensorBytes(what, shape, type);
  const offset = cursor.count(`the offset of ${what}`, Number.MAX_SAFE_INTEGER);
  if (offset % alignment !== 0) {
    refuse(`${what} starts at ${offset}, which is no multiple of the alignment ${alignment}`);
  }
  return { name, type, shape, offset, bytes };
}

function tensorBytes(what: string, shape: readonly number[], type: TensorType): number {
  const weights = shape.reduce((product, dim) => product * dim, 1);
  if (weights < 1 || weights > WEIGHTS_MAX) {
    refuse(`${what} is ${shape.join(" x ")}: 1 to ${WEIGHTS_MAX} weights are right`);
  }
  const cols = shape[0]!, block = blockWeights(type);
  if (cols % block !== 0) {
    refuse(`${what} has rows of ${cols} weights: ${typeName(type)} needs a multiple of ${block}`);
  }
  return rowBytes(type, cols) * (weights / cols);
}

/** Makes offsets absolute; refuses tensors past the end, one over another, or named twice. */
function placeTensors(
  entries: readonly TensorEntry[],
  headerBytes: number,
  size: number,
): Map<string, TensorEntry> {
  const tensors = new Map<string, TensorEntry>();
  let end = headerBytes;
  let before = "the header";
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    const what = `tensor ${quote(entry.name)}`;
    const offset = headerBytes + entry.offset;
    if (tensors.has(entry.name)) refuse(`${what} occurs twice: names must be unique`);
    if (offset < end) refuse(`${what} starts at byte ${offset}, inside ${before} (to ${end})`);
    end = offset + entry.bytes;
    if (end > size) {
      refuse(
        `${what} ends at byte ${end}, past the end of the file (${size} bytes): ` +
          "the file was cut short or its table lies; fetch it again",
      );
    }
    tensors.set(entry.name, { ...entry, offset });
    before = what;
  }
  return tensors;
}

/** Bytes read ahead while parsing. */
const WINDOW_BYTES = 1 << 18;

/** A bounded reading position over a source; holds one window of the file and one string. */
class Cursor {
  readonly #source: ByteSource;
  readonly #limit: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #window = new Uint8Array(0);
  #start = 0; // of the window, in the file
  #elements = ELEMENTS_MAX;
  position = 0;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#limit = Math.min(source.size, HEADER_BYTES_MAX);
  }

  /** The next `bytes` (at most a window), consumed; valid until the next call. */
  take(bytes: number, name: string): DataView {
    const taken = this.#bytes(bytes, name);
    return new DataView(taken.buffer, taken.byteOffset, bytes);
  }

  u32(name: string): number {
    return this.take(4, name).getUint32(0, true);
  }

  bool(name: string): boolean {
    const byte = this.take(1, name).getUint8(0);
    return byte > 1 ? refuse(`${name} is the bool ${byte}: 0 or 1 is right`) : byte === 1;
  }

  /** A u64 that must not exceed `max`. */
  count(name: string, max: number): number {
    const value = this.take(8, name).getBigUint64(0, true);
    return value <= BigInt(max)
      ? Number(value)
      : refuse(`${name} is ${value}: at most ${max} is right`);
  }

  /** The length of an array whose elements take `bytesMin` or more each; counts against the file's total. */
  elements(name: string, bytesMin: number): number {
    const count = this.count(`the length of ${name}`, this.#elements);
    this.#need(count * bytesMin, name);
    this.#elements -= count;
    return count;
  }

  string(name: string, bytesMax: number): string {
    const length = this.count(`the length of ${name}`, bytesMax);
    const bytes = this.#bytes(length, name);
    try {
      return this.#decoder.decode(bytes);
    } catch (cause) {
      throw new FlintError("bad_model", `${name} is not valid UTF-8`, { cause });
    }
  }

  #need(bytes: number, name: string): void {
    const left = this.#limit - this.position;
    if (bytes > left) {
      const where = this.#limit === HEADER_BYTES_MAX ? "in the largest header read" : "in the file";
      refuse(
        `${name} needs ${bytes} bytes, ${left} are left ${where}: the file was cut short or lies`,
      );
    }
  }

  #bytes(count: number, name: string): Uint8Array {
    this.#need(count, name);
    const at = this.position - this.#start;
    if (at + count > this.#window.length) {
      this.#start = this.position;
      const length = Math.min(Math.max(count, WINDOW_BYTES), this.#limit - this.position);
      if (this.#window.buffer.byteLength < length) this.#window = new Uint8Array(length);
      this.#window = new Uint8Array(this.#window.buffer, 0, length);
      this.#source.read(this.#start, this.#window);
    }
    const from = this.position - this.#start;
    this.position += count;
    return this.#window.subarray(from, from + count);
  }
}

/** Names from the file are shown short and escaped. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function refuse(message: string): never {
  throw new FlintError("bad_model", message);
}
