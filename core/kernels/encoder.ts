/** Weights decoded and encoded again, coarser: the typed face of encode.wasm. */
import { assert } from "../errors.ts";
import { TensorType, type UnitPart } from "../flash/layout.ts";
import { blockWeights, rowBytes } from "./blocks.ts";
import { bindKernels, type Kernels, loadKernelModule } from "./kernels.ts";

/** Types that rows can be encoded to, finest first. */
export const ENCODED_TYPES = [
  TensorType.Q5_K,
  TensorType.Q4_K,
  TensorType.F3_K,
  TensorType.F2_K,
] as const;

/** One of the types that rows can be encoded to. */
export type EncodedType = typeof ENCODED_TYPES[number];

const SCRATCH_BYTES = 384;
/** Bytes of an F32 row are the most a row of any type takes. */
const WEIGHT_BYTES_MAX = 4;

interface EncoderExports {
  encode(type: number, x: number, w: number, cols: number, scratch: number, out: number): number;
}

/** Works on rows of up to `colsMax` weights: fill `values` and `importance`, then encode. */
export class Encoder {
  /** (colsMax) what was decoded last. */
  readonly decoded: Float32Array<ArrayBufferLike>;
  /** (colsMax) what is to be encoded. */
  readonly values: Float32Array<ArrayBufferLike>;
  /** (colsMax) how much an error of each weight matters, >= 0. */
  readonly importance: Float32Array<ArrayBufferLike>;
  readonly #bytes: Uint8Array;
  readonly #rowAt: number;
  readonly #kernels: Kernels;
  readonly #exports: EncoderExports;

  constructor(modules: Record<"encoder" | "kernels", WebAssembly.Module>, colsMax: number) {
    this.#rowAt = SCRATCH_BYTES + 3 * 4 * colsMax;
    const pages = Math.ceil((this.#rowAt + WEIGHT_BYTES_MAX * colsMax) / 65536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const floats = (i: number) =>
      new Float32Array(memory.buffer, SCRATCH_BYTES + i * 4 * colsMax, colsMax);
    [this.values, this.importance, this.decoded] = [floats(0), floats(1), floats(2)];
    this.#bytes = new Uint8Array(memory.buffer);
    this.#kernels = bindKernels(modules.kernels, memory, 0); // decoding needs no scratch
    const instance = new WebAssembly.Instance(modules.encoder, { env: { memory } });
    this.#exports = instance.exports as unknown as EncoderExports;
  }

  /** Decodes `cols` weights of any type to decoded[at..]. */
  decode(type: UnitPart["type"], row: Uint8Array, cols: number, at = 0): void {
    this.#bytes.set(row, this.#rowAt);
    this.#kernels.dequantize(type, this.#rowAt, cols, this.decoded.byteOffset + 4 * at);
  }

  /**
   * Encodes weights from..from+cols of `values`, whole blocks, into `out`; gives the sum of
   * importance x (value - what it decodes to)^2.
   */
  encode(type: EncodedType, from: number, cols: number, out: Uint8Array): number {
    assert(cols % blockWeights(type) === 0, "whole blocks are encoded");
    const x = this.values.byteOffset + 4 * from, w = this.importance.byteOffset + 4 * from;
    const error = this.#exports.encode(type, x, w, cols, 0, this.#rowAt);
    out.set(this.#bytes.subarray(this.#rowAt, this.#rowAt + rowBytes(type, cols)));
    return error;
  }
}

/** An encoder for rows of up to `colsMax` weights. */
export async function openEncoder(colsMax: number): Promise<Encoder> {
  const wasm = await Deno.readFile(new URL("encode.wasm", import.meta.url));
  const [encoder, kernels] = [await WebAssembly.compile(wasm), await loadKernelModule()];
  return new Encoder({ encoder, kernels }, colsMax);
}
