/** GGUF's numbers: the magic, versions, metadata value types, names of tensor types. */
import { OWN_TYPES, TensorType } from "../flash/layout.ts";

/** "GGUF" as a little-endian u32. */
export const GGUF_MAGIC = 0x46554747;
/** Versions read here; 2 and 3 have the same layout (3 adds big-endian files, which are refused). */
export const GGUF_VERSIONS: readonly number[] = [2, 3];
/** Where a file does not name general.alignment. */
export const GGUF_ALIGNMENT_DEFAULT = 32;

/** Metadata value types. */
export const ValueType = {
  U8: 0,
  I8: 1,
  U16: 2,
  I16: 3,
  U32: 4,
  I32: 5,
  F32: 6,
  BOOL: 7,
  STRING: 8,
  ARRAY: 9,
  U64: 10,
  I64: 11,
  F64: 12,
} as const;

/** Bytes the smallest value of each metadata type takes in the file (a string: its length field). */
export const VALUE_BYTES_MIN: ReadonlyMap<number, number> = new Map([
  [ValueType.U8, 1],
  [ValueType.I8, 1],
  [ValueType.U16, 2],
  [ValueType.I16, 2],
  [ValueType.U32, 4],
  [ValueType.I32, 4],
  [ValueType.F32, 4],
  [ValueType.BOOL, 1],
  [ValueType.STRING, 8],
  [ValueType.U64, 8],
  [ValueType.I64, 8],
  [ValueType.F64, 8],
]);

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(TensorType).filter(([, type]) => type < OWN_TYPES)
    .map(([name, type]) => [type, name]),
);

/** Names of the supported tensor types, for refusals. */
export const TENSOR_TYPES = [...TYPE_NAMES.values()].join(" ");

/** Whether a type number from a file is one that Flint computes with. */
export function isTensorType(type: number): type is TensorType {
  return TYPE_NAMES.has(type);
}

/** GGML's name of a type. */
export function typeName(type: TensorType): string {
  return TYPE_NAMES.get(type)!;
}
