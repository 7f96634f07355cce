/** Vectors of 8 bits a number, one behind the other, and the exact scan of them. */
import { DIMENSIONS } from "./embed.ts";

/** Bytes of one vector: its scale as a 32-bit float, then its numbers. */
const VECTOR_BYTES = 4 + DIMENSIONS;

/** Packs unit vectors for the disk. */
export function packVectors(vectors: readonly Float32Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(vectors.length * VECTOR_BYTES);
  const view = new DataView(bytes.buffer);
  vectors.forEach((vector, i) => {
    const at = i * VECTOR_BYTES;
    const largest = vector.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9);
    view.setFloat32(at, largest / 127, true);
    vector.forEach((x, d) => view.setInt8(at + 4 + d, Math.round(x * 127 / largest)));
  });
  return bytes;
}

/** As many vectors that are near to nothing. */
export function noVectors(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(count * VECTOR_BYTES);
}

/** Vectors in memory, for scanning. */
export class VectorTable {
  readonly #scales: Float32Array;
  readonly #numbers: Int8Array;

  /** Of packed vectors; copies them. */
  constructor(packed: readonly Uint8Array[]) {
    const count = packed.reduce((sum, { length }) => sum + length / VECTOR_BYTES, 0);
    this.#scales = new Float32Array(count);
    this.#numbers = new Int8Array(count * DIMENSIONS);
    let i = 0;
    for (const bytes of packed) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at < bytes.length; at += VECTOR_BYTES, i++) {
        this.#scales[i] = view.getFloat32(at, true);
        const numbers = new Int8Array(bytes.buffer, bytes.byteOffset + at + 4, DIMENSIONS);
        this.#numbers.set(numbers, i * DIMENSIONS);
      }
    }
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.#scales.byteLength + this.#numbers.byteLength;
  }

  /** One of them, as near to what was packed as 8 bits are. */
  vector(i: number): Float32Array {
    const numbers = this.#numbers.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS);
    return Float32Array.from(numbers, (number) => number * this.#scales[i]!);
  }

  /** The cosine of a unit vector with each. */
  cosines(query: Float32Array): Float32Array {
    const numbers = this.#numbers, count = this.#scales.length;
    const cosines = new Float32Array(count);
    for (let i = 0, at = 0; i < count; i++) {
      let a = 0, b = 0, c = 0, d = 0; // four sums: one would wait for itself
      for (let k = 0; k < DIMENSIONS; k += 4, at += 4) {
        a += query[k]! * numbers[at]!;
        b += query[k + 1]! * numbers[at + 1]!;
        c += query[k + 2]! * numbers[at + 2]!;
        d += query[k + 3]! * numbers[at + 3]!;
      }
      cosines[i] = (a + b + c + d) * this.#scales[i]!;
    }
    return cosines;
  }
}

/** The places of the k largest, the largest first. */
export function largest(values: Float32Array, k: number): number[] {
  const order: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (order.length === k && values[i]! <= values[order[k - 1]!]!) continue;
    let at = order.length;
    while (at > 0 && values[order[at - 1]!]! < values[i]!) at--;
    order.splice(at, 0, i);
    if (order.length > k) order.pop();
  }
  return order;
}
