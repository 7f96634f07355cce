/**
 * The layout of FFNs whose activations are mostly true zeros (squared ReLU): the row-column bundles
 * of LLM in a flash (arXiv 2312.11514, 3.2), and the sketch that tells which of them a token needs.
 *
 * The sketch is up at 8 bits. By Cauchy-Schwarz |up . x - sketch . x| <= |up - sketch| |x|, so a
 * neuron whose sketch lies further below zero than that does nothing for x, for certain: no
 * neuron that counts is ever missed, and up itself need not be resident.
 */
import {
  type ModelSpec,
  PAGE,
  TensorType,
  UNIT_BYTES_MAX,
  type UnitPart,
} from "../flash/layout.ts";
import { blockWeights, dequantizeRow, rowBytes } from "../kernels/blocks.ts";
import { FAMILIES } from "../model/families.ts";
import type { TensorEntry } from "./reader.ts";
import type { ByteSource } from "./source.ts";
import type { FfnTensors } from "./spec.ts";
import type { PartSize, UnitPlan } from "./units.ts";

/** Rows of a sketch unit are a multiple of this: the words of the candidates' bits. */
export const SKETCH_STEP = 32;
/** Weights of a block of the sketch (Q8_0), and bytes before its values. */
const BLOCK = 32, BLOCK_BYTES = 34;
/** The kernel sees x at 15 bits: off by at most sqrt(32) / (2 * 16256) of each block's norm. */
const INPUT_ERROR = 1.8e-4;

/** Whether a layer's neurons are stored one by one: true zeros, and columns that can be cut. */
export function bundled(
  { architecture, width, neurons }: ModelSpec,
  { up, down }: FfnTensors,
): boolean {
  return FAMILIES[architecture].activation === "reluSquared" &&
    blockWeights(up.type) === 1 && blockWeights(down.type) === 1 &&
    width % BLOCK === 0 && neurons % SKETCH_STEP === 0;
}

/** The sketch as if it were a tensor. */
export function sketchOf({ shape }: TensorEntry): Pick<TensorEntry, "type" | "shape"> {
  return { type: TensorType.Q8_0, shape };
}

/** How far each row of a run of sketch rows may be off, as a share of |x|. */
export function slackPart({ row, rows }: PartSize): PartSize {
  return { matrix: "slack", type: TensorType.F32, row, rows, cols: 1, rowBytes: 4 };
}

/** Units of about 1 MiB, each a page for its header and then the neurons' bundles. */
export function bundleUnits(
  id: number,
  layer: number,
  { width, neurons }: ModelSpec,
  { up, down }: FfnTensors,
): UnitPlan[] {
  const column = Math.ceil(rowBytes(up.type, width) / 16) * 16;
  const stride = bundleStride(column + rowBytes(down.type, width));
  const slots = Math.max(1, Math.floor((UNIT_BYTES_MAX - PAGE) / Math.max(PAGE, stride)));
  const size = slots * Math.max(1, PAGE / stride);
  return Array.from({ length: Math.ceil(neurons / size) }, (_, i) => {
    const neuron = i * size, rows = Math.min(size, neurons - neuron);
    const common = { row: neuron, rows, cols: width, rowBytes: stride };
    const parts: UnitPart[] = [
      { matrix: "up", type: up.type, ...common, at: PAGE },
      { matrix: "down", type: down.type, ...common, at: PAGE + column },
    ];
    const bytes = PAGE + Math.ceil(rows * stride / PAGE) * PAGE;
    return { id: id + i, layer, kind: "neurons", neuron, neurons: rows, parts, bytes };
  });
}

/** Whole pages, or a page by a power of two: no neuron begins in one page and ends in another. */
function bundleStride(bytes: number): number {
  if (bytes > PAGE) return Math.ceil(bytes / PAGE) * PAGE;
  return 2 ** Math.ceil(Math.log2(bytes));
}

/** Writes the sketch of some rows of `up`, and their slack. */
export function fillSketch(
  source: ByteSource,
  up: TensorEntry,
  rows: UnitPart,
  slack: UnitPart,
  image: Uint8Array,
): void {
  const bytes = rowBytes(up.type, rows.cols);
  const raw = new Uint8Array(rows.rows * bytes);
  source.read(up.offset + rows.row * bytes, raw);
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  for (let r = 0; r < rows.rows; r++) {
    const row = dequantizeRow(up.type, raw.subarray(r * bytes, (r + 1) * bytes), rows.cols);
    view.setFloat32(slack.at + 4 * r, sketchRow(row, view, rows.at + r * rows.rowBytes), true);
  }
}

/** Writes one row in 8 bits at `at`; returns how far its product may be off, as a share of |x|. */
function sketchRow(row: Float32Array, out: DataView, at: number): number {
  let error = 0, norm = 0;
  for (let first = 0; first < row.length; first += BLOCK, at += BLOCK_BYTES) {
    let most = 0;
    for (let i = first; i < first + BLOCK; i++) most = Math.max(most, Math.abs(row[i]!));
    out.setFloat16(at, most / 127, true);
    const step = out.getFloat16(at, true);
    for (let i = 0; i < BLOCK; i++) {
      const value = row[first + i]!;
      const level = step === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(value / step)));
      out.setInt8(at + 2 + i, level);
      const off = value - level * step;
      error += off * off;
      norm += value * value;
    }
  }
  // Both products are summed in f32, each off by at most cols * 2^-24 of |row| |x|.
  const rounding = INPUT_ERROR + row.length * 2 ** -22;
  return (Math.sqrt(error) + rounding * (Math.sqrt(norm) + Math.sqrt(error))) * (1 + 1e-6);
}
