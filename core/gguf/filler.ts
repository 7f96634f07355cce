/** Fills units with weights from the source: rows as they lie, down's columns gathered. */
import type { MatrixName, UnitPart } from "../flash/layout.ts";
import { rowBytes } from "../kernels/blocks.ts";
import type { TensorEntry } from "./reader.ts";
import type { ScreenEncoder } from "./screen.ts";
import type { ByteSource } from "./source.ts";
import { fillSketch } from "./bundles.ts";
import type { AttentionMatrix, FfnTensors, ModelTensors } from "./spec.ts";
import type { UnitPlan } from "./units.ts";

/** Memory for a stretch of down's columns; a layer of a 1.5B model (11 MB) fits whole. */
const BAND_BYTES_MAX = 48 << 20;

/** How units are filled. */
export interface FillerOptions {
  /** Fills the screening plane; needed where there are units of it. */
  readonly screen?: ScreenEncoder | undefined;
  readonly bandBytes?: number;
}

/** Reads units from one source. Best used by rising id: columns are read ahead once a layer. */
export class UnitFiller {
  readonly #source: ByteSource;
  readonly #tensors: ModelTensors;
  readonly #bandBytes: number;
  readonly #screen: ScreenEncoder | undefined;
  #band: Band | undefined;

  constructor(
    source: ByteSource,
    tensors: ModelTensors,
    { screen, bandBytes = BAND_BYTES_MAX }: FillerOptions = {},
  ) {
    this.#source = source;
    this.#tensors = tensors;
    this.#bandBytes = bandBytes;
    this.#screen = screen;
  }

  /** Writes the unit's parts into `image` (its pages, from page start) and zeroes the rest. */
  fill(unit: UnitPlan, image: Uint8Array): void {
    image.fill(0);
    if (unit.parts[0]!.matrix === "sketch") {
      const [rows, slack] = unit.parts as [UnitPart, UnitPart];
      fillSketch(this.#source, this.#ffnOf(unit).up, rows, slack, image);
      return;
    }
    if (unit.kind === "neurons") {
      this.#fillNeurons(unit, image);
      return;
    }
    for (const part of unit.parts) {
      const target = image.subarray(part.at, part.at + part.rows * part.rowBytes);
      if (part.matrix === "screen") {
        this.#screen!.encode(part, target);
        continue;
      }
      const tensor = this.#tensorOf(unit, part.matrix);
      if (part.matrix === "down") this.#bandWith(tensor, unit).copy(unit.neuron, part, target);
      else this.#source.read(tensor.offset + part.row * part.rowBytes, target);
    }
  }

  #fillNeurons(unit: UnitPlan, image: Uint8Array): void {
    const [up, down] = unit.parts as [UnitPart, UnitPart];
    const { up: source, down: columns } = this.#ffnOf(unit);
    const row = rowBytes(up.type, up.cols);
    const rows = new Uint8Array(up.rows * row);
    this.#source.read(source.offset + up.row * row, rows);
    for (let n = 0; n < up.rows; n++) {
      image.set(rows.subarray(n * row, (n + 1) * row), up.at + n * up.rowBytes);
    }
    this.#bandWith(columns, unit).turn(unit.neuron, down, image);
  }

  #tensorOf(unit: UnitPlan, matrix: Exclude<MatrixName, "screen">): TensorEntry {
    if (matrix === "embedding") return this.#tensors.embedding;
    if (matrix === "head") return this.#tensors.head!;
    const layer = this.#tensors.layers[unit.layer]!;
    if (matrix === "router") return layer.experts!.router;
    if (unit.kind === "rows") return layer[matrix as AttentionMatrix];
    return this.#ffnOf(unit)[matrix as keyof FfnTensors]!;
  }

  /** The FFN, or expert, that a unit is a part of. */
  #ffnOf({ layer, expert }: UnitPlan): FfnTensors {
    const { ffn, experts } = this.#tensors.layers[layer]!;
    return expert === undefined ? ffn! : experts!.each[expert]!;
  }

  #bandWith(tensor: TensorEntry, unit: UnitPlan): Band {
    if (!this.#band?.holds(tensor, unit)) {
      const memory = this.#band?.memory;
      this.#band = new Band(this.#source, tensor, unit, this.#bandBytes, memory);
    }
    return this.#band;
  }
}

/** All rows of a stretch of down's columns, beginning at a cluster's first neuron. */
class Band {
  readonly #tensor: TensorEntry;
  readonly #neuron: number;
  readonly #neurons: number;
  readonly #rowBytes: number;
  readonly memory: Uint8Array;

  /** `memory` is that of an earlier band, used again if it is large enough. */
  constructor(
    source: ByteSource,
    tensor: TensorEntry,
    unit: UnitPlan,
    bytesMax: number,
    memory?: Uint8Array,
  ) {
    const [cols, rows] = tensor.shape as [number, number];
    const clusterBytes = rows * rowBytes(tensor.type, unit.neurons);
    const clusters = Math.max(1, Math.floor(bytesMax / clusterBytes));
    this.#tensor = tensor;
    this.#neuron = unit.neuron;
    this.#neurons = Math.min(clusters * unit.neurons, cols - unit.neuron);
    this.#rowBytes = rowBytes(tensor.type, this.#neurons);
    const bytes = rows * this.#rowBytes;
    this.memory = memory && memory.length >= bytes ? memory : new Uint8Array(bytes);
    this.#read(source, cols, rows);
  }

  holds(tensor: TensorEntry, unit: UnitPlan): boolean {
    return tensor === this.#tensor && unit.neuron >= this.#neuron &&
      unit.neuron + unit.neurons <= this.#neuron + this.#neurons;
  }

  /** Copies the blocks of the part's neurons, from `neuron` on, row after row into `target`. */
  copy(neuron: number, part: UnitPart, target: Uint8Array): void {
    const first = rowBytes(part.type, neuron - this.#neuron);
    for (let row = 0; row < part.rows; row++) {
      const from = row * this.#rowBytes + first;
      target.set(this.memory.subarray(from, from + part.rowBytes), row * part.rowBytes);
    }
  }

  /** Writes the columns of the part's neurons, from `neuron` on, each as a row of `image`. */
  turn(neuron: number, part: UnitPart, image: Uint8Array): void {
    const size = rowBytes(part.type, 1);
    const words = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
      size === 4
        ? new Uint32Array(buffer, byteOffset, byteLength >> 2)
        : new Uint16Array(buffer, byteOffset, byteLength >> 1);
    const from = words(this.memory), to = words(image);
    for (let n = 0; n < part.rows; n++) {
      const first = neuron - this.#neuron + n, target = (part.at + n * part.rowBytes) / size;
      for (let r = 0; r < part.cols; r++) to[target + r] = from[first + r * this.#neurons]!;
    }
  }

  #read(source: ByteSource, cols: number, rows: number): void {
    const { offset, type } = this.#tensor;
    const wholeRow = rowBytes(type, cols);
    if (this.#neurons === cols) {
      source.read(offset, this.memory.subarray(0, rows * wholeRow));
      return;
    }
    const first = offset + rowBytes(type, this.#neuron);
    for (let row = 0; row < rows; row++) {
      const at = row * this.#rowBytes;
      source.read(first + row * wholeRow, this.memory.subarray(at, at + this.#rowBytes));
    }
  }
}
