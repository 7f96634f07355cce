/** FFNs read neuron by neuron: nothing is lost, whatever the window holds. */
import assert from "node:assert/strict";
import { TensorType } from "../../core/flash/layout.ts";
import { readUnit } from "../../core/flash/store.ts";
import { readModel } from "../../core/gguf/model.ts";
import { dequantizeRow } from "../../core/kernels/reference.ts";
import { smallestBudget } from "../../core/model/plan.ts";
import { plainLogits } from "../plain_forward.ts";
import { randomInts } from "../random.ts";
import { logitsOf, relativeError, sameBits, withMachine, withStore } from "../tiny_machine.ts";
import { TINY_VOCABULARY, type TinyModelOptions } from "../tiny_model.ts";

const SPARSE: TinyModelOptions = {
  architecture: "arcee",
  type: TensorType.F16,
  neurons: 2048,
  layers: 3,
};

function text(length: number, seed = 5): number[] {
  const next = randomInts(seed);
  return Array.from({ length }, () => next(TINY_VOCABULARY));
}

for (const type of [TensorType.F32, TensorType.F16, TensorType.BF16]) {
  Deno.test(`neurons: logits as the formula gives them, type ${type}`, () =>
    withStore({ ...SPARSE, type, layers: 2 }, async (store, gguf) => {
      assert.ok(store.units.some(({ kind }) => kind === "neurons"));
      const tokens = text(20);
      const memoryBytes = smallestBudget(store) + (1 << 20);
      const rows = await withMachine(
        store,
        { memoryBytes },
        (machine) => logitsOf(machine, tokens, 4),
      );
      const off = relativeError(rows, plainLogits(gguf, tokens));
      assert.ok(off < 0.0005, `off by ${off}`);
    }));
}

Deno.test("neurons: the same bits whatever the budget, the policy, the threads and the batch", () =>
  withStore(SPARSE, (store) => {
    const least = smallestBudget(store, { batchTokens: 16 });
    return sameBits(store, text(40), [
      [{ memoryBytes: least, batchTokens: 16 }, 8],
      [{ memoryBytes: least, batchTokens: 16, eviction: "lru" }, 1],
      [{ memoryBytes: least + (1 << 20), eviction: "static", batchTokens: 16 }, 1],
      [{ threads: 1 }, 5],
      [{ threads: 3, memoryBytes: least + (2 << 20), batchTokens: 16 }, 3],
    ]);
  }));

Deno.test("neurons: what is read is what is used and was not there", () =>
  withStore(SPARSE, async (store) => {
    const memoryBytes = smallestBudget(store) + (2 << 20);
    await withMachine(store, { memoryBytes }, async (machine) => {
      await logitsOf(machine, text(30), 1);
      const { bytesRead, bytesUsed } = machine.counters();
      const { window } = machine.budget();
      const inWindow = bytesUsed - bytesRead;
      assert.ok(window > 0 && bytesRead > 0 && inWindow > 0, `${bytesRead} of ${bytesUsed}`);
    });
  }));

Deno.test("neurons: a profile decides who stays, and changes no bit", () =>
  withStore(SPARSE, async (store) => {
    const tokens = text(24), { layers, neurons } = store.card.spec;
    const run = (profile: Uint8Array | undefined) =>
      withMachine(store, { memoryBytes: smallestBudget(store) + (9 << 19) }, async (machine) => {
        const first = await logitsOf(machine, tokens.slice(0, 12), 1);
        if (profile) machine.favor(profile);
        const read = machine.counters().bytesRead;
        const blocks = Int32Array.of(1);
        const rows = [...first];
        for (const [position, token] of tokens.slice(12).entries()) {
          await machine.step([{ token, position, blocks, logits: true }]);
          rows.push(machine.logits(0).slice());
        }
        return { rows, read: machine.counters().bytesRead - read };
      });
    const odd = Uint8Array.from({ length: layers * neurons }, (_, i) => i % 4 === 0 ? 255 : 0);
    const [plain, seeded] = [await run(undefined), await run(odd)];
    assert.deepEqual(seeded.rows, plain.rows);
    assert.notEqual(seeded.read, plain.read);
  }));

Deno.test("neurons: a bundle holds a neuron's row and column, and its sketch is near", () =>
  withStore(SPARSE, (store, gguf) => {
    const unit = store.units.find(({ kind }) => kind === "neurons")!;
    const [up, down] = unit.parts;
    const pages = readUnit(store, unit);
    const halves = (at: number) => new Float16Array(pages.buffer, at, up!.cols);
    const { row, column, sketch, slack } = firstNeuron(store, gguf, 7);
    assert.deepEqual([...halves(up!.at + 7 * up!.rowBytes)], row);
    assert.deepEqual([...halves(down!.at + 7 * down!.rowBytes)], column);
    const error = Math.hypot(...row.map((v, i) => v - sketch[i]!));
    assert.ok(
      error > 0 && error < slack && slack < 0.02 * Math.hypot(...row),
      `${error}, ${slack}`,
    );
    return Promise.resolve();
  }));

/** Neuron n of layer 0, as the file has it and as the sketch has it. */
function firstNeuron(store: Parameters<typeof readUnit>[0], gguf: Uint8Array, n: number) {
  const source = {
    size: gguf.length,
    read: (offset: number, into: Uint8Array) =>
      into.set(gguf.subarray(offset, offset + into.length)),
  };
  const { tensors } = readModel(source);
  const { up, down } = tensors.layers[0]!.ffn!;
  const { width, neurons } = store.card.spec;
  const half = (at: number) => new DataView(gguf.buffer).getFloat16(at, true);
  const unit = store.units.find(({ parts }) => parts[0]!.matrix === "sketch")!;
  const [rows, slack] = unit.parts;
  const pages = readUnit(store, unit);
  const row = pages.subarray(rows!.at + n * rows!.rowBytes);
  return {
    row: Array.from({ length: width }, (_, c) => half(up.offset + (n * width + c) * 2)),
    column: Array.from({ length: width }, (_, r) => half(down.offset + (r * neurons + n) * 2)),
    sketch: dequantizeRow(rows!.type, row, width),
    slack: new DataView(pages.buffer).getFloat32(slack!.at + 4 * n, true),
  };
}
