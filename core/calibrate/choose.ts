/**
 * Which units answer at a fidelity and budget. Any byte pinned saves one byte read for each token,
 * whatever it holds, so the choice is that of a mixed quantization: the fewest bytes in all at a
 * bearable cost, and no coarser than what makes the model fit its DRAM (Lagrange: Shoham and Gersho
 * 1988, one exchange rate of bytes against divergence for all units).
 */
import { bytesOf, type FlashStore, type LayerVariants, type Unit } from "../flash/layout.ts";
import {
  type Plan,
  planMachine,
  type PlanOptions,
  streamedBytes,
  usedUnits,
} from "../model/plan.ts";
import type { ChoiceReport, Fidelity } from "../run/api.ts";

/** Most KL divergence from exact that a fidelity may cost by calibration, nats a token. */
export const COST_MAX: Readonly<Record<Fidelity, number>> = {
  exact: 0,
  balanced: 0.03,
  fast: 0.16,
};

const BISECTIONS = 40;
/** Exchange rates that are tried, nats a byte: from all exact to all coarse. */
const RATE_MIN = 1e-15, RATE_MAX = 1e-5;

/** A store with the units that are to answer, and what is to be said about them. */
export interface Choice {
  readonly store: FlashStore;
  readonly fidelity: Fidelity;
  readonly report: ChoiceReport | undefined;
}

/** Chooses units. Exact where that was asked for, fits anyway, or the model is not calibrated. */
export function chooseUnits(store: FlashStore, asked: Fidelity, options: PlanOptions): Choice {
  const exact: Choice = { store, fidelity: "exact", report: undefined };
  const { variants } = store;
  if (asked === "exact" || !variants) return exact;
  const excess = streamedBytes(planMachine(store, options));
  if (excess === 0) return exact;
  const layers = ffnByLayer(store);
  const wanted = bytesOf(layers.flat()) - excess;
  const picks = pick(layers, variants, { costMax: COST_MAX[asked], bytesMin: wanted });
  const chosen = withUnits(store, picks.map(({ units }) => units));
  const report = describe(store, planMachine(chosen, options), sumOf(picks, "cost"));
  return { store: chosen, fidelity: asked, report };
}

/** The store as coarse as `costMax` allows, and what that costs by the variants' own account. */
export function coarsest(
  store: FlashStore,
  variants: readonly LayerVariants[],
  costMax: number,
): { store: FlashStore; cost: number } {
  const picks = pick(ffnByLayer(store), variants, { costMax, bytesMin: 0 });
  return { store: withUnits(store, picks.map(({ units }) => units)), cost: sumOf(picks, "cost") };
}

/** The store with other FFN units in the layers. */
export function withUnits(store: FlashStore, layers: readonly (readonly Unit[])[]): FlashStore {
  const units: Unit[] = [];
  store.units.forEach((unit, i) => {
    const before = store.units[i - 1];
    const begins = before?.kind !== "ffn" || before.layer !== unit.layer;
    if (unit.kind !== "ffn") units.push(unit);
    else if (begins) units.push(...layers[unit.layer]!);
  });
  return { ...store, units };
}

/** The FFN units of every layer. */
export function ffnByLayer({ card, units }: FlashStore): Unit[][] {
  const layers = Array.from({ length: card.spec.layers }, () => [] as Unit[]);
  for (const unit of units) if (unit.kind === "ffn") layers[unit.layer]!.push(unit);
  return layers;
}

/** What one layer answers with. */
interface Pick {
  readonly units: readonly Unit[];
  readonly bytes: number;
  readonly cost: number;
}

/** The finest picks that have `bytesMin` or less, or cost `costMax`, whichever comes first. */
function pick(
  layers: readonly (readonly Unit[])[],
  variants: readonly LayerVariants[],
  limits: { readonly costMax: number; readonly bytesMin: number },
): Pick[] {
  const at = (rate: number) => layers.map((units, l) => pickLayer(units, variants[l]!, rate));
  let low = Math.log(RATE_MIN), high = Math.log(RATE_MAX);
  let best = at(0);
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    const picks = at(Math.exp(middle));
    if (sumOf(picks, "cost") > limits.costMax) high = middle;
    else if (sumOf(picks, "bytes") > limits.bytesMin) {
      low = middle;
      best = picks;
    } else {
      high = middle;
      best = picks;
    }
  }
  return best;
}

/** Exact or mixed, whichever is cheaper when a byte costs `rate`. */
function pickLayer(exact: readonly Unit[], variants: LayerVariants, rate: number): Pick {
  const units = variants.units[0]!.map((_, cluster) => {
    const price = (level: number) =>
      variants.costs[level]![cluster]! + rate * variants.units[level]![cluster]!.bytes;
    let best = 0;
    for (let level = 1; level < variants.units.length; level++) {
      if (price(level) < price(best)) best = level;
    }
    return { unit: variants.units[best]![cluster]!, cost: variants.costs[best]![cluster]! };
  });
  const mixed: Pick = {
    units: units.map(({ unit }) => unit),
    bytes: bytesOf(units.map(({ unit }) => unit)),
    cost: units.reduce((sum, { cost }) => sum + cost, 0),
  };
  const whole: Pick = { units: exact, bytes: bytesOf(exact), cost: 0 };
  return whole.bytes * rate <= mixed.cost + mixed.bytes * rate ? whole : mixed;
}

function describe(store: FlashStore, plan: Plan, expectedDivergence: number): ChoiceReport {
  const own = store.units.length;
  const used = usedUnits(plan);
  const bytes = (coarse: boolean, streamed: boolean) =>
    bytesOf(
      used.filter(({ unit, at }) => unit.id >= own === coarse && at < 0 === streamed)
        .map(({ unit }) => unit),
    );
  return {
    expectedDivergence,
    exact: { pinned: bytes(false, false), streamed: bytes(false, true) },
    coarse: { pinned: bytes(true, false), streamed: bytes(true, true) },
    key: keyOf([...plan.layers.flat(), ...plan.head].map(({ unit }) => unit)),
  };
}

/** Tells one choice from another (FNV-1a over unit ids). */
function keyOf(units: readonly Unit[]): string {
  let hash = 0x811c9dc5;
  for (const { id } of units) hash = Math.imul(hash ^ id, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

const sumOf = (picks: readonly Pick[], field: "bytes" | "cost") =>
  picks.reduce((sum, one) => sum + one[field], 0);
