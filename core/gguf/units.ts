/** Which units a model becomes, in the order in which they lie on flash. Pure geometry. */
import {
  type MatrixName,
  type ModelSpec,
  PAGE,
  SCREEN_TYPE,
  type Unit,
  UNIT_BYTES_MAX,
  UNIT_HEADER,
  type UnitPart,
} from "../flash/layout.ts";
import { blockWeights, rowBytes } from "../kernels/blocks.ts";
import { bundled, bundleUnits, SKETCH_STEP, sketchOf, slackPart } from "./bundles.ts";
import { screenBytes } from "../kernels/kernels.ts";
import { refuseModel } from "./metadata.ts";
import type { TensorEntry } from "./reader.ts";
import type { FfnTensors, LayerTensors, ModelTensors } from "./spec.ts";

/** A unit before it has bytes and a place. */
export type UnitPlan = Omit<Unit, "offset" | "checksum">;

/**
 * An FFN cluster aims at this size: reads of 512 KB and more run at full disk speed, and smaller
 * clusters fill a budget more evenly. One block of down's columns may need more.
 */
const CLUSTER_BYTES = 768 << 10;
/** The smallest cluster of a 16,384 wide Q6_K model has 10 MB. */
const UNIT_BYTES_LIMIT = 16 << 20;
/** 128 GB of 1 MiB units: what the index of a store is meant to hold in memory. */
const UNITS_MAX = 1 << 17;
/** Kernels work on several rows at once; units begin at multiples of this row where they can. */
const ROW_STEP = 16;
/** Where down's blocks hold one weight, clusters still are multiples of the activations' blocks. */
const NEURON_STEP = 32;
/** Arrays in a unit begin at multiples of this. */
const PART_ALIGNMENT = 64;

/** A part before it has a place in its unit. */
export type PartSize = Omit<UnitPart, "at">;

/** How neurons lie that can be read one by one: so, or in clusters like all others. */
export type NeuronLayout = "bundles" | "clusters";

/** Every unit of a model: layer by layer attention, FFN, experts; then head, embedding and screen. */
export function planUnits(
  spec: ModelSpec,
  tensors: ModelTensors,
  layout: NeuronLayout = "bundles",
): UnitPlan[] {
  const units: UnitPlan[] = [];
  const add = (layer: number, parts: PartSize[], neuron = 0, neurons = 0, expert?: number) => {
    if (units.length === UNITS_MAX) {
      refuseModel(`the model has more than ${UNITS_MAX} units of 1 MiB`);
    }
    const unit = layOutUnit(units.length, layer, parts, neuron, neurons);
    units.push(expert === undefined ? unit : { ...unit, kind: "expert", expert });
  };
  tensors.layers.forEach(({ ffn, experts, ...attention }, layer) => {
    attentionParts(attention).forEach((parts) => add(layer, parts));
    if (ffn && layout === "bundles" && bundled(spec, ffn)) {
      rowRuns("sketch", sketchOf(ffn.up), SKETCH_STEP).forEach((part) =>
        add(layer, [part, slackPart(part)])
      );
      units.push(...bundleUnits(units.length, layer, spec, ffn));
    } else if (ffn) {
      clustersOf(ffn).forEach(({ parts, neuron, neurons }) => add(layer, parts, neuron, neurons));
    }
    if (!experts) return;
    rowRuns("router", experts.router).forEach((part) => add(layer, [part]));
    experts.each.forEach((one, expert) =>
      clustersOf(one).forEach(({ parts, neuron, neurons }) =>
        add(layer, parts, neuron, neurons, expert)
      )
    );
  });
  if (tensors.head) rowRuns("head", tensors.head).forEach((part) => add(-1, [part]));
  rowRuns("embedding", tensors.embedding).forEach((part) => add(-1, [part]));
  screenRuns(tensors.head ?? tensors.embedding).forEach((part) => add(-1, [part]));
  return units;
}

/** Parts of a layer's attention units: q, then k and v together where they are small, then o. */
function attentionParts({ q, k, v, o }: Omit<LayerTensors, "ffn" | "experts">): PartSize[][] {
  const kv = [...rowRuns("k", k), ...rowRuns("v", v)];
  const together = kv.length === 2 && imageBytes(kv) <= UNIT_BYTES_MAX;
  const alone = (parts: PartSize[]) => parts.map((part) => [part]);
  return [...alone(rowRuns("q", q)), ...(together ? [kv] : alone(kv)), ...alone(rowRuns("o", o))];
}

/** A matrix in runs of rows as they lie in the file. */
function rowRuns(
  matrix: MatrixName,
  { type, shape }: Pick<TensorEntry, "type" | "shape">,
  step = ROW_STEP,
): PartSize[] {
  const [cols, rows] = shape as [number, number];
  return cut({ matrix, type, rows, cols, rowBytes: rowBytes(type, cols) }, step);
}

/** The head's screening plane; none where its kernel does not take the width. */
function screenRuns({ shape }: TensorEntry): PartSize[] {
  const [cols, rows] = shape as [number, number];
  if (cols % 256 !== 0) return [];
  return cut({ matrix: "screen", type: SCREEN_TYPE, rows, cols, rowBytes: screenBytes(cols) });
}

/** Runs of rows of about the same size, each fitting a unit. */
function cut({ rows, ...part }: Omit<PartSize, "row">, step = ROW_STEP): PartSize[] {
  const bytes = part.rowBytes;
  const fit = Math.max(1, Math.floor((UNIT_BYTES_MAX - UNIT_HEADER) / bytes));
  const even = Math.ceil(rows / Math.ceil(rows / fit));
  const stepped = Math.ceil(even / step) * step;
  const size = stepped <= fit ? stepped : even;
  const runs: PartSize[] = [];
  for (let row = 0; row < rows; row += size) {
    runs.push({ ...part, row, rows: Math.min(size, rows - row) });
  }
  return runs;
}

/** An FFN's clusters. */
function clustersOf(ffn: FfnTensors) {
  const [width, all] = ffn.up.shape as [number, number];
  const size = clusterNeurons(ffn, width, all);
  return Array.from({ length: Math.ceil(all / size) }, (_, i) => {
    const neuron = i * size, neurons = Math.min(size, all - neuron);
    return { neuron, neurons, parts: clusterParts(ffn, width, neuron, neurons) };
  });
}

/** Neurons of one cluster: whole blocks of down, near CLUSTER_BYTES, clusters of about one size. */
function clusterNeurons({ gate, up, down }: FfnTensors, width: number, neurons: number): number {
  const block = Math.max(blockWeights(down.type), NEURON_STEP);
  const neuronBytes = (gate ? rowBytes(gate.type, width) : 0) + rowBytes(up.type, width);
  const blockBytes = block * neuronBytes + width * rowBytes(down.type, block);
  const fit = Math.max(1, Math.floor((CLUSTER_BYTES - UNIT_HEADER) / blockBytes));
  const blocks = Math.ceil(neurons / block);
  return Math.ceil(blocks / Math.ceil(blocks / fit)) * block;
}

function clusterParts(
  { gate, up, down }: FfnTensors,
  width: number,
  neuron: number,
  neurons: number,
): PartSize[] {
  const rowsOf = (matrix: "gate" | "up", { type }: TensorEntry): PartSize => ({
    matrix,
    type,
    row: neuron,
    rows: neurons,
    cols: width,
    rowBytes: rowBytes(type, width),
  });
  const columns = rowBytes(down.type, neurons);
  return [
    ...(gate ? [rowsOf("gate", gate)] : []),
    rowsOf("up", up),
    { matrix: "down", type: down.type, row: 0, rows: width, cols: neurons, rowBytes: columns },
  ];
}

/** A unit of these arrays, one after the other. */
export function layOutUnit(
  id: number,
  layer: number,
  sizes: readonly PartSize[],
  neuron: number,
  neurons: number,
): UnitPlan {
  const parts: UnitPart[] = [];
  let end = UNIT_HEADER;
  for (const size of sizes) {
    const at = roundUp(end, PART_ALIGNMENT);
    parts.push({ ...size, at });
    end = at + size.rows * size.rowBytes;
  }
  const bytes = roundUp(end, PAGE);
  if (bytes > UNIT_BYTES_LIMIT) {
    refuseModel(
      `a unit of layer ${layer} would take ${bytes} bytes: at most ${UNIT_BYTES_LIMIT} are run`,
    );
  }
  return { id, layer, kind: neurons > 0 ? "ffn" : "rows", neuron, neurons, parts, bytes };
}

function imageBytes(sizes: readonly PartSize[]): number {
  return sizes.reduce(
    (end, { rows, rowBytes }) => roundUp(end, PART_ALIGNMENT) + rows * rowBytes,
    UNIT_HEADER,
  );
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
