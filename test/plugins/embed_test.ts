/** The embedder with real MiniLM weights, where they are. */
import assert from "node:assert/strict";
import { FlintError } from "@flint/core";
import { DIMENSIONS, EMBED_TOKENS_MAX, type Embedder, openEmbedder } from "@flint/plugins";
import { minilmFolder } from "../store/live_store.ts";

const folder = minilmFolder();

/** A test that is skipped, by name, where the weights are not. */
function embedTest(name: string, run: (embedder: Embedder) => Promise<void>) {
  Deno.test({
    name: folder ? name : `${name} (skipped: no MiniLM, see flint pull)`,
    ignore: folder === undefined,
    async fn() {
      const embedder = openEmbedder(folder!);
      try {
        await run(embedder);
      } finally {
        embedder.close();
      }
    },
  });
}

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;

embedTest(
  "embed: near meanings are near, in the order the model's authors publish",
  async (embedder) => {
    const { vectors: [person, veryHappy, dog, sunny], tokens } = await embedder.embed([
      "That is a happy person",
      "That is a very happy person",
      "That is a happy dog",
      "Today is a sunny day",
    ]);
    // sentence-transformers' model card: 0.943, 0.695, 0.257 with 32-bit weights; ours have 8.
    const close = [[veryHappy, 0.943], [dog, 0.695], [sunny, 0.257]] as const;
    for (const [other, published] of close) {
      const ours = cosine(person!, other!);
      assert(Math.abs(ours - published) < 0.05, `${ours} is far from ${published}`);
    }
    assert.equal(tokens, 7 + 8 + 7 + 7);
  },
);

embedTest("embed: vectors have unit length and the stated width", async (embedder) => {
  const { vectors } = await embedder.embed(["", "a", "猫坐在垫子上", "x ".repeat(500)]);
  for (const vector of vectors) {
    assert.equal(vector.length, DIMENSIONS);
    assert(Math.abs(cosine(vector, vector) - 1) < 1e-5);
  }
});

embedTest("embed: a text has the same vector alone, in company and again", async (embedder) => {
  const texts = Array.from({ length: 40 }, (_, i) => `The number is ${"very ".repeat(i)}large`);
  const { vectors } = await embedder.embed(texts);
  for (const i of [0, 17, 39]) {
    for (let again = 0; again < 2; again++) {
      const { vectors: [alone] } = await embedder.embed([texts[i]!]);
      const furthest = Math.max(...alone!.map((x, k) => Math.abs(x - vectors[i]![k]!)));
      assert(furthest < 1e-3, `text ${i} moved by ${furthest}`);
    }
  }
});

embedTest("embed: what lies behind the 256th token does not count", async (embedder) => {
  const start = "word ".repeat(300);
  const { vectors: [a, b], tokens } = await embedder.embed([start + "cat", start + "finance"]);
  assert.deepEqual(a, b);
  assert.equal(tokens, 2 * EMBED_TOKENS_MAX);
});

embedTest("embed: the event loop turns while the model works", async (embedder) => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await embedder.embed(Array(16).fill("word ".repeat(300)));
  clearInterval(timer);
  assert(turns > 20, `${turns} turns`);
});

embedTest(
  "embed: calls at once all get their own vectors; an abort stops between jobs",
  async (embedder) => {
    const texts = ["apple", "house", "running"];
    const alone = await embedder.embed(texts);
    const together = await Promise.all(texts.map((text) => embedder.embed([text])));
    together.forEach(({ vectors }, i) => assert.deepEqual(vectors[0], alone.vectors[i]));
    const stop = new AbortController();
    const long = embedder.embed(Array(200).fill("a b c"), stop.signal);
    stop.abort();
    await assert.rejects(long, code("cancelled"));
  },
);

embedTest("embed: closing rejects what waits, and a later call loads anew", async (embedder) => {
  const waiting = embedder.embed(["hello"]);
  embedder.close();
  await assert.rejects(waiting, code("cancelled"));
  assert.equal((await embedder.embed(["hello"])).vectors.length, 1);
});

Deno.test("embed: a folder without the model is refused with the command that mends it", async () => {
  const embedder = openEmbedder("/nowhere/minilm");
  await assert.rejects(embedder.embed(["x"]), /no config.json.*flint pull minilm/);
});

Deno.test("embed: no texts and too many texts are refused", async () => {
  const embedder = openEmbedder("/nowhere/minilm");
  await assert.rejects(embedder.embed([]), code("bad_input"));
  await assert.rejects(embedder.embed(Array(2049).fill("x")), code("bad_input"));
});

Deno.test("embed: a broken model fails its callers, not the process", async () => {
  const broken = await Deno.makeTempDir();
  await Deno.mkdir(`${broken}/onnx`);
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    await Deno.writeTextFile(`${broken}/${file}`, "{}");
  }
  await Deno.writeTextFile(`${broken}/onnx/model_quantized.onnx`, "not a network");
  const embedder = openEmbedder(broken);
  await assert.rejects(embedder.embed(["x"]), code("unavailable"));
  embedder.close();
  await Deno.remove(broken, { recursive: true });
});
