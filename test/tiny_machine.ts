/** Tiny models imported and run: what tests of the machine begin with. */
import assert from "node:assert/strict";
import { importGguf } from "../core/gguf/import.ts";
import type { FlashStore } from "../core/flash/layout.ts";
import { openFlashStore } from "../core/flash/store.ts";
import type { Machine, StepToken } from "../core/model/machine.ts";
import { type MachineOptions, openMachine } from "../core/model/open.ts";
import { tinyModel, type TinyModelOptions } from "./tiny_model.ts";

/** Imports a tiny model; `use` gets its store, its bytes and its file. */
export async function withStore(
  model: TinyModelOptions,
  use: (store: FlashStore, gguf: Uint8Array, file: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const gguf = tinyModel(model);
  await Deno.writeFile(`${folder}/tiny.gguf`, gguf);
  await importGguf({ source: `${folder}/tiny.gguf`, target: `${folder}/store`, name: "tiny" });
  const store = await openFlashStore(`${folder}/store`);
  try {
    await use(store, gguf, `${folder}/tiny.gguf`);
  } finally {
    await store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Opens a machine on a store, and closes it. */
export async function withMachine<T>(
  store: FlashStore,
  options: Partial<MachineOptions>,
  use: (machine: Machine) => Promise<T>,
): Promise<T> {
  const machine = await openMachine({ store, memoryBytes: 64 << 20, threads: 2, ...options });
  try {
    return await use(machine);
  } finally {
    await machine.close();
  }
}

/** Logits at every position, fed `chunk` tokens at a time into KV blocks that begin at `block`. */
export async function logitsOf(machine: Machine, tokens: number[], chunk: number, block = 0) {
  const count = Math.ceil(tokens.length / machine.limits.blockTokens);
  const blocks = Int32Array.from({ length: count }, (_, i) => block + i);
  const rows: Float32Array[] = [];
  for (let at = 0; at < tokens.length; at += chunk) {
    const batch = tokens.slice(at, at + chunk).map((token, i): StepToken => (
      { token, position: at + i, blocks, logits: true }
    ));
    await machine.step(batch);
    batch.forEach((_, i) => rows.push(machine.logits(i).slice()));
  }
  return rows;
}

/**
 * Asserts that machines of other options, fed so many tokens at a time, give the bits of one with
 * room for all, and that all which one uses stays there.
 */
export async function sameBits(
  store: FlashStore,
  tokens: number[],
  others: readonly (readonly [options: Partial<MachineOptions>, chunk: number])[],
): Promise<void> {
  const whole = await withMachine(store, {}, async (machine) => {
    const rows = await logitsOf(machine, tokens, 8);
    const { bytesRead } = machine.counters();
    await logitsOf(machine, tokens, 8);
    assert.equal(machine.counters().bytesRead, bytesRead, "all that is used has stayed");
    return rows;
  });
  for (const [options, chunk] of others) {
    const rows = await withMachine(store, options, (machine) => logitsOf(machine, tokens, chunk));
    assert.deepEqual(rows, whole, JSON.stringify({ ...options, chunk }));
  }
}

/** Root mean square of the error over that of the logits. */
export function relativeError(rows: Float32Array[], plain: number[][]): number {
  let error = 0, size = 0;
  rows.forEach((row, t) =>
    row.forEach((value, i) => {
      error += (value - plain[t]![i]!) ** 2;
      size += plain[t]![i]! ** 2;
    })
  );
  return Math.sqrt(error / size);
}
