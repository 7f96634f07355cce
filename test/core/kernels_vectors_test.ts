import assert from "node:assert/strict";
import { activationBytes } from "../../core/kernels/kernels.ts";
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
} from "../kernel_memory.ts";
import { randomFloats, randomInts } from "../random.ts";

const COLS = 768;
/** Value i of a quantized row, which has each twice. */
const valueAt = {
  q8x256: (row: DataView, i: number) => {
    const woven = COLS / 256 * 320 + (i & ~127), pair = i % 32 >> 1, run = (i & 127) >> 5;
    const value = row.getInt8(i + (i >> 8) * 64);
    assert.equal(row.getInt8(woven + (pair * 4 + run) * 2 + i % 2), value);
    return value;
  },
  q16x32: (row: DataView, i: number) => {
    const group = (i >> 7) * 576, lane = i % 128;
    const whole = row.getInt16(group + 256 + 2 * lane, true);
    assert.equal(128 * row.getInt8(group + lane) + row.getInt8(group + 128 + lane), whole);
    return whole;
  },
};

for (const form of ["q8x256", "q16x32"] as const) {
  Deno.test(`kernels: ${form} quantizes as the slow twin, extremes included`, () => {
    const cols = COLS, width = form === "q8x256" ? 256 : 32, next = randomFloats(5);
    const rows: Record<string, (i: number) => number> = {
      random: () => next() - 0.5,
      zero: () => 0,
      tiny: (i) => i * 1e-42,
      huge: (i) => (next() - 0.5) * (i % 7 ? 1 : 3e38),
      outlier: (i) => i % width === 9 ? -1000 : next(),
      ties: (i) => i % width === 0 ? 127 : (i % 100) + 0.5,
    };
    for (const [name, value] of Object.entries(rows)) {
      const x = Float32Array.from({ length: cols }, (_, i) => value(i));
      const { values, scales } = reference.quantize(form, x);
      floats.set(x, INPUT / 4);
      for (const flavor of FLAVORS) {
        bytes.fill(255, ACTIVATIONS, ACTIVATIONS + activationBytes(form, cols));
        kernels[flavor].quantize(form, INPUT, cols, ACTIVATIONS);
        const view = new DataView(memory.buffer, ACTIVATIONS);
        values.forEach((q, i) => {
          assert.equal(valueAt[form](view, i), q, `${name} value ${i}`);
        });
        scales.forEach((scale, b) => {
          const at = form === "q8x256" ? b * 320 + 304 : (b >> 2) * 576 + 512 + b % 4 * 4;
          assert.equal(view.getFloat32(at, true), scale, `${name} scale ${b}`);
        });
      }
    }
  });
}

Deno.test("kernels: an activation row takes a multiple of 64 bytes", () => {
  for (const form of ["q8x256", "q16x32", "f32"] as const) {
    for (const cols of [256, 512, 768, 1536]) assert.equal(activationBytes(form, cols) % 64, 0);
  }
  assert.equal(activationBytes("q16x32", 576), 5 * 576);
  assert.equal(activationBytes("f32", 5), 64);
});

for (const flavor of FLAVORS) {
  Deno.test(`kernels: norm, sum, gate, squared ReLU and rotation match the slow twin (${flavor})`, () => {
    const k = kernels[flavor];
    for (const n of [1, 7, 64, 577]) {
      const [x, y] = inputs(2, n, n) as [Float32Array, Float32Array];
      const gate = x.map((v) => v * 200);
      const place = (a: Float32Array) => {
        floats.set(a, INPUT / 4);
        floats.set(y, INPUT / 4 + 1024);
      };
      place(x);
      k.rmsNorm(INPUT, INPUT + 4096, n, 1e-6, OUTPUT);
      closeTo(floats.slice(OUTPUT / 4, OUTPUT / 4 + n), reference.rmsNorm(x, y, 1e-6), 1e-6);
      k.add(INPUT, INPUT + 4096, n);
      assert.deepEqual(floats.slice(INPUT / 4, INPUT / 4 + n), x.map((v, i) => v + y[i]!));
      place(gate);
      k.swiglu(INPUT, INPUT + 4096, n);
      closeTo(floats.slice(INPUT / 4, INPUT / 4 + n), reference.swiglu(gate, y), 1e-6);
      place(x);
      k.reluSquared(INPUT, n);
      assert.deepEqual(floats.slice(INPUT / 4, INPUT / 4 + n), reference.reluSquared(x));
    }
  });

  Deno.test(`kernels: a bit for each value that reaches the threshold, of either sign (${flavor})`, () => {
    const [x] = inputs(1, 96, 3) as [Float32Array];
    const threshold = Math.abs(x[40]!);
    floats.set(x, INPUT / 4);
    kernels[flavor].mark(INPUT, 96, threshold, OUTPUT);
    const words = new Int32Array(floats.buffer, OUTPUT, 3);
    const marked = Array.from(x, (_, i) => (words[i >> 5]! >>> (i & 31) & 1) === 1);
    assert.deepEqual(marked, Array.from(x, (v) => Math.abs(v) >= threshold));
    assert(marked.includes(true) && marked.includes(false));
  });

  Deno.test(`kernels: both rotary pairings leave what they do not rotate (${flavor})`, () => {
    for (const [width, rotated] of [[64, 64], [72, 24], [8, 2]] as const) {
      const heads = 3, [x] = inputs(1, heads * width, width) as [Float32Array];
      const table = Float32Array.from(
        { length: rotated },
        (_, i) => i % 2 === 0 ? Math.cos(i + 1) : Math.sin(i),
      );
      for (const pairing of [0, 1]) {
        floats.set(x, INPUT / 4);
        floats.set(table, OUTPUT / 4);
        kernels[flavor].rope(INPUT, heads, width, rotated, OUTPUT, pairing);
        for (let h = 0; h < heads; h++) {
          const head = x.subarray(h * width, (h + 1) * width);
          const out = floats.slice(INPUT / 4 + h * width, INPUT / 4 + (h + 1) * width);
          closeTo(out, reference.rope(head, rotated, table, pairing), 1e-6);
          assert.deepEqual(out.subarray(rotated), head.subarray(rotated));
        }
      }
    }
  });

  Deno.test(`kernels: halves round as Float16Array does, bit for bit (${flavor})`, () => {
    const n = 65536, next = randomInts(9);
    const words = Uint32Array.from({ length: n }, () => next(2 ** 32));
    // every 16th: around the borders between normal, subnormal, zero and infinity
    const edges = [0, 0x33000000, 0x33000001, 0x387fe000, 0x38800000, 0x477fefff, 0x477ff000];
    words.forEach((_, i) => i % 16 === 0 && (words[i] = edges[i / 16 % edges.length]! + next(3)));
    const x = new Float32Array(words.buffer);
    floats.set(x, INPUT / 4);
    kernels[flavor].toF16(INPUT, n - 3, OUTPUT);
    const halves = new Float16Array(bytes.slice(OUTPUT, OUTPUT + 2 * n).buffer);
    for (let i = 0; i < n - 3; i++) {
      assert.ok(Object.is(halves[i], Math.f16round(x[i]!)), `${x[i]} became ${halves[i]}`);
    }
  });

  Deno.test(`kernels: exp is within 1.2e-7 of Math.exp from -87 to 88 (${flavor})`, () => {
    const n = 1 << 18;
    const x = Float32Array.from({ length: n }, (_, i) => -87 + 175 * i / n);
    floats.set(x, INPUT / 4);
    (kernels[flavor] as unknown as { exponentials(x: number, n: number): void })
      .exponentials(INPUT, n);
    const worst = x.reduce(
      (most, v, i) => Math.max(most, Math.abs(floats[INPUT / 4 + i]! / Math.exp(v) - 1)),
      0,
    );
    assert.ok(worst < 1.2e-7, `${worst}`);
  });
}
