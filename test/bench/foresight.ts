/**
 * Can a layer's experts be foretold early enough to be read while attention computes? No mixture is
 * small enough for this machine, so the residuals are those of a real dense model, and the routers
 * are made up: rows of noise, their scores brought to the same mean and spread, as routers trained
 * to share the load have. (Means of a layer's gate rows, clustered, agreed within a hundredth.) How
 * far attention moves what a router sees is then real, how wide its margins are is not.
 */
import { BytesSource } from "../bytes_source.ts";
import { dequantizeRow } from "../../core/kernels/reference.ts";
import { readGguf } from "../../core/gguf/reader.ts";
import { modelFile, modelText } from "../models.ts";
import { plainLogits } from "../plain_forward.ts";
import { randomFloats } from "../random.ts";
import { CLUES, foresee, type Pace, type RoutedLayer } from "./foresight_scores.ts";

const TOKENS = 128;
const EXPERTS = { count: 48, used: 6 };
/** Windows, as shares of all experts. */
const SHARES = [0.25, 0.5];
/** Experts a layer that may be read ahead. */
const MOST = [1, 2, EXPERTS.used];
/**
 * Of Qwen3-30B-A3B Q4_K_M on two cores that compute 9 GB/s and a disk that reads 1.5: an expert of
 * 2.75 MB computes 0.31 ms and reads 1.83, attention's 11.3 MB compute 1.26.
 */
const PACE: Pace = { attention: 4.1, read: 6 };

/** (layers, tokens, width) */
type Residuals = number[][][];

/** Prints a table for each size of the window. */
export function benchForesight(): void {
  const file = modelFile("smollm2-135m")!;
  const layers = route(Deno.readFileSync(file), manual(file));
  for (const share of SHARES) {
    console.log(`\n${100 * share} % of ${EXPERTS.count} experts in DRAM, ${EXPERTS.used} a token`);
    for (const clue of CLUES) {
      for (const most of MOST) {
        const slots = Math.floor(share * EXPERTS.count);
        const { recall, missing, foreseen, read, precision, gain } = //
          foresee(layers, clue, { slots, most, pace: PACE });
        console.log(
          `  ${clue.padEnd(17)} recall ${percent(recall)}, at most ${most}: ${
            read.toFixed(2)
          } read ` +
            `ahead, ${percent(precision)} rightly, ${percent(foreseen)} of the ` +
            `${missing.toFixed(2)} missing; ${gain.toFixed(2)} x as fast`,
        );
      }
    }
  }
}

const percent = (share: number) => Number.isNaN(share) ? "no" : `${(100 * share).toFixed(0)} %`;

/** A text through the model, and through routers beside its FFNs; the first token is a sink, left out. */
export function route(gguf: Uint8Array, text: readonly number[]): RoutedLayer[] {
  const before: Residuals = [], after: Residuals = [];
  plainLogits(gguf, text, (layer, half, xs) => {
    (half === "attention" ? before : after)[layer] = xs.slice(1).map((x) => [...x]);
  });
  const { tensors } = readGguf(new BytesSource(gguf)), random = normals(1);
  return before.map((xs, layer) => {
    const { type, offset, bytes, shape: [width] } = tensors.get(`blk.${layer}.ffn_norm.weight`)!;
    const norm = dequantizeRow(type, gguf.slice(offset, offset + bytes), width!);
    const rows = Array.from({ length: EXPERTS.count }, () => norm.map((w) => w * random()));
    const raw = (some: Residuals[number]) => some.map((x) => scoresOf(rows, x));
    const level = leveller(raw(after[layer]!));
    return {
      used: EXPERTS.used,
      scores: raw(after[layer]!).map(level),
      before: raw(xs).map(level),
      earlier: layer > 0 ? raw(after[layer - 1]!).map(level) : undefined,
    };
  });
}

function manual(file: string): number[] {
  const path = new URL("../../node_modules/commander/Readme.md", import.meta.url);
  const text = Deno.readTextFileSync(path).slice(4_000, 12_000);
  return modelText(file).text.encode(text).slice(0, TOKENS);
}

/** rows . x / |x| */
function scoresOf(rows: readonly Float32Array[], x: readonly number[]): Float64Array {
  const size = Math.hypot(...x);
  return Float64Array.from(rows, (row) => row.reduce((sum, w, i) => sum + w * x[i]!, 0) / size);
}

/** Brings each expert's scores to mean 0 and deviation 1 over the text. */
function leveller(scores: readonly Float64Array[]) {
  const of = (value: (row: Float64Array, e: number) => number) =>
    scores[0]!.map((_, e) => scores.reduce((sum, row) => sum + value(row, e), 0) / scores.length);
  const mean = of((row, e) => row[e]!);
  const deviation = of((row, e) => (row[e]! - mean[e]!) ** 2).map(Math.sqrt);
  return (row: Float64Array) => row.map((score, e) => (score - mean[e]!) / deviation[e]!);
}

function normals(seed: number): () => number {
  const random = randomFloats(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
