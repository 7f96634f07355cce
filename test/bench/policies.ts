/**
 * Which policy for the window: hit rates on recorded traces of real models and of the synthetic
 * ones, at several sizes; and what published reuse figures would give on this disk.
 */
import { comparePolicies, itemsIn, type Trace } from "./policy_scores.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { openMachine } from "../../core/model/open.ts";
import { openEngine } from "../../core/engine.ts";
import { modelStore, type TestModel } from "../models.ts";
import { itemsOf } from "../../core/flash/layout.ts";
import { expertText } from "../expert_model.ts";
import { topicText } from "../large_model.ts";
import { expertStore } from "./experts.ts";
import { measureDisk } from "../../core/flash/measure.ts";
import { sparseStore } from "./sparse.ts";

/** Passes until the activity thresholds of gated models are trusted: core/model/activity.ts. */
const SETTLING = 24;
const SHARES = [0.1, 0.2, 0.35, 0.5];

/** One trace for each of some layers, spread over the depth. */
async function record(folder: string, tokens: readonly number[]): Promise<Trace[]> {
  const store = await openFlashStore(folder);
  const { layers } = store.card.spec;
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
        traces[i]!.push(itemsIn(bits.subarray(layer * words, (layer + 1) * words)))
      );
    }
  } finally {
    await machine.close();
  }
  return traces.map((tokens) => ({ items: itemsOf(store.card.spec), tokens }));
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

/** A model's store, and a text for it. */
async function subject(folder: string, model: string) {
  const count = SETTLING + 128;
  if (model === "sparse") {
    return { store: await sparseStore(folder, "bundles"), text: topicText(count) };
  }
  if (model === "experts") return { store: await expertStore(folder), text: expertText(4 * count) };
  const store = await modelStore(model as TestModel);
  return { store, text: await manual(store, count) };
}

/** Prints the tables. */
export async function benchPolicies(folder: string, models: readonly string[]): Promise<void> {
  for (const model of models) {
    const { store, text } = await subject(folder, model);
    print(model, await record(store, text));
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
    console.log(`  ${(100 * share).toFixed(0)} % of the items: ${cells.join("; ")}`);
  }
}

/**
 * Whether flash is read in long runs (experts) or by pages (neurons); bytes of weights that a token
 * computes with, reads with nothing kept, and reads with the published reuse. OPT-6.7B: LLM in a
 * flash (2312.11514), table 2 (13.4 GB; 0.2 with predictor and window of 5); attention is a third of
 * it, of the FFN 3 % are active. Relufied Mistral-7B fp16: NeuroPrefetcher (2608.22643; 103 MiB a
 * token, 14.5 GB, 3.3 of them attention, head and what is active). Qwen3-30B-A3B Q4_K_M: a token's
 * experts 1051 MiB, of which an LRU over 13 % of the model hits 65.9 % (2608.18261). OLMoE fp16: 2.39
 * of 12 GB active, 88 % hit with 0.6 GB by a policy of its own (SpecMD, 2602.03921). Mixtral-8x7B
 * Q4_K_M: 12.9 of 46.7 G weights active, 26.4 GB; an LRU hits 40 to 60 % (2312.17238).
 */
const PUBLISHED = [
  { model: "OPT-6.7B", runs: false, active: 4.8e9, naive: 13.4e9, fresh: 0.2e9 },
  {
    model: "Mistral-7B, relufied",
    runs: false,
    active: 3.3e9,
    naive: 14.5e9,
    fresh: 103 * 2 ** 20,
  },
  {
    model: "Qwen3-30B-A3B",
    runs: true,
    active: 2e9,
    naive: 1051 * 2 ** 20,
    fresh: 0.341 * 1051 * 2 ** 20,
  },
  { model: "OLMoE-1B-7B", runs: true, active: 2.39e9, naive: 2.39e9, fresh: 0.12 * 2.39e9 },
  { model: "Mixtral-8x7B", runs: true, active: 7.3e9, naive: 7.3e9, fresh: 0.5 * 7.3e9 },
] as const;
/** Bytes of weights that two cores compute with in a second: 986 MB of Qwen 1.5B, resident, in 0.11 s. */
const COMPUTE_SPEED = 9e9;

/** Tokens a second where reading and computing overlap, the slower one decides. */
function published(folder: string): void {
  const { reads } = measureDisk(folder);
  const speeds = [reads[0]!, reads.at(-1)!].map((one) => one.gigabytesPerSecond * 1e9);
  const [byPages, byRuns] = speeds.map((speed) => (speed / 1e9).toFixed(2));
  console.log(
    `\nfrom published reuse, reading ${byPages} GB/s by pages and ${byRuns} by runs, ` +
      `computing ${COMPUTE_SPEED / 1e9} GB/s:`,
  );
  for (const { model, runs, active, naive, fresh } of PUBLISHED) {
    const rate = (read: number, speed: number) =>
      1 / Math.max(read / speed, active / COMPUTE_SPEED);
    const kept = rate(fresh, speeds[runs ? 1 : 0]!), none = rate(naive, speeds[1]!);
    console.log(
      `  ${model}: reads ${(fresh / 1e9).toFixed(2)} of ${(naive / 1e9).toFixed(2)} GB, ` +
        `${kept.toFixed(2)} tokens/s, naive ${none.toFixed(2)}`,
    );
  }
}
