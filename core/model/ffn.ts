/** The feed-forward half of a layer: x += sum over clusters of down . (silu(gate . x) * up . x). */
import { activationBytes, activationForm } from "../kernels/kernels.ts";
import type { MatrixName, Unit, UnitPart } from "../flash/layout.ts";
import { normalize } from "./attention.ts";
import type { Placed } from "./plan.ts";
import { type Pass, strideOf, type Thread } from "./thread.ts";

/** Neurons of one piece are a multiple of this: the words of the activity bits. */
const NEURON_GRAIN = 32;

/** Runs the FFN half with the other threads, group of clusters by group, in the order they stream. */
export function feedForward(thread: Thread, layer: number, pass: Pass): void {
  const { plan } = thread;
  normalize(thread, layer, "ffnNorm", pass);
  thread.barrier();
  const clusters = plan.layers[layer]!.filter(({ unit }) => unit.kind === "ffn");
  for (let first = 0; first < clusters.length;) {
    const group = takeGroup(thread, clusters, first);
    const held = group.filter(({ streamed }) => streamed).length;
    const last = first + group.length === clusters.length;
    gateAndUp(thread, group, pass);
    thread.barrier(held);
    activate(thread, layer, group, pass);
    thread.barrier(held);
    down(thread, group, pass, { first: first === 0, last });
    if (plan.acts.forms.includes("f32")) thread.barrier(held); // down reads what the next group overwrites
    first += group.length;
  }
  thread.barrier();
}

/** A cluster that lies in DRAM now, and its first column in the group's buffers. */
interface Cluster {
  readonly unit: Unit;
  readonly at: number;
  readonly column: number;
  readonly streamed: boolean;
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

/** gate . x and up . x of every cluster's neurons. */
function gateAndUp(thread: Thread, group: readonly Cluster[], pass: Pass): void {
  const { plan, kernels } = thread;
  const x = plan.normed;
  for (const { unit, at, column } of group) {
    const pair = [[partOf(unit, "gate"), plan.gate], [partOf(unit, "up"), plan.up]] as const;
    const rows = { count: unit.neurons, bytes: 2 * pair[0][0].rowBytes, grain: NEURON_GRAIN };
    thread.spreadRows(rows, (from, to) => {
      for (const [part, out] of pair) {
        const form = activationForm(part.type);
        kernels.matmul(
          part.type,
          at + part.at + from * part.rowBytes,
          part.rowBytes,
          to - from,
          part.cols,
          x[form],
          strideOf(x, form),
          pass.tokens,
          out + (column + from) * 4,
          plan.groupNeurons * 4,
          false,
        );
      }
    });
  }
}

/** silu(gate) * up, quantized; one (token, cluster) at a time. */
function activate(thread: Thread, layer: number, group: readonly Cluster[], pass: Pass): void {
  const { plan, kernels } = thread;
  thread.spread(pass.tokens * group.length, (item) => {
    const t = Math.floor(item / group.length);
    const { unit, column } = group[item % group.length]!;
    const offset = (t * plan.groupNeurons + column) * 4;
    kernels.swiglu(plan.gate + offset, plan.up + offset, unit.neurons);
    if (pass.tokens === 1) markActive(thread, layer, unit, offset);
    const form = activationForm(partOf(unit, "down").type);
    if (form === "f32") return;
    kernels.quantize(form, plan.gate + offset, unit.neurons, actsAt(thread, group, item, form));
  });
}

/** Sets the bits of a cluster's neurons that matter to this token: what the reuse report counts. */
function markActive({ plan, words, floats }: Thread, layer: number, unit: Unit, offset: number) {
  const threshold = floats[plan.thresholds / 4 + layer]!;
  const acts = (plan.gate + offset) / 4;
  const first = plan.active / 4 + layer * Math.ceil(plan.spec.neurons / 32) + unit.neuron / 32;
  for (let n = 0; n < unit.neurons; n += 32) {
    let bits = 0;
    for (let bit = 0; bit < 32; bit++) {
      if (Math.abs(floats[acts + n + bit]!) >= threshold) bits |= 1 << bit;
    }
    words[first + n / 32] = bits;
  }
}

/** Address of the quantized activations of item (token, cluster). */
function actsAt(
  thread: Thread,
  group: readonly Cluster[],
  item: number,
  form: "q8x256" | "q16x32",
): number {
  const { acts } = thread.plan;
  const t = Math.floor(item / group.length), c = item % group.length;
  const piece = activationBytes(form, thread.plan.groupNeurons / thread.plan.groupClusters);
  return acts[form] + t * strideOf(acts, form) + c * piece;
}

/**
 * ffn (+)= down . acts, some rows at a time, cluster by cluster: the order fixes the rounding.
 * After the last cluster x += ffn.
 */
function down(
  thread: Thread,
  group: readonly Cluster[],
  pass: Pass,
  where: { readonly first: boolean; readonly last: boolean },
): void {
  const { plan, kernels } = thread;
  const { width } = plan.spec;
  const bytes = group.reduce((sum, { unit }) => sum + partOf(unit, "down").rowBytes, 0);
  thread.spreadRows({ count: width, bytes }, (from, to) => {
    group.forEach(({ unit, at, column }, c) => {
      const part = partOf(unit, "down");
      const form = activationForm(part.type);
      kernels.matmul(
        part.type,
        at + part.at + from * part.rowBytes,
        part.rowBytes,
        to - from,
        part.cols,
        form === "f32" ? plan.gate + column * 4 : actsAt(thread, group, c, form),
        strideOf(plan.acts, form),
        pass.tokens,
        plan.ffn + from * 4,
        width * 4,
        !(where.first && c === 0),
      );
    });
    if (where.last) thread.addRows(plan.x, plan.ffn, pass.tokens, from, to);
  });
}
