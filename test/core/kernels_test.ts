import assert from "node:assert/strict";
import { TensorType } from "../../core/flash/layout.ts";
import { dequantizeRow } from "../../core/kernels/blocks.ts";
import { activationForm, rowBytes } from "../../core/kernels/kernels.ts";
import * as reference from "../../core/kernels/reference.ts";
import {
  ACTIVATIONS,
  bytes,
  FLAVORS,
  floats,
  HALVES,
  inputs,
  kernels,
  oddCols,
  OUTPUT,
  placeActivations,
  product,
  WEIGHTS,
  weights,
} from "../kernel_memory.ts";
// Random blocks and blocks of the two default models, with the digest of what the Python package
// gguf 0.10 (gguf.quants.dequantize) makes of them: an implementation that shares nothing with ours.
import fixtures from "./blocks.json" with { type: "json" };

async function digest(values: Float32Array): Promise<string> {
  const copy = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", copy)).toHex();
}

for (const { name, type, source, cols, bytes: base64, first, sha256 } of fixtures) {
  Deno.test(`kernels: ${name} decodes bit for bit as Python's gguf does (${source})`, async () => {
    const row = Uint8Array.fromBase64(base64);
    const slow = dequantizeRow(type, row, cols);
    assert.deepEqual([...slow.subarray(0, 4)], first.map((v) => v));
    assert.equal(await digest(slow), sha256);
    bytes.set(row, WEIGHTS);
    for (const flavor of FLAVORS) {
      floats.fill(NaN, OUTPUT / 4, OUTPUT / 4 + cols);
      kernels[flavor].dequantize(type, WEIGHTS, cols, OUTPUT);
      assert.equal(await digest(floats.slice(OUTPUT / 4, OUTPUT / 4 + cols)), sha256);
    }
  });
}

/** Rows and tokens; the last two are batches that some types unpack their rows for. */
const SHAPES = [[1, 1], [7, 2], [5, 3], [18, 6], [3, 15], [2, 70]] as const;

for (const [name, type] of Object.entries(TensorType)) {
  Deno.test(`kernels: ${name} products match the slow twin, both flavors alike`, () => {
    const cols = oddCols(activationForm(type));
    for (const kind of ["random", "zero", "largest", "subnormal"] as const) {
      for (const [rows, count] of kind === "subnormal" ? SHAPES.slice(0, 4) : SHAPES) {
        const w = weights(type, rows, cols, kind), tokens = inputs(count, cols);
        const fast = product("relaxed", type, w, rows, tokens);
        assert.deepEqual(product("plain", type, w, rows, tokens), fast);
        tokens.forEach((x, t) => {
          const seen = reference.quantized(activationForm(type), x);
          reference.matmul(type, w, rows, seen).forEach(({ dot, magnitude }, r) => {
            // f32 sums of a few hundred products: 1e-6 of their magnitudes' sum
            const error = Math.abs(fast[t]![r]! - dot);
            assert.ok(
              error <= 1e-6 * magnitude,
              `${kind} ${rows}x${count}: ${fast[t]![r]}, ${dot}`,
            );
          });
        });
      }
    }
  });

  Deno.test(`kernels: ${name} gives a token the same bits alone, batched, and in any split`, () => {
    const cols = oddCols(activationForm(type)), rows = 21;
    const w = weights(type, rows, cols, "random"), tokens = inputs(16, cols);
    const row = rowBytes(type, cols);
    const whole = product("relaxed", type, w, rows, tokens);
    tokens.forEach((x, t) => assert.deepEqual(product("relaxed", type, w, rows, [x]), [whole[t]]));
    const upper = product("relaxed", type, w.subarray(0, 10 * row), 10, tokens);
    const lower = product("relaxed", type, w.subarray(10 * row), 11, tokens);
    whole.forEach((out, t) => assert.deepEqual([...upper[t]!, ...lower[t]!], [...out]));
  });

  Deno.test(`kernels: ${name} accumulates as computing apart and adding would`, () => {
    const cols = oddCols(activationForm(type)), rows = 6;
    const w = weights(type, rows, cols, "random");
    for (const count of [1, 4, 18]) {
      const tokens = inputs(count, cols);
      const plain = product("relaxed", type, w, rows, tokens);
      const stride = placeActivations(type, tokens);
      floats.fill(0.1, OUTPUT / 4, OUTPUT / 4 + count * rows);
      kernels.relaxed.matmul(
        ...[type, WEIGHTS, rowBytes(type, cols), rows, cols, ACTIVATIONS, stride] as const,
        ...[count, OUTPUT, 4 * rows, true] as const,
      );
      const sums = floats.slice(OUTPUT / 4, OUTPUT / 4 + count * rows);
      const expected = plain.flatMap((out) => [...out].map((v) => Math.fround(0.1) + v));
      assert.deepEqual(sums, Float32Array.from(expected));
    }
  });
}

Deno.test("kernels: rows may lie further apart than they are long", () => {
  const rows = 7, cols = 768, type = TensorType.Q4_K, row = rowBytes(type, cols);
  const w = weights(type, rows, cols, "random"), tokens = inputs(1, cols);
  const [close] = product("relaxed", type, w, rows, tokens);
  const stride = placeActivations(type, tokens);
  for (let r = 0; r < rows; r++) {
    bytes.set(w.subarray(r * row, (r + 1) * row), WEIGHTS + r * (row + 50));
  }
  kernels.relaxed.matmul(
    ...[type, WEIGHTS, row + 50, rows, cols, ACTIVATIONS, stride, 1, OUTPUT, 0, false] as const,
  );
  assert.deepEqual(floats.slice(OUTPUT / 4, OUTPUT / 4 + rows), close);
});

Deno.test("kernels: a product of no rows writes nothing", () => {
  const cols = 256, stride = placeActivations(TensorType.Q4_K, inputs(1, cols));
  floats.fill(7, OUTPUT / 4, OUTPUT / 4 + 4);
  for (const [, type] of Object.entries(TensorType)) {
    kernels.relaxed.matmul(type, WEIGHTS, 0, 0, cols, ACTIVATIONS, stride, 1, OUTPUT, 4, false);
  }
  assert.deepEqual([...floats.slice(OUTPUT / 4, OUTPUT / 4 + 4)], [7, 7, 7, 7]);
});

Deno.test("kernels: a block whose scale is infinite or NaN stays finite in its row", () => {
  for (const [type, halves] of Object.entries(HALVES)) {
    const cols = oddCols(activationForm(Number(type)));
    const w = weights(Number(type), 1, cols, "random");
    for (const at of halves!) new DataView(w.buffer).setUint16(at, 0x7e01, true);
    const [[value]] = product("relaxed", Number(type), w, 1, inputs(1, cols)) as [Float32Array];
    assert.ok(Number.isFinite(value), `type ${type}: ${value}`);
  }
});

Deno.test("kernels: a product writes its output and nothing else", () => {
  const type = TensorType.Q6_K, cols = 768, rows = 9, tokens = inputs(5, cols);
  const w = weights(type, rows, cols, "random");
  product("relaxed", type, w, rows, tokens);
  const before = bytes.slice();
  const out = product("relaxed", type, w, rows, tokens);
  assert.equal(out.length, 5);
  assert.deepEqual(bytes.slice(), before);
  bytes.fill(0, OUTPUT, OUTPUT + 4 * rows * 5);
  product("relaxed", type, w, rows, tokens);
  assert.deepEqual(bytes.slice(), before);
});
