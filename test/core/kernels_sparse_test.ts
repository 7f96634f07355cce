import assert from "node:assert/strict";
import { TensorType } from "../../core/flash/layout.ts";
import { rowBytes } from "../../core/kernels/kernels.ts";
import * as reference from "../../core/kernels/reference.ts";
import {
  ACTIVATIONS,
  bytes,
  closeTo,
  FLAVORS,
  floats,
  INPUT,
  inputs,
  kernels,
  memory,
  OUTPUT,
  WEIGHTS,
  weights,
} from "../kernel_memory.ts";

const words = new Uint32Array(memory.buffer);

/** Rows of 64 weights placed apart and out of order; their addresses lie at ACTIVATIONS. */
function scatter(type: number, count: number) {
  const cols = 64, size = rowBytes(type, cols);
  const data = weights(type, count, cols, "random", count);
  const rows = Array.from({ length: count }, (_, i) => {
    const row = data.subarray(i * size, (i + 1) * size);
    const at = WEIGHTS + (i * 7 % count) * 320;
    bytes.set(row, at + 16);
    words[ACTIVATIONS / 4 + i] = at;
    return reference.dequantizeRow(type, row, cols);
  });
  return { rows, cols };
}

for (const flavor of FLAVORS) {
  for (const [name, type] of Object.entries(TensorType)) {
    if (![TensorType.F32, TensorType.F16, TensorType.BF16].includes(type as 0)) continue;
    Deno.test(`kernels: scattered ${name} rows and columns match the slow twin (${flavor})`, () => {
      for (const count of [1, 3, 4, 10]) {
        const { rows, cols } = scatter(type, count);
        const [x, shares] = inputs(2, cols, count) as [Float32Array, Float32Array];
        floats.set(x, INPUT / 4);
        kernels[flavor].gather(type, ACTIVATIONS, count, 16, cols, INPUT, OUTPUT);
        const dots = rows.map((row) => row.reduce((sum, v, c) => sum + v * x[c]!, 0));
        closeTo(floats.slice(OUTPUT / 4, OUTPUT / 4 + count), dots, 1e-5);
        floats.set(shares, INPUT / 4);
        floats.fill(0, OUTPUT / 4, OUTPUT / 4 + cols);
        kernels[flavor].addColumns(type, ACTIVATIONS, 16, INPUT, count, cols, OUTPUT);
        const sums = reference.addColumns(rows, shares);
        closeTo(floats.slice(OUTPUT / 4, OUTPUT / 4 + cols), sums, 1e-5);
      }
    });
  }
  Deno.test(`kernels: a column that counts nothing changes no bit (${flavor})`, () => {
    const { cols } = scatter(TensorType.F16, 9);
    const sums = (shares: readonly number[], addresses: readonly number[]) => {
      words.set(addresses, ACTIVATIONS / 4);
      floats.set(shares, INPUT / 4);
      floats.fill(0, OUTPUT / 4, OUTPUT / 4 + cols);
      const { addColumns } = kernels[flavor];
      addColumns(TensorType.F16, ACTIVATIONS, 16, INPUT, shares.length, cols, OUTPUT);
      return words.slice(OUTPUT / 4, OUTPUT / 4 + cols);
    };
    const all = [...words.slice(ACTIVATIONS / 4, ACTIVATIONS / 4 + 9)];
    const shares = [0.3, 0, 1.7, 0, 0, 2.2, 0.9, 0, 5.1];
    const some = [0, 2, 5, 6, 8];
    assert.deepEqual(
      sums(some.map((i) => shares[i]!), some.map((i) => all[i]!)),
      sums(shares, all),
    );
  });
}
