/**
 * Gives a model its coarser units and learns what they cost: (1) what each weight's error would
 * matter, from texts; (2) every FFN cluster again at coarser levels, into the model's store;
 * (3) what layers cost, measured with only one layer coarse. A killed run goes on at the layer it
 * was encoding.
 */
import crypto from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { FlintError } from "../errors.ts";
import { SALT_BYTES } from "../flash/checksum.ts";
import type { FlashStore, LayerVariants, Unit } from "../flash/layout.ts";
import { locateUnits } from "../flash/locate.ts";
import {
  openFlashStore,
  openStoreWriter,
  readUnit,
  type StoreWriter,
  VARIANTS_VERSION,
} from "../flash/store.ts";
import type { UnitPlan } from "../gguf/units.ts";
import { openEncoder } from "../kernels/encoder.ts";
import type { Machine } from "../model/machine.ts";
import { openMachine } from "../model/open.ts";
import { smallestBudget } from "../model/plan.ts";
import { type LayerTally, splitTally } from "../model/tally.ts";
import { createText, type ModelText } from "../text/text.ts";
import { coarsest, COST_MAX, ffnByLayer, withUnits } from "./choose.ts";
import { divergence, logSoftmax, runTexts } from "./measure.ts";
import { TEXTS, UNSEEN } from "./texts.ts";
import { checkShape, LayerEncoder, LEVELS, planVariants } from "./variants.ts";

/** Tokens of each unseen text that a single layer's cost is measured on; all of them for the sum. */
const COST_TOKENS = 32;
/** A mixture's cost is measured, and the next one drawn by what was found. */
const ROUNDS = 2;
/** Of a mixture's cost, what its coarsest units must have for a factor to be drawn from it. */
const SHARE_MIN = 0.1;
/** How far clusters' errors are drawn to their layer's mean. */
const SHRINKAGE = 0.3;
/** Never believe that errors cancel better than this. */
const FACTOR_MIN = 0.3;
/** Tokens computed together. */
const BATCH = 32;
/** Tokens of a text, at most. */
const KV_TOKENS = 192;

/** What to calibrate, and who wants to know or stop it. */
export interface CalibrateOptions {
  /** Folder of a complete flash store. */
  readonly folder: string;
  /** DRAM that the model may take meanwhile; default: enough to keep it whole. */
  readonly memoryBytes?: number;
  /** Steps done and in all: one for each layer encoded, one for each layer measured. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Calibrates the model unless it is. Throws FlintError "unavailable" (a model that cannot be made
 * coarser), "cancelled", "over_budget" (disk or memory), "not_found", "bad_model".
 */
export async function calibrate(options: CalibrateOptions): Promise<void> {
  const store = await openFlashStore(options.folder);
  if (store.variants) return;
  checkShape(store);
  const { sourceSha256, layoutVersion, storeBytes } = store.card;
  const plans = planAll(store);
  const bytes = plans.flat(2).reduce((sum, plan) => sum + plan.bytes, storeBytes);
  const writer = await openStoreWriter(options.folder, { layoutVersion, sourceSha256 }, bytes);
  try {
    const text = createText(store.card, await store.tokenizer());
    const job = new Calibration({ store, options, plans, writer, text });
    const layers = await job.measure(await job.encode());
    await writer.finishVariants({ version: VARIANTS_VERSION, layers });
  } finally {
    await writer.close();
  }
}

/** The units that are to be made, by layer, level and cluster. */
function planAll({ card: { spec }, units }: FlashStore): UnitPlan[][][] {
  const perLayer = planVariants(spec, 0, 0).flat().length;
  return Array.from(
    { length: spec.layers },
    (_, layer) => planVariants(spec, layer, units.length + layer * perLayer),
  );
}

/** A layer's units by level and cluster, and the errors they make, in a unit of the layer's own. */
interface Encoded {
  readonly units: readonly (readonly Unit[])[];
  readonly errors: readonly (readonly number[])[];
}

class Calibration {
  readonly #store: FlashStore;
  readonly #options: CalibrateOptions;
  readonly #plans: readonly UnitPlan[][][];
  readonly #writer: StoreWriter;
  readonly #texts: readonly (readonly number[])[];
  readonly #unseen: readonly (readonly number[])[];
  #done = 0;

  constructor(
    needs: {
      store: FlashStore;
      options: CalibrateOptions;
      plans: readonly UnitPlan[][][];
      writer: StoreWriter;
      text: ModelText;
    },
  ) {
    this.#store = needs.store;
    this.#options = needs.options;
    this.#plans = needs.plans;
    this.#writer = needs.writer;
    const { text } = needs;
    this.#texts = tokenize(text);
    this.#unseen = UNSEEN.map((words) => text.encode(words, { begin: true }).slice(0, KV_TOKENS));
  }

  /** Encodes what an earlier run has not, and finds where everything lies. */
  async encode(): Promise<Encoded[]> {
    const { sourceSha256 } = this.#store.card;
    const origin = `${sourceSha256} variants ${VARIANTS_VERSION}`;
    const salt = crypto.createHash("sha256").update(origin).digest().subarray(0, SALT_BYTES);
    const errors = await this.#encodeLayers(salt);
    const first = this.#store.units.length;
    const places = await locateUnits({
      dataFile: this.#store.dataFile,
      unitBytes: this.#plans.flat(2).map(({ bytes }) => bytes),
      salt,
      first,
      onUnit: () => this.#pause(),
    });
    return this.#plans.map((levels, layer) => ({
      units: levels.map((row) => row.map((plan) => ({ ...plan, ...places[plan.id - first]! }))),
      errors: errors[layer]!,
    }));
  }

  /** The errors of every layer's variants; their units are in the store afterwards. */
  async #encodeLayers(salt: Uint8Array): Promise<number[][][]> {
    const { spec } = this.#store.card;
    const encoder = await openEncoder(Math.max(spec.width, spec.neurons));
    let tallies: LayerTally[] | undefined;
    const errors: number[][][] = [];
    for (const [layer, plans] of this.#plans.entries()) {
      const name = `errors ${layer}`;
      let noted = this.#writer.note(name) as number[][] | undefined;
      if (!noted) {
        tallies ??= await this.#tally();
        const units = ffnByLayer(this.#store)[layer]!;
        const source = { units, pages: units.map((unit) => readUnit(this.#store, unit)) };
        const tally = { ...tallies[layer]!, tokens: this.#texts.flat().length };
        const variants = new LayerEncoder(spec, source, tally, encoder).encode(plans, salt);
        await this.#writer.put(plans[0]![0]!.id, variants.flat().map(({ image }) => image));
        noted = variants.map((row) => row.map(({ error }) => error));
        await this.#writer.putNote(name, noted);
      }
      errors.push(noted);
      await this.#pause(1);
    }
    return errors;
  }

  /** What the texts make of every layer. */
  async #tally(): Promise<LayerTally[]> {
    const { spec } = this.#store.card;
    const noted = this.#writer.note("tally") as Uint8Array | undefined;
    if (noted) return splitTally(new Float32Array(noted.slice().buffer), spec);
    const sums = await this.#withMachine(this.#store, { tally: true }, async (machine) => {
      await runTexts(machine, this.#texts);
      return machine.tally()!.slice();
    });
    await this.#writer.putNote("tally", new Uint8Array(sums.buffer));
    return splitTally(sums, spec);
  }

  /** Turns errors into costs: some layers' by themselves, then all by what they cost together. */
  async measure(encoded: readonly Encoded[]): Promise<LayerVariants[]> {
    const exact: Float32Array[][] = this.#unseen.map(() => []);
    await this.#withMachine(
      this.#store,
      {},
      (machine) =>
        runTexts(machine, this.#unseen, (row, text) => exact[text]!.push(logSoftmax(row.slice()))),
    );
    const rates: (number | undefined)[] = []; // cost of an error, by layer
    for (const [layer, { units, errors }] of encoded.entries()) {
      if (isMeasured(layer, encoded.length)) {
        const own = ffnByLayer(this.#store);
        own[layer] = [...units.at(-1)!];
        const one = withUnits(this.#store, own);
        const cost = await this.#cost(`cost ${layer}`, one, exact, COST_TOKENS);
        rates[layer] = cost / errors.at(-1)!.reduce((a, b) => a + b, 0);
      }
      await this.#pause(1);
    }
    const raw = encoded.map(({ units, errors }, layer) => {
      const rate = between(rates, layer);
      return { units, costs: errors.map((row) => towardsMean(row).map((e) => e * rate)) };
    });
    return await this.#settle(raw, exact);
  }

  /**
   * Scales the costs to what units cost together. Many small errors and few large ones add up
   * differently, so the coarsest level has a factor of its own.
   */
  async #settle(
    raw: readonly LayerVariants[],
    exact: readonly (readonly Float32Array[])[],
  ): Promise<LayerVariants[]> {
    const middle = LEVELS.length - 2;
    const even = withUnits(this.#store, raw.map(({ units }) => units[middle]!));
    const all = await this.#cost("cost of the middle", even, exact);
    const factor = all / levelCosts(raw, even)[middle]!;
    let layers = scaled(raw, LEVELS.map(() => factor));
    for (let round = 0; round < ROUNDS; round++) {
      const mix = coarsest(this.#store, layers, COST_MAX.balanced).store;
      const measured = await this.#cost(`cost of mixture ${round}`, mix, exact);
      const costs = levelCosts(layers, mix);
      const coarse = costs.pop()!;
      const fine = costs.reduce((a, b) => a + b, 0);
      if (coarse < SHARE_MIN * measured) break;
      const own = Math.max(FACTOR_MIN, (measured - fine) / coarse);
      layers = scaled(layers, LEVELS.map((_, level) => level > middle ? own : 1));
    }
    return layers;
  }

  /** Mean divergence of a store's answers from `exact`, unless it was measured before. */
  async #cost(
    name: string,
    store: FlashStore,
    exact: readonly (readonly Float32Array[])[],
    tokens = Infinity,
  ): Promise<number> {
    const noted = this.#writer.note(name);
    if (typeof noted === "number") return noted;
    const all: number[] = [];
    const texts = this.#unseen.map((text) => text.slice(0, tokens));
    await this.#withMachine(
      store,
      {},
      (machine) =>
        runTexts(machine, texts, (row, text, position) => {
          all.push(divergence(exact[text]![position]!, logSoftmax(row.slice())));
        }),
    );
    const mean = all.reduce((a, b) => a + b, 0) / all.length;
    await this.#writer.putNote(name, mean);
    return mean;
  }

  async #withMachine<T>(
    store: FlashStore,
    { tally }: { tally?: boolean },
    use: (machine: Machine) => Promise<T>,
  ): Promise<T> {
    const sizes = { kvTokens: KV_TOKENS, batchTokens: BATCH, batchLogits: BATCH, tally };
    const weights = store.units.reduce((sum, { bytes }) => sum + bytes, 0);
    const { memoryBytes = smallestBudget(store, sizes) + weights } = this.#options;
    const machine = await openMachine({ store, memoryBytes, ...sizes });
    try {
      return await use(machine);
    } finally {
      await machine.close();
    }
  }

  /** Lets other work run; notes that `steps` more are done; throws "cancelled". */
  async #pause(steps = 0): Promise<void> {
    const { signal, onProgress } = this.#options;
    if (signal?.aborted) throw new FlintError("cancelled", "the calibration was cancelled");
    this.#done += steps;
    if (steps > 0) onProgress?.(this.#done, 2 * this.#plans.length);
    await setImmediate();
  }
}

/** The first layers and the last differ from their neighbours; in between every third will do. */
function isMeasured(layer: number, layers: number): boolean {
  return layer < 4 || layer >= layers - 2 || layer % 3 === 0;
}

/** The rate of a layer, or the weighted geometric mean of the nearest measured ones. */
function between(rates: readonly (number | undefined)[], layer: number): number {
  let before = layer, after = layer;
  while (rates[before] === undefined) before--;
  while (rates[after] === undefined) after++;
  const share = before === after ? 0 : (layer - before) / (after - before);
  return Math.pow(rates[before]!, 1 - share) * Math.pow(rates[after]!, share);
}

/** A few texts do not show how much cold neurons matter elsewhere: not as little as it looks. */
function towardsMean(errors: readonly number[]): number[] {
  const mean = errors.reduce((a, b) => a + b, 0) / errors.length;
  return errors.map((error) => error + SHRINKAGE * (mean - error));
}

/** The costs times their level's factor. */
function scaled(layers: readonly LayerVariants[], factors: readonly number[]): LayerVariants[] {
  return layers.map(({ units, costs }) => ({
    units,
    costs: costs.map((row, level) => row.map((cost) => cost * factors[level]!)),
  }));
}

/** What the units of a store cost, by level. */
function levelCosts(layers: readonly LayerVariants[], { units }: FlashStore): number[] {
  const used = new Set(units.map(({ id }) => id));
  return LEVELS.map((_, level) =>
    layers.reduce(
      (sum, { units, costs }) =>
        sum +
        costs[level]!.reduce((a, cost, c) => used.has(units[level]![c]!.id) ? a + cost : a, 0),
      0,
    )
  );
}

/** The texts as the model reads them. */
function tokenize(text: ModelText): number[][] {
  return TEXTS.map(({ question, text: words }) => {
    const asked = question === undefined ? [] : text.chat([{ role: "user", content: question }]);
    return [...asked, ...text.encode(words, { begin: asked.length === 0 })].slice(0, KV_TOKENS);
  });
}
