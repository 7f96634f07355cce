/** The house of models: what is asked for comes in and answers, and a small one answers till then. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openModels } from "../../core/catalog/models.ts";
import { Shelf } from "../../core/catalog/shelf.ts";
import type { Engine, GenerateEvent } from "../../core/run/api.ts";
import { modelTest } from "../models.ts";
import { onlyWheelsIn } from "../package_index.ts";
import { writeTinyModel } from "../tiny_model.ts";

/** A data folder, with a tiny model imported as "tiny" if wanted. */
async function dataFolder(tiny: boolean) {
  const dataDir = await Deno.makeTempDir({ prefix: "flint_house_" });
  if (tiny) {
    const file = writeTinyModel(join(dataDir, "tiny.gguf"));
    await (await Shelf.open(dataDir)).import("tiny", file, {}, {});
  }
  const index = onlyWheelsIn();
  return {
    dataDir,
    async [Symbol.asyncDispose]() {
      index[Symbol.dispose]();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

/** The last event of an answer. */
async function answer(engine: Engine, prompt: string, maxTokens: number): Promise<GenerateEvent> {
  const request = { prompt: engine.text.encode(prompt), maxTokens, sampling: { temperature: 0 } };
  return (await Array.fromAsync(engine.generate(request))).at(-1)!;
}

Deno.test("house: an imported model is opened at once, and the board says so", async () => {
  await using folder = await dataFolder(true);
  const house = await openModels({ ...folder, model: "tiny", memoryBytes: 64e6 });
  assert.throws(() => house.engine(), { code: "unavailable", message: /^tiny is .*ask again/ });
  const engine = await house.ready();
  assert.equal(house.engine(), engine);
  const { wanted, serving, progress } = house.status();
  assert.deepEqual([wanted, serving, progress.stage], ["tiny", "tiny", "ready"]);
  assert.equal((await answer(engine, "hello", 3)).type, "done");
  assert.equal(house.list().find(({ name }) => name === "tiny")?.stage, "ready");
  await house.close();
});

Deno.test("house: an unknown model is refused with the names there are", async () => {
  await using folder = await dataFolder(true);
  await assert.rejects(openModels({ ...folder, model: "gpt-5" }), {
    code: "not_found",
    message: /no model "gpt-5": qwen2.5-coder-1.5b, smollm2-135m, minilm, tiny$/,
  });
});

Deno.test("house: too small a budget fails with the smallest that would do", async () => {
  await using folder = await dataFolder(true);
  const house = await openModels({ ...folder, model: "tiny", memoryBytes: 1e5 });
  await assert.rejects(house.ready(), { code: "over_budget", message: /needs a memory of \d+ MB/ });
  assert.equal(house.status().progress.stage, "failed");
  assert.throws(() => house.engine(), /tiny could not be brought in: .*needs a memory/);
  await house.close();
});

Deno.test("house: a watcher gets the status now, each change, and an end", async () => {
  await using folder = await dataFolder(true);
  const house = await openModels({ ...folder, model: "tiny", memoryBytes: 64e6 });
  const stages: string[] = [];
  for await (const { progress } of house.watch(new AbortController().signal)) {
    stages.push(progress.stage);
    if (progress.stage === "ready") await house.close();
  }
  assert.equal(stages.at(-1), "ready");
});

Deno.test("house: closing it while a model is on its way leaves nothing running", async () => {
  await using folder = await dataFolder(false);
  const file = join(folder.dataDir, "no.gguf");
  const house = await openModels({ ...folder, model: "smollm2-135m", from: file });
  const ready = assert.rejects(house.ready(), { code: "cancelled" });
  await house.close();
  await ready;
});

const title = "house: a small model answers while the wanted one comes, and ends what it began";
modelTest("qwen2.5-coder-1.5b", title, async (file) => {
  await using folder = await dataFolder(false);
  const house = await openModels({ ...folder, from: dirname(file), memoryBytes: 560e6 });
  const seen: string[] = [];
  let begun: Promise<GenerateEvent> | undefined;
  for await (const { serving, progress } of house.watch(AbortSignal.timeout(300_000))) {
    const line = `${progress.model} ${progress.stage} ${serving ?? "-"}`;
    if (line !== seen.at(-1)) seen.push(line);
    // An answer that is under way when the wanted model is there.
    if (serving === "smollm2-135m" && progress.stage === "importing" && !begun) {
      begun = answer(house.engine(), "Once upon a time", 200);
    }
    if (progress.stage === "ready" && progress.model === "qwen2.5-coder-1.5b") break;
  }
  const [small, large] = ["smollm2-135m", "qwen2.5-coder-1.5b"];
  assert.deepEqual(seen.filter((line) => !line.includes("absent")), [
    `${small} pulling -`,
    `${small} importing -`,
    `${small} opening -`,
    `${small} ready ${small}`,
    `${large} pulling ${small}`,
    `${large} importing ${small}`,
    `${large} opening ${small}`,
    `${large} opening -`,
    `${large} ready ${large}`,
  ]);
  const last = await begun;
  assert(last?.type === "done" && last.reason !== "cancelled");
  assert.equal(house.engine().card.name, large);
  assert.equal(house.engine().report().budget.limit <= 560e6, true);
  // The fetched files are gone, the stores stay.
  const sources = await Array.fromAsync(
    Deno.readDir(join(folder.dataDir, "sources")),
    (e) => e.name,
  );
  assert.deepEqual(sources.filter((name) => name.endsWith(".gguf")), []);
  await house.close();
});
