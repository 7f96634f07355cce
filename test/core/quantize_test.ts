import assert from "node:assert/strict";
import { TensorType } from "../../core/flash/layout.ts";
import { dequantizeRow } from "../../core/kernels/blocks.ts";
import { quantize } from "../quantize.ts";
import { randomFloats } from "../random.ts";

/** Error of a uniform value in steps of 2 / 2^bits, relative to its spread, with room for scales. */
const BITS = { F32: 24, F16: 11, BF16: 8, Q4_0: 4, Q4_1: 4, Q5_0: 5, Q5_1: 5, Q8_0: 8 };
const K_BITS = { Q2_K: 2, Q3_K: 3, Q4_K: 4, Q5_K: 5, Q6_K: 6, F2_K: 2, F3_K: 3 };

Deno.test("quantize: what test models are built of decodes to nearly what was encoded", () => {
  const random = randomFloats(11);
  const values = new Float32Array(2048).map(() => 2 * random() - 1);
  const spread = Math.hypot(...values);
  for (const [name, bits] of Object.entries({ ...BITS, ...K_BITS })) {
    const type = TensorType[name as keyof typeof TensorType];
    const decoded = dequantizeRow(type, quantize(type, values), values.length);
    const error = Math.hypot(...values.map((value, i) => value - decoded[i]!)) / spread;
    assert.ok(error < 1.5 * 2 ** -bits, `${name}: relative error ${error}`);
    assert.ok(error > 0 || name === "F32", `${name} rounds`);
  }
});
