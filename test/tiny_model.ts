/**
 * A seeded 2-layer model as GGUF bytes, so that no test needs a download: any weight type for any
 * matrix, any architecture, experts or none, tied or not, with a byte-level BPE vocabulary and a
 * ChatML template.
 */
import fs from "node:fs";
import {
  type ExpertSpec,
  type MatrixName,
  type ModelSpec,
  TensorType,
} from "../core/flash/layout.ts";
import { FAMILIES } from "../core/model/families.ts";
import { type GgufParts, type GgufTensor, type GgufValue, writeGguf } from "./gguf_writer.ts";
import { quantize } from "./quantize.ts";
import { randomFloats } from "./random.ts";

/** What to build; widths must be multiples of 256 where K-quants are used. */
export interface TinyModelOptions {
  architecture?: ModelSpec["architecture"];
  /** Makes the FFNs mixtures; `neurons` then are the shared expert's, in families that have one. */
  experts?: ExpertSpec;
  tied?: boolean;
  seed?: number;
  layers?: number;
  width?: number;
  neurons?: number;
  heads?: number;
  headsKv?: number;
  contextTokens?: number;
  /** Type of all matrices that `types` does not name. Default Q8_0. */
  type?: TensorType;
  types?: Partial<Record<MatrixName, TensorType>>;
  /** Values of rope_freqs.weight (width / heads / 2). */
  ropeFactors?: readonly number[];
  /** Metadata added, or put in place of what is written by default. */
  metadata?: Readonly<Record<string, GgufValue>>;
}

const CHAT_TEMPLATE =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + " +
  "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
/** Control tokens, in id order; then 256 bytes, then the merges. */
const CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const MERGES = [
  ["Ġ", "t"],
  ["h", "e"],
  ["Ġt", "he"],
  ["i", "n"],
  ["Ġ", "a"],
  ["e", "r"],
  ["o", "n"],
  ["Ġ", "s"],
  ["r", "e"],
  ["u", "s"],
  ["us", "er"],
  ["a", "s"],
  ["s", "i"],
  ["as", "si"],
  ["l", "l"],
  ["h", "ell"],
  ["e", "ll"],
  ["h", "ello"],
  ["ell", "o"],
] as const;
/** Scores lie far apart: where the last expert chosen is hardly better than the next, roundings decide. */
const ROUTER_SPREAD = 3;
/** Tokens of the vocabulary. */
export const TINY_VOCABULARY = CONTROL.length + 256 + MERGES.length;

/** The model's parts, for tests that spoil one of them before `writeGguf`. */
export function tinyParts(options: TinyModelOptions = {}): GgufParts {
  const metadata = { ...describe(options), ...options.metadata };
  return { metadata: Object.entries(metadata), tensors: tensors(options) };
}

/** The model as GGUF bytes. */
export function tinyModel(options: TinyModelOptions = {}): Uint8Array<ArrayBuffer> {
  return writeGguf(tinyParts(options));
}

/** Writes the model to a file and returns its path. */
export function writeTinyModel(path: string, options: TinyModelOptions = {}): string {
  fs.writeFileSync(path, tinyModel(options));
  return path;
}

function shapeOf(options: TinyModelOptions) {
  const { architecture = "llama", layers = 2, width = 256, neurons = 768, heads = 4 } = options;
  const { headsKv = 2, contextTokens = 512 } = options;
  return { architecture, layers, width, neurons, heads, headsKv, contextTokens };
}

function describe(options: TinyModelOptions): Record<string, GgufValue> {
  const { architecture, ...shape } = shapeOf(options);
  const tokens = [...CONTROL, ...byteLetters(), ...MERGES.map(([left, right]) => left + right)];
  const u32 = (value: number): GgufValue => ({ type: "u32", value });
  return {
    "general.architecture": { type: "string", value: architecture },
    "general.name": { type: "string", value: "Tiny" },
    "general.license": { type: "string", value: "apache-2.0" },
    [`${architecture}.block_count`]: u32(shape.layers),
    [`${architecture}.context_length`]: u32(shape.contextTokens),
    [`${architecture}.embedding_length`]: u32(shape.width),
    [`${architecture}.feed_forward_length`]: u32(shape.neurons),
    [`${architecture}.attention.head_count`]: u32(shape.heads),
    [`${architecture}.attention.head_count_kv`]: u32(shape.headsKv),
    [`${architecture}.attention.layer_norm_rms_epsilon`]: { type: "f32", value: 1e-5 },
    [`${architecture}.rope.freq_base`]: { type: "f32", value: 10_000 },
    [`${architecture}.rope.dimension_count`]: u32(shape.width / shape.heads),
    "tokenizer.ggml.model": { type: "string", value: "gpt2" },
    "tokenizer.ggml.pre": {
      type: "string",
      value: architecture.startsWith("qwen") ? "qwen2" : "smollm",
    },
    ...describeExperts(options),
    "tokenizer.ggml.tokens": { type: "strings", value: tokens },
    "tokenizer.ggml.token_type": {
      type: "i32s",
      value: tokens.map((_, id) => id < CONTROL.length ? 3 : 1),
    },
    "tokenizer.ggml.merges": { type: "strings", value: MERGES.map((pair) => pair.join(" ")) },
    "tokenizer.ggml.bos_token_id": u32(1),
    "tokenizer.ggml.eos_token_id": u32(2),
    "tokenizer.ggml.unknown_token_id": u32(0),
    "tokenizer.ggml.padding_token_id": u32(0),
    "tokenizer.ggml.add_bos_token": { type: "bool", value: false },
    "tokenizer.chat_template": { type: "string", value: CHAT_TEMPLATE },
  };
}

function describeExperts(options: TinyModelOptions): Record<string, GgufValue> {
  const { architecture, neurons } = shapeOf(options), { experts } = options;
  if (!experts) return {};
  const u32 = (value: number): GgufValue => ({ type: "u32", value });
  const own = FAMILIES[architecture].experts?.length === "share";
  return {
    [`${architecture}.expert_count`]: u32(experts.count),
    [`${architecture}.expert_used_count`]: u32(experts.used),
    ...(own ? { [`${architecture}.expert_feed_forward_length`]: u32(experts.neurons) } : {
      [`${architecture}.feed_forward_length`]: u32(experts.neurons),
    }),
    ...(FAMILIES[architecture].experts!.shared
      ? { [`${architecture}.expert_shared_feed_forward_length`]: u32(neurons) }
      : {}),
  };
}

function tensors(options: TinyModelOptions): GgufTensor[] {
  const { layers, width } = shapeOf(options), make = makers(options);
  const { matrix, norm, vector } = make;
  const layer = (i: number): GgufTensor[] => [
    ...attention(i, options, make),
    norm(`blk.${i}.ffn_norm.weight`),
    ...(options.experts ? mixture(i, options.experts, options, make) : ffn(i, "", options, make)),
  ];
  return [
    matrix("embedding", "token_embd", width, TINY_VOCABULARY),
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    norm("output_norm.weight"),
    ...(options.tied ?? true ? [] : [matrix("head", "output", width, TINY_VOCABULARY)]),
    ...(options.ropeFactors
      ? [vector("rope_freqs.weight", Float32Array.from(options.ropeFactors))]
      : []),
  ];
}

/** What makes tensors, each of the next random numbers. */
function makers(options: TinyModelOptions) {
  const { width } = shapeOf(options);
  const random = randomFloats(options.seed ?? 1);
  const spread = () => (2 * random() - 1) * Math.sqrt(3); // mean 0, variance 1
  const matrix = (of: MatrixName, name: string, cols: number, rows: number): GgufTensor => {
    const fallback = of === "router" ? TensorType.F32 : options.type ?? TensorType.Q8_0;
    const type = options.types?.[of] ?? fallback;
    const size = (of === "router" ? ROUTER_SPREAD : 1) / Math.sqrt(cols);
    const values = new Float32Array(cols * rows).map(() => spread() * size);
    return { name: `${name}.weight`, type, shape: [cols, rows], data: quantize(type, values) };
  };
  const vector = (name: string, values: Float32Array): GgufTensor => (
    { name, type: TensorType.F32, shape: [values.length], data: new Uint8Array(values.buffer) }
  );
  return {
    matrix,
    vector,
    norm: (name: string, length = width) =>
      vector(name, new Float32Array(length).map(() => 1 + 0.1 * spread())),
    bias: (name: string, length: number, size = 0.1) =>
      vector(name, new Float32Array(length).map(() => size * spread())),
  };
}

type Makers = ReturnType<typeof makers>;

function attention(i: number, options: TinyModelOptions, { matrix, norm, bias }: Makers) {
  const { architecture, width, heads, headsKv } = shapeOf(options);
  const { biased, queryNorm } = FAMILIES[architecture];
  const headWidth = width / heads, kvWidth = headWidth * headsKv;
  const [qNorm, kNorm] = queryNorm === "all" ? [width, kvWidth] : [headWidth, headWidth];
  return [
    norm(`blk.${i}.attn_norm.weight`),
    matrix("q", `blk.${i}.attn_q`, width, width),
    matrix("k", `blk.${i}.attn_k`, width, kvWidth),
    matrix("v", `blk.${i}.attn_v`, width, kvWidth),
    matrix("o", `blk.${i}.attn_output`, width, width),
    ...(queryNorm
      ? [norm(`blk.${i}.attn_q_norm.weight`, qNorm), norm(`blk.${i}.attn_k_norm.weight`, kNorm)]
      : []),
    ...(biased
      ? [
        bias(`blk.${i}.attn_q.bias`, width),
        bias(`blk.${i}.attn_k.bias`, kvWidth),
        bias(`blk.${i}.attn_v.bias`, kvWidth),
      ]
      : []),
  ];
}

function ffn(i: number, ending: string, options: TinyModelOptions, { matrix }: Makers) {
  const { architecture, width, neurons } = shapeOf(options);
  return [
    ...(architecture === "arcee"
      ? []
      : [matrix("gate", `blk.${i}.ffn_gate${ending}`, width, neurons)]),
    matrix("up", `blk.${i}.ffn_up${ending}`, width, neurons),
    matrix("down", `blk.${i}.ffn_down${ending}`, neurons, width),
  ];
}

function mixture(
  i: number,
  { count, neurons }: ExpertSpec,
  options: TinyModelOptions,
  make: Makers,
): GgufTensor[] {
  const { architecture, width } = shapeOf(options);
  const each = (of: MatrixName, name: string, cols: number, rows: number) => (
    { ...make.matrix(of, name, cols, rows * count), shape: [cols, rows, count] }
  );
  return [
    make.matrix("router", `blk.${i}.ffn_gate_inp`, width, count),
    each("gate", `blk.${i}.ffn_gate_exps`, width, neurons),
    each("up", `blk.${i}.ffn_up_exps`, width, neurons),
    each("down", `blk.${i}.ffn_down_exps`, neurons, width),
    ...(FAMILIES[architecture].experts!.shared
      ? [
        ...ffn(i, "_shexp", options, make),
        make.bias(`blk.${i}.ffn_gate_inp_shexp.weight`, width, 1 / Math.sqrt(width)),
      ]
      : []),
  ];
}

/** GPT-2's printable letter for each byte value. */
function byteLetters(): string[] {
  const plain = (byte: number) =>
    byte >= 33 && byte <= 126 || byte >= 161 && byte <= 172 || byte >= 174;
  let next = 256;
  return Array.from(
    { length: 256 },
    (_, byte) => String.fromCodePoint(plain(byte) ? byte : next++),
  );
}
