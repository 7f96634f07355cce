/** The part of the memory map for mixtures of experts: routers, windows of clusters, and lists. */
import { Arena, type Eviction } from "../flash/arena.ts";
import type { Ledger } from "../flash/budget.ts";
import { bytesOf, largestOf, type ModelSpec, PAGE, type Unit } from "../flash/layout.ts";
import { type Activation, formsFor, reserveActivation } from "./activation_plan.ts";
import type { Placed } from "./plan.ts";

/** A window holds at least so many clusters: one is read while others are computed. */
const SLOTS_MIN = 4;
/** Words of `state`: what the thread that plans a round tells the others. */
export const STATE_WORDS = 16;
/** Words of a job: see expert_windows.ts. */
export const JOB_WORDS = 6;
/** Clusters that may be guessed for a layer; some 25 MB. */
export const AHEAD_MAX = 32;
/** Numbers that foresight.ts keeps. */
export const FORESIGHT_NUMBERS = 8;
/** Tokens of a pass that is guessed for: one of more wants most experts anyway. */
export const FORESIGHT_TOKENS = 4;

/** One layer's experts and the window they lie in. */
export interface LayerExperts {
  /** Pinned. */
  readonly router: readonly Placed[];
  /** Expert after expert, each in as many clusters as the first. */
  readonly units: readonly Unit[];
  /** Clusters of one expert. */
  readonly clusters: number;
  readonly slotBytes: number;
  /** Address of the arena's state. */
  readonly arena: number;
  /** Address of slot 0, and how many there are. */
  readonly at: number;
  readonly slots: number;
}

/** Addresses. Shapes: B batch tokens, E experts, U of them a token's, C clusters of a layer. */
export interface ExpertPlan {
  readonly eviction: Eviction;
  readonly layers: readonly { -readonly [Key in keyof LayerExperts]: LayerExperts[Key] }[];
  readonly scores: number; // f32 (B, E) router . x
  readonly inputs: Activation; // (B * U, width) x of each expert's tokens, expert after expert
  readonly outputs: number; // f32 (B * U, width) what experts make of them; then (B, width) the shared
  readonly rows: number; // u32 (B, U + 1) addresses of a token's outputs: experts rising, the shared
  readonly shares: number; // f32 (B, U + 1) how much each of them counts
  readonly jobs: number; // i32 (C, JOB_WORDS)
  readonly state: number; // i32 (STATE_WORDS)
  /** Undefined where nothing is read on a guess. */
  readonly foresight: ForesightPlan | undefined;
}

/** Addresses of what guessing needs. */
export interface ForesightPlan {
  readonly normed: Activation; // (FORESIGHT_TOKENS, width) the residual before attention
  readonly scores: number; // f32 (FORESIGHT_TOKENS, E) router . normed
  readonly numbers: number; // f64 (FORESIGHT_NUMBERS)
  readonly list: number; // i32 (16 + 2 * AHEAD_MAX), see reads_ahead.ts
  readonly last: number; // i32 (layers, 2), see there
}

/** What the store has of a layer's experts. */
export interface ExpertUnits {
  readonly router: readonly Unit[];
  readonly units: readonly Unit[];
}

/** Reserves all but the windows; undefined where the model has no experts. */
export function reserveExperts(
  { width, experts }: ModelSpec,
  layers: readonly ExpertUnits[],
  { batch, eviction = "lfu", foresight = true }: {
    batch: number;
    eviction?: Eviction | undefined;
    foresight?: boolean | undefined;
  },
  ledger: Ledger,
): ExpertPlan | undefined {
  if (!experts) return undefined;
  const { count, used } = experts;
  const words = (name: string, ...shape: number[]) =>
    ledger.reserve(name, shape.reduce((a, b) => a * b, 4));
  const forms = formsFor(layers.flatMap(({ units }) => units), ["gate", "up"]);
  const rows = batch * used;
  const most = Math.max(...layers.map(({ units }) => units.length));
  return {
    eviction,
    layers: layers.map(({ router, units }) => ({
      router: router.map((unit) => ({ unit, at: ledger.reserve("router", unit.bytes, PAGE) })),
      units,
      clusters: units.length / count,
      slotBytes: largestOf(units),
      arena: ledger.reserve("arena", Arena.bytes(units.length)),
      at: 0,
      slots: 0,
    })),
    scores: words("scores", batch, count),
    inputs: reserveActivation(
      ledger,
      "expertInputs",
      { rows, cols: width, ...(forms.has("f32") ? {} : { f32: 0 }) },
      forms,
    ),
    outputs: words("expertOutputs", rows + batch, width),
    rows: words("expertRows", batch, used + 1),
    shares: words("expertShares", batch, used + 1),
    jobs: words("expertJobs", most, JOB_WORDS),
    state: words("expertState", STATE_WORDS),
    foresight: foresight && KEEPING.has(eviction)
      ? reserveForesight({ width, count, layers }, ledger)
      : undefined,
  };
}

/** Ways of keeping that let newcomers stay. */
const KEEPING: ReadonlySet<Eviction> = new Set(["lru", "lfu", "static"]);

function reserveForesight(
  { width, count, layers }: { width: number; count: number; layers: readonly ExpertUnits[] },
  ledger: Ledger,
): ForesightPlan {
  const routers = formsFor(layers.flatMap(({ router }) => router), ["router"]);
  const shape = { rows: FORESIGHT_TOKENS, cols: width };
  return {
    normed: reserveActivation(ledger, "foresight", shape, routers),
    scores: ledger.reserve("foresightScores", FORESIGHT_TOKENS * count * 4),
    numbers: ledger.reserve("foresightNumbers", FORESIGHT_NUMBERS * 8),
    list: ledger.reserve("readsAhead", (16 + 2 * AHEAD_MAX) * 4),
    last: ledger.reserve("readsAhead", layers.length * 8),
  };
}

/** Bytes of the smallest windows. */
export function fewestClusterBytes(layers: readonly Pick<ExpertUnits, "units">[]): number {
  const bytes = layers.map(({ units }) => Math.min(SLOTS_MIN, units.length) * largestOf(units));
  return bytes.reduce((sum, one) => sum + one, PAGE);
}

/**
 * Gives the windows all that the other weights leave: a byte of those is used by every token, one of
 * an expert now and then. Returns the bytes taken.
 */
export function placeExperts(
  plan: ExpertPlan | undefined,
  { weights }: { readonly weights: number },
  ledger: Ledger,
): number {
  if (!plan) return 0;
  const fewest = fewestClusterBytes(plan.layers);
  const more = Math.max(0, ledger.free - weights - 4 * PAGE - fewest);
  const all = plan.layers.reduce((sum, { units }) => sum + bytesOf(units), 0);
  let taken = 0;
  for (const layer of plan.layers) {
    const share = Math.floor(more * bytesOf(layer.units) / all / layer.slotBytes);
    layer.slots = Math.min(layer.units.length, SLOTS_MIN + share);
    layer.at = ledger.reserve("window", layer.slots * layer.slotBytes, PAGE);
    taken += layer.slots * layer.slotBytes;
  }
  return taken;
}
