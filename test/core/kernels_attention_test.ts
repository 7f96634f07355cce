import assert from "node:assert/strict";
import type { KernelFlavor, Kernels } from "../../core/kernels/kernels.ts";
import * as reference from "../../core/kernels/reference.ts";
import {
  ACTIVATIONS,
  closeTo,
  FLAVORS,
  floats,
  INPUT,
  kernels,
  memory,
  OUTPUT,
} from "../kernel_memory.ts";
import { randomFloats } from "../random.ts";

/** Keys and values of one kv head in paged blocks, out of order, and two heads that query it. */
class PagedHead {
  readonly keys: Float32Array[] = [];
  readonly values: Float32Array[] = [];
  readonly #width: number;
  readonly #blockTokens: number;
  readonly #queries: Float32Array[];

  constructor(width: number, length: number, blockTokens: number, spread = 4) {
    const next = randomFloats(width + length);
    const half = () => Math.f16round((next() - 0.5) * spread);
    this.#width = width;
    this.#blockTokens = blockTokens;
    this.#queries = [0, 1].map(() => Float32Array.from({ length: width }, half));
    for (let t = 0; t < length; t++) {
      this.keys.push(Float32Array.from({ length: width }, half));
      this.values.push(Float32Array.from({ length: width }, half));
    }
  }

  /** Lays out the first `length` positions and a query; the arguments of a kernel for them. */
  #place(length: number): Parameters<Kernels["attend"]> {
    const width = this.#width, blockTokens = this.#blockTokens;
    const row = 2 * width, half = blockTokens * row, block = 2 * half + 64;
    const last = Math.ceil(this.keys.length / blockTokens) - 1;
    const halves = new Float16Array(memory.buffer);
    for (let t = 0; t < length; t++) {
      const at = ACTIVATIONS + (last - Math.floor(t / blockTokens)) * block + t % blockTokens * row;
      halves.set(this.keys[t]!, at / 2);
      halves.set(this.values[t]!, (at + half) / 2);
    }
    new Int32Array(memory.buffer, INPUT, last + 1).forEach((_, i, all) => all[i] = last - i);
    const q = INPUT + 16384;
    return [
      ...[q, width, this.#scale, length, ACTIVATIONS, ACTIVATIONS + half] as const,
      ...[INPUT, block, blockTokens, row, OUTPUT] as const,
    ];
  }

  /** Attention of one head over the first `length` positions. */
  attend(flavor: KernelFlavor, length: number, head = 0): Float32Array {
    const call = this.#place(length);
    floats.set(this.#queries[head]!, call[0] / 4);
    kernels[flavor].attend(...call);
    return floats.slice(OUTPUT / 4, OUTPUT / 4 + this.#width);
  }

  /** The same of both heads at once. */
  attendPair(flavor: KernelFlavor, length: number): Float32Array[] {
    const call = this.#place(length), width = this.#width;
    this.#queries.forEach((q, head) => floats.set(q, call[0] / 4 + head * width));
    kernels[flavor].attendPair(...call);
    const at = (head: number) => OUTPUT / 4 + head * width;
    return [0, 1].map((head) => floats.slice(at(head), at(head + 1)));
  }

  get #scale(): number {
    return 1 / Math.sqrt(this.#width);
  }

  expected(length: number): Float64Array {
    return reference.attend(
      this.#queries[0]!,
      this.#scale,
      this.keys.slice(0, length),
      this.values.slice(0, length),
    );
  }
}

Deno.test("kernels: attention matches the two-pass softmax, both flavors alike", () => {
  for (const [width, blockTokens] of [[64, 16], [128, 32], [8, 5], [72, 1]] as const) {
    const head = new PagedHead(width, 150, blockTokens);
    for (const length of [1, 2, 4, 5, 16, 33, 150]) {
      const out = head.attend("relaxed", length);
      closeTo(out, head.expected(length), 2e-6);
      assert.deepEqual(head.attend("plain", length), out);
    }
  }
});

Deno.test("kernels: two heads at once have the bits each has alone", () => {
  for (const [width, length] of [[64, 33], [128, 3]] as const) {
    const paged = new PagedHead(width, length, 16);
    for (const flavor of FLAVORS) {
      const alone = [0, 1].map((head) => paged.attend(flavor, length, head));
      assert.deepEqual(paged.attendPair(flavor, length), alone);
    }
  }
});

Deno.test("kernels: attention holds where scores spread over hundreds", () => {
  const head = new PagedHead(64, 64, 16, 60);
  closeTo(head.attend("relaxed", 64), head.expected(64), 1e-4);
});

Deno.test("kernels: attention does not depend on how positions are paged", () => {
  const outs = [1, 3, 16, 64].map((n) => new PagedHead(64, 77, n).attend("relaxed", 77));
  for (const out of outs) assert.deepEqual(out, outs[0]);
});
