/**
 * `bench quality`: what fidelities below exact cost on held-out texts at a fraction of the model's
 * size, beside whole quantizations: llama.cpp's Q2_K of the same file, and the FFN at one level of
 * Flint's own encoder. KL divergence from exact, how often both would say the same token, and the
 * ratio of perplexities, each with its standard error.
 */
import path from "node:path";
import { chooseUnits, withUnits } from "../../core/calibrate/choose.ts";
import { logSoftmax, runTexts } from "../../core/calibrate/measure.ts";
import type { FlashStore } from "../../core/flash/layout.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { openMachine } from "../../core/model/open.ts";
import { planMachine, streamedBytes } from "../../core/model/plan.ts";
import { createText } from "../../core/text/text.ts";
import { modelFile, modelStore, type TestModel } from "../models.ts";
import { type HeldOut, heldOutTexts } from "./held_out.ts";
import { type Figure, judge, type Judgement, type Sample, sampleOf } from "./judgement.ts";
import { Kept, keyOf } from "./kept.ts";
import { smallerModel } from "./peers.ts";

/** What to judge. */
export interface QualityOptions {
  readonly model: TestModel;
  /** Tokens of each kind of text. */
  readonly tokens: number;
  /** Names of the sides; empty: all. */
  readonly sides: readonly string[];
  /** Where the smaller quantization is imported to. */
  readonly folder: string;
  readonly json: string | undefined;
  /** Where samples are kept, so that a run which was stopped goes on. */
  readonly cache: string | undefined;
}

interface Side {
  readonly name: string;
  /** With just the units that answer. */
  readonly store: FlashStore;
  /** KL divergence that calibration foretold. */
  readonly expected?: number | undefined;
}

interface Judged extends Judgement {
  readonly name: string;
  /** Bytes of weights that a pass reads from flash, by budget as a share of the model's file. */
  readonly streamedBytes: Readonly<Record<string, number>>;
  readonly expected?: number | undefined;
}

const LEVEL_NAMES = ["Q4_K + Q5_K", "F3_K + Q4_K", "F2_K + F3_K"];
/** Enough for any of them. */
const ROOM_BYTES = 2e9;
const SHARES = [0.5, 0.35];
/** Tokens computed together. */
const BATCH = 64;
/** Tokens whose exact log probabilities are held at once: some 500 MB. */
const PIECE_TOKENS = 800;

/** Judges every side against the exact model, some texts at a time. */
export async function benchQuality(options: QualityOptions): Promise<void> {
  const store = await openFlashStore(await modelStore(options.model));
  if (!store.variants) return console.log(`${options.model} is not calibrated: flint calibrate`);
  const sides = [...flintSides(store), ...await smallerSides(options)]
    .filter(({ name }) => options.sides.length === 0 || options.sides.includes(name));
  const kept = new Kept<Sample[]>(options.cache), samples = new Map<Side, Sample[]>();
  const judgedOf = (side: Side): Judged => ({
    name: side.name,
    ...judge(samples.get(side)!),
    streamedBytes: streamed(side.store, store.card.sourceBytes),
    expected: side.expected,
  });
  const texts = heldOutTexts(createText(store.card, await store.tokenizer()), options.tokens);
  for (const piece of pieces(texts)) {
    await judgePiece(store, sides, piece, kept);
    for (const side of sides) {
      samples.set(side, [...samples.get(side) ?? [], ...kept.get(pieceKey(side, piece))!]);
    }
    for (const side of sides) console.error(`so far: ${line(judgedOf(side))}`);
  }
  const judged = sides.map(judgedOf);
  for (const one of judged) console.log(line(one));
  if (options.json) await Deno.writeTextFile(options.json, JSON.stringify(judged, null, 2) + "\n");
}

/** Samples of those sides that have none yet of these texts. */
async function judgePiece(
  store: FlashStore,
  sides: readonly Side[],
  piece: readonly HeldOut[],
  kept: Kept<Sample[]>,
): Promise<void> {
  const missing = sides.filter((side) => !kept.get(pieceKey(side, piece)));
  const exact: Float32Array[] = [];
  if (missing.length > 0) await score(store, piece, (row) => exact.push(row.slice()));
  for (const side of missing) {
    const samples: Sample[] = [];
    await score(side.store, piece, (row, text, at) => {
      samples.push(sampleOf(text, at, exact[samples.length]!, row));
    });
    kept.set(pieceKey(side, piece), samples);
  }
}

/** What samples depend on: the weights that answer, and the texts. */
function pieceKey({ store }: Side, piece: readonly HeldOut[]): string {
  const weights = store.units.map(({ checksum }) => checksum);
  return keyOf(store.card.sourceSha256, weights, piece.map(({ tokens }) => tokens));
}

function flintSides(store: FlashStore): Side[] {
  const whole = LEVEL_NAMES.map((name, level): Side => {
    const units = store.variants!.map((layer) => layer.units[level]!);
    return { name: `whole FFN ${name}`, store: withUnits(store, units) };
  });
  const chosen = ([["balanced", 0.5], ["balanced", 0.35], ["fast", 0.5]] as const).map(
    ([fidelity, share]): Side => {
      const memoryBytes = Math.floor(store.card.sourceBytes * share);
      const { store: units, report } = chooseUnits(store, fidelity, { memoryBytes });
      const name = `${fidelity} ${share * 100} %`;
      return { name, store: units, expected: report?.expectedDivergence };
    },
  );
  return [...chosen, ...whole];
}

/** The smaller quantization, imported as any model is; none where it was not made. */
async function smallerSides({ model, folder }: QualityOptions): Promise<Side[]> {
  let source: string;
  try {
    source = smallerModel(modelFile(model)!);
  } catch (error) {
    console.error(`llama.cpp's Q2_K is left out: ${(error as Error).message}`);
    return [];
  }
  const name = path.basename(source, ".gguf"), target = path.join(folder, name);
  await importGguf({ source, target, name });
  return [{ name: "whole Q2_K", store: await openFlashStore(target) }];
}

/** Texts that are judged together. */
function pieces(texts: readonly HeldOut[]): HeldOut[][] {
  const all: HeldOut[][] = [];
  let tokens = Infinity;
  for (const text of texts) {
    if ((tokens += text.tokens.length) > PIECE_TOKENS) {
      all.push([]);
      tokens = text.tokens.length;
    }
    all.at(-1)!.push(text);
  }
  return all;
}

/** What a pass would have to read, were the budget so small. */
function streamed(store: FlashStore, sourceBytes: number): Record<string, number> {
  return Object.fromEntries(SHARES.map((share) => {
    const plan = planMachine(store, { memoryBytes: Math.floor(sourceBytes * share) });
    return [share, streamedBytes(plan)];
  }));
}

/** Log probabilities behind every token of every text; the same at any budget, so DRAM is given. */
async function score(
  store: FlashStore,
  texts: readonly HeldOut[],
  onRow: (row: Float32Array, text: HeldOut, at: number) => void,
): Promise<void> {
  const kvTokens = Math.max(...texts.map(({ tokens }) => tokens.length));
  const sizes = { kvTokens, batchTokens: BATCH, batchLogits: BATCH };
  const machine = await openMachine({ store, memoryBytes: ROOM_BYTES, ...sizes });
  const tokens = texts.map((text) => text.tokens);
  try {
    await runTexts(machine, tokens, (row, text, at) => onRow(logSoftmax(row), texts[text]!, at));
  } finally {
    await machine.close();
  }
}

function line(one: Judged): string {
  const show = ({ mean, error }: Figure, digits: number) =>
    `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
  const kinds = Object.entries(one.byKind).map(([kind, kl]) => `${kind} ${kl.toFixed(3)}`);
  const reads = Object.entries(one.streamedBytes)
    .map(([share, bytes]) => `${(bytes / 1e6).toFixed(0)} MB a pass at ${+share * 100} %`);
  return [
    `${one.name.padEnd(22)} KL ${show(one.divergence, 4)} (${kinds.join(", ")})`,
    ...one.expected === undefined ? [] : [`${one.expected.toFixed(3)} expected`],
    `same token ${show(one.sameTop, 3)}`,
    `perplexity x ${show(one.perplexityRatio, 4)}`,
    `${one.tokens} tokens`,
    ...reads,
  ].join(", ");
}
