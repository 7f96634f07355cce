/**
 * Writes the output head's screening plane (kernels/screen.as.ts): rows less their mean, in units of
 * what their columns matter, rotated and put on four levels.
 */
import { assert } from "../errors.ts";
import type { ScreenVectors, UnitPart } from "../flash/layout.ts";
import {
  instantiateKernels,
  type Kernels,
  rowBytes,
  SCRATCH_BYTES,
  screenBytes,
} from "../kernels/kernels.ts";
import type { TensorEntry } from "./reader.ts";
import type { ByteSource } from "./source.ts";

/** Rows whose mean and spread stand for all: any mean will do, a good one leaves smaller errors. */
const SAMPLES = 4096;
/** Columns count as if their norm weight were at least this share of the mean square. */
const IMPORTANCE_LEAST = 0.01;
const PAGE_BYTES = 65536;

/** Encodes rows of one head. */
export class ScreenEncoder {
  readonly vectors: ScreenVectors;
  readonly #source: ByteSource;
  readonly #head: TensorEntry;
  readonly #kernels: Kernels;
  readonly #memory: Uint8Array;
  readonly #floats: Float32Array;
  readonly #cols: number;

  // Where things lie, behind the kernels' scratch: a row and what becomes of it, center, factors, source bytes.
  readonly #at: Readonly<Record<"row" | "out" | "center" | "factors" | "source", number>>;

  /** @param norm  the output norm's weights (width): how much its columns matter */
  private constructor(
    needs: { source: ByteSource; head: TensorEntry; norm: Float32Array; kernels: Kernels },
    memory: WebAssembly.Memory,
  ) {
    this.#source = needs.source;
    this.#head = needs.head;
    this.#kernels = needs.kernels;
    this.#memory = new Uint8Array(memory.buffer);
    this.#floats = new Float32Array(memory.buffer);
    this.#cols = needs.norm.length;
    const place = (i: number) => SCRATCH_BYTES + i * this.#cols * 4;
    const [row, out, center, factors, source] = [0, 1, 2, 3, 4].map(place);
    this.#at = { row: row!, out: out!, center: center!, factors: factors!, source: source! };
    this.vectors = this.#survey(needs.norm);
    this.#floats.set(this.vectors.center.map((value) => -value), this.#at.center / 4);
    this.#floats.set(this.vectors.factors, this.#at.factors / 4);
  }

  /** Surveys the head. */
  static async open(
    source: ByteSource,
    head: TensorEntry,
    norm: Float32Array,
  ): Promise<ScreenEncoder> {
    const [cols] = head.shape as [number, number];
    assert(cols === norm.length && cols % 256 === 0, "the head fits its norm, in whole blocks");
    const bytes = SCRATCH_BYTES + 16 * cols + rowBytes(head.type, cols) + screenBytes(cols);
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const kernels = await instantiateKernels(memory, 0);
    return new ScreenEncoder({ source, head, norm, kernels }, memory);
  }

  /** Writes a part's rows into `target`. */
  encode(part: UnitPart, target: Uint8Array): void {
    const { row, out, center, factors, source } = this.#at;
    const kernels = this.#kernels, cols = this.#cols;
    const bytes = rowBytes(this.#head.type, cols);
    const rows = new Uint8Array(part.rows * bytes);
    this.#source.read(this.#head.offset + part.row * bytes, rows);
    for (let r = 0; r < part.rows; r++) {
      this.#memory.set(rows.subarray(r * bytes, (r + 1) * bytes), source);
      kernels.dequantize(this.#head.type, source, cols, row);
      kernels.add(row, center, cols);
      kernels.rotate(row, factors, cols, out);
      kernels.encodeScreen(out, cols, row);
      target.set(this.#memory.subarray(row, row + part.rowBytes), r * part.rowBytes);
    }
  }

  /**
   * The mean row, and factors of the columns that make errors as small as they can be where a
   * column's activations are as large as its norm weight; signs are drawn, always the same.
   */
  #survey(norm: Float32Array): ScreenVectors {
    const { center, variance } = this.#moments();
    const importance = norm.map((weight) => weight * weight);
    const least = IMPORTANCE_LEAST * importance.reduce((sum, one) => sum + one, 0) / norm.length;
    const logs = importance.map((one, c) => {
      const ratio = Math.max(one, least, 1e-30) / Math.max(variance[c]!, 1e-30);
      return Math.log(ratio) / 4;
    });
    const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
    return { center, factors: logs.map((log, c) => sign(c) * Math.exp(log - mean)) };
  }

  #moments() {
    const [cols, rows] = this.#head.shape as [number, number];
    const bytes = rowBytes(this.#head.type, cols);
    const sums = new Float64Array(cols), squares = new Float64Array(cols);
    const step = Math.max(1, Math.floor(rows / SAMPLES));
    const count = Math.ceil(rows / step);
    const { row, source } = this.#at;
    for (let r = 0; r < rows; r += step) {
      this.#source.read(
        this.#head.offset + r * bytes,
        this.#memory.subarray(source, source + bytes),
      );
      this.#kernels.dequantize(this.#head.type, source, cols, row);
      for (let c = 0; c < cols; c++) {
        const value = this.#floats[row / 4 + c]!;
        sums[c]! += value;
        squares[c]! += value * value;
      }
    }
    const center = Float32Array.from(sums, (sum) => sum / count);
    const variance = squares.map((sum, c) => sum / count - center[c]! * center[c]!);
    return { center, variance };
  }
}

/** A sign for each column, drawn by a hash (Murmur3's last steps). */
function sign(column: number): number {
  let hash = Math.imul(column + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) & 1 ? -1 : 1;
}
