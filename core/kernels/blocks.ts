/**
 * GGML's weight blocks in plain TypeScript: their sizes, and how each decodes. Layouts follow
 * ggml-common.h and ggml-quants.c (MIT); the wasm kernels are tested against this file.
 */
import { assert } from "../errors.ts";
import { TensorType } from "../flash/layout.ts";

/** One block's fields are read from `bytes`, little endian; weights go to `out` (f32). */
type Decode = (bytes: DataView, out: Float32Array) => void;

interface BlockForm {
  readonly weights: number;
  readonly bytes: number;
  readonly decode: Decode;
}

const f16 = (bytes: DataView, at: number): number => bytes.getFloat16(at, true);

/** Nibble i of 16 bytes: 0..15 are the low ones, 16..31 the high ones. */
const nibble = (bytes: DataView, at: number, i: number): number =>
  i < 16 ? bytes.getUint8(at + i) & 15 : bytes.getUint8(at + i - 16) >> 4;

function q40(bytes: DataView, out: Float32Array): void {
  for (let i = 0; i < 32; i++) out[i] = f16(bytes, 0) * (nibble(bytes, 2, i) - 8);
}

function q41(bytes: DataView, out: Float32Array): void {
  for (let i = 0; i < 32; i++) {
    out[i] = Math.fround(f16(bytes, 0) * nibble(bytes, 4, i)) + f16(bytes, 2);
  }
}

const fifth = (bytes: DataView, at: number, i: number): number =>
  (bytes.getUint32(at, true) >>> i & 1) << 4;

function q50(bytes: DataView, out: Float32Array): void {
  for (let i = 0; i < 32; i++) {
    out[i] = f16(bytes, 0) * ((nibble(bytes, 6, i) | fifth(bytes, 2, i)) - 16);
  }
}

function q51(bytes: DataView, out: Float32Array): void {
  for (let i = 0; i < 32; i++) {
    const q = nibble(bytes, 8, i) | fifth(bytes, 4, i);
    out[i] = Math.fround(f16(bytes, 0) * q) + f16(bytes, 2);
  }
}

function q80(bytes: DataView, out: Float32Array): void {
  for (let i = 0; i < 32; i++) out[i] = f16(bytes, 0) * bytes.getInt8(2 + i);
}

/** Bits 2k, 2k+1 of byte i % 32 in each run of 32 bytes: how Q2_K and Q3_K pack two bits. */
const twoBits = (bytes: DataView, at: number, i: number): number =>
  bytes.getUint8(at + (i >> 7) * 32 + i % 32) >> ((i >> 5) % 4 * 2) & 3;

function q2k(bytes: DataView, out: Float32Array): void {
  for (let i = 0; i < 256; i++) {
    const scale = bytes.getUint8(i >> 4);
    const low = Math.fround(f16(bytes, 80) * (scale & 15)) * twoBits(bytes, 16, i);
    out[i] = Math.fround(low) - Math.fround(f16(bytes, 82) * (scale >> 4));
  }
}

/** Scale of 16 weights in Q3_K, -32..31: four low bits in bytes 96.., two high bits in 104... */
function scale3(bytes: DataView, k: number): number {
  const low = bytes.getUint8(96 + k % 8) >> (k < 8 ? 0 : 4) & 15;
  const high = bytes.getUint8(104 + k % 4) >> (k >> 2) * 2 & 3;
  return (low | high << 4) - 32;
}

function q3k(bytes: DataView, out: Float32Array): void {
  for (let i = 0; i < 256; i++) {
    const high = bytes.getUint8(i % 32) >> (i >> 5) & 1;
    const scale = Math.fround(f16(bytes, 108) * scale3(bytes, i >> 4));
    out[i] = scale * (twoBits(bytes, 32, i) - (high ? 0 : 4));
  }
}

/** Scale and min of 32 weights in Q4_K and Q5_K, 0..63 each, packed in 12 bytes from byte 4. */
function scaleMin(bytes: DataView, k: number): [number, number] {
  const byte = (i: number) => bytes.getUint8(4 + i);
  if (k < 4) return [byte(k) & 63, byte(k + 4) & 63];
  return [byte(k + 4) & 15 | byte(k - 4) >> 6 << 4, byte(k + 4) >> 4 | byte(k) >> 6 << 4];
}

/** Q4_K, and Q5_K where fifth bits (bit k of byte i: weight 32k + i) come before the nibbles. */
function k45(bytes: DataView, out: Float32Array, nibbles: number, fifths: number | null): void {
  for (let k = 0; k < 8; k++) {
    const [scale, min] = scaleMin(bytes, k);
    const step = Math.fround(f16(bytes, 0) * scale);
    const least = Math.fround(f16(bytes, 2) * min);
    for (let i = 0; i < 32; i++) {
      const low = bytes.getUint8(nibbles + (k >> 1) * 32 + i) >> k % 2 * 4 & 15;
      const high = fifths === null ? 0 : bytes.getUint8(fifths + i) >> k & 1;
      out[32 * k + i] = Math.fround(step * (low | high << 4)) - least;
    }
  }
}

/** F2_K and F3_K, Flint's own: their 64 or 96 bytes of bits are explained in few.as.ts. */
function few(bytes: DataView, out: Float32Array, bits: 2 | 3): void {
  for (let i = 0; i < 256; i++) {
    const k = i >> 5;
    const byte = (run: number) => bytes.getUint8(16 + 32 * run + i % 32);
    const [scale, min] = scaleMin(bytes, k);
    const step = Math.fround(f16(bytes, 0) * scale);
    const q = bits === 2
      ? byte(k >> 2) >> k % 4 * 2 & 3
      : k < 6
      ? byte(k >> 1) >> k % 2 * 3 & 7
      : byte(k % 2) >> 6 | (byte(2) >> k & 1) << 2;
    out[i] = Math.fround(step * q) - Math.fround(f16(bytes, 2) * min);
  }
}

function q6k(bytes: DataView, out: Float32Array): void {
  for (let i = 0; i < 256; i++) {
    const half = i >> 7, k = (i >> 5) % 4;
    const low = bytes.getUint8(half * 64 + k % 2 * 32 + i % 32) >> (k >> 1) * 4 & 15;
    const high = bytes.getUint8(128 + half * 32 + i % 32) >> k * 2 & 3;
    const scale = Math.fround(f16(bytes, 208) * bytes.getInt8(192 + (i >> 4)));
    out[i] = scale * ((low | high << 4) - 32);
  }
}

const bf16Bits = new DataView(new ArrayBuffer(4));

function bf16(bytes: DataView, out: Float32Array): void {
  bf16Bits.setUint32(0, bytes.getUint16(0, true) << 16 >>> 0, true);
  out[0] = bf16Bits.getFloat32(0, true);
}

const FORMS: Readonly<Record<TensorType, BlockForm>> = {
  [TensorType.F32]: { weights: 1, bytes: 4, decode: (b, out) => out[0] = b.getFloat32(0, true) },
  [TensorType.F16]: { weights: 1, bytes: 2, decode: (b, out) => out[0] = f16(b, 0) },
  [TensorType.BF16]: { weights: 1, bytes: 2, decode: bf16 },
  [TensorType.Q4_0]: { weights: 32, bytes: 18, decode: q40 },
  [TensorType.Q4_1]: { weights: 32, bytes: 20, decode: q41 },
  [TensorType.Q5_0]: { weights: 32, bytes: 22, decode: q50 },
  [TensorType.Q5_1]: { weights: 32, bytes: 24, decode: q51 },
  [TensorType.Q8_0]: { weights: 32, bytes: 34, decode: q80 },
  [TensorType.Q2_K]: { weights: 256, bytes: 84, decode: q2k },
  [TensorType.Q3_K]: { weights: 256, bytes: 110, decode: q3k },
  [TensorType.Q4_K]: { weights: 256, bytes: 144, decode: (b, out) => k45(b, out, 16, null) },
  [TensorType.Q5_K]: { weights: 256, bytes: 176, decode: (b, out) => k45(b, out, 48, 16) },
  [TensorType.Q6_K]: { weights: 256, bytes: 210, decode: q6k },
  [TensorType.F2_K]: { weights: 256, bytes: 80, decode: (b, out) => few(b, out, 2) },
  [TensorType.F3_K]: { weights: 256, bytes: 112, decode: (b, out) => few(b, out, 3) },
};

/** The block form of a type; the importer has refused all others. */
function formOf(type: number): BlockForm {
  const form = FORMS[type as TensorType];
  assert(form !== undefined, `tensor type ${type} has a known block form`);
  return form;
}

/** Weights in one block of a type: a row holds whole blocks. */
export function blockWeights(type: number): number {
  return formOf(type).weights;
}

/** Bytes of one row of `cols` weights, a whole number of blocks. */
export function rowBytes(type: number, cols: number): number {
  const { weights, bytes } = formOf(type);
  assert(cols % weights === 0, `${cols} weights of type ${type} are whole blocks of ${weights}`);
  return cols / weights * bytes;
}

/** Decodes one row (`cols` weights, whole blocks) to f32, bit for bit as GGML does. */
export function dequantizeRow(type: number, bytes: Uint8Array, cols: number): Float32Array {
  const { weights, bytes: step, decode } = formOf(type);
  assert(bytes.length >= rowBytes(type, cols), `a row of ${cols} weights fits its bytes`);
  const row = new Float32Array(cols);
  for (let i = 0; i < cols / weights; i++) {
    const block = new DataView(bytes.buffer, bytes.byteOffset + i * step, step);
    decode(block, row.subarray(i * weights, (i + 1) * weights));
  }
  return row;
}
