import assert from "node:assert/strict";
import { TensorType } from "../../core/flash/layout.ts";
import { dequantizeRow, rowBytes } from "../../core/kernels/blocks.ts";
import { buildEncoder, ENCODER_FILE } from "../../core/kernels/build.ts";
import { ENCODED_TYPES, type EncodedType, openEncoder } from "../../core/kernels/encoder.ts";
import { quantize } from "../quantize.ts";
import { randomFloats } from "../random.ts";

const COLS = 1024;
const encoder = await openEncoder(COLS);

/** Sums of a few uniform numbers: nearly normal, as trained weights are. */
function normals(count: number, seed: number): Float32Array {
  const random = randomFloats(seed);
  return Float32Array.from(
    { length: count },
    () => Array.from({ length: 6 }, random).reduce((a, b) => a + b, -3) * 0.03,
  );
}

/** What `values` decode to, and the error the encoder tells. */
function coded(type: EncodedType, values: Float32Array, importance: Float32Array) {
  encoder.values.set(values);
  encoder.importance.set(importance);
  const row = new Uint8Array(rowBytes(type, values.length));
  const told = encoder.encode(type, 0, values.length, row);
  return { told, decoded: dequantizeRow(type, row, values.length) };
}

function weightedError(values: Float32Array, decoded: Float32Array, importance: Float32Array) {
  return values.reduce((sum, v, i) => sum + importance[i]! * (v - decoded[i]!) ** 2, 0);
}

const ones = new Float32Array(COLS).fill(1);

Deno.test("encoder: the checked in build is what the sources give", async () => {
  const file = new URL(`../../core/kernels/${ENCODER_FILE}`, import.meta.url);
  assert.deepEqual(await buildEncoder(), await Deno.readFile(file));
});

const SHARES = [["Q5_K", 0.0015], ["Q4_K", 0.006], ["F3_K", 0.03], ["F2_K", 0.12]] as const;

for (const [name, share] of SHARES) {
  const type: EncodedType = TensorType[name];

  Deno.test(`encoder: ${name} tells the error that its blocks decode to, and it is small`, () => {
    const values = normals(COLS, 3);
    const importance = normals(COLS, 4).map((v) => v * v + 1e-4);
    const { told, decoded } = coded(type, values, importance);
    const error = weightedError(values, decoded, importance);
    assert.ok(Math.abs(told - error) < 1e-3 * error, `${told} told, ${error} found`);
    const energy = weightedError(values, new Float32Array(COLS), importance);
    assert.ok(error < share * energy, `${error / energy} of the energy is lost`);
  });

  Deno.test(`encoder: ${name} beats steps drawn from the extremes`, () => {
    const values = normals(COLS, 5);
    const plain = dequantizeRow(type, quantize(type, values), COLS);
    const { told } = coded(type, values, ones);
    assert.ok(told < 0.95 * weightedError(values, plain, ones));
  });

  Deno.test(`encoder: ${name} spares what matters`, () => {
    const values = normals(COLS, 6);
    const importance = ones.map((_, i) => i % 8 === 0 ? 100 : 1);
    const { decoded } = coded(type, values, importance);
    const { decoded: even } = coded(type, values, ones);
    const onMarked = (row: Float32Array) =>
      weightedError(values, row, ones.map((_, i) => i % 8 === 0 ? 1 : 0));
    assert.ok(onMarked(decoded) < 0.8 * onMarked(even));
  });
}

Deno.test("encoder: rows of zeros, of one value and of extremes decode to finite numbers", () => {
  const spiky = ones.map((_, i) => i === 77 ? 60 : 0.001);
  for (const type of ENCODED_TYPES) {
    for (const values of [new Float32Array(COLS), ones, ones.map((v) => -v), spiky]) {
      for (const importance of [ones, new Float32Array(COLS)]) {
        const { decoded } = coded(type, values, importance);
        assert.ok(decoded.every((v) => Math.abs(v) <= 70));
      }
    }
    assert.ok(coded(type, new Float32Array(COLS), ones).decoded.every((v) => v === 0));
  }
});
