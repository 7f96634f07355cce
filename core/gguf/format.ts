/** GGUF's numbers: metadata value types, and for each tensor type its name and block size. */
import { TensorType } from "../flash/layout.ts";

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

/** How a tensor type packs weights: `elements` of a row share a block of `bytes`. */
export interface BlockFormat {
  readonly name: string;
  readonly elements: number;
  readonly bytes: number;
}

/** The tensor types Flint computes with (sizes from ggml-common.h). */
const BLOCK_FORMATS: Readonly<Record<TensorType, BlockFormat>> = {
  [TensorType.F32]: { name: "F32", elements: 1, bytes: 4 },
  [TensorType.F16]: { name: "F16", elements: 1, bytes: 2 },
  [TensorType.BF16]: { name: "BF16", elements: 1, bytes: 2 },
  [TensorType.Q4_0]: { name: "Q4_0", elements: 32, bytes: 18 },
  [TensorType.Q4_1]: { name: "Q4_1", elements: 32, bytes: 20 },
  [TensorType.Q5_0]: { name: "Q5_0", elements: 32, bytes: 22 },
  [TensorType.Q5_1]: { name: "Q5_1", elements: 32, bytes: 24 },
  [TensorType.Q8_0]: { name: "Q8_0", elements: 32, bytes: 34 },
  [TensorType.Q2_K]: { name: "Q2_K", elements: 256, bytes: 84 },
  [TensorType.Q3_K]: { name: "Q3_K", elements: 256, bytes: 110 },
  [TensorType.Q4_K]: { name: "Q4_K", elements: 256, bytes: 144 },
  [TensorType.Q5_K]: { name: "Q5_K", elements: 256, bytes: 176 },
  [TensorType.Q6_K]: { name: "Q6_K", elements: 256, bytes: 210 },
};

/** Names of the supported types, for refusals. */
export const BLOCK_FORMAT_NAMES = Object.values(BLOCK_FORMATS).map(({ name }) => name).join(" ");

/** Whether a type number from a file is one that Flint computes with. */
export function isTensorType(type: number): type is TensorType {
  return Object.hasOwn(BLOCK_FORMATS, type);
}

/** How a type packs weights. */
export function blockFormat(type: TensorType): BlockFormat {
  return BLOCK_FORMATS[type];
}

/** Bytes of `cols` consecutive weights of one row; `cols` is whole blocks. */
export function rowBytes(type: TensorType, cols: number): number {
  const { elements, bytes } = BLOCK_FORMATS[type];
  return cols / elements * bytes;
}
