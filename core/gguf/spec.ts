/**
 * Metadata and tensor table -> ModelSpec and the tensors by the names used here, checked against
 * each other: a model that passes can be imported and run without looking at the file again.
 */
import type { MatrixName, ModelSpec, RopeSpec, VectorName } from "../flash/layout.ts";
import { type Architecture, FAMILIES } from "../model/families.ts";
import { type ExpertTensors, findExperts, NEURONS_MAX, readExperts } from "./experts.ts";
import { type Metadata, refuseModel } from "./metadata.ts";
import type { GgufFile, TensorEntry } from "./reader.ts";

/** 126 layers (llama 405B) is the deepest dense model. */
const LAYERS_MAX = 512;
/** Llama 405B is 16,384 wide. */
const WIDTH_MAX = 1 << 16;
const HEADS_MAX = 1024;
const HEAD_WIDTH_MAX = 512;
const VOCABULARY_MAX = 1 << 20;
const CONTEXT_MAX = 1 << 24;

/** GGUF's names of a layer's attention matrices and of its vectors, after "blk.N.". */
const ATTENTION_MATRICES = {
  q: "attn_q",
  k: "attn_k",
  v: "attn_v",
  o: "attn_output",
} as const satisfies Partial<Record<MatrixName, string>>;
/** An attention matrix. */
export type AttentionMatrix = keyof typeof ATTENTION_MATRICES;

const LAYER_VECTORS: Readonly<Record<VectorName, string>> = {
  attentionNorm: "attn_norm.weight",
  ffnNorm: "ffn_norm.weight",
  qBias: "attn_q.bias",
  kBias: "attn_k.bias",
  vBias: "attn_v.bias",
  oBias: "attn_output.bias",
  qNorm: "attn_q_norm.weight",
  kNorm: "attn_k_norm.weight",
  sharedGate: "ffn_gate_inp_shexp.weight",
};

/** The matrices of one FFN; `gate` is absent where the family's neurons have none. */
export interface FfnTensors {
  readonly gate: TensorEntry | undefined;
  readonly up: TensorEntry;
  readonly down: TensorEntry;
}

/** The matrices of one layer. */
export interface LayerTensors extends Readonly<Record<AttentionMatrix, TensorEntry>> {
  /** What every token goes through; beside experts the shared one, if there is one. */
  readonly ffn: FfnTensors | undefined;
  readonly experts: ExpertTensors | undefined;
}

/** Finds a tensor and checks its shape, fastest dimension first. */
export type FindTensor = (name: string, ...shape: number[]) => TensorEntry;

/** The tensors of a model in Flint's names. */
export interface ModelTensors {
  readonly layers: readonly LayerTensors[];
  readonly vectors: readonly Readonly<Partial<Record<VectorName, TensorEntry>>>[];
  readonly embedding: TensorEntry;
  /** Absent where the embedding is tied. */
  readonly head: TensorEntry | undefined;
  readonly outputNorm: TensorEntry;
  readonly ropeFactors: TensorEntry | undefined;
}

/** The architecture, or a refusal that lists the supported ones. */
function readArchitecture(metadata: Metadata): Architecture {
  const name = metadata.text("general.architecture");
  return (Object.keys(FAMILIES) as Architecture[]).find((family) => family === name) ??
    refuseModel(
      `architecture ${name ?? "(none)"} is not supported; supported are ${
        Object.keys(FAMILIES).join(" ")
      }`,
    );
}

/** Dimensions and hyperparameters. `ropeFactors` are the values of rope_freqs.weight, if any. */
export function readSpec(
  metadata: Metadata,
  file: GgufFile,
  ropeFactors: readonly number[] | undefined,
): ModelSpec {
  const architecture = readArchitecture(metadata);
  const integer = (key: string, max: number, fallback?: number) =>
    metadata.integer(`${architecture}.${key}`, 1, max, fallback);
  const width = integer("embedding_length", WIDTH_MAX);
  const heads = integer("attention.head_count", HEADS_MAX);
  const headsKv = integer("attention.head_count_kv", HEADS_MAX, heads);
  if (heads % headsKv !== 0) refuseModel(`${heads} heads do not divide over ${headsKv} KV heads`);
  if (width % heads !== 0 && !metadata.has(`${architecture}.attention.key_length`)) {
    refuseModel(`the width ${width} does not divide into ${heads} heads`);
  }
  const headWidth = integer("attention.key_length", HEAD_WIDTH_MAX, width / heads);
  const valueWidth = integer("attention.value_length", HEAD_WIDTH_MAX, headWidth);
  if (valueWidth !== headWidth) {
    refuseModel(`keys of ${headWidth} and values of ${valueWidth} values: they must be as long`);
  }
  return {
    architecture,
    layers: integer("block_count", LAYERS_MAX),
    width,
    ...readExperts(metadata, architecture, integer("feed_forward_length", NEURONS_MAX)),
    heads,
    headsKv,
    headWidth,
    vocabulary: readVocabularySize(metadata, file),
    contextTokens: integer("context_length", CONTEXT_MAX),
    normEpsilon: metadata.number(`${architecture}.attention.layer_norm_rms_epsilon`, 1e-12, 0.1),
    rope: readRope(metadata, architecture, headWidth, ropeFactors),
    tied: !file.tensors.has("output.weight"),
  };
}

function readVocabularySize(metadata: Metadata, file: GgufFile): number {
  const rows = matrixOf(file, "token_embd.weight").shape[1]!;
  if (rows > VOCABULARY_MAX) {
    refuseModel(`token_embd.weight has ${rows} rows: at most ${VOCABULARY_MAX} are read`);
  }
  const architecture = readArchitecture(metadata);
  metadata.integer(`${architecture}.vocab_size`, rows, rows, rows);
  return rows;
}

function readRope(
  metadata: Metadata,
  architecture: Architecture,
  headWidth: number,
  factors: readonly number[] | undefined,
): RopeSpec {
  const width = metadata.integer(`${architecture}.rope.dimension_count`, 2, headWidth, headWidth);
  if (width % 2 !== 0) {
    refuseModel(`${architecture}.rope.dimension_count is ${width}: pairs rotate`);
  }
  return {
    pairing: FAMILIES[architecture].pairing,
    base: metadata.number(`${architecture}.rope.freq_base`, 1, 1e12, 10_000),
    width,
    scaling: readScaling(metadata, `${architecture}.rope.`, width, factors),
  };
}

function readScaling(
  metadata: Metadata,
  key: string,
  width: number,
  factors: readonly number[] | undefined,
): RopeSpec["scaling"] {
  if (factors) {
    if (factors.length !== width / 2 || factors.some((factor) => !(factor > 0 && factor < 1e6))) {
      refuseModel(`rope_freqs.weight must hold ${width / 2} positive numbers below a million`);
    }
    return { kind: "factors", factors };
  }
  // "scale_linear" is the name older converters wrote.
  const oldFactor = metadata.number(`${key}scale_linear`, 1, 1e6, 1);
  const kind = metadata.text(`${key}scaling.type`) ?? (oldFactor === 1 ? "none" : "linear");
  const factor = metadata.number(`${key}scaling.factor`, 1, 1e6, oldFactor);
  if (kind === "none" || (kind === "linear" && factor === 1)) return { kind: "none" };
  if (kind === "linear") return { kind, factor };
  if (kind !== "yarn") {
    refuseModel(
      `${key}scaling.type is ${kind}; supported are none linear yarn and rope_freqs.weight`,
    );
  }
  const given = metadata.number(`${key}scaling.attn_factor`, 0.01, 100, 1);
  return {
    kind,
    factor,
    originalContext: metadata.integer(`${key}scaling.original_context_length`, 1, CONTEXT_MAX),
    attentionFactor: given * (1 + 0.1 * Math.log(factor)),
  };
}

/** Finds every tensor and checks its shape against the spec; refuses tensors that are not understood. */
export function findTensors(spec: ModelSpec, file: GgufFile): ModelTensors {
  const used = new Set<string>();
  const matrix: FindTensor = (name, ...shape) => {
    used.add(name);
    return expectShape(matrixOf(file, name, shape.length), shape);
  };
  const vector = (name: string, length: number) => {
    used.add(name);
    const entry = file.tensors.get(name);
    return entry && expectShape(entry, [length]);
  };
  const tensors: ModelTensors = {
    layers: range(spec.layers, (layer) => findLayer(spec, layer, matrix)),
    vectors: range(spec.layers, (layer) => findVectors(spec, layer, vector)),
    embedding: matrix("token_embd.weight", spec.width, spec.vocabulary),
    head: spec.tied ? undefined : matrix("output.weight", spec.width, spec.vocabulary),
    outputNorm: vector("output_norm.weight", spec.width) ?? missing("output_norm.weight"),
    ropeFactors: vector("rope_freqs.weight", spec.rope.width / 2),
  };
  const stranger = file.tensors.keys().find((name) => !used.has(name));
  if (stranger !== undefined) {
    refuseModel(
      `tensor ${
        JSON.stringify(stranger)
      } is no part of a ${spec.architecture} model as Flint knows it: ` +
        "ignoring it would change the answers",
    );
  }
  return tensors;
}

function findLayer(spec: ModelSpec, layer: number, matrix: FindTensor): LayerTensors {
  const { width, neurons, heads, headsKv, headWidth, experts } = spec;
  const find: FindTensor = (name, ...shape) => matrix(`blk.${layer}.${name}.weight`, ...shape);
  const attention = (name: AttentionMatrix, cols: number, rows: number) =>
    find(ATTENTION_MATRICES[name], cols, rows);
  return {
    q: attention("q", width, heads * headWidth),
    k: attention("k", width, headsKv * headWidth),
    v: attention("v", width, headsKv * headWidth),
    o: attention("o", heads * headWidth, width),
    ffn: neurons > 0 ? findFfn(spec, experts ? "_shexp" : "", find) : undefined,
    experts: experts && findExperts(experts, width, find),
  };
}

function findFfn(
  { architecture, width, neurons }: ModelSpec,
  ending: string,
  find: FindTensor,
): FfnTensors {
  const gated = FAMILIES[architecture].activation === "swiglu";
  return {
    gate: gated ? find(`ffn_gate${ending}`, width, neurons) : undefined,
    up: find(`ffn_up${ending}`, width, neurons),
    down: find(`ffn_down${ending}`, neurons, width),
  };
}

function findVectors(
  spec: ModelSpec,
  layer: number,
  vector: (name: string, length: number) => TensorEntry | undefined,
): Partial<Record<VectorName, TensorEntry>> {
  const { width, heads, headsKv, headWidth } = spec;
  const { biased, queryNorm } = FAMILIES[spec.architecture];
  const normed = queryNorm === "all" ? [heads, headsKv] : [1, 1];
  const lengths: Partial<Record<VectorName, number>> = {
    attentionNorm: width,
    ffnNorm: width,
    qBias: heads * headWidth,
    kBias: headsKv * headWidth,
    vBias: headsKv * headWidth,
    oBias: width,
    ...(queryNorm ? { qNorm: normed[0]! * headWidth, kNorm: normed[1]! * headWidth } : {}),
    ...(spec.experts && spec.neurons > 0 ? { sharedGate: width } : {}),
  };
  const needed: VectorName[] = ["attentionNorm", "ffnNorm", "qNorm", "kNorm", "sharedGate"];
  if (biased) needed.push("qBias", "kBias", "vBias");
  const found: Partial<Record<VectorName, TensorEntry>> = {};
  for (const name of Object.keys(lengths) as VectorName[]) {
    const tensor = `blk.${layer}.${LAYER_VECTORS[name]}`;
    const entry = vector(tensor, lengths[name]!);
    if (entry) found[name] = entry;
    else if (needed.includes(name)) missing(tensor);
  }
  return found;
}

function matrixOf(file: GgufFile, name: string, dimensions = 2): TensorEntry {
  const entry = file.tensors.get(name) ?? missing(name);
  if (entry.shape.length !== dimensions) {
    refuseModel(
      `tensor ${name} has ${entry.shape.length} dimensions: ${
        dimensions === 2 ? "a matrix has 2" : `a matrix for each expert has ${dimensions}`
      }`,
    );
  }
  return entry;
}

function expectShape(entry: TensorEntry, shape: readonly number[]): TensorEntry {
  if (entry.shape.join() !== shape.join()) {
    refuseModel(
      `tensor ${entry.name} is ${entry.shape.join(" x ")}: by the metadata ${
        shape.join(" x ")
      } is right`,
    );
  }
  return entry;
}

function missing(name: string): never {
  refuseModel(`tensor ${name} is missing`);
}

function range<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}
