/**
 * The slow twin of the wasm kernels: the same functions over plain arrays, summed in f64. Tests
 * compare the two; nothing here runs in the engine.
 */
import { dequantizeRow, rowBytes } from "./blocks.ts";
import type { ActivationForm } from "./kernels.ts";

export { dequantizeRow };

/** Rounds to the nearest integer, ties to even, as f32x4.nearest does. */
function nearest(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** Largest activation block magnitude that counts as zero. */
const TINY = 1e-30;

/** (cols) f32 -> integers and one scale for each 256 or 32 of them: levels -most..most. */
export function quantize(
  form: "q8x256" | "q16x32",
  x: Float32Array,
): { values: Int16Array; scales: Float32Array } {
  const [width, levels] = form === "q8x256" ? [256, 127] : [32, 16256];
  const values = new Int16Array(x.length);
  const scales = new Float32Array(x.length / width);
  for (let b = 0; b < scales.length; b++) {
    const block = x.subarray(b * width, (b + 1) * width);
    const most = block.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    if (most < TINY) continue;
    const inverse = Math.fround(levels / most);
    scales[b] = most / levels;
    block.forEach((v, i) => values[b * width + i] = nearest(Math.fround(v * inverse)));
  }
  return { values, scales };
}

/** What a kernel sees of an activation row: the values after quantization, or as they are. */
export function quantized(form: ActivationForm, x: Float32Array): Float64Array {
  if (form === "f32") return Float64Array.from(x);
  const { values, scales } = quantize(form, x);
  const width = values.length / scales.length;
  return Float64Array.from(values, (v, i) => v * scales[Math.floor(i / width)]!);
}

/**
 * dot(w[r], x) for each of `rows`, with the sum of magnitudes beside it: the kernels' error is
 * bounded by a share of that sum.
 */
export function matmul(
  type: number,
  w: Uint8Array,
  rows: number,
  x: Float64Array,
): { dot: number; magnitude: number }[] {
  const bytes = rowBytes(type, x.length);
  return Array.from({ length: rows }, (_, r) => {
    const row = dequantizeRow(type, w.subarray(r * bytes, (r + 1) * bytes), x.length);
    let dot = 0, magnitude = 0;
    row.forEach((v, i) => {
      dot += v * x[i]!;
      magnitude += Math.abs(v * x[i]!);
    });
    return { dot, magnitude };
  });
}

/** x / sqrt(mean(x^2) + eps) * weight */
export function rmsNorm(x: Float32Array, weight: Float32Array, eps: number): Float64Array {
  const mean = x.reduce((sum, v) => sum + v * v, 0) / x.length;
  return Float64Array.from(x, (v, i) => v / Math.sqrt(mean + eps) * weight[i]!);
}

/** silu(gate) * up */
export function swiglu(gate: Float32Array, up: Float32Array): Float64Array {
  return Float64Array.from(gate, (v, i) => v / (1 + Math.exp(-v)) * up[i]!);
}

/** sum of shares[i] * columns[i] */
export function addColumns(columns: readonly Float32Array[], shares: Float32Array): Float64Array {
  const out = new Float64Array(columns[0]!.length);
  columns.forEach((column, i) => column.forEach((v, r) => out[r]! += shares[i]! * v));
  return out;
}

/** max(0, x)^2 */
export function reluSquared(x: Float32Array): Float32Array {
  return x.map((v) => Math.max(0, v) * Math.max(0, v));
}

/** One head rotated by (cos, sin) pairs; values from `rotated` on pass through. */
export function rope(
  x: Float32Array,
  rotated: number,
  table: Float32Array,
  pairing: number,
): Float64Array {
  const out = Float64Array.from(x);
  for (let i = 0; i < rotated / 2; i++) {
    const [a, b] = pairing === 0 ? [2 * i, 2 * i + 1] : [i, i + rotated / 2];
    const cos = table[2 * i]!, sin = table[2 * i + 1]!;
    out[a] = x[a]! * cos - x[b]! * sin;
    out[b] = x[a]! * sin + x[b]! * cos;
  }
  return out;
}

/** softmax(q k / scale) v over rows of f16 (already widened): the textbook, two passes. */
export function attend(
  q: Float32Array,
  scale: number,
  keys: readonly Float32Array[],
  values: readonly Float32Array[],
): Float64Array {
  const scores = keys.map((k) => k.reduce((sum, v, i) => sum + v * q[i]!, 0) * scale);
  const most = Math.max(...scores);
  const weights = scores.map((s) => Math.exp(s - most));
  const total = weights.reduce((a, b) => a + b, 0);
  const out = new Float64Array(q.length);
  values.forEach((v, t) => v.forEach((value, i) => out[i]! += weights[t]! / total * value));
  return out;
}
