/**
 * Which policy for the window: hit rates on recorded traces of real models and of the synthetic
 * sparse one, at several sizes; and what published reuse figures would give on this disk.
 */
import { comparePolicies, type Trace } from "./policy_scores.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { openMachine } from "../../core/model/open.ts";
import { openEngine } from "../../core/engine.ts";
import { modelStore, type TestModel } from "../models.ts";
import { sparseText } from "../sparse_model.ts";
import { measureDisk } from "../../core/flash/measure.ts";
import { sparseStore } from "./sparse.ts";

/** Passes until the activity thresholds of gated models are trusted: core/model/activity.ts. */
const SETTLING = 24;
const SHARES = [0.1, 0.2, 0.35, 0.5];

/** One trace for each of some layers, spread over the depth. */
async function record(folder: string, tokens: readonly number[]): Promise<Trace[]> {
  const store = await openFlashStore(folder);
  const { layers, neurons } = store.card.spec;
  const machine = await openMachine({ store, memoryBytes: 1.2 * store.card.storeBytes + 128e6 });
  const blocks = Int32Array.from(
    { length: Math.ceil(tokens.length / machine.limits.blockTokens) },
    (_, i) => i,
  );
  const chosen = [0.1, 0.5, 0.9].map((depth) => Math.floor(depth * layers));
  const traces = chosen.map(() => [] as Int32Array[]);
  try {
    for (const [position, token] of tokens.entries()) {
      await machine.step([{ token, position, blocks, logits: false }]);
      const bits = machine.active();
      if (!bits) continue;
      const words = bits.length / layers;
      chosen.forEach((layer, i) =>
        traces[i]!.push(items(bits.subarray(layer * words, (layer + 1) * words)))
      );
    }
  } finally {
    await machine.close();
  }
  return traces.map((tokens) => ({ items: neurons, tokens }));
}

function items(bits: Int32Array): Int32Array {
  const found: number[] = [];
  bits.forEach((word, w) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      found.push(w * 32 + 31 - Math.clz32(rest & -rest));
    }
  });
  return Int32Array.from(found);
}

/** Tokens of a manual in the model's own vocabulary. */
async function manual(folder: string, count: number): Promise<number[]> {
  const engine = await openEngine({ folder, memoryBytes: 1.2e9, threads: 1 });
  const path = new URL("../../node_modules/commander/Readme.md", import.meta.url);
  const text = await Deno.readTextFile(path);
  const tokens = engine.text.encode(text.slice(4_000, 12_000)).slice(0, count);
  await engine.close();
  return tokens;
}

/** Prints the tables. */
export async function benchPolicies(folder: string, models: readonly string[]): Promise<void> {
  for (const model of models) {
    const sparse = model === "sparse";
    const store = sparse
      ? await sparseStore(folder, "bundles")
      : await modelStore(model as TestModel);
    const count = SETTLING + 128;
    const traces = await record(store, sparse ? sparseText(count) : await manual(store, count));
    print(model, traces);
  }
  published(folder);
}

function print(model: string, traces: readonly Trace[]): void {
  const { items, tokens } = traces[0]!;
  const active = tokens.reduce((sum, token) => sum + token.length, 0) / tokens.length / items;
  console.log(`\n${model}: ${(100 * active).toFixed(1)} % active, hit rate (new neurons a token)`);
  for (const share of SHARES) {
    const slots = Math.floor(share * items);
    const all = traces.map((trace) => comparePolicies(trace, slots));
    const cells = all[0]!.map(({ policy }, i) => {
      const mean = (key: "hitRate" | "newItems" | "kept") =>
        all.reduce((sum, scores) => sum + scores[i]![key], 0) / all.length;
      const size = policy.startsWith("last")
        ? `, keeps ${(100 * mean("kept") / items).toFixed(0)} %`
        : "";
      return `${policy} ${(100 * mean("hitRate")).toFixed(1)} % (${
        mean("newItems").toFixed(0)
      }${size})`;
    });
    console.log(`  ${(100 * share).toFixed(0)} % of the FFN: ${cells.join("; ")}`);
  }
}

/**
 * Bytes that must be read for a token, all and with the published reuse. OPT-6.7B: LLM in a flash,
 * table 2 (13.4 GB; 0.2 with predictor and window of 5). Relufied Mistral-7B fp16: NeuroPrefetcher
 * (2608.22643; 103 MiB a token, 14.5 GB). Qwen3-30B-A3B Q4_K_M: a token's experts 1051 MiB, of
 * which an LRU over 13 % of the model hits 65.9 % (2608.18261).
 */
const PUBLISHED = [
  { model: "OPT-6.7B", all: 13.4e9, fresh: 0.2e9 },
  { model: "Mistral-7B, relufied", all: 14.5e9, fresh: 103 * 2 ** 20 },
  { model: "Qwen3-30B-A3B", all: 1051 * 2 ** 20, fresh: 0.341 * 1051 * 2 ** 20 },
] as const;

/** Tokens a second that this disk's speed alone would allow: computing comes on top. */
function published(folder: string): void {
  const { reads } = measureDisk(folder);
  const speed = reads[0]!.gigabytesPerSecond * 1e9;
  console.log(`\nfrom published reuse, at ${(speed / 1e9).toFixed(2)} GB/s, reading alone:`);
  for (const { model, all, fresh } of PUBLISHED) {
    console.log(
      `  ${model}: ${(speed / fresh).toFixed(2)} tokens/s, naive ${(speed / all).toFixed(3)}`,
    );
  }
}
