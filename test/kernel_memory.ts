/** One small shared memory with both kernel flavors bound to it, and the weights tests run on. */
import assert from "node:assert/strict";
import { TensorType } from "../core/flash/layout.ts";
import { blockWeights } from "../core/kernels/blocks.ts";
import {
  activationBytes,
  type ActivationForm,
  activationForm,
  bindKernels,
  type KernelFlavor,
  type Kernels,
  loadKernelModule,
  rowBytes,
} from "../core/kernels/kernels.ts";
import { randomFloats } from "./random.ts";

export const FLAVORS: readonly KernelFlavor[] = ["relaxed", "plain"];

const PAGES = 64;
export const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
export const bytes = new Uint8Array(memory.buffer);
export const floats = new Float32Array(memory.buffer);
const SCRATCH = 4096;
export const kernels: Readonly<Record<KernelFlavor, Kernels>> = {
  relaxed: bindKernels(await loadKernelModule("relaxed"), memory, SCRATCH),
  plain: bindKernels(await loadKernelModule("plain"), memory, SCRATCH),
};

// Where things lie in the memory. Weights are deliberately unaligned.
export const WEIGHTS = (1 << 20) + 3;
export const INPUT = 2 << 20;
export const ACTIVATIONS = 5 << 19;
export const OUTPUT = 3 << 20;

/** Byte offsets of the halves in a block; the rest of a block may be any bits. */
export const HALVES: Partial<Record<number, number[]>> = {
  [TensorType.Q4_0]: [0],
  [TensorType.Q4_1]: [0, 2],
  [TensorType.Q5_0]: [0],
  [TensorType.Q5_1]: [0, 2],
  [TensorType.Q8_0]: [0],
  [TensorType.Q2_K]: [80, 82],
  [TensorType.Q3_K]: [108],
  [TensorType.Q4_K]: [0, 2],
  [TensorType.Q5_K]: [0, 2],
  [TensorType.Q6_K]: [208],
  [TensorType.F2_K]: [0, 2],
  [TensorType.F3_K]: [0, 2],
};

/** What rows of weights a test wants. */
export type Kind = "random" | "zero" | "largest" | "subnormal";

/** A half of one kind: its 16 bits. */
function halfBits(kind: Kind, next: () => number): number {
  const value = { zero: 0, largest: 65504, subnormal: 2 ** -24 * 3, random: next() - 0.5 }[kind];
  return new Uint16Array(new Float16Array([value]).buffer)[0]!;
}

/** Rows of `type`: random bits with sane scales, or one of the extremes. */
export function weights(
  type: number,
  rows: number,
  cols: number,
  kind: Kind,
  seed = 1,
): Uint8Array {
  const next = randomFloats(seed);
  const data = new Uint8Array(rows * rowBytes(type, cols));
  const view = new DataView(data.buffer);
  if (type === TensorType.F32) {
    new Float32Array(data.buffer).forEach((_, i, all) => all[i] = next() - 0.5);
    return data;
  }
  const fill = kind === "zero" ? () => 0 : kind === "largest" ? () => 255 : () => next() * 256;
  for (let i = 0; i < data.length; i++) data[i] = fill();
  const block = rowBytes(type, blockWeights(type));
  const plain = type === TensorType.F16 || type === TensorType.BF16;
  for (let at = 0; at < data.length; at += block) {
    for (const half of HALVES[type] ?? (plain ? [0] : [])) {
      view.setUint16(at + half, halfBits(kind, next), true);
    }
  }
  return data;
}

/** A width that is not a multiple of what the kernels take at a time. */
export function oddCols(form: ActivationForm): number {
  return { "q8x256": 768, "q16x32": 224, "f32": 109 }[form];
}

/** Rows of activations, -0.5 .. 0.5. */
export function inputs(count: number, cols: number, seed = 2): Float32Array[] {
  const next = randomFloats(seed);
  return Array.from(
    { length: count },
    () => Float32Array.from({ length: cols }, () => next() - 0.5),
  );
}

/** Puts one token's activations into the form `type` wants; returns the stride. */
export function placeActivations(type: number, tokens: readonly Float32Array[]): number {
  const form = activationForm(type);
  const stride = activationBytes(form, tokens[0]!.length);
  tokens.forEach((x, t) => {
    floats.set(x, INPUT / 4);
    if (form === "f32") floats.set(x, (ACTIVATIONS + t * stride) / 4);
    else kernels.relaxed.quantize(form, INPUT, x.length, ACTIVATIONS + t * stride);
  });
  return stride;
}

/** Runs one product and returns out[token][row]. */
export function product(
  flavor: KernelFlavor,
  type: number,
  w: Uint8Array,
  rows: number,
  tokens: readonly Float32Array[],
): Float32Array[] {
  const cols = tokens[0]!.length, stride = placeActivations(type, tokens);
  bytes.set(w, WEIGHTS);
  kernels[flavor].matmul(
    ...[type, WEIGHTS, rowBytes(type, cols), rows, cols, ACTIVATIONS, stride] as const,
    ...[tokens.length, OUTPUT, 4 * rows, false] as const,
  );
  return tokens.map((_, t) => floats.slice(OUTPUT / 4 + t * rows, OUTPUT / 4 + (t + 1) * rows));
}

/** Every value within `tolerance`, relative above 1 and absolute below. */
export function closeTo(
  actual: Float32Array,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((v, i) => {
    const error = Math.abs(v - expected[i]!);
    assert.ok(
      error <= tolerance * Math.max(1, Math.abs(expected[i]!)),
      `${i}: ${v}, ${expected[i]}`,
    );
  });
}
