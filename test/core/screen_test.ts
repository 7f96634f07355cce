import assert from "node:assert/strict";
import { importGguf } from "../../core/gguf/import.ts";
import { type FlashStore, TensorType } from "../../core/flash/layout.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { screenBytes, screenInputBytes } from "../../core/kernels/kernels.ts";
import type { Machine } from "../../core/model/machine.ts";
import { openMachine } from "../../core/model/open.ts";
import { planMachine, type PlanOptions, smallestBudget } from "../../core/model/plan.ts";
import { Sampler } from "../../core/text/sampler.ts";
import { settleSampling } from "../../core/text/sampling.ts";
import { modelFile, modelStore, modelTest, modelText } from "../models.ts";
import { bytes, FLAVORS, floats, kernels, memory, OUTPUT } from "../kernel_memory.ts";
import { randomFloats, randomInts } from "../random.ts";
import { TINY_VOCABULARY, type TinyModelOptions, writeTinyModel } from "../tiny_model.ts";

const COLS = 768, ROWS = 301;
// Where things lie in the kernels' memory.
const ROW = 1 << 16, SPARE = ROW + 4 * COLS, CENTER = SPARE + 4 * COLS, FACTORS = CENTER + 4 * COLS;
const INVERSES = FACTORS + 4 * COLS, INPUTS = INVERSES + 4 * COLS, PLANE = 1 << 20;

/** Near normal, mean 0, variance 1. */
function normals(seed: number): () => number {
  const next = randomFloats(seed);
  return () => (next() + next() + next() + next() + next() + next() - 3) * Math.SQRT2;
}

/** A plane of random rows around a common one, and tokens with some very large activations. */
function screened(seed: number, tokens: number) {
  const next = normals(seed), { rotate, encodeScreen } = kernels.relaxed;
  const center = Float32Array.from({ length: COLS }, next);
  const factors = Float32Array.from({ length: COLS }, () => Math.sign(next()) * (1.5 + next() / 3));
  const rows = Array.from({ length: ROWS }, () => center.map((value) => value + next()));
  const xs = Array.from(
    { length: tokens },
    () => Float32Array.from({ length: COLS }, (_, c) => next() * (c % 97 === 0 ? 30 : 1)),
  );
  floats.set(center, CENTER / 4);
  floats.set(factors, FACTORS / 4);
  floats.set(factors.map((factor) => 1 / factor), INVERSES / 4);
  rows.forEach((row, r) => {
    floats.set(row.map((value, c) => value - center[c]!), ROW / 4);
    rotate(ROW, FACTORS, COLS, SPARE);
    encodeScreen(SPARE, COLS, PLANE + r * screenBytes(COLS));
  });
  return { rows, xs };
}

/** What the kernel gives all rows for all tokens, with z deviations. */
function bounds(flavor: "relaxed" | "plain", xs: readonly Float32Array[], z: number) {
  const { screenInput, screen } = kernels[flavor];
  xs.forEach((x, t) => {
    floats.set(x, ROW / 4);
    screenInput(ROW, CENTER, INVERSES, COLS, z, SPARE, INPUTS + t * screenInputBytes(COLS));
  });
  const stride = ROWS + 1;
  floats.fill(-1, OUTPUT / 4, OUTPUT / 4 + xs.length * stride);
  screen(PLANE, ROWS, COLS, INPUTS, xs.length, OUTPUT, stride * 4);
  return xs.map((_, t) => floats.slice(OUTPUT / 4 + t * stride, OUTPUT / 4 + (t + 1) * stride));
}

const dot = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, c) => sum + value * b[c]!, 0);

Deno.test("screen: a rotation keeps lengths and angles", () => {
  const next = normals(3);
  const pair = [0, 1].map(() => Float32Array.from({ length: COLS }, next));
  floats.fill(1, FACTORS / 4, FACTORS / 4 + COLS);
  const [a, b] = pair.map((x) => {
    floats.set(x, ROW / 4);
    kernels.relaxed.rotate(ROW, FACTORS, COLS, SPARE);
    return floats.slice(SPARE / 4, SPARE / 4 + COLS);
  });
  for (const [one, two, of] of [[a, a, [0, 0]], [a, b, [0, 1]], [b, b, [1, 1]]] as const) {
    assert.ok(Math.abs(dot(one!, two!) - dot(pair[of[0]]!, pair[of[1]]!)) < 1e-3);
  }
});

Deno.test("screen: errors have the deviation that each row states, and no bias", () => {
  const { rows, xs } = screened(1, 8);
  const middle = bounds("relaxed", xs, 0), upper = bounds("relaxed", xs, 1);
  let sum = 0, squares = 0, worst = 0;
  xs.forEach((x, t) =>
    rows.forEach((row, r) => {
      const z = (dot(row, x) - middle[t]![r]!) / (upper[t]![r]! - middle[t]![r]!);
      sum += z;
      squares += z * z;
      worst = Math.max(worst, Math.abs(z));
    })
  );
  const count = rows.length * xs.length;
  assert.ok(Math.abs(sum / count) < 0.1, `mean ${sum / count}`);
  assert.ok(Math.abs(squares / count - 1) < 0.15, `variance ${squares / count}`);
  assert.ok(worst < 5, `${worst} deviations`);
});

Deno.test("screen: both flavors and any number of tokens give the same bits, in place", () => {
  const { xs } = screened(2, 5);
  const together = bounds("relaxed", xs, 6);
  for (const flavor of FLAVORS) assert.deepEqual(bounds(flavor, xs, 6), together);
  xs.forEach((x, t) => assert.deepEqual(bounds("plain", [x], 6)[0], together[t]));
  assert.ok(together.every((row) => row[ROWS] === -1), "an odd last row writes nothing beside it");
});

Deno.test("screen: a row equal to the common one is known exactly, a damaged one never ruled out", () => {
  const { xs } = screened(4, 1);
  floats.fill(0, SPARE / 4, SPARE / 4 + COLS);
  kernels.relaxed.encodeScreen(SPARE, COLS, PLANE);
  floats[SPARE / 4 + 5] = NaN;
  kernels.relaxed.encodeScreen(SPARE, COLS, PLANE + screenBytes(COLS));
  const [first, second] = bounds("relaxed", xs, 6)[0]!;
  const center = floats.slice(CENTER / 4, CENTER / 4 + COLS);
  assert.ok(Math.abs(first! - dot(center, xs[0]!)) < 1e-3);
  assert.equal(second, Infinity);
  assert.ok(bytes.length === memory.buffer.byteLength);
});

async function withStore(options: TinyModelOptions, use: (store: FlashStore) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    const source = writeTinyModel(`${folder}/tiny.gguf`, options);
    await importGguf({ source, target: `${folder}/store`, name: "tiny" });
    await use(await openFlashStore(`${folder}/store`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withMachine(
  store: FlashStore,
  options: PlanOptions,
  use: (machine: Machine) => Promise<void>,
) {
  const machine = await openMachine({ store, ...options });
  try {
    await use(machine);
  } finally {
    await machine.close();
  }
}

const BLOCKS = Int32Array.of(1, 2);

/** The logits of `count` tokens from `at` on, in one step. */
async function logitsOf(machine: Machine, tokens: readonly number[], at: number, margin?: number) {
  await machine.step(tokens.map((token, i) => ({
    token,
    position: at + i,
    blocks: BLOCKS,
    logits: true,
    ...(margin === undefined ? {} : { margin }),
  })));
  return tokens.map((_, i) => machine.logits(i).slice());
}

/** What a margin asks for is there, bit for bit; how many logits were given. */
function assertWithin(some: Float32Array, all: Float32Array, margin: number): number {
  const best = all.reduce((most, logit) => Math.max(most, logit));
  all.forEach((logit, id) => {
    if (some[id] === logit) return;
    assert.ok(logit < best - margin && some[id] === -Infinity, `row ${id}: ${some[id]}, ${logit}`);
  });
  return some.filter((logit) => logit !== -Infinity).length;
}

for (
  const [what, options] of [
    ["Q6_K, tied", { type: TensorType.Q6_K, width: 512 }],
    ["Q8_0, untied", { type: TensorType.Q8_0, tied: false }],
    ["F16, qwen2", { type: TensorType.F16, architecture: "qwen2", neurons: 512 }],
  ] as const
) {
  for (const pinned of [true, false]) {
    const where = pinned ? "pinned" : "read from flash";
    Deno.test(`screen: the best logits are exact, head ${where}, ${what}`, () =>
      withStore({ ...options, layers: 8 }, async (store) => {
        const tight = smallestBudget(store, { batchTokens: 16 }) + (2 << 20);
        const limits = { batchTokens: 16, memoryBytes: pinned ? 64 << 20 : tight };
        const plan = planMachine(store, limits);
        assert.ok(plan.screen && plan.head.every(({ at }) => (at >= 0) === pinned));
        await withMachine(store, limits, async (machine) => {
          const next = randomInts(9);
          let given = 0, wanted = 0;
          for (let at = 0; at < 60;) {
            const tokens = Array.from({ length: 1 + next(4) }, () => next(TINY_VOCABULARY));
            const margin = [0, 0, 0.5, 2][next(4)]!;
            const some = await logitsOf(machine, tokens, at, margin);
            const all = await logitsOf(machine, tokens, at);
            some.forEach((row, i) => given += assertWithin(row, all[i]!, margin));
            wanted += tokens.length * TINY_VOCABULARY;
            at += tokens.length;
          }
          assert.ok(given < wanted * 0.8, `${given} of ${wanted} logits were computed exactly`);
        });
      }));
  }
}

modelTest(
  "qwen2.5-coder-1.5b",
  "screen: at half its size Qwen says the same, and reads a quarter less for each token",
  async () => {
    const store = await openFlashStore(await modelStore("qwen2.5-coder-1.5b"));
    const { text } = modelText(modelFile("qwen2.5-coder-1.5b")!);
    const prompt = text.chat([{ role: "user", content: "Name three colours." }]);
    await withMachine(store, { memoryBytes: 560e6, kvTokens: 256 }, async (machine) => {
      const read = [0, 0];
      let next = prompt[0]!, given = 0;
      for (let at = 0; at < 12; at++) {
        const rows = [];
        for (const [i, margin] of [0, undefined].entries()) {
          const before = machine.counters().bytesRead;
          rows.push((await logitsOf(machine, [next], at, margin))[0]!);
          read[i]! += machine.counters().bytesRead - before;
        }
        const [some, all] = rows as [Float32Array, Float32Array];
        given += assertWithin(some, all, 0);
        next = at < 8
          ? prompt[at + 1]!
          : some.indexOf(all.reduce((best, logit) => Math.max(best, logit)));
      }
      assert.ok(given < 12 * 1000, `${given} rows were computed exactly`);
      assert.ok(read[0]! < 0.75 * read[1]!, `${read} bytes were read`);
    });
  },
);

Deno.test("screen: where all logits are wanted by one token, all have them", () =>
  withStore({}, (store) =>
    withMachine(store, { memoryBytes: 64 << 20 }, async (machine) => {
      const one = { position: 0, blocks: BLOCKS, logits: true };
      await machine.step([{ ...one, token: 7, margin: 0 }, { ...one, token: 8, position: 1 }]);
      for (const i of [0, 1]) assert.ok(machine.logits(i).every(Number.isFinite));
    })));

Deno.test("screen: a sampler chooses the same from what its margin keeps", () => {
  const next = randomFloats(5);
  for (const wanted of [{}, { temperature: 0 }, { topK: 3, minP: 0.3 }, { topP: 0.5 }]) {
    const sampling = settleSampling({ ...wanted, seed: 11 }, 500);
    const [whole, cut] = [0, 1].map(() => new Sampler(500).start(sampling)) as [
      ReturnType<Sampler["start"]>,
      ReturnType<Sampler["start"]>,
    ];
    for (let i = 0; i < 200; i++) {
      const logits = new Float32Array(500).map(() => 8 * next());
      const floor = Math.max(...logits) - whole.margin!;
      const kept = logits.map((logit) => logit < floor ? -Infinity : logit);
      assert.equal(cut.take(kept), whole.take(logits));
    }
  }
  const marginOf = (wanted: object) => new Sampler(9).start(settleSampling(wanted, 9)).margin;
  assert.equal(marginOf({ minP: 0 }), undefined);
  assert.equal(marginOf({ repetitionPenalty: 1.1 }), undefined);
  assert.equal(marginOf({ logitBias: new Map([[1, 2]]), temperature: 0 }), undefined);
});
