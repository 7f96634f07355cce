import assert from "node:assert/strict";
import { calibrate } from "../../core/calibrate/calibrate.ts";
import { chooseUnits } from "../../core/calibrate/choose.ts";
import { divergence, logSoftmax } from "../../core/calibrate/measure.ts";
import { openEngine } from "../../core/engine.ts";
import { type FlashStore, TensorType, type Unit } from "../../core/flash/layout.ts";
import { openFlashStore, readUnit } from "../../core/flash/store.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { dequantizeRow } from "../../core/kernels/blocks.ts";
import { smallestBudget } from "../../core/model/plan.ts";
import type { Fidelity } from "../../core/run/api.ts";
import { randomInts } from "../random.ts";
import { TINY_VOCABULARY, type TinyModelOptions, writeTinyModel } from "../tiny_model.ts";

let calibrated: string | undefined;

/** A copy of one calibrated store of MODEL; calibrating takes seconds. */
async function withCalibrated(use: (folder: string) => Promise<void>): Promise<void> {
  if (!calibrated) {
    const kept = calibrated = await Deno.makeTempDir();
    globalThis.addEventListener("unload", () => Deno.removeSync(kept, { recursive: true }));
    await withFolder(MODEL, async (folder) => {
      await calibrate({ folder });
      await Deno.copyFile(`${folder}/data.mdb`, `${kept}/data.mdb`);
    });
  }
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(`${calibrated}/data.mdb`, `${folder}/data.mdb`);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Large enough that a small budget holds a part of it only. */
const MODEL: TinyModelOptions = {
  ...{ type: TensorType.Q4_K, neurons: 2048, layers: 4 },
  ...{ tied: false, types: { head: TensorType.F32 } }, // large, and screened
};

async function withFolder(
  model: TinyModelOptions,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const source = writeTinyModel(`${folder}/tiny.gguf`, model);
    await importGguf({ source, target: `${folder}/store`, name: "tiny" });
    await use(`${folder}/store`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A budget that is too small for all of the FFN. */
function tightBudget(store: FlashStore): number {
  const ffn = store.units.filter(({ kind }) => kind === "ffn");
  return smallestBudget(store) + Math.floor(ffn.reduce((sum, { bytes }) => sum + bytes, 0) * 0.2);
}

const next = randomInts(8);
const TEXT = Array.from({ length: 48 }, () => next(TINY_VOCABULARY));

/** Log probabilities at every position of TEXT, and what the engine says of itself. */
async function answers(folder: string, fidelity: Fidelity, memoryBytes?: number) {
  const store = await openFlashStore(folder);
  const engine = await openEngine({
    store,
    fidelity,
    threads: 2,
    memoryBytes: memoryBytes ?? tightBudget(store),
  });
  try {
    const rows: Float32Array[] = [];
    for await (const row of engine.score(TEXT)) {
      rows.push(logSoftmax(row.slice()));
    }
    return { rows, report: engine.report() };
  } finally {
    await engine.close();
  }
}

function meanDivergence(p: readonly Float32Array[], q: readonly Float32Array[]): number {
  return p.reduce((sum, row, i) => sum + divergence(row, q[i]!), 0) / p.length;
}

Deno.test("calibrate: coarser answers are near, repeatable, read less, and say so", async () => {
  await withFolder(MODEL, async (folder) => {
    const before = await answers(folder, "fast");
    assert.equal(before.report.fidelity, "exact", "without calibration every answer is exact");
    assert.equal(before.report.choice, undefined);

    const steps: number[] = [];
    await calibrate({ folder, onProgress: (done, total) => steps.push(done / total) });
    assert.equal(steps.at(-1), 1);

    const exact = await answers(folder, "exact");
    assert.deepEqual(exact.rows, before.rows, "exact answers keep their bits");
    const coarse = await answers(folder, "fast");
    assert.equal(coarse.report.fidelity, "fast");
    assert.deepEqual((await answers(folder, "fast")).rows, coarse.rows);

    const off = meanDivergence(exact.rows, coarse.rows);
    const { expectedDivergence, coarse: bytes } = coarse.report.choice!;
    assert.ok(off > 0 && off < 0.3, `${off} off`);
    assert.ok(expectedDivergence > off / 10 && expectedDivergence < off * 10);
    assert.ok(bytes.pinned + bytes.streamed > 0);
    const read = ({ report }: typeof exact) => report.counters.bytesRead;
    assert.ok(read(coarse) < 0.8 * read(exact), `${read(coarse)} of ${read(exact)} bytes read`);
  });
});

Deno.test("calibrate: a pass reads what the choice foretells, where the head is screened too", async () => {
  await withCalibrated(async (folder) => {
    const store = await openFlashStore(folder);
    const sizes = { batchTokens: 1, lookup: false, contextTokens: 64 }; // nothing is lent, nothing guessed
    const smallest = smallestBudget(store, { batchTokens: 1, kvTokens: 64 });
    const memoryBytes = smallest + (3 << 18); // the plane and its buffers, and a part of the rest
    const engine = await openEngine({ store, fidelity: "fast", threads: 2, memoryBytes, ...sizes });
    const chat = { prompt: [5], maxTokens: 60, sampling: { temperature: 0 } };
    for await (const _ of engine.generate(chat));
    const { choice, counters, budget } = engine.report();
    await engine.close();
    assert.equal(budget.lent, 0);
    const { exact, coarse } = choice!, { steps, bytesRead, bytesUsed } = counters;
    // What screening takes of the head beside its plane.
    const rows = bytesUsed / steps -
      (exact.pinned + exact.streamed + coarse.pinned + coarse.streamed);
    assert.ok(rows > 0, `${rows} bytes used that were not foretold`);
    const foretold = exact.streamed + coarse.streamed + rows, read = bytesRead / steps;
    assert.ok(Math.abs(read / foretold - 1) < 0.02, `${read} a pass, ${foretold} foretold`);
  });
});

Deno.test("calibrate: what fits is exact at any fidelity", async () => {
  await withCalibrated(async (folder) => {
    const { report } = await answers(folder, "fast", 64 << 20);
    assert.equal(report.fidelity, "exact");
    assert.equal(report.budget.staging, 0);
  });
});

Deno.test("calibrate: a run that was stopped goes on and ends as any other", async () => {
  await withFolder(MODEL, async (folder) => {
    for (const last of [1, 2, 4]) {
      const stop = new AbortController();
      await assert.rejects(
        calibrate({
          folder,
          signal: stop.signal,
          onProgress: (done) => done >= last && stop.abort(),
        }),
        { code: "cancelled" },
      );
      assert.equal((await openFlashStore(folder)).variants, undefined);
    }
    await calibrate({ folder });
    const resumed = (await openFlashStore(folder)).variants!;
    await withCalibrated(async (other) => {
      const straight = (await openFlashStore(other)).variants!;
      assert.deepEqual(resumed.map(({ costs }) => costs), straight.map(({ costs }) => costs));
      const checksums = (all: typeof straight) =>
        all.map(({ units }) => units.map((row) => row.map(({ checksum }) => checksum)));
      assert.deepEqual(checksums(resumed), checksums(straight));
    });
  });
});

/** A unit's gate row of one of its neurons. */
function gateRow(store: FlashStore, unit: Unit, neuron: number): Float32Array {
  const part = unit.parts.find(({ matrix }) => matrix === "gate")!;
  const at = part.at + neuron * part.rowBytes;
  return dequantizeRow(
    part.type,
    readUnit(store, unit).subarray(at, at + part.rowBytes),
    part.cols,
  );
}

Deno.test("calibrate: every level holds the same neurons, coarser and coarser", async () => {
  await withCalibrated(async (folder) => {
    const store = await openFlashStore(folder);
    for (const { units, costs } of store.variants!) {
      const [fine, middle, coarse] = units.map((row) => gateRow(store, row[1]!, 77));
      const error = (row: Float32Array) =>
        Math.hypot(...row.map((v, i) => v - fine![i]!)) / Math.hypot(...fine!);
      assert.ok(error(middle!) > 0.01 && error(middle!) < 0.2);
      assert.ok(error(coarse!) > error(middle!) && error(coarse!) < 0.4);
      const sums = costs.map((row) => row.reduce((a, b) => a + b, 0));
      assert.ok(sums[0]! < sums[1]! && sums[1]! < sums[2]!);
      const bytes = units.map((row) => row.reduce((sum, unit) => sum + unit.bytes, 0));
      assert.ok(bytes[0]! > bytes[1]! && bytes[1]! > bytes[2]!);
    }
  });
});

Deno.test("calibrate: a damaged coarse unit is refused, and exact answers do not read it", async () => {
  await withCalibrated(async (folder) => {
    const store = await openFlashStore(folder);
    const chosen = chooseUnits(store, "fast", { memoryBytes: tightBudget(store) }).store.units;
    const used = chosen.find(({ id }) => id >= store.units.length)!;
    const file = await Deno.open(store.dataFile, { write: true });
    await file.seek(used.offset + used.bytes - 2000, Deno.SeekMode.Start);
    await file.write(new Uint8Array([1, 2, 3, 4, 5, 6, 7]));
    file.close();
    await assert.rejects(answers(folder, "fast"), { code: "bad_model" });
    assert.equal((await answers(folder, "exact")).report.fidelity, "exact");
  });
});

Deno.test("calibrate: a model whose rows are no whole blocks is refused in words", async () => {
  await withFolder({ type: TensorType.Q8_0, width: 192, heads: 3, headsKv: 1 }, async (folder) => {
    await assert.rejects(calibrate({ folder }), { code: "unavailable", message: /192 and 768/ });
  });
});
