/**
 * The flash store of one model: what lies where, as types. Written by gguf/import.ts, read by
 * flash/store.ts (index) and flash/reader (payload, O_DIRECT at the recorded offsets).
 *
 * The unit of reading is a page-aligned LMDB overflow value: lmdb puts a 24-byte header in the
 * first page, then our value. We size values to n * PAGE - 24 bytes, so a unit is n whole pages.
 *
 *   page 0:  [lmdb header 24][unit header 40: magic, id, checksum][part 0 at byte 64 ...]
 *   ...      parts follow each other, each aligned to 64 bytes, offsets counted from page start
 *
 * Four kinds of unit:
 *   "rows"  some consecutive rows of one matrix (attention, embedding, output head)
 *   "ffn"   a cluster of `neurons` neighbouring neurons: gate rows, up rows, down columns (the
 *           paper's row-column bundle). The down part holds, for each of the d_model outputs, the
 *           blocks of just these neurons, so a cluster spans whole quantization blocks and the
 *           source's bits are kept.
 *   "neurons" neurons that are read one by one, where most do nothing for a token: from the second
 *           page on, each neuron's up row and down column side by side, whole pages for one neuron
 *           or whole neurons in one page (gguf/bundles.ts)
 *   "expert" a cluster of one expert's neurons, laid out as in "ffn"; an expert's clusters follow each
 *           other, so that whoever is sent to it reads one long run
 */

import type { PageSums } from "./page_sums.ts";

/** Bytes of a flash page; O_DIRECT offsets and lengths are multiples of it. */
export const PAGE = 4096;
/** Bytes lmdb writes before an overflow value (lmdb-js 3.5.6, checked in the file's bytes). */
export const LMDB_HEADER = 24;
/** First payload byte of a unit, counted from its first page. */
export const UNIT_HEADER = 64;
/**
 * Largest unit: longer reads gain nothing (1-4 MB reads are no faster than 1 MB). Only a cluster of
 * one block of down's columns may be larger, in models wider than about 2,000: gguf/units.ts.
 */
export const UNIT_BYTES_MAX = 1 << 20;

/** GGML's tensor type numbers, as in GGUF; from OWN_TYPES on, Flint's own (kernels/few.as.ts). */
export const TensorType = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q5_0: 6,
  Q5_1: 7,
  Q8_0: 8,
  Q2_K: 10,
  Q3_K: 11,
  Q4_K: 12,
  Q5_K: 13,
  Q6_K: 14,
  BF16: 30,
  F2_K: 102,
  F3_K: 103,
} as const;
/** Types that no file has. */
export const OWN_TYPES = 100;
/** One of GGML's tensor type numbers. */
export type TensorType = typeof TensorType[keyof typeof TensorType];

/** A row of the output head's screening plane (kernels/screen.as.ts): no type of GGML's. */
export const SCREEN_TYPE = 1000;

/** The matrices of one model. `head` is absent where the embedding is tied. */
export type MatrixName =
  | "q"
  | "k"
  | "v"
  | "o"
  | "gate"
  | "up"
  | "down"
  /** Which experts a token is sent to: a row for each. */
  | "router"
  | "embedding"
  | "head"
  /** up at 8 bits, and how far it may be off: tells for certain which neurons do nothing. */
  | "sketch"
  | "slack"
  /** The head again in two bits a weight; absent where its width is not whole blocks. */
  | "screen";

/**
 * One array inside a unit: `rows` x `cols` weights in the source's own block format. In a "neurons"
 * unit, `down` has a row for each neuron: its column.
 */
export interface UnitPart {
  readonly matrix: MatrixName;
  readonly type: TensorType | typeof SCREEN_TYPE;
  /** First row of the matrix held here (for `down`: always 0). */
  readonly row: number;
  readonly rows: number;
  /** Weights a row holds here; for `down` the neurons of the cluster. */
  readonly cols: number;
  /** Bytes from one row to the next (whole blocks; no padding but between neurons). */
  readonly rowBytes: number;
  /** Bytes from the unit's first page to the array; a multiple of 64. */
  readonly at: number;
}

/** One page-aligned value: what is read, pinned and counted as a whole. */
export interface Unit {
  readonly id: number;
  /** Layer 0.., or -1 for embedding and head. */
  readonly layer: number;
  readonly kind: "rows" | "ffn" | "neurons" | "expert";
  /** For "expert": whose neurons they are. */
  readonly expert?: number;
  /** First neuron (of the layer, or of its expert) and count. For "rows": 0, 0. */
  readonly neuron: number;
  readonly neurons: number;
  readonly parts: readonly UnitPart[];
  /** Bytes from the start of the LMDB data file to the unit's first page. */
  readonly offset: number;
  /** Whole pages, in bytes. */
  readonly bytes: number;
  /** flash/checksum.ts over the payload as hex: checked once when a unit is first read. */
  readonly checksum: string;
}

/** Dimensions and hyperparameters the forward pass needs. */
export interface ModelSpec {
  /** Family whose forward pass it is. */
  readonly architecture: "llama" | "qwen2" | "arcee" | "olmoe" | "qwen2moe" | "qwen3moe";
  /** Transformer blocks. */
  readonly layers: number;
  /** d_model */
  readonly width: number;
  /** d_ff: neurons of one layer that serve every token; beside experts the shared ones, or 0 */
  readonly neurons: number;
  /** Where the FFN is a mixture of experts. */
  readonly experts?: ExpertSpec;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads; each serves heads / headsKv query heads. */
  readonly headsKv: number;
  /** Values of one head. */
  readonly headWidth: number;
  /** Token ids there are. */
  readonly vocabulary: number;
  /** Positions the model was trained for. */
  readonly contextTokens: number;
  /** Added to the mean square in RMSNorm. */
  readonly normEpsilon: number;
  /** Position embedding. */
  readonly rope: RopeSpec;
  /** The embedding serves as output head. */
  readonly tied: boolean;
}

/** A layer's experts: FFNs of which a router chooses a few for each token. */
export interface ExpertSpec {
  /** How many there are. */
  readonly count: number;
  /** How many a token is sent to. */
  readonly used: number;
  /** Neurons of one. */
  readonly neurons: number;
}

/** What the use of a layer is counted in: experts where there are any, else neurons. */
export function itemsOf({ neurons, experts }: ModelSpec): number {
  return experts?.count ?? neurons;
}

/** Rotary position embedding: which pairs rotate, and how fast. */
export interface RopeSpec {
  /** "adjacent": (0,1),(2,3).. (llama in GGUF); "halves": (0,n/2),(1,n/2+1).. (qwen2, neox) */
  readonly pairing: "adjacent" | "halves";
  /** Base of the frequencies, theta. */
  readonly base: number;
  /** Rotated values of a head; the rest pass through. */
  readonly width: number;
  /** How longer contexts are reached. */
  readonly scaling:
    | { readonly kind: "none" }
    | { readonly kind: "linear"; readonly factor: number }
    | {
      readonly kind: "yarn";
      readonly factor: number;
      readonly originalContext: number;
      /** Multiplies cos and sin: 1 + 0.1 ln(factor), times the file's own factor if it has one. */
      readonly attentionFactor: number;
    }
    /** llama 3: divisor for each pair, from the tensor rope_freqs.weight (width / 2 values). */
    | { readonly kind: "factors"; readonly factors: readonly number[] };
}

/** Names of the small float vectors (norms, biases) that are always resident. */
export type VectorName =
  | "attentionNorm"
  | "ffnNorm"
  | "qBias"
  | "kBias"
  | "vBias"
  | "oBias"
  | "qNorm"
  | "kNorm"
  /** How much of the shared expert a token gets. */
  | "sharedGate";

/** What rows of the output head were changed by before screening; (width) f32 each. */
export interface ScreenVectors {
  /** Taken off every row. */
  readonly center: Float32Array;
  /** Then multiplied in; activations are divided by them. Their signs were drawn. */
  readonly factors: Float32Array;
}

/** What the tokenizer is built from, as GGUF has it. */
export interface TokenizerSpec {
  readonly model: "gpt2" | "llama";
  readonly pre: string;
  readonly tokens: readonly string[];
  /** GGUF token types: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte */
  readonly types: readonly number[];
  readonly merges: readonly string[];
  readonly scores: readonly number[];
  readonly bos: number | null;
  readonly eos: number | null;
  readonly eot: number | null;
  readonly unknown: number | null;
  readonly padding: number | null;
  readonly addBos: boolean;
  readonly addEos: boolean;
  readonly addSpacePrefix: boolean;
}

/** What a person or program may want to know of an imported model. */
export interface ModelCard {
  /** Name in the catalog or the one given at import. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** Family, as GGUF has it. */
  readonly architecture: string;
  /** SPDX name, where known. */
  readonly license: string | null;
  /** Weight types, as the file declares them. */
  readonly quantization: string;
  /** sha256 of the source GGUF, hex: prefix snapshots and profiles are bound to it. */
  readonly sourceSha256: string;
  /** Bytes of the source GGUF. */
  readonly sourceBytes: number;
  /** Bytes of the flash store. */
  readonly storeBytes: number;
  /** Weights in all. */
  readonly parameters: number;
  /** Jinja, as the file has it. */
  readonly chatTemplate: string | null;
  /** Dimensions and hyperparameters. */
  readonly spec: ModelSpec;
  /** ISO 8601. */
  readonly importedAt: string;
  /** Version of this layout; another one means: import again. */
  readonly layoutVersion: number;
}

/** Coarser twins of one layer's FFN clusters, and what it costs to answer by them. */
export interface LayerVariants {
  /** By level, finest first, and cluster; they hold the layer's neurons in an order of their own. */
  readonly units: readonly (readonly Unit[])[];
  /** KL divergence from exact that each unit adds, nats a token; measured, see calibrate/. */
  readonly costs: readonly (readonly number[])[];
}

/** Bytes of all of them. */
export const bytesOf = (units: readonly Pick<Unit, "bytes">[]): number =>
  units.reduce((sum, { bytes }) => sum + bytes, 0);
/** Bytes of the largest of them; 0 of none. */
export const largestOf = (units: readonly Pick<Unit, "bytes">[]): number =>
  units.reduce((most, { bytes }) => Math.max(most, bytes), 0);

/** An opened flash store: everything but the payload bytes. */
export interface FlashStore {
  readonly card: ModelCard;
  /**
   * Layer by layer q, k, v, o, then the FFN: its clusters, or sketch and neurons; then router and
   * experts. Behind the layers head, embedding, screen.
   */
  readonly units: readonly Unit[];
  /** Read when asked for: its 300,000 strings would take 16 MB as long as the store is open. */
  tokenizer(): Promise<TokenizerSpec>;
  /** Per layer and name; `undefined` where the family has none. f32. */
  vector(layer: number, name: VectorName): Float32Array | undefined;
  /** Present where there are units of `screen`. */
  readonly screen?: ScreenVectors | undefined;
  /** (width) f32 */
  readonly outputNorm: Float32Array;
  /** Vouch for units that are read in parts. */
  readonly pageSums: PageSums;
  /** By layer; undefined until the model is calibrated. */
  readonly variants: readonly LayerVariants[] | undefined;
  /** The plain file that units lie in. */
  readonly dataFile: string;
  close(): Promise<void>;
}
