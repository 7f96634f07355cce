/**
 * Coarser twins of a layer's FFN clusters. Neurons are sorted by how much an error of theirs would
 * matter and cut into clusters anew, so that a few clusters hold what must stay fine. Gate and up
 * are rows, which move whole; down's blocks span neurons and are encoded again.
 *
 * All errors are energies of the FFN's output, sums over its outputs of E[error^2], taken as if
 * errors of different weights were independent:
 *   down  E[act_n^2] (d down_rn)^2
 *   gate  |down_n|^2 E[(d act_n / d gate_n)^2] E[x_i^2] (d gate_ni)^2; up likewise
 */
import { FlintError } from "../errors.ts";
import { stampUnit } from "../flash/checksum.ts";
import {
  type FlashStore,
  type ModelSpec,
  TensorType,
  type Unit,
  type UnitPart,
} from "../flash/layout.ts";
import { layOutUnit, type UnitPlan } from "../gguf/units.ts";
import { rowBytes } from "../kernels/blocks.ts";
import type { EncodedType, Encoder } from "../kernels/encoder.ts";
import type { LayerTally } from "../model/tally.ts";

/**
 * Types of gate and up, and of down, from fine to coarse. At equal types down makes two thirds of
 * the error with a third of the bytes (Qwen2.5-Coder-1.5B), so it is a type finer.
 */
export const LEVELS: readonly { readonly rows: EncodedType; readonly down: EncodedType }[] = [
  { rows: TensorType.Q4_K, down: TensorType.Q5_K },
  { rows: TensorType.F3_K, down: TensorType.Q4_K },
  { rows: TensorType.F2_K, down: TensorType.F3_K },
];

/** Neurons of one cluster: a block of down's columns. */
const CLUSTER = 256;
/** Of the mean, what every importance has at least: a short text never shows some neurons at all. */
const IMPORTANCE_FLOOR = 0.02;

/** A unit with its pages, and the energy of the error that its coarseness makes. */
export interface Variant {
  readonly plan: UnitPlan;
  readonly image: Uint8Array;
  readonly error: number;
}

/** The layer's own units and their pages. */
export interface LayerSource {
  readonly units: readonly Unit[];
  readonly pages: readonly Uint8Array[];
}

/** Throws "unavailable" for a model whose rows are not whole K-quant blocks, or without a gate. */
export function checkShape(
  { card: { spec: { width, neurons, experts } }, units }: FlashStore,
): void {
  if (experts) {
    throw new FlintError(
      "unavailable",
      "this model answers exactly only: it is a mixture of experts, most of which a short text never asks",
    );
  }
  const gated = units.some(({ parts }) => parts.some(({ matrix }) => matrix === "gate"));
  const whole = width % CLUSTER === 0 && neurons % CLUSTER === 0;
  if (gated && whole) return;
  const why = gated
    ? `its rows of ${width} and ${neurons} weights are not multiples of ${CLUSTER}, as coarser ` +
      "types need"
    : "it has no gate, and skips exact zeros instead";
  throw new FlintError("unavailable", `this model answers exactly only: ${why}`);
}

/** Geometry of a layer's variants by level and cluster; ids from `firstId` on. */
export function planVariants(spec: ModelSpec, layer: number, firstId: number): UnitPlan[][] {
  const clusters = spec.neurons / CLUSTER;
  return LEVELS.map(({ rows, down }, level) =>
    Array.from({ length: clusters }, (_, c) => {
      const ofRows = (matrix: "gate" | "up") => ({
        matrix,
        type: rows,
        row: c * CLUSTER,
        rows: CLUSTER,
        cols: spec.width,
        rowBytes: rowBytes(rows, spec.width),
      });
      const columns = rowBytes(down, CLUSTER);
      const ofDown = { matrix: "down" as const, type: down, row: 0, rows: spec.width };
      return layOutUnit(
        firstId + level * clusters + c,
        layer,
        [
          ofRows("gate"),
          ofRows("up"),
          { ...ofDown, cols: CLUSTER, rowBytes: columns },
        ],
        c * CLUSTER,
        CLUSTER,
      );
    })
  );
}

/** Encodes one layer: variants by level and cluster. */
export class LayerEncoder {
  readonly #spec: ModelSpec;
  readonly #source: LayerSource;
  readonly #encoder: Encoder;
  /** Importance of gate's and up's inputs, of down's, and what rows' errors are multiplied with. */
  readonly #inputs: Float32Array;
  readonly #acts: Float32Array;
  readonly #weights: Readonly<Record<"gate" | "up", Float64Array>>;
  /** Neuron numbers, those that matter most first. */
  readonly #order: Uint32Array;

  /** `tokens` is how many the tally was summed over. */
  constructor(
    spec: ModelSpec,
    source: LayerSource,
    { tokens, ...tally }: LayerTally & { readonly tokens: number },
    encoder: Encoder,
  ) {
    this.#spec = spec;
    this.#source = source;
    this.#encoder = encoder;
    this.#inputs = floored(tally.inputs);
    this.#acts = floored(tally.acts);
    const lengths = this.#downLengths();
    const timesLength = (sums: Float32Array) =>
      Float64Array.from(floored(sums), (sum, n) => sum / tokens * lengths[n]!);
    this.#weights = { gate: timesLength(tally.gates), up: timesLength(tally.ups) };
    const harm = lengths.map((length, n) => length * this.#acts[n]!);
    this.#addRowEnergies(harm);
    this.#order = Uint32Array.from(harm, (_, n) => n).sort((a, b) => harm[b]! - harm[a]! || a - b);
  }

  /** Fills the images of `plans` (by level and cluster). */
  encode(plans: readonly (readonly UnitPlan[])[], salt: Uint8Array): Variant[][] {
    const images = plans.map((row) => row.map(({ bytes }) => new Uint8Array(bytes)));
    const errors = plans.map((row) => new Float64Array(row.length));
    this.#encodeRows(plans, images, errors);
    this.#encodeDown(plans, images, errors);
    return plans.map((row, level) =>
      row.map((plan, c) => {
        const image = images[level]![c]!;
        stampUnit(image, plan.id, salt);
        return { plan, image, error: errors[level]![c]! };
      })
    );
  }

  #encodeRows(
    plans: readonly (readonly UnitPlan[])[],
    images: readonly (readonly Uint8Array[])[],
    errors: readonly Float64Array[],
  ): void {
    const { width } = this.#spec;
    this.#encoder.importance.set(this.#inputs);
    for (const matrix of ["gate", "up"] as const) {
      const rows = this.#rows(matrix);
      this.#order.forEach((neuron, n) => {
        const { type, bytes } = rows(neuron);
        this.#encoder.decode(type, bytes, width);
        this.#encoder.values.set(this.#encoder.decoded.subarray(0, width));
        const cluster = Math.floor(n / CLUSTER), row = n % CLUSTER;
        plans.forEach((level, l) => {
          const part = partOf(level[cluster]!, matrix);
          const at = part.at + row * part.rowBytes;
          const out = images[l]![cluster]!.subarray(at, at + part.rowBytes);
          if (part.type === type) return out.set(bytes); // the source's own bits
          const error = this.#encoder.encode(part.type as EncodedType, 0, width, out);
          errors[l]![cluster]! += error * this.#weights[matrix][neuron]!;
        });
      });
    }
  }

  #encodeDown(
    plans: readonly (readonly UnitPlan[])[],
    images: readonly (readonly Uint8Array[])[],
    errors: readonly Float64Array[],
  ): void {
    const order = this.#order, { values, importance, decoded } = this.#encoder;
    order.forEach((neuron, n) => importance[n] = this.#acts[neuron]!);
    for (let row = 0; row < this.#spec.width; row++) {
      this.#decodeDown(row);
      for (let n = 0; n < order.length; n++) values[n] = decoded[order[n]!]!;
      plans.forEach((level, l) =>
        level.forEach((plan, cluster) => {
          const part = partOf(plan, "down");
          const at = part.at + row * part.rowBytes;
          const out = images[l]![cluster]!.subarray(at, at + part.rowBytes);
          const type = part.type as EncodedType;
          errors[l]![cluster]! += this.#encoder.encode(type, cluster * CLUSTER, CLUSTER, out);
        })
      );
    }
  }

  /** |down_n|^2 of every neuron. */
  #downLengths(): Float64Array {
    const lengths = new Float64Array(this.#spec.neurons);
    for (let row = 0; row < this.#spec.width; row++) {
      this.#decodeDown(row);
      for (let n = 0; n < lengths.length; n++) lengths[n]! += this.#encoder.decoded[n]! ** 2;
    }
    return lengths;
  }

  /** Adds what errors of gate and up would cost, were they in proportion to the weights. */
  #addRowEnergies(harm: Float64Array): void {
    const { width } = this.#spec, inputs = this.#inputs;
    for (const matrix of ["gate", "up"] as const) {
      const rows = this.#rows(matrix);
      for (let neuron = 0; neuron < harm.length; neuron++) {
        const { type, bytes } = rows(neuron);
        this.#encoder.decode(type, bytes, width);
        let energy = 0;
        for (let i = 0; i < width; i++) energy += inputs[i]! * this.#encoder.decoded[i]! ** 2;
        harm[neuron]! += energy * this.#weights[matrix][neuron]!;
      }
    }
  }

  /** Row `row` of down, all neurons in their own order, to the encoder's `decoded`. */
  #decodeDown(row: number): void {
    this.#source.units.forEach((unit, i) => {
      const { type, at, rowBytes, cols } = partOf(unit, "down");
      const from = at + row * rowBytes;
      const bytes = this.#source.pages[i]!.subarray(from, from + rowBytes);
      this.#encoder.decode(type, bytes, cols, unit.neuron);
    });
  }

  /** Finds a neuron's row of gate or up. */
  #rows(matrix: "gate" | "up"): (neuron: number) => { type: UnitPart["type"]; bytes: Uint8Array } {
    const { units, pages } = this.#source;
    const places = units.flatMap((unit, i) => {
      const { type, at, rowBytes } = partOf(unit, matrix);
      return Array.from({ length: unit.neurons }, (_, n) => {
        const from = at + n * rowBytes;
        return { type, bytes: pages[i]!.subarray(from, from + rowBytes) };
      });
    });
    return (neuron) => places[neuron]!;
  }
}

function partOf(unit: Pick<Unit, "parts">, matrix: UnitPart["matrix"]): UnitPart {
  return unit.parts.find((part) => part.matrix === matrix)!;
}

/** The sums, none smaller than a share of their mean. */
function floored(sums: Float32Array): Float32Array {
  const floor = IMPORTANCE_FLOOR * sums.reduce((a, b) => a + b, 0) / sums.length;
  return sums.map((sum) => Math.max(sum, floor));
}
