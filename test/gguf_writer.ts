/** Writes GGUF files for tests, right ones and, through the raw fields, wrong ones. */
import { GGUF_MAGIC, ValueType } from "../core/gguf/format.ts";

/** A metadata value with its GGUF type; `element` for arrays. */
export type GgufValue =
  | { type: "u32" | "i32" | "f32" | "u64"; value: number | bigint }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "strings"; value: readonly string[] }
  | { type: "i32s" | "f32s"; value: readonly number[] };

/** One tensor: shape fastest first; `offset` is computed unless given. */
export interface GgufTensor {
  name: string;
  type: number;
  shape: readonly (number | bigint)[];
  data: Uint8Array;
  offset?: number | bigint;
}

/** A whole file; counts are computed unless given. */
export interface GgufParts {
  magic?: number;
  version?: number;
  alignment?: number;
  tensorCount?: number | bigint;
  metadataCount?: number | bigint;
  metadata: readonly (readonly [key: string, value: GgufValue])[];
  tensors: readonly GgufTensor[];
}

/** Little-endian bytes, growing. */
export class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  length = 0;

  #grow(count: number): DataView {
    if (this.length + count > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + count));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const view = new DataView(this.#bytes.buffer, this.length, count);
    this.length += count;
    return view;
  }

  u8(value: number): void {
    this.#grow(1).setUint8(0, value);
  }
  u32(value: number): void {
    this.#grow(4).setUint32(0, value, true);
  }
  f32(value: number): void {
    this.#grow(4).setFloat32(0, value, true);
  }
  u64(value: number | bigint): void {
    this.#grow(8).setBigUint64(0, BigInt(value), true);
  }
  bytes(value: Uint8Array): void {
    const view = this.#grow(value.length);
    new Uint8Array(view.buffer, view.byteOffset, value.length).set(value);
  }
  string(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.u64(bytes.length);
    this.bytes(bytes);
  }
  padTo(step: number): void {
    this.#grow(Math.ceil(this.length / step) * step - this.length);
  }
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }
}

/** The file's bytes. */
export function writeGguf(parts: GgufParts): Uint8Array<ArrayBuffer> {
  const { metadata, tensors, alignment = 32 } = parts;
  const out = new ByteWriter();
  out.u32(parts.magic ?? GGUF_MAGIC);
  out.u32(parts.version ?? 3);
  out.u64(parts.tensorCount ?? tensors.length);
  out.u64(parts.metadataCount ?? metadata.length);
  for (const [key, value] of metadata) {
    out.string(key);
    writeValue(out, value);
  }
  let offset = 0;
  for (const tensor of tensors) {
    out.string(tensor.name);
    out.u32(tensor.shape.length);
    tensor.shape.forEach((dim) => out.u64(dim));
    out.u32(tensor.type);
    out.u64(tensor.offset ?? offset);
    offset = Math.ceil((offset + tensor.data.length) / alignment) * alignment;
  }
  for (const { data } of tensors) {
    out.padTo(alignment);
    out.bytes(data);
  }
  return out.finish();
}

function writeValue(out: ByteWriter, { type, value }: GgufValue): void {
  switch (type) {
    case "u32":
    case "i32":
      out.u32(type === "u32" ? ValueType.U32 : ValueType.I32);
      return out.u32(Number(value));
    case "f32":
      out.u32(ValueType.F32);
      return out.f32(Number(value));
    case "u64":
      out.u32(ValueType.U64);
      return out.u64(value);
    case "bool":
      out.u32(ValueType.BOOL);
      return out.u8(value ? 1 : 0);
    case "string":
      out.u32(ValueType.STRING);
      return out.string(value);
    case "strings":
      return writeArray(out, ValueType.STRING, value, (text) => out.string(text));
    case "i32s":
      return writeArray(out, ValueType.I32, value, (number) => out.u32(number));
    case "f32s":
      return writeArray(out, ValueType.F32, value, (number) => out.f32(number));
  }
}

function writeArray<T>(
  out: ByteWriter,
  element: number,
  values: readonly T[],
  write: (value: T) => void,
): void {
  out.u32(ValueType.ARRAY);
  out.u32(element);
  out.u64(values.length);
  values.forEach(write);
}
