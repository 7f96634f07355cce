/**
 * The memory map of the core: every byte of the DRAM budget, laid out once at start. Pure; the
 * threads receive it as a message.
 */
import { FlintError } from "../errors.ts";
import { Ledger } from "../flash/budget.ts";
import {
  bytesOf,
  type FlashStore,
  largestOf,
  type ModelSpec,
  type Unit,
  type VectorName,
} from "../flash/layout.ts";
import { choosePinned, placeLoans } from "../flash/residency.ts";
import type { Eviction } from "../flash/arena.ts";
import { type Activation, formsFor, reserveActivation } from "./activation_plan.ts";
import { activeBytes } from "./activity.ts";
import { CONTROL_BYTES } from "./control.ts";
import {
  type ExpertPlan,
  fewestClusterBytes,
  placeExperts,
  reserveExperts,
} from "./expert_plan.ts";
import { fewestSlotBytes, type NeuronPlan, placeWindows, reserveNeurons } from "./neuron_plan.ts";
import { BLOCK_TOKENS, KV_TOKENS_MIN, kvBlocks, kvShape } from "./kv_plan.ts";
import type { BudgetReport, MachineLimits } from "./machine.ts";
import {
  pinLayersFirst,
  reserveScreen,
  screening,
  type ScreenNeeds,
  type ScreenPlan,
} from "./screen_plan.ts";
import { tallyLength } from "./tally.ts";

/** Ring: at least this many of the largest unit, so that one is read while others are used. */
const RING_UNITS_MIN = 4;
const RING_BYTES_BEST = 24 << 20;
/** Of what is left for weights, the most the ring may take: pinned bytes are worth more. */
const RING_SHARE = 0.06;
/** FFN clusters worked on between two barriers. */
const GROUP_MAX = 12;

/** Every address the threads need. Shapes: B batch tokens, L logit rows; f32 unless said. */
export interface Plan {
  readonly memoryBytes: number;
  readonly spec: ModelSpec;
  readonly limits: MachineLimits;
  readonly budget: BudgetReport;
  /** Addresses of vectors by layer and name; 0 = the family has none. */
  readonly vectors: readonly Readonly<Record<VectorName, number>>[];
  readonly outputNorm: number;
  readonly tokens: number; // i32 (B) token ids
  readonly positions: number; // i32 (B)
  readonly tables: number; // i32 (B, blocksPerSequence) KV block numbers
  readonly logitRows: number; // i32 (L) which tokens want logits
  readonly rope: number; // (B, rope.width) cos, sin pairs
  readonly embedding: number; // (B, embeddingStride bytes) pages holding a row
  readonly embeddingStride: number;
  readonly x: number; // (B, width) residual stream
  readonly normed: Activation; // (B, width)
  readonly qkv: number; // (B, qkvWidth): q heads, k heads, v heads
  readonly qkvWidth: number;
  readonly mixed: Activation; // (B, heads * headWidth) attention output
  readonly gate: number; // (B, group neurons)
  readonly up: number; // (B, group neurons)
  readonly acts: Activation; // silu(gate) * up: f32 in place of gate; else (2, B, group, cluster)
  readonly groupNeurons: number;
  readonly groupClusters: number;
  readonly ffn: number; // (B, width) sum over clusters
  readonly tally: number; // f32 sums of tally.ts; 0 = nothing is tallied
  readonly active: number; // i32 (L, layers, items / 32) bits of neurons (experts) used: activity.ts
  readonly thresholds: number; // (layers) |act| from which a neuron counts as active
  readonly finals: Activation; // (L, width)
  readonly logits: number; // (L, vocabulary)
  readonly kv: number; // (blocks, layers, K|V, headsKv, BLOCK_TOKENS, headWidth) f16
  /** Units in visit order with their address, or -1 when streamed. */
  readonly layers: readonly (readonly Placed[])[];
  readonly head: readonly Placed[];
  readonly rows: readonly Placed[]; // embedding units: looked up row by row
  /** How the best logits are found without the whole head; undefined where that does not pay. */
  readonly screen: ScreenPlan | undefined;
  readonly ring: { readonly at: number; readonly bytes: number };
  /** Streamed units of the layers in the order in which free KV blocks are lent to them, from the last block on. */
  readonly loans: readonly Placed[];
  /** Where neurons are read one by one, the windows they lie in. */
  readonly neurons: NeuronPlan | undefined;
  /** Where FFNs are mixtures of experts, the windows those lie in. */
  readonly experts: ExpertPlan | undefined;
}

/** A unit and where it is pinned; -1 = streamed. */
export interface Placed {
  readonly unit: Unit;
  readonly at: number;
}

/** What the budget is spent on. */
export interface PlanOptions {
  readonly memoryBytes: number;
  /** KV positions to hold, all sequences together; default by share of the budget. */
  readonly kvTokens?: number | undefined;
  readonly batchTokens?: number | undefined;
  readonly batchLogits?: number | undefined;
  /** Whether the head may be screened; default true. Costs time only, or saves it. */
  readonly screen?: boolean | undefined;
  /** Whether to sum up what calibration wants to know. */
  readonly tally?: boolean | undefined;
  /** Who leaves a window of neurons or experts; default "lfu". */
  readonly eviction?: Eviction | undefined;
  /** Whether experts may be read on a guess; default true. Costs time only, or saves it. */
  readonly foresight?: boolean | undefined;
  /** Stream as something else does; only for the bench, to compare with. */
  readonly baseline?: Baseline | undefined;
}

/** How a baseline keeps and reads weights. */
export interface Baseline {
  /** The module of its reader threads; they are told a ReaderTask. */
  readonly reader: URL;
  /** Most weight bytes that it keeps in DRAM. */
  readonly pinnedBytes: number;
  readonly ringBytes: number;
}

/** What a pass for a next token uses: where the head is screened, the plane in place of it. */
export function usedUnits({ layers, head, screen }: Plan): readonly Placed[] {
  return [...layers.flat(), ...screen?.units ?? head];
}

/** Weight bytes that a pass for a next token reads from flash, but for a few rows and experts. */
export function streamedBytes(plan: Plan): number {
  return bytesOf(usedUnits(plan).filter(({ at }) => at < 0).map(({ unit }) => unit));
}

/** Lays out the memory. @throws FlintError over_budget naming the smallest budget that would do */
export function planMachine(store: FlashStore, options: PlanOptions): Plan {
  const smallest = smallestBudget(store, options);
  if (options.memoryBytes < smallest) {
    throw new FlintError(
      "over_budget",
      `${store.card.name} needs a memory of ${megabytes(smallest)} or more, ${
        megabytes(options.memoryBytes)
      } were given`,
    );
  }
  return layOut(store, options, new Ledger(wholePages(options.memoryBytes)));
}

/** Bytes of the smallest budget this model runs in (nothing pinned, the shortest KV cache). */
export function smallestBudget(store: FlashStore, options: Partial<PlanOptions> = {}): number {
  const ledger = new Ledger(Number.MAX_SAFE_INTEGER);
  const { order } = reserveFixed(store, options, ledger);
  const { blockBytes } = kvShape(store.card.spec);
  const blocks = Math.ceil((options.kvTokens ?? KV_TOKENS_MIN) / BLOCK_TOKENS);
  const ring = RING_UNITS_MIN * largestOf(order.all);
  const window = fewestSlotBytes(order.neurons) + fewestClusterBytes(order.experts);
  const used = Number.MAX_SAFE_INTEGER - ledger.free;
  return Math.ceil((used + blocks * blockBytes + ring + window) / 65536 + 2) * 65536;
}

const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
const wholePages = (bytes: number) =>
  Math.floor(Math.min(bytes, 4 * 2 ** 30 - 65536) / 65536) * 65536;

/**
 * The units a pass visits, those only looked up row by row, and those read neuron by neuron or expert
 * by expert.
 */
function visitOrder({ card, units }: FlashStore) {
  const byLayer = <T>(make: () => T) => Array.from({ length: card.spec.layers }, make);
  const layers = byLayer(() => [] as Unit[]), neurons = byLayer(() => [] as Unit[]);
  const experts = byLayer(() => ({ router: [] as Unit[], units: [] as Unit[] }));
  const embedding: Unit[] = [], output: Unit[] = [], screen: Unit[] = [];
  const others = { embedding, head: output, screen };
  for (const unit of units) {
    const { matrix } = unit.parts[0]!, { kind, layer } = unit;
    if (kind === "neurons") neurons[layer]!.push(unit);
    else if (kind === "expert") experts[layer]!.units.push(unit);
    else if (matrix === "router") experts[layer]!.router.push(unit);
    else if (matrix in others) others[matrix as keyof typeof others].push(unit);
    else layers[layer]!.push(unit);
  }
  const head = card.spec.tied ? embedding : output;
  const all = [...layers.flat(), ...head];
  const windowed = [...neurons.flat(), ...experts.flatMap(({ units }) => units)];
  return { layers, head, screen, rows: embedding, neurons, experts, windowed, all };
}

type Order = ReturnType<typeof visitOrder>;
type Reserve = (name: string, ...shape: number[]) => number;

/** Everything but KV, ring and pinned weights. */
function reserveFixed(store: FlashStore, options: Partial<PlanOptions>, ledger: Ledger) {
  const { spec } = store.card;
  const batch = options.batchTokens ?? 64;
  const logitRows = Math.min(options.batchLogits ?? 8, batch);
  const order = visitOrder(store);
  const f32: Reserve = (name, ...shape) => ledger.reserve(name, shape.reduce((a, b) => a * b, 4));

  ledger.reserve("control", CONTROL_BYTES);
  const vectors = reserveVectors(store, f32);
  const outputNorm = f32("outputNorm", spec.width);
  const residentBytes = ledger.limit - ledger.free;
  const rowBytes = Math.max(...order.rows.map((unit) => unit.parts[0]!.rowBytes));
  const embeddingStride = (Math.ceil(rowBytes / 4096) + 1) * 4096;
  const fixed = {
    vectors,
    outputNorm,
    tokens: f32("tokens", batch),
    positions: f32("positions", batch),
    tables: f32("tables", batch, Math.ceil(spec.contextTokens / BLOCK_TOKENS)),
    logitRows: f32("logitRows", logitRows),
    rope: f32("rope", batch, spec.rope.width),
    embedding: ledger.reserve("embedding", batch * embeddingStride, 4096),
    embeddingStride,
    x: f32("x", batch, spec.width),
    ...reserveAttention(spec, store.units, batch, ledger),
    ...reserveFfn(
      spec,
      store.units.filter(({ kind }) => kind !== "neurons"),
      { batch, logitRows },
      ledger,
    ),
    tally: options.tally ? f32("tally", tallyLength(spec)) : 0,
    neurons: reserveNeurons(spec, order.neurons, { batch, eviction: options.eviction }, ledger),
    experts: reserveExperts(spec, order.experts, { ...options, batch }, ledger),
    finals: reserveActivation(
      ledger,
      "finals",
      { rows: logitRows, cols: spec.width },
      formsFor(order.head, ["embedding", "head"]),
    ),
    logits: f32("logits", logitRows, spec.vocabulary),
  };
  return { fixed, order, batch, logitRows, residentBytes };
}

function reserveVectors({ card, vector }: FlashStore, f32: Reserve) {
  return Array.from({ length: card.spec.layers }, (_, layer) => {
    const place = (name: VectorName) => {
      const values = vector(layer, name);
      return values ? f32(name, values.length) : 0;
    };
    return {
      attentionNorm: place("attentionNorm"),
      ffnNorm: place("ffnNorm"),
      qBias: place("qBias"),
      kBias: place("kBias"),
      vBias: place("vBias"),
      oBias: place("oBias"),
      qNorm: place("qNorm"),
      kNorm: place("kNorm"),
      sharedGate: place("sharedGate"),
    };
  });
}

function reserveAttention(
  spec: ModelSpec,
  units: readonly Unit[],
  rows: number,
  ledger: Ledger,
) {
  const queryWidth = spec.heads * spec.headWidth;
  const qkvWidth = queryWidth + 2 * spec.headsKv * spec.headWidth;
  const inputs = formsFor(units, ["q", "k", "v", "gate", "up", "sketch", "router"]);
  return {
    normed: reserveActivation(ledger, "normed", { rows, cols: spec.width }, inputs),
    qkv: ledger.reserve("qkv", rows * qkvWidth * 4),
    qkvWidth,
    mixed: reserveActivation(ledger, "mixed", { rows, cols: queryWidth }, formsFor(units, ["o"])),
  };
}

function reserveFfn(
  spec: ModelSpec,
  units: readonly Unit[],
  { batch: rows, logitRows }: { readonly batch: number; readonly logitRows: number },
  ledger: Ledger,
) {
  const forms = formsFor(units, ["down"]);
  const widest = units.reduce((most, unit) => Math.max(most, unit.neurons), 0);
  // Whole blocks of every form: not all layers' down has the same, nor clusters of the same size.
  const step = forms.has("q8x256") ? 256 : 32;
  const most = Math.ceil(widest / step) * step;
  const clusters = most === 0 ? 0 : spec.experts ? GROUP_MAX : Math.ceil(spec.neurons / most);
  const groupClusters = Math.min(GROUP_MAX, clusters);
  const groupNeurons = groupClusters * most; // layers may be cut differently
  const gate = ledger.reserve("gate", rows * groupNeurons * 4);
  // Twice: the next group's are made while the last ones are still read.
  const shape = { rows: 2 * rows, cols: groupNeurons, pieces: groupClusters, f32: gate };
  return {
    gate,
    up: ledger.reserve("up", rows * groupNeurons * 4),
    acts: reserveActivation(ledger, "acts", shape, forms),
    groupNeurons,
    groupClusters,
    ffn: ledger.reserve("ffn", rows * spec.width * 4),
    active: ledger.reserve("active", activeBytes(spec, logitRows)),
    thresholds: ledger.reserve("thresholds", spec.layers * 4),
  };
}

function layOut(store: FlashStore, options: PlanOptions, ledger: Ledger): Plan {
  const { spec } = store.card;
  const { fixed, order, batch, logitRows, residentBytes } = reserveFixed(store, options, ledger);
  const fixedBytes = ledger.limit - ledger.free;
  const { head, screen: screenUnits, rows, experts, windowed, all } = order;
  const weightBytes = bytesOf([...all, ...windowed]);
  const wanted = options.screen !== false && !options.baseline;
  const screenNeeds = wanted ? screening(screenUnits, head, logitRows) : undefined;
  const blocks = kvBlocks(spec, options, ledger, weightBytes + (screenNeeds?.bytes ?? 0));
  const { blockBytes } = kvShape(spec);
  const kv = ledger.reserve("kv", blocks * blockBytes, 4096);
  const rest = bytesOf(all);
  const others = {
    weights: rest + (screenNeeds?.bytes ?? 0),
    ring: RING_UNITS_MIN * largestOf(all),
  };
  const window = placeWindows(fixed.neurons, others, ledger) +
    placeExperts(fixed.experts, others, ledger);
  const { baseline } = options;
  const ringBytes = baseline
    ? baseline.ringBytes
    : rest + 8192 <= ledger.free
    ? 0
    : ringSize(ledger.free, largestOf(all));
  const ring = { at: ledger.reserve("staging", ringBytes, 4096), bytes: ringBytes };
  const room = ledger.free - 4096 - (ringBytes === 0 ? rest : 0);
  const fitting = screenNeeds && screenNeeds.bytes <= room ? screenNeeds : undefined;
  const placed = placeWeights(order, options, fitting, ledger);
  const streamed = placed.layers.flat().filter(({ at }) => at < 0).map(({ unit }) => unit);
  return {
    ...fixed,
    memoryBytes: ledger.limit,
    spec,
    limits: {
      batchTokens: batch,
      batchLogits: logitRows,
      blockTokens: BLOCK_TOKENS,
      blocks,
      blockBytes,
      contextTokens: Math.min(spec.contextTokens, blocks * BLOCK_TOKENS),
    },
    budget: {
      limit: ledger.limit,
      pinned: placed.pinnedBytes + bytesOf(experts.flatMap(({ router }) => router)),
      window,
      staging: ringBytes,
      kv: blocks * blockBytes,
      lent: 0,
      activations: fixedBytes - residentBytes,
      resident: residentBytes,
    },
    kv,
    layers: placed.layers.map((units, i) => [...fixed.experts?.layers[i]?.router ?? [], ...units]),
    head: placed.head,
    rows: spec.tied ? placed.head : rows.map((unit) => ({ unit, at: -1 })),
    ring,
    loans: baseline ? [] : placeLoans(streamed, { at: kv, bytes: blocks * blockBytes }),
    screen: placed.screen,
  };
}

/** Reserves the screen, if there is to be one, and pins weights in what is left. */
function placeWeights(
  { layers, head, all }: Order,
  { baseline }: PlanOptions,
  needs: ScreenNeeds | undefined,
  ledger: Ledger,
) {
  const screen = needs && reserveScreen(needs, ledger);
  const bytes = Math.min(baseline?.pinnedBytes ?? Infinity, ledger.free - 4096);
  const pinned = screen ? pinLayersFirst(layers.flat(), head, bytes) : choosePinned(all, bytes);
  const place = (unit: Unit): Placed => (
    { unit, at: pinned.has(unit.id) ? ledger.reserve("pinned", unit.bytes, 4096) : -1 }
  );
  const kept = all.filter(({ id }) => pinned.has(id));
  return {
    screen,
    layers: layers.map((units) => units.map(place)),
    head: head.map(place),
    pinnedBytes: bytesOf([...kept, ...needs?.units ?? []]),
  };
}

function ringSize(free: number, unitBytes: number): number {
  const best = Math.min(RING_BYTES_BEST, free * RING_SHARE);
  return Math.ceil(Math.max(RING_UNITS_MIN * unitBytes, best) / 4096) * 4096;
}
