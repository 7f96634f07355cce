/**
 * f32 -> GGML's blocks, by plain rounding: enough to build test models of every type. The layouts
 * are those of ggml-quants.c; the choice of scales is simpler than there.
 */
import { TensorType } from "../core/flash/layout.ts";
import { blockWeights, rowBytes } from "../core/kernels/blocks.ts";

/** Encodes whole blocks: `values.length` is a multiple of the type's block. */
export function quantize(type: TensorType, values: Float32Array): Uint8Array<ArrayBuffer> {
  const weights = blockWeights(type), bytes = rowBytes(type, weights);
  const out = new Uint8Array(values.length / weights * bytes);
  if (weights === 1) {
    ENCODERS[type](values, new DataView(out.buffer));
    return out;
  }
  for (let i = 0; i < values.length / weights; i++) {
    const block = new DataView(out.buffer, i * bytes, bytes);
    ENCODERS[type](values.subarray(i * weights, (i + 1) * weights), block);
  }
  return out;
}

type Encoder = (x: Float32Array, out: DataView) => void;

const ENCODERS: Readonly<Record<TensorType, Encoder>> = {
  [TensorType.F2_K]: (x, out) => encodeFew(x, out, 3),
  [TensorType.F3_K]: (x, out) => encodeFew(x, out, 7),
  [TensorType.F32]: (x, out) => x.forEach((value, i) => out.setFloat32(4 * i, value, true)),
  [TensorType.F16]: (x, out) => x.forEach((value, i) => out.setFloat16(2 * i, value, true)),
  [TensorType.BF16]: (x, out) => bf16(x).forEach((bits, i) => out.setUint16(2 * i, bits, true)),
  [TensorType.Q4_0]: (x, out) => signed32(x, out, 8),
  [TensorType.Q4_1]: (x, out) => offset32(x, out, 15),
  [TensorType.Q5_0]: (x, out) => signed32(x, out, 16),
  [TensorType.Q5_1]: (x, out) => offset32(x, out, 31),
  [TensorType.Q8_0]: (x, out) => {
    const scale = f16At(out, 0, absMax(x) / 127);
    x.forEach((value, i) => out.setInt8(2 + i, level(value, scale, -127, 127)));
  },
  [TensorType.Q2_K]: encodeQ2K,
  [TensorType.Q3_K]: encodeQ3K,
  [TensorType.Q4_K]: (x, out) => encodeQ45K(x, out, 15),
  [TensorType.Q5_K]: (x, out) => encodeQ45K(x, out, 31),
  [TensorType.Q6_K]: encodeQ6K,
};

/** Q4_0 and Q5_0: levels -half..half-1 stored with `half` added. */
function signed32(x: Float32Array, out: DataView, half: number): void {
  const extreme = x.reduce((most, value) => Math.abs(value) > Math.abs(most) ? value : most, 0);
  const scale = f16At(out, 0, extreme / -half);
  const levels = Array.from(x, (value) => level(value, scale, -half, half - 1) + half);
  packNibbles(levels, out, half === 16 ? 2 : undefined, half === 16 ? 6 : 2);
}

/** Q4_1 and Q5_1: levels 0..top above the smallest value. */
function offset32(x: Float32Array, out: DataView, top: number): void {
  const least = Math.min(...x);
  const scale = f16At(out, 0, (Math.max(...x) - least) / top);
  const base = f16At(out, 2, least);
  const levels = Array.from(x, (value) => level(value - base, scale, 0, top));
  packNibbles(levels, out, top === 31 ? 4 : undefined, top === 31 ? 8 : 4);
}

/** 32 levels: low nibbles of 0..15 and 16..31 share bytes; fifth bits go to a u32 at `highAt`. */
function packNibbles(levels: number[], out: DataView, highAt: number | undefined, at: number) {
  for (let i = 0; i < 16; i++) {
    out.setUint8(at + i, levels[i]! & 15 | (levels[i + 16]! & 15) << 4);
  }
  if (highAt === undefined) return;
  const high = levels.reduce((bits, value, i) => bits | (value >> 4) << i, 0);
  out.setUint32(highAt, high >>> 0, true);
}

/** Scales and minimums of sub-blocks, themselves quantized below `top` with one f16 each. */
function subScales(x: Float32Array, size: number, levelTop: number, top: number) {
  const scales: number[] = [], mins: number[] = [];
  for (let i = 0; i < x.length; i += size) {
    const least = Math.min(0, ...x.subarray(i, i + size));
    scales.push((Math.max(...x.subarray(i, i + size)) - least) / levelTop);
    mins.push(-least);
  }
  const d = Math.fround(Math.max(...scales) / top), dmin = Math.fround(Math.max(...mins) / top);
  return { scales, mins, d, dmin };
}

function encodeQ2K(x: Float32Array, out: DataView): void {
  const { scales, mins, ...raw } = subScales(x, 16, 3, 15);
  const d = f16At(out, 80, raw.d), dmin = f16At(out, 82, raw.dmin);
  for (let s = 0; s < 16; s++) {
    const scale = level(scales[s]!, d, 0, 15), min = level(mins[s]!, dmin, 0, 15);
    out.setUint8(s, scale | min << 4);
    for (let i = 0; i < 16; i++) {
      const at = s * 16 + i; // 128 values share 32 bytes, 2 bits each
      const q = level(x[at]! + dmin * min, d * scale, 0, 3);
      orByte(out, 16 + (at >> 7) * 32 + (at & 31), q << 2 * (at >> 5 & 3));
    }
  }
}

function encodeQ3K(x: Float32Array, out: DataView): void {
  const wanted = subExtremes(x, -4);
  const d = f16At(out, 108, absMax(wanted) / 31);
  for (let s = 0; s < 16; s++) {
    const scale = level(wanted[s]!, d, -32, 31);
    const stored = scale + 32; // 6 bits: low 4 in bytes 96..103, high 2 in 104..107
    orByte(out, 96 + s % 8, (stored & 15) << 4 * (s >> 3));
    orByte(out, 104 + s % 4, stored >> 4 << 2 * (s >> 2));
    for (let i = 0; i < 16; i++) {
      const at = s * 16 + i;
      const q = level(x[at]!, d * scale, -4, 3) + 4;
      orByte(out, 32 + (at >> 7) * 32 + (at & 31), (q & 3) << 2 * (at >> 5 & 3));
      orByte(out, at & 31, q >> 2 << (at >> 5));
    }
  }
}

/** Q4_K (top 15) and Q5_K (top 31, fifth bits in 32 bytes before the nibbles). */
function encodeQ45K(x: Float32Array, out: DataView, top: number): void {
  const { scales, mins, ...raw } = subScales(x, 32, top, 63);
  const d = f16At(out, 0, raw.d), dmin = f16At(out, 2, raw.dmin);
  const nibblesAt = top === 31 ? 48 : 16;
  for (let s = 0; s < 8; s++) {
    const scale = level(scales[s]!, d, 0, 63), min = level(mins[s]!, dmin, 0, 63);
    packScale(out, s, scale, min);
    for (let i = 0; i < 32; i++) {
      const q = level(x[s * 32 + i]! + dmin * min, d * scale, 0, top);
      orByte(out, nibblesAt + (s >> 1) * 32 + i, (q & 15) << 4 * (s & 1));
      if (top === 31) orByte(out, 16 + i, q >> 4 << s);
    }
  }
}

/** F2_K (top 3) and F3_K (top 7): kernels/few.as.ts. */
function encodeFew(x: Float32Array, out: DataView, top: number): void {
  const { scales, mins, ...raw } = subScales(x, 32, top, 63);
  const d = f16At(out, 0, raw.d), dmin = f16At(out, 2, raw.dmin);
  for (let s = 0; s < 8; s++) {
    const scale = level(scales[s]!, d, 0, 63), min = level(mins[s]!, dmin, 0, 63);
    packScale(out, s, scale, min);
    for (let i = 0; i < 32; i++) {
      const q = level(x[s * 32 + i]! + dmin * min, d * scale, 0, top);
      const run = (n: number, bits: number) => orByte(out, 16 + 32 * n + i, bits);
      if (top === 3) run(s >> 2, q << 2 * (s & 3));
      else if (s < 6) run(s >> 1, q << 3 * (s & 1));
      else {
        run(s & 1, (q & 3) << 6);
        run(2, q >> 2 << s);
      }
    }
  }
}

/** 6-bit scale and minimum of sub-block `s` among the 12 bytes at 4. */
function packScale(out: DataView, s: number, scale: number, min: number): void {
  if (s < 4) {
    orByte(out, 4 + s, scale);
    orByte(out, 8 + s, min);
    return;
  }
  orByte(out, 8 + s, scale & 15 | (min & 15) << 4);
  orByte(out, s, scale >> 4 << 6);
  orByte(out, 4 + s, min >> 4 << 6);
}

function encodeQ6K(x: Float32Array, out: DataView): void {
  const wanted = subExtremes(x, -32);
  const d = f16At(out, 208, absMax(wanted) / 127);
  for (let s = 0; s < 16; s++) {
    const scale = level(wanted[s]!, d, -128, 127);
    out.setInt8(192 + s, scale);
    for (let i = 0; i < 16; i++) {
      const at = s * 16 + i, half = at >> 7, quarter = at >> 5 & 3, l = at & 31;
      const q = level(x[at]!, d * scale, -32, 31) + 32;
      orByte(out, half * 64 + (quarter & 1) * 32 + l, (q & 15) << 4 * (quarter >> 1));
      orByte(out, 128 + half * 32 + l, q >> 4 << 2 * quarter);
    }
  }
}

/** For each 16 values the scale that puts the extreme one on level `lowest`. */
function subExtremes(x: Float32Array, lowest: number): Float32Array {
  return Float32Array.from({ length: x.length / 16 }, (_, s) => {
    const part = x.subarray(s * 16, s * 16 + 16);
    return part.reduce((most, v) => Math.abs(v) > Math.abs(most) ? v : most, 0) / lowest;
  });
}

function level(value: number, scale: number, least: number, most: number): number {
  return scale === 0
    ? Math.max(0, least)
    : Math.min(most, Math.max(least, Math.round(value / scale)));
}

function absMax(x: Float32Array): number {
  return x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Writes an f16 and returns what it holds. */
function f16At(out: DataView, at: number, value: number): number {
  out.setFloat16(at, value, true);
  return out.getFloat16(at, true);
}

function orByte(out: DataView, at: number, bits: number): void {
  out.setUint8(at, out.getUint8(at) | bits);
}

/** The upper halves, rounded to nearest even. */
function bf16(x: Float32Array): Uint32Array {
  const words = new Uint32Array(x.slice().buffer);
  return words.map((bits) => (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
}
