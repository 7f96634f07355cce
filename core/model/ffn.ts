/**
 * The feed-forward half of a layer: x += sum over clusters of down . acts, where acts is
 * silu(gate . x) * up . x, or max(0, up . x)^2 in families without a gate.
 */
import { activationBytes, activationForm } from "../kernels/kernels.ts";
import type { MatrixName, Unit, UnitPart } from "../flash/layout.ts";
import { normalize } from "./attention.ts";
import { Word } from "./control.ts";
import { FAMILIES } from "./families.ts";
import type { Placed } from "./plan.ts";
import { tallyInputs, tallyNeurons } from "./tally.ts";
import { type Pass, type Range, strideOf, type Thread } from "./thread.ts";

/** Neurons of one piece are a multiple of this: the words of the activity bits. */
const NEURON_GRAIN = 32;

/**
 * Runs the FFN half with the other threads, group of clusters by group, in the order they stream;
 * x is whole at the next barrier.
 */
export function feedForward(thread: Thread, layer: number, pass: Pass): void {
  const { plan } = thread;
  normalize(thread, layer, "ffnNorm", pass);
  if (plan.tally) thread.spread(1, () => tallyInputs(thread, layer, pass));
  const clusters = thread.layers[layer]!.filter(({ unit }) => unit.kind === "ffn");
  for (let first = 0, turn = 0; first < clusters.length; turn ^= 1) {
    const group = takeGroup(thread, clusters, first);
    const held = group.filter(({ streamed }) => streamed).length;
    const last = first + group.length === clusters.length;
    thread.traced("gate and up", layer, () => activations(thread, layer, { group, turn }, pass));
    thread.barrier(held);
    thread.traced("down", layer, () => {
      down(thread, { group, turn }, pass, { first: first === 0, last });
    });
    if (plan.acts.forms.includes("f32")) thread.barrier(held); // down reads what the next group overwrites
    first += group.length;
  }
}

/** A cluster that lies in DRAM now, and its first column in the group's buffers. */
interface Cluster {
  readonly unit: Unit;
  readonly at: number;
  readonly column: number;
  readonly streamed: boolean;
}

/** Some clusters, and which of the two buffers of quantized activations is theirs. */
interface Group {
  readonly group: readonly Cluster[];
  readonly turn: number;
}

/** The next clusters that fit the buffers and the ring together. */
function takeGroup(thread: Thread, clusters: readonly Placed[], first: number): Cluster[] {
  const { groupClusters } = thread.plan;
  if (!thread.canTake(clusters[first]!)) thread.barrier();
  const group: Cluster[] = [];
  let column = 0;
  for (const placed of clusters.slice(first, first + groupClusters)) {
    if (!thread.canTake(placed)) break;
    group.push({ ...placed, at: thread.take(placed), column, streamed: placed.at < 0 });
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
function activations(thread: Thread, layer: number, { group, turn }: Group, pass: Pass): void {
  const { control } = thread;
  group.forEach((cluster, c) => {
    const { neurons } = cluster.unit;
    const matrices = inputs(cluster.unit);
    const bytes = matrices.length * partOf(cluster.unit, "up").rowBytes;
    const rows = { count: neurons, bytes, grain: NEURON_GRAIN, more: c + 1 < group.length };
    thread.spreadRows(rows, (from, to) => {
      for (const part of matrices) project(thread, part, cluster, pass, { from, to });
      const rest = neurons - (to - from);
      if (Atomics.add(control.words, Word.finished + c, to - from) !== rest) return;
      Atomics.store(control.words, Word.finished + c, 0);
      if (thread.plan.tally) tallyNeurons(thread, layer, cluster, pass);
      for (let t = 0; t < pass.tokens; t++) activate(thread, layer, cluster, { t, c, turn }, pass);
    });
  });
}

/** The parts that x is multiplied with: gate and up, or up alone. */
const inputs = ({ parts }: Unit) => parts.filter(({ matrix }) => matrix !== "down");

/** gate . x or up . x of some neurons of a cluster; what has no gate goes where activations lie. */
function project(
  thread: Thread,
  part: UnitPart,
  { unit, at, column }: Cluster,
  { tokens }: Pass,
  rows: Range,
): void {
  const { normed, gate, up, groupNeurons } = thread.plan;
  const form = activationForm(part.type);
  const x = { at: normed[form], stride: strideOf(normed, form) };
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
  { unit, column }: Cluster,
  item: Item,
  pass: Pass,
): void {
  const { plan, kernels } = thread;
  const offset = (item.t * plan.groupNeurons + column) * 4;
  if (FAMILIES[plan.spec.architecture].activation === "reluSquared") {
    kernels.reluSquared(plan.gate + offset, unit.neurons);
  } else kernels.swiglu(plan.gate + offset, plan.up + offset, unit.neurons);
  if (pass.tokens <= plan.limits.batchLogits) {
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
  const { layers, neurons } = plan.spec;
  const threshold = floats[plan.thresholds / 4 + layer]!;
  const first = (t * layers + layer) * Math.ceil(neurons / 32) + unit.neuron / 32;
  kernels.mark(plan.gate + offset, unit.neurons, threshold, plan.active + first * 4);
}

/** Address of a token's quantized activations in a cluster. */
function actsAt({ plan }: Thread, { t, c, turn }: Item, form: "q8x256" | "q16x32"): number {
  const { acts, groupNeurons, groupClusters, limits } = plan;
  const piece = activationBytes(form, groupNeurons / groupClusters);
  return acts[form] + (turn * limits.batchTokens + t) * strideOf(acts, form) + c * piece;
}

/**
 * ffn (+)= down . acts, some rows at a time, cluster by cluster: the order fixes the rounding.
 * After the last cluster x += ffn.
 */
function down(
  thread: Thread,
  { group, turn }: Group,
  pass: Pass,
  where: { readonly first: boolean; readonly last: boolean },
): void {
  const { plan } = thread;
  const { width } = plan.spec;
  const bytes = group.reduce((sum, { unit }) => sum + partOf(unit, "down").rowBytes, 0);
  thread.spreadRows({ count: width, bytes }, (from, to) => {
    group.forEach(({ unit, at, column }, c) => {
      const part = partOf(unit, "down");
      const form = activationForm(part.type);
      const acts = form === "f32"
        ? plan.gate + column * 4
        : actsAt(thread, { t: 0, c, turn }, form);
      const x = { at: acts, stride: strideOf(plan.acts, form) };
      const out = { at: plan.ffn + from * 4, stride: width * 4 };
      thread.product(at, part, { from, to }, x, pass.tokens, out, !(where.first && c === 0));
    });
    if (where.last) thread.addRows(plan.x, plan.ffn, pass.tokens, from, to);
  });
}
