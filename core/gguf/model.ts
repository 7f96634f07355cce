/** A GGUF read and checked as a whole: all an import needs to know before it writes one byte. */
import {
  type ModelSpec,
  TensorType,
  type TokenizerSpec,
  type VectorName,
} from "../flash/layout.ts";
import type { StoredVectors } from "../flash/store.ts";
import { dequantizeRow } from "../kernels/blocks.ts";
import { typeName } from "./format.ts";
import { Metadata, refuseModel } from "./metadata.ts";
import { type GgufFile, readGguf, type TensorEntry } from "./reader.ts";
import type { ByteSource } from "./source.ts";
import { findTensors, type ModelTensors, readSpec } from "./spec.ts";
import { type NeuronLayout, planUnits, type UnitPlan } from "./units.ts";
import { readTokenizer } from "./vocabulary.ts";

/** The parts of a model's file, in Flint's terms. */
export interface SourceModel {
  readonly spec: ModelSpec;
  readonly tokenizer: TokenizerSpec;
  readonly tensors: ModelTensors;
  /** Norms and biases, as the index stores them. */
  readonly vectors: StoredVectors;
  readonly units: readonly UnitPlan[];
  /** Bytes of all units. */
  readonly unitBytes: number;
  /** Bytes of the file before its weights: a measure of the vocabulary's size. */
  readonly headerBytes: number;
  readonly description: ModelDescription;
}

/** What the file says about itself. */
export interface ModelDescription {
  readonly title: string | undefined;
  readonly license: string | undefined;
  readonly chatTemplate: string | undefined;
  readonly quantization: string;
  readonly parameters: number;
}

/** Reads and checks everything but the matrices; throws FlintError "bad_model". */
export function readModel(source: ByteSource, neurons?: NeuronLayout): SourceModel {
  const file = readGguf(source);
  const metadata = new Metadata(file.metadata);
  const factors = file.tensors.get("rope_freqs.weight");
  const spec = readSpec(metadata, file, factors && [...readFloats(source, factors)]);
  const tensors = findTensors(spec, file);
  const units = planUnits(spec, tensors, neurons);
  return {
    spec,
    tokenizer: readTokenizer(metadata, spec.vocabulary),
    tensors,
    vectors: readVectors(source, tensors),
    units,
    unitBytes: units.reduce((sum, { bytes }) => sum + bytes, 0),
    headerBytes: file.headerBytes,
    description: describe(metadata, file),
  };
}

/** GGUF's general.file_type numbers worth a name of their own (llama.h, llama_ftype). */
const FILE_TYPES: ReadonlyMap<number, string> = new Map([
  [11, "Q3_K_S"],
  [12, "Q3_K_M"],
  [13, "Q3_K_L"],
  [14, "Q4_K_S"],
  [15, "Q4_K_M"],
  [16, "Q5_K_S"],
  [17, "Q5_K_M"],
]);

function describe(metadata: Metadata, file: GgufFile): ModelDescription {
  const entries = [...file.tensors.values()];
  const fileType = metadata.integer("general.file_type", 0, 0xffffffff, 0xffffffff);
  return {
    title: metadata.text("general.name"),
    license: metadata.text("general.license"),
    chatTemplate: metadata.text("tokenizer.chat_template"),
    quantization: FILE_TYPES.get(fileType) ?? commonestType(entries),
    parameters: entries.reduce((sum, entry) => sum + weights(entry), 0),
  };
}

/** The type that packs most weights of the layers. */
function commonestType(entries: readonly TensorEntry[]): string {
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const name = typeName(entry.type);
    const inLayer = entry.name.startsWith("blk.") ? weights(entry) : 0;
    counts.set(name, (counts.get(name) ?? 0) + inLayer);
  }
  return [...counts].reduce((best, next) => next[1] > best[1] ? next : best)[0];
}

function weights(entry: TensorEntry): number {
  return entry.shape.reduce((product, dim) => product * dim, 1);
}

function readVectors(source: ByteSource, tensors: ModelTensors): StoredVectors {
  const bytes = (entry: TensorEntry) => new Uint8Array(readFloats(source, entry).buffer);
  return {
    layers: tensors.vectors.map((byName) => {
      const stored: Partial<Record<VectorName, Uint8Array>> = {};
      for (const name of Object.keys(byName) as VectorName[]) stored[name] = bytes(byName[name]!);
      return stored;
    }),
    outputNorm: bytes(tensors.outputNorm),
  };
}

/** The longest vector is a bias of 1024 heads of 512. */
const VECTOR_LENGTH_MAX = 1 << 19;

/** What norms, biases and rope factors may be stored as. */
const PLAIN_TYPES: readonly TensorType[] = [TensorType.F32, TensorType.F16, TensorType.BF16];

/** A small plain vector as f32; refuses values that are not finite. */
function readFloats(source: ByteSource, entry: TensorEntry): Float32Array {
  const length = entry.shape[0]!;
  if (entry.shape.length !== 1 || length > VECTOR_LENGTH_MAX) {
    refuseModel(`tensor ${entry.name} is ${entry.shape.join(" x ")}: a short vector is right`);
  }
  if (!PLAIN_TYPES.includes(entry.type)) {
    refuseModel(`tensor ${entry.name} has type ${typeName(entry.type)}: F32 F16 or BF16 is right`);
  }
  const bytes = new Uint8Array(entry.bytes);
  source.read(entry.offset, bytes);
  const values = dequantizeRow(entry.type, bytes, length);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    refuseModel(`tensor ${entry.name} holds ${values[bad]} at ${bad}: the file is damaged`);
  }
  return values;
}
