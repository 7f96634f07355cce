/** The typed face of encode.wasm: f32 rows to coarse blocks, each weight by its importance. */
import { assert } from "../errors.ts";
import { TensorType } from "../flash/layout.ts";
import { blockWeights, rowBytes } from "./blocks.ts";

/** Types that rows can be encoded to, finest first. */
export const ENCODED_TYPES = [TensorType.Q4_K, TensorType.Q3_K, TensorType.Q2_K] as const;

/** One of the types that rows can be encoded to. */
export type EncodedType = typeof ENCODED_TYPES[number];

const SCRATCH_BYTES = 384;

interface EncoderExports {
  encode(type: number, x: number, w: number, cols: number, scratch: number, out: number): number;
}

/** Encodes rows of up to `colsMax` weights. Fill `values` and `importance`, then encode. */
export class Encoder {
  /** (colsMax) what is to be encoded. */
  readonly values: Float32Array<ArrayBufferLike>;
  /** (colsMax) how much an error of each weight matters, >= 0. */
  readonly importance: Float32Array<ArrayBufferLike>;
  readonly #bytes: Uint8Array;
  readonly #outAt: number;
  readonly #exports: EncoderExports;

  constructor(module: WebAssembly.Module, colsMax: number) {
    this.#outAt = SCRATCH_BYTES + 8 * colsMax;
    const pages = Math.ceil((this.#outAt + rowBytes(TensorType.Q4_K, colsMax)) / 65536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.values = new Float32Array(memory.buffer, SCRATCH_BYTES, colsMax);
    this.importance = new Float32Array(memory.buffer, SCRATCH_BYTES + 4 * colsMax, colsMax);
    this.#bytes = new Uint8Array(memory.buffer);
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    this.#exports = instance.exports as unknown as EncoderExports;
  }

  /**
   * Encodes weights from..from+cols of `values`, whole blocks, into `out`; gives the sum of
   * importance x (value - what it decodes to)^2.
   */
  encode(type: EncodedType, from: number, cols: number, out: Uint8Array): number {
    assert(cols % blockWeights(type) === 0, "whole blocks are encoded");
    const x = SCRATCH_BYTES + 4 * from, w = x + 4 * this.values.length;
    const error = this.#exports.encode(type, x, w, cols, 0, this.#outAt);
    out.set(this.#bytes.subarray(this.#outAt, this.#outAt + rowBytes(type, cols)));
    return error;
  }
}

/** An encoder for rows of up to `colsMax` weights. */
export async function openEncoder(colsMax: number): Promise<Encoder> {
  const wasm = await Deno.readFile(new URL("encode.wasm", import.meta.url));
  return new Encoder(await WebAssembly.compile(wasm), colsMax);
}
