/**
 * The typed face of the wasm kernels. All pointers are byte offsets into the one shared memory;
 * all strides are bytes. Kernels never allocate. core/kernels/reference.ts is the slow twin.
 */
import { assert } from "../errors.ts";
import { TensorType } from "../flash/layout.ts";

export { rowBytes } from "./blocks.ts";

/**
 * Which form of activations a weight type is multiplied with:
 *   "q8x256" int8 with one f32 scale for 256 values (Q2_K..Q6_K)
 *   "q16x32" 15-bit values with one f32 scale for 32 values (Q4_0, Q4_1, Q5_0, Q5_1, Q8_0)
 *   "f32"    plain (F32, F16, BF16)
 */
export type ActivationForm = "q8x256" | "q16x32" | "f32";

/** What a thread calls; one instance for each thread on one shared memory. */
export interface Kernels {
  /**
   * out[t][r] (+)= dot(w[r], x[t]) for r in 0..rows, t in 0..tokens.
   * @param type  TensorType of w; picks the activation form x must have
   * @param w     rows of blocks, rowBytes apart (not necessarily aligned to 16)
   * @param x     activation rows in the form of `type`, xStride apart, 16-byte aligned
   * @param out   f32, outStride bytes between tokens
   */
  matmul(
    type: number,
    w: number,
    rowBytes: number,
    rows: number,
    cols: number,
    x: number,
    xStride: number,
    tokens: number,
    out: number,
    outStride: number,
    accumulate: boolean,
  ): void;
  /** f32 (cols) -> one activation row of the given form ("q8x256" needs cols % 256 == 0, "q16x32" % 32). */
  quantize(form: "q8x256" | "q16x32", x: number, cols: number, out: number): void;
  /** out = x / sqrt(mean(x^2) + eps) * weight; (cols) f32 each */
  rmsNorm(x: number, weight: number, cols: number, eps: number, out: number): void;
  /** x += y; (n) f32 */
  add(x: number, y: number, n: number): void;
  /** gate = silu(gate) * up; (n) f32 */
  swiglu(gate: number, up: number, n: number): void;
  /**
   * out[i] = dot(row at addresses[i] + offset, x) for scattered rows of a plain type.
   * @param addresses  u32 (count)
   * @param x          f32 (cols)
   */
  gather(
    type: number,
    addresses: number,
    count: number,
    offset: number,
    cols: number,
    x: number,
    out: number,
  ): void;
  /**
   * out += shares[i] * (n values of a plain type at addresses[i] + offset), i in rising order.
   * @param addresses  u32 (count)
   * @param shares     f32 (count)
   * @param n          a multiple of 8
   */
  addColumns(
    type: number,
    addresses: number,
    offset: number,
    shares: number,
    count: number,
    n: number,
    out: number,
  ): void;
  /** x = max(0, x)^2; (n) f32 */
  reluSquared(x: number, n: number): void;
  /** Bit i of `out` (i32 words) = |x_i| >= threshold; (n) f32, n % 32 == 0 */
  mark(x: number, n: number, threshold: number, out: number): void;
  /**
   * Rotates `heads` heads of one token in place. `table`: (rotated/2) pairs cos, sin as f32.
   * pairing 0 = adjacent (0,1),(2,3)..; 1 = halves (0,n/2),(1,n/2+1)..
   */
  rope(
    x: number,
    heads: number,
    headWidth: number,
    rotated: number,
    table: number,
    pairing: number,
  ): void;
  /** f32 (n) -> f16 (n), round to nearest even. */
  toF16(x: number, n: number, out: number): void;
  /**
   * Attention of one query head over positions 0..length-1, causal mask implied by length.
   * KV lies in blocks: the K rows of block b for this layer and kv head begin at
   * kBase + blocks[b] * blockBytes, V likewise at vBase; consecutive positions are rowBytes apart.
   * Streaming softmax (flash attention) in f32: no score buffer.
   * @param q       (headWidth) f32
   * @param blocks  i32 block indices
   * @param out     (headWidth) f32
   */
  attend(
    q: number,
    headWidth: number,
    scale: number,
    length: number,
    kBase: number,
    vBase: number,
    blocks: number,
    blockBytes: number,
    blockTokens: number,
    rowBytes: number,
    out: number,
  ): void;
  /** Two query heads that share a kv head and lie side by side in q and out, bit for bit as alone. */
  attendPair: Kernels["attend"];
  /** Decodes one row of any supported type to f32 (cols): embedding lookup. */
  dequantize(type: number, w: number, cols: number, out: number): void;
  /**
   * Decodes a q8x256 activation row to f32 (cols): what the weights are really multiplied with.
   */
  widen(x: number, cols: number, out: number): void;
  /**
   * out = R (x * factors), R orthogonal and the same always; (cols) f32 each, cols a multiple of
   * 256. x is destroyed.
   */
  rotate(x: number, factors: number, cols: number, out: number): void;
  /** A rotated row (cols) f32 -> screenBytes(cols) bytes of a screening plane (screen.as.ts). */
  encodeScreen(x: number, cols: number, out: number): void;
  /**
   * Activations (cols) f32 -> screenInputBytes(cols) bytes for `screen`; x is destroyed.
   * @param center   what was taken off every row, f32 (cols)
   * @param factors  1 / those the rows were rotated with, f32 (cols)
   * @param z        deviations that `screen` allows for
   * @param scratch  f32 (cols)
   */
  screenInput(
    x: number,
    center: number,
    factors: number,
    cols: number,
    z: number,
    scratch: number,
    out: number,
  ): void;
  /**
   * out[t][r] = what the dot product of row r and token t exceeds with the chance of z deviations
   * of a normal distribution only; f32, outStride bytes between tokens.
   * @param w  rows of a screening plane, one after the other
   * @param x  inputs made by `screenInput`, one after the other
   */
  screen(
    w: number,
    rows: number,
    cols: number,
    x: number,
    tokens: number,
    out: number,
    outStride: number,
  ): void;
}

const FORMS: Readonly<Partial<Record<number, ActivationForm>>> = {
  [TensorType.F32]: "f32",
  [TensorType.F16]: "f32",
  [TensorType.BF16]: "f32",
  [TensorType.Q4_0]: "q16x32",
  [TensorType.Q4_1]: "q16x32",
  [TensorType.Q5_0]: "q16x32",
  [TensorType.Q5_1]: "q16x32",
  [TensorType.Q8_0]: "q16x32",
  [TensorType.Q2_K]: "q8x256",
  [TensorType.Q3_K]: "q8x256",
  [TensorType.Q4_K]: "q8x256",
  [TensorType.Q5_K]: "q8x256",
  [TensorType.Q6_K]: "q8x256",
  [TensorType.F2_K]: "q8x256",
  [TensorType.F3_K]: "q8x256",
};

/** The form of activations that weights of `type` are multiplied with. */
export function activationForm(type: number): ActivationForm {
  const form = FORMS[type];
  assert(form !== undefined, `tensor type ${type} has kernels`);
  return form;
}

/** Bytes of one activation row of `cols` values (layout: activations.as.ts); a multiple of 64. */
export function activationBytes(form: ActivationForm, cols: number): number {
  if (form === "q8x256") return cols / 256 * 576;
  if (form === "q16x32") return Math.ceil(cols / 128) * 576;
  return Math.ceil(cols / 16) * 64;
}

/** Bytes of a row of the screening plane; `cols` is a multiple of 256. */
export function screenBytes(cols: number): number {
  return cols / 4 + 8;
}

/** Bytes of one token's input of `screen`. */
export function screenInputBytes(cols: number): number {
  return cols + 64;
}

/** "relaxed" uses one instruction for 16 int8 products; "plain" gives the same bits, slower. */
export type KernelFlavor = "relaxed" | "plain";

/** A module whose one function does i16x8.relaxed_dot_i8x16_i7x16_s. */
// deno-fmt-ignore
const RELAXED_PROBE = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic, version
  1, 4, 1, 0x60, 0, 0, // type: () -> ()
  3, 2, 1, 0, // function 0 has type 0
  10, 16, 1, 14, 0, // code: one body, no locals
  0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, // i32.const 0, i8x16.splat, twice
  0xfd, 0x92, 0x02, 0x1a, 0x0b, // relaxed_dot, drop, end
]);

/** Which build this machine runs. */
export function kernelFlavor(): KernelFlavor {
  return WebAssembly.validate(RELAXED_PROBE) ? "relaxed" : "plain";
}

/** Compiles the kernels; the module can be posted to workers, who bind it to the shared memory. */
export async function loadKernelModule(
  flavor: KernelFlavor = kernelFlavor(),
): Promise<WebAssembly.Module> {
  const file = flavor === "relaxed" ? "kernels.wasm" : "kernels_plain.wasm";
  return await WebAssembly.compile(await Deno.readFile(new URL(file, import.meta.url)));
}

/** Bytes that each thread's kernels need to themselves, aligned to 16. */
export const SCRATCH_BYTES = 2048;

/** What the module exports beyond `Kernels`: `quantize` is two functions there. */
interface KernelExports extends Omit<Kernels, "quantize"> {
  quantizeWide(x: number, cols: number, out: number): void;
  quantizeNarrow(x: number, cols: number, out: number): void;
  SCRATCH: WebAssembly.Global;
}

/** One thread's kernels over the shared memory, and where its SCRATCH_BYTES lie; the only state. */
export function bindKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  scratch: number,
): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const exports = instance.exports as unknown as KernelExports;
  exports.SCRATCH.value = scratch;
  return {
    ...exports,
    quantize: (form, x, cols, out) =>
      form === "q8x256" ? exports.quantizeWide(x, cols, out) : exports.quantizeNarrow(x, cols, out),
  };
}

/** Loads and binds in one go. */
export async function instantiateKernels(
  memory: WebAssembly.Memory,
  scratch: number,
): Promise<Kernels> {
  return bindKernels(await loadKernelModule(), memory, scratch);
}
