import assert from "node:assert/strict";
import { FlintError } from "../../core/errors.ts";
import { TensorType } from "../../core/flash/layout.ts";
import { readModel } from "../../core/gguf/model.ts";
import { ELEMENTS_MAX, readGguf } from "../../core/gguf/reader.ts";
import { BytesSource } from "../bytes_source.ts";
import { ByteWriter, type GgufParts, type GgufValue, writeGguf } from "../gguf_writer.ts";
import { TINY_VOCABULARY, tinyModel, type TinyModelOptions, tinyParts } from "../tiny_model.ts";

const f32 = (value: number): GgufValue => ({ type: "f32", value });
const u32 = (value: number): GgufValue => ({ type: "u32", value });
const text = (value: string): GgufValue => ({ type: "string", value });
/** A small tensor that fills one aligned slot. */
const block = (name: string, more: object = {}) => ({
  name,
  type: TensorType.F32 as number,
  shape: [8] as (number | bigint)[],
  data: new Uint8Array(32),
  ...more,
});

/** Small enough to be made for every case; whole blocks of 32. */
const SMALL: TinyModelOptions = { type: TensorType.Q4_0, width: 64, neurons: 160 };
const smallParts = tinyParts(SMALL);

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof FlintError && error.code === "bad_model") return error.message;
    throw error;
  }
  return "(accepted)";
}

const readParts = (parts: Partial<GgufParts>) =>
  readGguf(new BytesSource(writeGguf({ metadata: [], tensors: [], ...parts })));

Deno.test("gguf: metadata of every type and tensors come back as written", () => {
  const file = readParts({
    metadata: [
      ["a.u32", u32(7)],
      ["a.i32", { type: "i32", value: -7 }],
      ["a.f32", f32(0.5)],
      ["a.u64", { type: "u64", value: 2n ** 53n - 1n }],
      ["a.bool", { type: "bool", value: true }],
      ["a.text", text("naïve 中文 \0")],
      ["a.texts", { type: "strings", value: ["", "é"] }],
      ["a.numbers", { type: "i32s", value: [-1, 2] }],
    ],
    tensors: [block("one"), block("two", { shape: [4, 2] })],
  });
  assert.deepEqual([...file.metadata.values()], [
    7,
    -7,
    0.5,
    2 ** 53 - 1,
    true,
    "naïve 中文 \0",
    ["", "é"],
    [-1, 2],
  ]);
  const two = file.tensors.get("two")!;
  assert.deepEqual([two.shape, two.offset, two.bytes], [[4, 2], file.headerBytes + 32, 32]);
});

Deno.test("gguf: version 2 is read like version 3", () => {
  assert.equal(readParts({ version: 2, tensors: [block("one")] }).tensors.size, 1);
});

Deno.test("gguf: only the header is read, whatever the file's size", () => {
  const file = new Uint8Array(8 << 20);
  file.set(writeGguf(smallParts));
  const source = new BytesSource(file);
  assert.equal(readGguf(source).tensors.size, 20);
  assert.ok(source.bytesRead <= 1 << 18);
});

Deno.test("gguf: a hostile or damaged header is refused with the field and its value", () => {
  const cases: [parts: Partial<GgufParts>, message: RegExp][] = [
    [{ magic: 0x12345678 }, /starts with 0x12345678, not with "GGUF"/],
    [{ version: 1 }, /version 1 is not supported/],
    [{ version: 4 }, /version 4 is not supported/],
    [{ version: 3 << 24 }, /big-endian/],
    [{ tensorCount: 2n ** 60n }, /the tensor count is 1152921504606846976: at most 65536/],
    [{ tensorCount: 5 }, /file was cut short/],
    [{ metadataCount: 2n ** 63n }, /the metadata count is 9223372036854775808: at most 4096/],
    [{ metadata: [["a", u32(1)], ["a", u32(2)]] }, /metadata key "a" occurs twice/],
    [{ metadata: [["general.alignment", u32(0)]] }, /general.alignment is 0/],
    [{ metadata: [["general.alignment", u32(24)]] }, /general.alignment is 24/],
    [{ metadata: [["general.alignment", text("32")]] }, /general.alignment is 32: it must be/],
    [{ metadata: [["a", { type: "u64", value: 2n ** 60n }]] }, /"a" is 1152921504606846976/],
    [{ tensors: [block("x", { shape: [] })] }, /"x" has 0 dimensions/],
    [{ tensors: [block("x", { shape: [1, 1, 1, 1, 1] })] }, /"x" has 5 dimensions/],
    [{ tensors: [block("x", { shape: [0, 8] })] }, /"x" is 0 x 8/],
    [
      { tensors: [block("x", { shape: [2n ** 63n] })] },
      /dimension 0 of tensor "x" is 9223372036854775808/,
    ],
    [
      { tensors: [block("x", { shape: [2 ** 40, 2 ** 40] })] },
      /"x" is 1099511627776 x 1099511627776/,
    ],
    [{ tensors: [block("x", { shape: [2 ** 32, 8] })] }, /past the end of the file/],
    [
      { tensors: [block("x", { type: 19 })] },
      /type 19, which is not supported; supported are F32 F16 Q4_0/,
    ],
    [{ tensors: [block("x", { type: TensorType.Q4_K })] }, /Q4_K needs a multiple of 256/],
    [{ tensors: [block("x", { offset: 7 })] }, /"x" starts at 7, which is no multiple/],
    [
      { tensors: [block("x", { offset: 2n ** 62n })] },
      /the offset of tensor "x" is 4611686018427387904/,
    ],
    [{ tensors: [block("x", { offset: 64 })] }, /"x" ends at byte \d+, past the end of the file/],
    [
      { tensors: [block("x"), block("y", { offset: 0 })] },
      /"y" starts at byte \d+, inside tensor "x"/,
    ],
    [{ tensors: [block("x"), block("x")] }, /tensor "x" occurs twice/],
    [{ tensors: [block("x".repeat(65))] }, /length of a tensor name is 65: at most 64/],
  ];
  for (const [parts, message] of cases) assert.match(refusal(() => readParts(parts)), message);
});

/** A file whose one metadata value is what `write` puts after the key "a". */
function oneValue(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  out.bytes(writeGguf({ metadata: [], tensors: [], metadataCount: 1 }));
  out.string("a");
  write(out);
  return out.finish();
}

Deno.test("gguf: lying lengths are refused before anything of their size is allocated", () => {
  const array = (element: number, count: number | bigint) =>
    oneValue((out) => {
      out.u32(9);
      out.u32(element);
      out.u64(count);
      out.u64(0);
    });
  const cases: [bytes: Uint8Array, message: RegExp][] = [
    [
      oneValue((out) => (out.u32(8), out.u64(10e9))),
      /length of metadata "a" is 10000000000: at most/,
    ],
    [
      oneValue((out) => (out.u32(8), out.u64(1000))),
      /"a" needs 1000 bytes, 0 are left in the file/,
    ],
    [array(4, 2n ** 60n), /length of metadata "a" is 1152921504606846976: at most/],
    [array(4, ELEMENTS_MAX), /"a" needs 8388608 bytes, 8 are left/],
    [array(9, 1), /"a" is an array of type 9: only arrays of/],
    [array(13, 1), /"a" is an array of type 13/],
    [oneValue((out) => out.u32(13)), /"a" has the unknown value type 13/],
    [oneValue((out) => (out.u32(7), out.u8(2))), /"a" is the bool 2/],
    [oneValue((out) => (out.u32(8), out.u64(1), out.u8(0xff))), /"a" is not valid UTF-8/],
  ];
  for (const [bytes, message] of cases) {
    const source = new BytesSource(bytes);
    assert.match(refusal(() => readGguf(source)), message);
    assert.ok(source.bytesRead <= 2 * bytes.length);
  }
});

Deno.test("gguf: all arrays of a file share one bound on their elements", () => {
  const half = ELEMENTS_MAX / 2 + 1;
  const bytes = oneValue((out) => {
    for (const key of ["", "b"]) {
      if (key) out.string(key);
      out.u32(9);
      out.u32(0);
      out.u64(half);
      out.bytes(new Uint8Array(half));
    }
  });
  bytes[16] = 2; // metadata count
  assert.match(refusal(() => readGguf(new BytesSource(bytes))), /"b" is 1048577: at most 1048575/);
});

Deno.test("gguf: a file cut at any point of its header is refused", () => {
  const bytes = writeGguf(smallParts);
  const { headerBytes } = readGguf(new BytesSource(bytes));
  for (let length = 0; length < headerBytes; length += 97) {
    assert.match(
      refusal(() => readGguf(new BytesSource(bytes.slice(0, length)))),
      /cut short|GGUF/,
    );
  }
});

const specOf = (options: TinyModelOptions) =>
  readModel(new BytesSource(tinyModel({ ...SMALL, ...options }))).spec;

/** The small llama's spec with some metadata replaced or added. */
function specWith(changes: Record<string, GgufValue>) {
  const metadata = Object.entries({ ...Object.fromEntries(smallParts.metadata), ...changes });
  return readModel(new BytesSource(writeGguf({ ...smallParts, metadata }))).spec;
}

Deno.test("spec: dimensions, pairing and tying are read from metadata and tensors", () => {
  assert.deepEqual(specWith({}), {
    architecture: "llama",
    layers: 2,
    width: 64,
    neurons: 160,
    heads: 4,
    headsKv: 2,
    headWidth: 16,
    vocabulary: TINY_VOCABULARY,
    contextTokens: 512,
    normEpsilon: Math.fround(1e-5),
    rope: { pairing: "adjacent", base: 10_000, width: 16, scaling: { kind: "none" } },
    tied: true,
  });
  const qwen2 = specOf({ architecture: "qwen2", tied: false });
  assert.deepEqual([qwen2.rope.pairing, qwen2.tied], ["halves", false]);
});

Deno.test("spec: every rope scaling is understood", () => {
  const scaled = (metadata: Record<string, GgufValue>) => specWith(metadata).rope.scaling;
  const factor = { "llama.rope.scaling.factor": f32(4) };
  assert.deepEqual(scaled({ "llama.rope.scaling.type": text("linear"), ...factor }), {
    kind: "linear",
    factor: 4,
  });
  assert.deepEqual(scaled({ "llama.rope.scale_linear": f32(2) }), { kind: "linear", factor: 2 });
  assert.deepEqual(
    scaled({
      "llama.rope.scaling.type": text("yarn"),
      "llama.rope.scaling.original_context_length": u32(128),
      ...factor,
    }),
    { kind: "yarn", factor: 4, originalContext: 128, attentionFactor: 1 + 0.1 * Math.log(4) },
  );
  const factors = Array.from({ length: 8 }, (_, i) => 1 + i / 8);
  assert.deepEqual(specOf({ ropeFactors: factors }).rope.scaling, { kind: "factors", factors });
});

const MISFITS: [metadata: Record<string, GgufValue>, message: RegExp][] = [
  [
    { "general.architecture": text("mamba") },
    /architecture mamba is not supported; supported are llama qwen2/,
  ],
  [{ "llama.block_count": u32(3) }, /tensor blk.2.attn_q.weight is missing/],
  [
    { "llama.block_count": u32(1) },
    /tensor "blk.1.attn_norm.weight" is no part of a llama model/,
  ],
  [{ "llama.block_count": u32(0) }, /llama.block_count is 0: a whole number of 1 to 512/],
  [{ "llama.block_count": f32(2.5) }, /llama.block_count is 2.5/],
  [
    { "llama.embedding_length": u32(128) },
    /attn_q.weight is 64 x 64: by the metadata 128 x 128/,
  ],
  [
    { "llama.embedding_length": u32(2 ** 31) },
    /embedding_length is 2147483648: a whole number of 1 to 65536/,
  ],
  [
    { "llama.feed_forward_length": u32(512) },
    /ffn_gate.weight is 64 x 160: by the metadata 64 x 512/,
  ],
  [{ "llama.attention.head_count": u32(3) }, /3 heads do not divide over 2 KV heads/],
  [{ "llama.attention.head_count_kv": u32(3) }, /4 heads do not divide over 3 KV heads/],
  [{ "llama.attention.value_length": u32(32) }, /keys of 16 and values of 32/],
  [{ "llama.expert_count": u32(8) }, /llama.expert_used_count is missing/],
  [
    { "llama.expert_count": u32(8), "llama.expert_used_count": u32(9) },
    /llama.expert_used_count is 9: a whole number of 1 to 8 is right/,
  ],
  [
    {
      "llama.expert_count": u32(8),
      "llama.expert_used_count": u32(2),
      "llama.expert_gating_func": u32(2),
    },
    /llama.expert_gating_func is 2/,
  ],
  [{ "llama.vocab_size": u32(9) }, /llama.vocab_size is 9/],
  [
    { "llama.attention.layer_norm_rms_epsilon": f32(NaN) },
    /rms_epsilon is NaN: a number of/,
  ],
  [{ "llama.rope.dimension_count": u32(15) }, /dimension_count is 15: pairs rotate/],
  [
    { "llama.rope.dimension_count": u32(128) },
    /dimension_count is 128: a whole number of 2 to 16/,
  ],
  [
    { "llama.rope.scaling.type": text("longrope") },
    /scaling.type is longrope; supported are none linear yarn/,
  ],
  [
    { "tokenizer.ggml.model": text("bert") },
    /tokenizer model bert is not supported; supported are gpt2 llama/,
  ],
  [
    { "tokenizer.ggml.tokens": { type: "strings", value: ["a"] } },
    /tokens has 1 entries, token_embd.weight 278 rows/,
  ],
  [{ "tokenizer.ggml.token_type": { type: "i32s", value: [1] } }, /token_type has 1 entries/],
  [
    { "tokenizer.ggml.token_type": { type: "i32s", value: Array(TINY_VOCABULARY).fill(7) } },
    /token_type holds 7: 0 to 6 is right/,
  ],
  [{ "tokenizer.ggml.merges": { type: "strings", value: ["ab"] } }, /merges holds "ab"/],
  [{ "tokenizer.ggml.merges": { type: "strings", value: [] } }, /merges is missing/],
  [{ "tokenizer.ggml.model": text("llama") }, /scores has 0 entries/],
  [
    { "tokenizer.ggml.eos_token_id": u32(278) },
    /eos_token_id is 278: a whole number of 0 to 277/,
  ],
  [{ "tokenizer.ggml.add_bos_token": u32(1) }, /add_bos_token is 1: true or false/],
  [{ "general.name": u32(1) }, /general.name is 1: a text is right/],
];

Deno.test("spec: what does not fit together is refused by name", () => {
  for (const [metadata, message] of MISFITS) {
    assert.match(refusal(() => specWith(metadata)), message);
  }
});

Deno.test("spec: missing, misshapen or poisoned tensors are refused by name", () => {
  const parts = tinyParts({ ...SMALL, architecture: "qwen2" });
  const spoil = (change: (parts: GgufParts) => GgufParts["tensors"]) => {
    return refusal(() =>
      readModel(new BytesSource(writeGguf({ ...parts, tensors: change(parts) })))
    );
  };
  const without = (name: string) => spoil(({ tensors }) => tensors.filter((t) => t.name !== name));
  const bent = (name: string, change: object) =>
    spoil(({ tensors }) => tensors.map((t) => t.name === name ? { ...t, ...change } : t));
  assert.match(without("token_embd.weight"), /tensor token_embd.weight is missing/);
  assert.match(without("output_norm.weight"), /tensor output_norm.weight is missing/);
  assert.match(without("blk.1.attn_k.bias"), /tensor blk.1.attn_k.bias is missing/);
  assert.match(without("blk.0.ffn_down.weight"), /tensor blk.0.ffn_down.weight is missing/);
  assert.match(
    bent("blk.0.ffn_up.weight", { shape: [160, 64] }),
    /is 160 x 64: by the metadata 64 x 160/,
  );
  assert.match(
    bent("blk.0.ffn_up.weight", { shape: [64 * 160] }),
    /has 1 dimensions: a matrix has 2/,
  );
  assert.match(
    bent("output_norm.weight", { type: TensorType.Q8_0 }),
    /has type Q8_0: F32 F16 or BF16/,
  );
  const poison = new Uint8Array(new Float32Array(64).fill(Infinity).buffer);
  assert.match(
    bent("output_norm.weight", { data: poison }),
    /output_norm.weight holds Infinity at 0/,
  );
});
