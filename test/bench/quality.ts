/**
 * `bench quality`: what fidelities below exact cost on held-out texts, beside whole quantizations of
 * the FFN by the same encoder, at a fraction of the model's size. KL divergence from exact, how
 * often both would say the same token, and the ratio of perplexities, each with its standard error.
 */
import { divergence, logSoftmax } from "../../core/calibrate/measure.ts";
import { ffnByLayer, withUnits } from "../../core/calibrate/choose.ts";
import { openEngine } from "../../core/engine.ts";
import type { FlashStore } from "../../core/flash/layout.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import type { Engine, Fidelity } from "../../core/run/api.ts";
import { createText } from "../../core/text/text.ts";
import { modelStore, type TestModel } from "../models.ts";
import { type HeldOut, heldOutTexts } from "./held_out.ts";

/** What to judge. */
export interface QualityOptions {
  readonly model: TestModel;
  /** Tokens of each kind of text. */
  readonly tokens: number;
  /** Names of the sides; empty: all. */
  readonly sides: readonly string[];
  readonly json: string | undefined;
}

interface Side {
  readonly name: string;
  readonly store: FlashStore;
  readonly fidelity: Fidelity;
  /** Of the model's file; 0 = enough for everything. */
  readonly share: number;
}

/** A mean and its standard error. */
interface Figure {
  readonly mean: number;
  readonly error: number;
}

interface Judged {
  readonly name: string;
  readonly divergence: Figure;
  readonly sameTop: Figure;
  readonly perplexityRatio: Figure;
  readonly byKind: Readonly<Record<string, number>>;
  /** Bytes of all FFN units, and of all units that a pass reads from flash. */
  readonly ffnBytes: number;
  readonly streamedBytes: number;
  readonly expected: number | undefined;
}

const LEVEL_NAMES = ["Q4_K + Q5_K", "F3_K + Q4_K", "F2_K + F3_K"];
const ROOM_BYTES = 2e9;

/** Judges every side against the exact model. */
export async function benchQuality(options: QualityOptions): Promise<void> {
  const folder = await modelStore(options.model);
  const store = await openFlashStore(folder);
  if (!store.variants) return console.log(`${options.model} is not calibrated: flint calibrate`);
  const texts = heldOutTexts(createText(store.card, store.tokenizer), options.tokens);
  const exact: Float32Array[] = [];
  await score(side("exact", store, "exact", 0), texts, (row) => exact.push(row.slice()));
  const judged: Judged[] = [];
  for (const one of sides(store)) {
    if (options.sides.length > 0 && !options.sides.includes(one.name)) continue;
    judged.push(await judge(one, texts, exact));
    console.log(line(judged.at(-1)!));
  }
  if (options.json) await Deno.writeTextFile(options.json, JSON.stringify(judged, null, 2) + "\n");
}

const side = (name: string, store: FlashStore, fidelity: Fidelity, share: number): Side => (
  { name, store, fidelity, share }
);

function sides(store: FlashStore): Side[] {
  const whole = LEVEL_NAMES.map((name, level) => {
    const units = store.variants!.map((layer) => layer.units[level]!);
    return side(`whole FFN ${name}`, withUnits(store, units), "exact", 0);
  });
  const chosen = ([["balanced", 0.5], ["balanced", 0.35], ["fast", 0.5]] as const).map(
    ([fidelity, share]) => side(`${fidelity} ${share * 100} %`, store, fidelity, share),
  );
  return [...chosen, ...whole];
}

/** Log probabilities behind every token of every text. */
async function score(
  { store, fidelity, share }: Side,
  texts: readonly HeldOut[],
  onRow: (row: Float32Array, index: number) => void,
): Promise<ReturnType<Engine["report"]>> {
  const memoryBytes = share === 0 ? ROOM_BYTES : Math.floor(store.card.sourceBytes * share);
  const engine = await openEngine({ store, fidelity, memoryBytes });
  try {
    let index = 0;
    for (const { tokens } of texts) {
      for await (const row of engine.score(tokens)) onRow(logSoftmax(row), index++);
    }
    return engine.report();
  } finally {
    await engine.close();
  }
}

async function judge(
  side: Side,
  texts: readonly HeldOut[],
  exact: readonly Float32Array[],
): Promise<Judged> {
  const divergences: number[] = [], same: number[] = [], lost: number[] = [];
  const next = texts.flatMap(({ tokens }) => [...tokens.slice(1), undefined]);
  const kinds = texts.flatMap(({ kind, tokens }) => tokens.map(() => kind));
  const byKind: Record<string, number[]> = {};
  const report = await score(side, texts, (row, i) => {
    const kl = divergence(exact[i]!, row);
    divergences.push(kl);
    (byKind[kinds[i]!] ??= []).push(kl);
    same.push(best(row) === best(exact[i]!) ? 1 : 0);
    if (next[i] !== undefined) lost.push(exact[i]![next[i]]! - row[next[i]]!);
  });
  const ratio = figure(lost);
  const bytes = (units: FlashStore["units"]) => units.reduce((sum, { bytes }) => sum + bytes, 0);
  const { choice } = report;
  return {
    name: side.name,
    divergence: figure(divergences),
    sameTop: figure(same),
    perplexityRatio: {
      mean: Math.exp(ratio.mean),
      error: ratio.error * Math.exp(ratio.mean),
    },
    byKind: Object.fromEntries(
      Object.entries(byKind).map(([kind, all]) => [kind, figure(all).mean]),
    ),
    ffnBytes: bytes(ffnByLayer(side.store).flat()),
    streamedBytes: choice ? choice.exact.streamed + choice.coarse.streamed : 0,
    expected: choice?.expectedDivergence,
  };
}

function best(row: Float32Array): number {
  let at = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[at]!) at = i;
  return at;
}

function figure(values: readonly number[]): Figure {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

function line(one: Judged): string {
  const show = ({ mean, error }: Figure, digits: number) =>
    `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
  const kinds = Object.entries(one.byKind).map(([kind, kl]) => `${kind} ${kl.toFixed(3)}`);
  const streamed = one.expected === undefined
    ? `FFN of ${(one.ffnBytes / 1e6).toFixed(0)} MB`
    : `${(one.streamedBytes / 1e6).toFixed(0)} MB a pass, ${one.expected.toFixed(3)} expected`;
  return `${one.name.padEnd(15)} KL ${show(one.divergence, 4)} (${kinds.join(", ")}), same token ${
    show(one.sameTop, 3)
  }, perplexity x ${show(one.perplexityRatio, 3)}; ${streamed}`;
}
