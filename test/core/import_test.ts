import assert from "node:assert/strict";
import fs from "node:fs";
import {
  type FlashStore,
  OWN_TYPES,
  PAGE,
  SCREEN_TYPE,
  TensorType,
  type Unit,
  UNIT_BYTES_MAX,
  type UnitPart,
} from "../../core/flash/layout.ts";
import { inspectStore, openFlashStore, readUnit } from "../../core/flash/store.ts";
import { UnitFiller } from "../../core/gguf/filler.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { readModel } from "../../core/gguf/model.ts";
import { rowBytes } from "../../core/kernels/blocks.ts";
import { BytesSource } from "../bytes_source.ts";
import { type GgufParts, writeGguf } from "../gguf_writer.ts";
import { randomInts } from "../random.ts";
import { TINY_VOCABULARY, type TinyModelOptions, tinyParts } from "../tiny_model.ts";

/** The smallest shape that every type's blocks divide. */
const KQUANT: TinyModelOptions = { width: 256, neurons: 512, layers: 1 };

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Imports the parts into folder/store. */
function importParts(folder: string, parts: GgufParts) {
  fs.writeFileSync(`${folder}/m.gguf`, writeGguf(parts));
  return importGguf({ source: `${folder}/m.gguf`, target: `${folder}/store`, name: "tiny" });
}

async function withImported(
  options: TinyModelOptions,
  use: (store: FlashStore, parts: GgufParts) => void | Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const parts = tinyParts(options);
    await importParts(folder, parts);
    await use(await openFlashStore(`${folder}/store`), parts);
  });
}

const GGUF_NAMES: Record<string, string> = {
  q: "attn_q",
  k: "attn_k",
  v: "attn_v",
  o: "attn_output",
  gate: "ffn_gate",
  up: "ffn_up",
  down: "ffn_down",
};

/** What a part must hold by layout.ts, cut from the source tensor the slow way: row by row. */
function expected(parts: GgufParts, unit: Unit, part: UnitPart): Uint8Array {
  assert.ok(part.matrix !== "screen" && part.type !== SCREEN_TYPE);
  const name = part.matrix === "embedding"
    ? "token_embd.weight"
    : part.matrix === "head"
    ? "output.weight"
    : `blk.${unit.layer}.${GGUF_NAMES[part.matrix]}.weight`;
  const { data, shape } = parts.tensors.find((tensor) => tensor.name === name)!;
  const stride = rowBytes(part.type, Number(shape[0]));
  const column = part.matrix === "down" ? rowBytes(part.type, unit.neuron) : 0;
  const rows: number[] = [];
  for (let row = part.row; row < part.row + part.rows; row++) {
    const from = row * stride + column;
    rows.push(...data.subarray(from, from + part.rowBytes));
  }
  return Uint8Array.from(rows);
}

/** Every part of every unit holds the source's bits; together the parts cover each matrix once. */
function assertSourceBits(store: FlashStore, parts: GgufParts): void {
  let bytes = 0;
  for (const unit of store.units) {
    const pages = readUnit(store, unit);
    for (const part of unit.parts) {
      if (part.matrix === "screen") continue;
      const held = pages.subarray(part.at, part.at + part.rows * part.rowBytes);
      assert.deepEqual(held, expected(parts, unit, part), `unit ${unit.id} ${part.matrix}`);
      bytes += held.length;
    }
  }
  const matrices = parts.tensors.filter((tensor) => tensor.shape.length === 2);
  assert.equal(bytes, matrices.reduce((sum, { data }) => sum + data.length, 0));
}

for (const [name, type] of Object.entries(TensorType).filter(([, type]) => type < OWN_TYPES)) {
  Deno.test(`import: every unit of a ${name} model holds the source's bits`, () =>
    withImported({ ...KQUANT, type }, assertSourceBits));
}

Deno.test("import: each matrix may have a type of its own", () =>
  withImported({
    ...KQUANT,
    types: {
      q: TensorType.Q3_K,
      k: TensorType.F16,
      v: TensorType.Q6_K,
      o: TensorType.Q5_1,
      gate: TensorType.Q4_0,
      up: TensorType.BF16,
      down: TensorType.Q6_K,
      embedding: TensorType.Q8_0,
    },
  }, assertSourceBits));

Deno.test("import: clusters hold whole blocks of down and cover the neurons in order", () =>
  withImported({ type: TensorType.F32, neurons: 800, layers: 1 }, (store, parts) => {
    const clusters = store.units.filter((unit) => unit.kind === "ffn");
    assert.deepEqual(clusters.map(({ neuron, neurons }) => [neuron, neurons]), [
      [0, 224],
      [224, 224],
      [448, 224],
      [672, 128],
    ]);
    assertSourceBits(store, parts);
  }));

Deno.test("import: units are whole pages in visit order, their arrays aligned, none too large", () =>
  withImported({ type: TensorType.F16, tied: false, width: 512, layers: 2 }, (store) => {
    const order = store.units.map((unit) => [unit.layer, unit.parts.map((p) => p.matrix).join()]);
    const layer = (i: number) => [
      [i, "q"],
      [i, "k,v"],
      [i, "o"],
      ...Array(4).fill([i, "gate,up,down"]),
    ];
    const last = ["head", "embedding", "screen"].map((matrix) => [-1, matrix]);
    assert.deepEqual(order, [...layer(0), ...layer(1), ...last]);
    store.units.forEach((unit, id) => {
      assert.equal(unit.id, id);
      assert.deepEqual([unit.offset % PAGE, unit.bytes % PAGE], [0, 0]);
      assert.ok(unit.bytes <= UNIT_BYTES_MAX);
      assert.ok(unit.parts[0]!.at === 64 && unit.parts.every((part) => part.at % 64 === 0));
    });
  }));

Deno.test("import: a tied model has no head units, an untied one has both", async () => {
  const matrices = (
    { units }: FlashStore,
  ) => [...new Set(units.filter((u) => u.layer < 0).map((u) => u.parts[0]!.matrix))];
  await withImported(KQUANT, (store) => assert.deepEqual(matrices(store), ["embedding", "screen"]));
  await withImported({ ...KQUANT, tied: false }, (store) => {
    assert.deepEqual(matrices(store), ["head", "embedding", "screen"]);
  });
});

Deno.test("import: norms, biases, tokenizer and card come back as the file has them", async () => {
  const options = { ...KQUANT, architecture: "qwen2", type: TensorType.Q4_K } as const;
  await withImported(options, async (store, parts) => {
    const floats = (name: string) =>
      new Float32Array(parts.tensors.find((one) => one.name === name)!.data.buffer);
    assert.deepEqual(store.vector(0, "ffnNorm"), floats("blk.0.ffn_norm.weight"));
    const biases = [store.vector(0, "kBias"), store.vector(0, "oBias")];
    assert.deepEqual(biases, [floats("blk.0.attn_k.bias"), undefined]);
    assert.deepEqual(store.outputNorm, floats("output_norm.weight"));
    const { tokens, types, merges, pre, eos } = await store.tokenizer();
    const kinds = [tokens.length, types[1], types[3], merges[0], pre, eos];
    assert.deepEqual(kinds, [278, 3, 1, "Ġ t", "qwen2", 2]);
    const { title, license, quantization, storeBytes, sourceBytes, chatTemplate } = store.card;
    assert.deepEqual([title, license, quantization], ["Tiny", "apache-2.0", "Q4_K"]);
    assert.equal(storeBytes, fs.statSync(store.dataFile).size);
    assert.ok(sourceBytes > 300_000 && chatTemplate!.includes("<|im_start|>"));
  });
});

Deno.test("import: columns are gathered right when a layer's down does not fit the memory for it", () => {
  const parts = tinyParts({ type: TensorType.F32, neurons: 800, layers: 2 });
  const source = new BytesSource(writeGguf(parts));
  const model = readModel(source);
  const filler = new UnitFiller(source, model.tensors, { bandBytes: 512 << 10 }); // two clusters at a time
  for (const unit of model.units.filter(({ kind }) => kind === "ffn")) {
    const image = new Uint8Array(unit.bytes);
    filler.fill(unit, image);
    const down = unit.parts[2]!;
    const held = image.subarray(down.at, down.at + down.rows * down.rowBytes);
    assert.deepEqual(held, expected(parts, { ...unit, offset: 0, checksum: "" }, down));
  }
  assert.ok(source.largestRead <= 1 << 20);
});

Deno.test("import: a second import of the same file is done at once; of another one is a conflict", () =>
  withFolder(async (folder) => {
    const first = await importParts(folder, tinyParts(KQUANT));
    const second = await importParts(folder, tinyParts(KQUANT));
    assert.equal(second.importedAt, first.importedAt);
    await assert.rejects(importParts(folder, tinyParts({ ...KQUANT, seed: 2 })), {
      code: "conflict",
    });
    assert.deepEqual((await inspectStore(`${folder}/store`))?.card, first);
  }));

Deno.test("import: a refused file leaves nothing behind", () =>
  withFolder(async (folder) => {
    const parts = tinyParts(KQUANT);
    const cut = writeGguf(parts).slice(0, -100);
    fs.writeFileSync(`${folder}/cut.gguf`, cut);
    const options = { source: `${folder}/cut.gguf`, target: `${folder}/a/store`, name: "tiny" };
    await assert.rejects(importGguf(options), {
      code: "bad_model",
      message: /past the end of the file/,
    });
    await assert.rejects(importGguf({ ...options, source: folder }), { code: "bad_model" });
    await assert.rejects(importGguf({ ...options, source: "/no/where" }), { code: "not_found" });
    assert.deepEqual(fs.readdirSync(folder), ["cut.gguf"]);
  }));

/** An F32 model (32 wide, 128 neurons) with both scaled up and its matrices without bytes. */
function scaledParts(layers: number, scale: number): GgufParts {
  const u32 = (value: number) => ({ type: "u32", value }) as const;
  const { metadata, tensors } = tinyParts({
    layers,
    type: TensorType.F32,
    width: 32,
    neurons: 128,
    heads: 32,
    headsKv: 32,
    metadata: {
      "llama.embedding_length": u32(32 * scale),
      "llama.feed_forward_length": u32(128 * scale),
      "llama.rope.dimension_count": u32(scale),
    },
  });
  let offset = 0;
  const scaled = tensors.map(({ name, type, shape }) => {
    const large = shape.map((dim) => dim === TINY_VOCABULARY ? dim : Number(dim) * scale);
    const at = offset;
    offset += 4 * large.reduce((product, dim) => product * dim, 1);
    return { name, type, shape: large, data: new Uint8Array(0), offset: at };
  });
  return { metadata, tensors: scaled };
}

Deno.test("import: a model that the disk cannot hold is refused before anything is written", () =>
  withFolder(async (folder) => {
    const layerBytes = 4 * 16_384 * (4 * 16_384 + 3 * 65_536);
    const { bavail, bsize } = fs.statfsSync(folder);
    // A disk too large for this test would need more units than a store may have.
    const layers = Math.min(60, Math.ceil(bavail * bsize / layerBytes) + 1);
    fs.writeFileSync(`${folder}/huge.gguf`, writeGguf(scaledParts(layers, 512)));
    fs.truncateSync(`${folder}/huge.gguf`, (layers + 1) * layerBytes); // sparse: takes no room
    const options = { source: `${folder}/huge.gguf`, target: `${folder}/store`, name: "huge" };
    const message = /importing needs \d+ MB in .*, \d+ MB are free: make room/;
    await assert.rejects(importGguf(options), { code: "over_budget", message });
    assert.deepEqual(fs.readdirSync(folder), ["huge.gguf"]);
  }));

/** Writes a 2-layer model of about 59 MB (four batches of units) and returns its size. */
function writeLarge(path: string): number {
  const random = randomInts(3);
  const parts = scaledParts(2, 16);
  const tensors = parts.tensors.map((tensor) => {
    const weights = tensor.shape.reduce<number>((product, dim) => product * Number(dim), 1);
    const values = new Float32Array(weights);
    for (let i = 0; i < weights; i += 16) values[i] = random(1000);
    return { ...tensor, data: new Uint8Array(values.buffer) };
  });
  const bytes = writeGguf({ ...parts, tensors });
  fs.writeFileSync(path, bytes);
  return bytes.length;
}

/** Imports folder/m.gguf; the largest step of progress tells how much an earlier run had done. */
async function importAgain(folder: string): Promise<number> {
  let before = 0, largest = 0;
  await importGguf({
    source: `${folder}/m.gguf`,
    target: `${folder}/store`,
    name: "tiny",
    onProgress: (done) => {
      largest = Math.max(largest, done - before);
      before = done;
    },
  });
  return largest;
}

const BATCH_BYTES = 16 << 20;

Deno.test("import: killed at any stage, it goes on and gives the same store", () =>
  withFolder(async (folder) => {
    const size = writeLarge(`${folder}/m.gguf`);
    const whileHashing = 8e6,
      whileWriting = size + 40e6,
      whileLocating = 2.5 * size;
    for (const killAt of [whileHashing, whileWriting, whileLocating]) {
      const script = new URL("../import_child.ts", import.meta.url).pathname;
      const args = [
        "run",
        "-A",
        "--no-check",
        script,
        `${folder}/m.gguf`,
        `${folder}/store`,
        `${killAt}`,
      ];
      const child = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
      assert.equal(child.signal, "SIGKILL");
      await assert.rejects(openFlashStore(`${folder}/store`), { name: "FlintError" });
    }
    assert.ok(await importAgain(folder) > 2 * BATCH_BYTES, "went on where it was killed");
    const resumed = await openFlashStore(`${folder}/store`);
    await importGguf({ source: `${folder}/m.gguf`, target: `${folder}/fresh`, name: "tiny" });
    const fresh = await openFlashStore(`${folder}/fresh`);
    const contents = ({ units }: FlashStore) => units.map(({ offset: _, ...unit }) => unit);
    assert.deepEqual(contents(resumed), contents(fresh));
    resumed.units.forEach((unit) => readUnit(resumed, unit));
  }));

Deno.test({
  name: "import: a disk that fills up is a reason, not a crash, and leaves nothing behind",
  ignore: Deno.build.os === "windows", // no file size limit to stand in for the full disk
  fn: () =>
    withFolder(async (folder) => {
      writeLarge(`${folder}/m.gguf`);
      const limited = "trap '' XFSZ; ulimit -f 60000; exec \"$@\""; // blocks of 512 bytes
      const script = new URL("../import_child.ts", import.meta.url).pathname;
      const child = [Deno.execPath(), "run", "-A", "--no-check", script];
      const args = [
        "-c",
        limited,
        "sh",
        ...child,
        `${folder}/m.gguf`,
        `${folder}/store`,
        "Infinity",
      ];
      const { code, stderr } = await new Deno.Command("sh", { args }).output();
      assert.equal(code, 1);
      assert.match(
        new TextDecoder().decode(stderr),
        /FlintError: writing the flash store in .* failed/,
      );
      assert.deepEqual(fs.readdirSync(folder), ["m.gguf"]);
    }),
});

Deno.test("import: cancelled, it keeps what is written for the next time", () =>
  withFolder(async (folder) => {
    const size = writeLarge(`${folder}/m.gguf`);
    const abort = new AbortController();
    const cancelled = importGguf({
      source: `${folder}/m.gguf`,
      target: `${folder}/store`,
      name: "tiny",
      signal: abort.signal,
      onProgress: (done) => done > size + 40e6 && abort.abort(),
    });
    await assert.rejects(cancelled, { code: "cancelled" });
    assert.deepEqual((await inspectStore(`${folder}/store`))?.complete, false);
    assert.ok(await importAgain(folder) >= BATCH_BYTES, "went on where it was cancelled");
  }));

Deno.test("import: what another file left unfinished is begun anew", () =>
  withFolder(async (folder) => {
    fs.writeFileSync(`${folder}/m.gguf`, writeGguf(tinyParts(KQUANT)));
    fs.mkdirSync(`${folder}/store`);
    fs.writeFileSync(`${folder}/store/data.mdb`, "no store at all");
    await importAgain(folder);
    const store = await openFlashStore(`${folder}/store`);
    store.units.forEach((unit) => readUnit(store, unit));
  }));

Deno.test("store: a damaged unit, a cut file and an absent store are refused with their mend", () =>
  withImported(KQUANT, async (store) => {
    const unit = store.units[3]!;
    const folder = store.dataFile.replace("/data.mdb", "");
    const file = fs.openSync(store.dataFile, "r+");
    fs.writeSync(file, Uint8Array.of(255), 0, 1, unit.offset + 1000);
    fs.closeSync(file);
    assert.throws(() => readUnit(store, unit), {
      code: "bad_model",
      message:
        `unit 3 at byte ${unit.offset} of the flash store is damaged: import the model again`,
    });
    readUnit(store, store.units[2]!);
    fs.truncateSync(store.dataFile, store.card.storeBytes - 1);
    await assert.rejects(openFlashStore(folder), { code: "bad_model", message: /cut short/ });
    await assert.rejects(openFlashStore(`${folder}/none`), { code: "not_found" });
  }));
