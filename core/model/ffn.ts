/**
 * The feed-forward half of a layer: x += sum over clusters of down . acts, where acts is
 * silu(gate . x) * up . x, or max(0, up . x)^2 in families without a gate.
 */
import { activationBytes, activationForm } from "../kernels/kernels.ts";
import type { MatrixName, Unit, UnitPart } from "../flash/layout.ts";
import { activeWord, isMarked } from "./activity.ts";
import { normalize } from "./attention.ts";
import { Word } from "./control.ts";
import { FAMILIES } from "./families.ts";
import type { Activation } from "./activation_plan.ts";
import type { Placed } from "./plan.ts";
import { tallyInputs, tallyNeurons } from "./tally.ts";
import { type Pass, type Range, strideOf, type Thread } from "./thread.ts";

/** Neurons of one piece are a multiple of this: the words of the activity bits. */
const NEURON_GRAIN = 32;

/** Rows of down are handed out in multiples of this: kernels.addColumns. */
const ROW_GRAIN = 8;

/** What clusters are multiplied with, and where it goes. */
export interface Work {
  readonly tokens: number;
  /** Their inputs, from this row on. */
  readonly input: Activation;
  readonly row: number;
  /** f32 (tokens, width): what the clusters add up to. */
  readonly out: number;
}

/** A cluster that lies in DRAM or is on its way, and its first column in the group's buffers. */
export interface Cluster extends Work {
  readonly unit: Unit;
  readonly at: number;
  readonly column: number;
  readonly streamed: boolean;
  /** The demanded read that brings it. */
  readonly read?: number | undefined;
  /** It is the first to add to `out`. */
  readonly fresh: boolean;
}

/** Does something with rows from..to of the output once no cluster will add to them any more. */
export type Finish = (from: number, to: number) => void;

/** Runs the FFN half with the other threads; x is whole at the next barrier. */
export function feedForward(thread: Thread, layer: number, pass: Pass): void {
  const { plan } = thread, { tokens } = pass;
  normalize(thread, layer, "ffnNorm", pass);
  if (plan.tally) thread.spread(1, () => tallyInputs(thread, layer, pass));
  const work = { tokens, input: plan.normed, row: 0, out: plan.ffn };
  throughClusters(thread, layer, work, (from, to) => {
    thread.addRows(plan.x, plan.ffn, tokens, from, to);
  });
}

/**
 * The clusters that serve every token, group by group, in the order they stream. Returns whose turn
 * it is of the two buffers.
 */
export function throughClusters(
  thread: Thread,
  layer: number,
  work: Work,
  finish?: Finish,
): number {
  const clusters = thread.layers[layer]!.filter(({ unit }) => unit.kind === "ffn");
  let turn = 0;
  for (let first = 0; first < clusters.length; turn ^= 1) {
    const group = takeGroup(thread, clusters, first, work);
    first += group.length;
    runGroup(thread, layer, { group, turn }, first === clusters.length ? finish : undefined);
  }
  return turn;
}

/** A group with the other threads. */
export function runGroup(thread: Thread, layer: number, group: Group, finish?: Finish): void {
  const held = group.group.filter(({ streamed }) => streamed).length;
  thread.traced("gate and up", layer, () => activations(thread, layer, group));
  thread.barrier(held);
  thread.traced("down", layer, () => down(thread, group, finish));
  if (thread.plan.acts.forms.includes("f32")) thread.barrier(held); // down reads what the next group overwrites
}

/** Some clusters, and which of the two buffers of quantized activations is theirs. */
export interface Group {
  readonly group: readonly Cluster[];
  readonly turn: number;
}

/** The next clusters that fit the buffers and the ring together. */
function takeGroup(
  thread: Thread,
  clusters: readonly Placed[],
  first: number,
  work: Work,
): Cluster[] {
  const { groupClusters } = thread.plan;
  if (!thread.canTake(clusters[first]!)) thread.barrier();
  const group: Cluster[] = [];
  let column = 0;
  for (const placed of clusters.slice(first, first + groupClusters)) {
    if (!thread.canTake(placed)) break;
    const { unit, at } = placed, fresh = first === 0 && group.length === 0;
    group.push({ ...work, unit, at: thread.take(placed), column, streamed: at < 0, fresh });
    column += placed.unit.neurons;
  }
  return group;
}

const partOf = (unit: Unit, matrix: MatrixName): UnitPart =>
  unit.parts.find((part) => part.matrix === matrix)!;

/**
 * silu(gate . x) * (up . x) of every cluster's neurons, quantized; whoever does the last rows of a
 * cluster finishes it, so that no barrier lies between.
 */
function activations(thread: Thread, layer: number, { group, turn }: Group): void {
  const { control } = thread;
  group.forEach((cluster, c) => {
    const { neurons } = cluster.unit;
    const matrices = inputs(cluster.unit);
    const bytes = matrices.length * partOf(cluster.unit, "up").rowBytes;
    const rows = { count: neurons, bytes, grain: NEURON_GRAIN, more: c + 1 < group.length };
    thread.spreadRows(rows, (from, to) => {
      if (cluster.read !== undefined) thread.wait(cluster.read);
      for (const part of matrices) project(thread, part, cluster, { from, to });
      const rest = neurons - (to - from);
      if (Atomics.add(control.words, Word.finished + c, to - from) !== rest) return;
      Atomics.store(control.words, Word.finished + c, 0);
      if (thread.plan.tally) tallyNeurons(thread, layer, cluster);
      for (let t = 0; t < cluster.tokens; t++) activate(thread, layer, cluster, { t, c, turn });
    });
  });
}

/** The parts that x is multiplied with: gate and up, or up alone. */
const inputs = ({ parts }: Unit) => parts.filter(({ matrix }) => matrix !== "down");

/** gate . x or up . x of some neurons of a cluster; what has no gate goes where activations lie. */
function project(
  thread: Thread,
  part: UnitPart,
  { unit, at, column, tokens, input, row }: Cluster,
  rows: Range,
): void {
  const { gate, up, groupNeurons } = thread.plan;
  const form = activationForm(part.type), stride = strideOf(input, form);
  const x = { at: input[form] + row * stride, stride };
  const first = (part === inputs(unit)[0] ? gate : up) + (column + rows.from) * 4;
  thread.product(at, part, rows, x, tokens, { at: first, stride: groupNeurons * 4 });
}

/** A token's activations in cluster c of the group whose turn it is. */
interface Item {
  readonly t: number;
  readonly c: number;
  readonly turn: number;
}

/** The activations of a cluster from its products, quantized. */
function activate(
  thread: Thread,
  layer: number,
  { unit, column, tokens }: Cluster,
  item: Item,
): void {
  const { plan, kernels } = thread;
  const offset = (item.t * plan.groupNeurons + column) * 4;
  if (FAMILIES[plan.spec.architecture].activation === "reluSquared") {
    kernels.reluSquared(plan.gate + offset, unit.neurons);
  } else kernels.swiglu(plan.gate + offset, plan.up + offset, unit.neurons);
  if (isMarked(plan, tokens) && !plan.spec.experts) {
    markActive(thread, layer, unit, { t: item.t, offset });
  }
  const form = activationForm(partOf(unit, "down").type);
  if (form === "f32") return;
  kernels.quantize(form, plan.gate + offset, unit.neurons, actsAt(thread, item, form));
}

/** Sets the bits of a cluster's neurons that matter to token t: what the reuse report counts. */
function markActive(
  { plan, kernels, floats }: Thread,
  layer: number,
  unit: Unit,
  { t, offset }: { readonly t: number; readonly offset: number },
): void {
  const threshold = floats[plan.thresholds / 4 + layer]!;
  const bits = activeWord(plan, t, layer) * 4 + unit.neuron / 8; // clusters begin at whole words
  kernels.mark(plan.gate + offset, unit.neurons, threshold, bits);
}

/** Address of a token's quantized activations in a cluster. */
function actsAt({ plan }: Thread, { t, c, turn }: Item, form: "q8x256" | "q16x32"): number {
  const { acts, groupNeurons, groupClusters, limits } = plan;
  const piece = activationBytes(form, groupNeurons / groupClusters);
  return acts[form] + (turn * limits.batchTokens + t) * strideOf(acts, form) + c * piece;
}

/**
 * out (+)= down . acts, some rows at a time, cluster by cluster: the order fixes the rounding. Rows
 * that are whole are finished.
 */
function down(thread: Thread, { group, turn }: Group, finish?: Finish): void {
  const { plan } = thread;
  const { width } = plan.spec;
  const bytes = group.reduce((sum, { unit }) => sum + partOf(unit, "down").rowBytes, 0);
  thread.spreadRows({ count: width, bytes, grain: ROW_GRAIN }, (from, to) => {
    group.forEach(({ unit, at, column, tokens, out, fresh }, c) => {
      const part = partOf(unit, "down");
      const form = activationForm(part.type);
      const acts = form === "f32"
        ? plan.gate + column * 4
        : actsAt(thread, { t: 0, c, turn }, form);
      const x = { at: acts, stride: strideOf(plan.acts, form) };
      const target = { at: out + from * 4, stride: width * 4 };
      thread.product(at, part, { from, to }, x, tokens, target, !fresh);
    });
    finish?.(from, to);
  });
}
