/**
 * What an FFN's inputs and neurons amount to over a text, for calibration: sums of squares that say
 * how much an error of each weight would matter.
 */
import type { ModelSpec, Unit } from "../flash/layout.ts";
import type { Pass, Thread } from "./thread.ts";

/** Sums over tokens of one layer. */
export interface LayerTally {
  /** (width) x^2 of the normed input */
  readonly inputs: Float32Array;
  /** (neurons) act^2, act = silu(gate) up: what an error of down is multiplied with */
  readonly acts: Float32Array;
  /** (neurons) (d act / d gate)^2 */
  readonly gates: Float32Array;
  /** (neurons) (d act / d up)^2 */
  readonly ups: Float32Array;
}

/** f32 numbers of the tally of all layers. */
export function tallyLength({ layers, width, neurons }: ModelSpec): number {
  return layers * (width + 3 * neurons);
}

/** The layers' tallies in `sums` (tallyLength). */
export function splitTally(
  sums: Float32Array,
  { layers, width, neurons }: ModelSpec,
): LayerTally[] {
  const row = width + 3 * neurons;
  return Array.from({ length: layers }, (_, layer) => {
    const of = (from: number, length: number) =>
      sums.subarray(layer * row + from, layer * row + from + length);
    return {
      inputs: of(0, width),
      acts: of(width, neurons),
      gates: of(width + neurons, neurons),
      ups: of(width + 2 * neurons, neurons),
    };
  });
}

/** Adds the layer's inputs, one thread doing all so that the sums do not depend on who comes first. */
export function tallyInputs({ plan, floats }: Thread, layer: number, pass: Pass): void {
  const { width, neurons } = plan.spec;
  const sums = plan.tally / 4 + layer * (width + 3 * neurons);
  for (let t = 0; t < pass.tokens; t++) {
    const x = (plan.normed.f32 + t * plan.normed.f32Stride) / 4;
    for (let i = 0; i < width; i++) floats[sums + i]! += floats[x + i]! ** 2;
  }
}

/** Adds a cluster's neurons; gate and up lie in the group's buffers from `column` on. */
export function tallyNeurons(
  { plan, floats }: Thread,
  layer: number,
  cluster: { readonly unit: Unit; readonly column: number; readonly tokens: number },
): void {
  const { width, neurons } = plan.spec;
  const { unit, column, tokens } = cluster;
  const acts = plan.tally / 4 + layer * (width + 3 * neurons) + width + unit.neuron;
  for (let t = 0; t < tokens; t++) {
    const offset = t * plan.groupNeurons + column;
    for (let n = 0; n < unit.neurons; n++) {
      const gate = floats[plan.gate / 4 + offset + n]!, up = floats[plan.up / 4 + offset + n]!;
      const sigmoid = 1 / (1 + Math.exp(-gate));
      const silu = gate * sigmoid;
      floats[acts + n]! += (silu * up) ** 2;
      floats[acts + neurons + n]! += (up * (sigmoid + silu * (1 - sigmoid))) ** 2;
      floats[acts + 2 * neurons + n]! += silu ** 2;
    }
  }
}
