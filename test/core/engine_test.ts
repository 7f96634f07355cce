import assert from "node:assert/strict";
import { type EngineOptions, openEngine } from "../../core/engine.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { openKv } from "../../core/kv.ts";
import type { Engine, GenerateEvent, GenerateRequest } from "../../core/run/api.ts";
import { WAITING_MAX } from "../../core/run/scheduler.ts";
import { randomInts } from "../random.ts";
import { TINY_VOCABULARY, tinyModel } from "../tiny_model.ts";

const greedy = { temperature: 0 };
const code = (code: string) => ({ name: "FlintError", code });

/** A folder with the tiny model in `store`. */
async function withModel(run: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/tiny.gguf`, tinyModel());
    await importGguf({ source: `${folder}/tiny.gguf`, target: `${folder}/store`, name: "tiny" });
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function withEngine(run: (engine: Engine) => Promise<void>, options: Partial<EngineOptions> = {}) {
  return withModel(async (folder) => {
    const engine = await openEngine({
      folder: `${folder}/store`,
      memoryBytes: 64 << 20,
      threads: 2,
      ...options,
    });
    await run(engine).finally(() => engine.close());
  });
}

function words(length: number, seed = 5): number[] {
  const pick = randomInts(seed);
  return Array.from({ length }, () => 3 + pick(TINY_VOCABULARY - 3));
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Token ids and the end of an answer. */
async function answer(engine: Engine, request: GenerateRequest, signal?: AbortSignal) {
  const events = await all(engine.generate(request, signal));
  const ids = events.flatMap((event) => event.type === "token" ? [event.id] : []);
  const text = events.map((event) => event.type === "token" ? event.text : "").join("");
  const done = events.at(-1) as Extract<GenerateEvent, { type: "done" }>;
  assert.equal(events.filter((event) => event.type === "done").length, 1);
  assert.equal(done.type, "done");
  return { ids, text, done };
}

Deno.test("engine: a greedy answer is the likeliest token by teacher-forced logits, each time", () =>
  withEngine(async (engine) => {
    const prompt = words(40);
    const { ids, done } = await answer(engine, { prompt, sampling: greedy, maxTokens: 12 });
    assert.equal(done.reason, "length");
    assert.deepEqual(done.usage, { promptTokens: 40, cachedTokens: 0, completionTokens: 12 });
    const likeliest: number[] = [];
    for await (const row of engine.score([...prompt, ...ids])) {
      likeliest.push(row.indexOf(Math.max(...row)));
    }
    assert.equal(likeliest.length, 52);
    assert.deepEqual(likeliest.slice(39, 51), ids);
    assert.equal(engine.report().kvBlocksUsed, 0);
  }));

Deno.test("engine: greedy and seeded answers are the same alone and in any company", () =>
  withEngine(async (engine) => {
    const requests = Array.from({ length: 9 }, (_, i): GenerateRequest => ({
      prompt: [...words(20, i % 3), ...words(3 + 11 * i, i)],
      sampling: i % 2 ? greedy : { temperature: 1, seed: i },
      maxTokens: 5 + i,
    }));
    const alone = [];
    for (const request of requests) alone.push((await answer(engine, request)).ids);
    const together = await Promise.all(requests.map((request) => answer(engine, request)));
    assert.deepEqual(together.map(({ ids }) => ids), alone);
    assert.notDeepEqual(alone[0], alone[2]);
  }));

Deno.test("engine: guessing ahead takes fewer steps and changes nothing, drawn by seed or not", () =>
  withModel(async (folder) => {
    const run = async (lookup: boolean) => {
      const engine = await openEngine({
        folder: `${folder}/store`,
        memoryBytes: 64 << 20,
        threads: 2,
        lookup,
      });
      const prompt = words(30);
      const first = await answer(engine, { prompt, sampling: greedy, maxTokens: 40 });
      // Its own answer stands in the prompt now, so much of what follows can be looked up.
      const again = { prompt: [...prompt, ...first.ids, ...prompt], maxTokens: 40 };
      const before = engine.report().counters.steps;
      const second = await answer(engine, { ...again, sampling: greedy });
      const { steps } = engine.report().counters;
      const drawn = await answer(engine, { ...again, sampling: { temperature: 0.6, seed: 3 } });
      await engine.close();
      return { said: [first.ids, second.ids, drawn.ids], steps: steps - before };
    };
    const plain = await run(false), guessed = await run(true);
    assert.deepEqual(guessed.said, plain.said);
    assert.ok(guessed.steps < plain.steps, `${guessed.steps} of ${plain.steps} steps`);
  }));

Deno.test("engine: leaving the loop, or the signal, frees the place", () =>
  withEngine(async (engine) => {
    const prompt = words(8);
    for await (const event of engine.generate({ prompt, maxTokens: 400, sampling: greedy })) {
      if (event.type === "token") break;
    }
    const abort = new AbortController();
    const events: GenerateEvent[] = [];
    for await (
      const event of engine.generate({ prompt, maxTokens: 400, sampling: greedy }, abort.signal)
    ) {
      events.push(event);
      if (events.length === 3) abort.abort();
    }
    const done = events.at(-1)!;
    assert.ok(done.type === "done" && done.reason === "cancelled");
    const late = await answer(engine, { prompt }, AbortSignal.abort());
    assert.deepEqual([late.done.reason, late.ids], ["cancelled", []]);
    await answer(engine, { prompt, maxTokens: 1 }); // one more turn of the scheduler
    const { running, waiting, kvBlocksUsed } = engine.report();
    assert.deepEqual([running, waiting, kvBlocksUsed], [0, 0, 0]);
  }));

Deno.test("engine: what nobody reads rests, and others go on", () =>
  withEngine(async (engine) => {
    const slow = engine.generate({ prompt: words(8), maxTokens: 500, sampling: greedy })
      [Symbol.asyncIterator]();
    await slow.next();
    await answer(engine, { prompt: words(9), maxTokens: 60, sampling: greedy });
    assert.ok(engine.report().counters.tokens < 200);
    await slow.return!();
  }));

Deno.test("engine: a request that cannot be met is refused with its numbers", () =>
  withEngine(async (engine) => {
    const { contextTokens } = engine.limits;
    const refused = (request: GenerateRequest, expected: object) =>
      assert.rejects(all(engine.generate(request)), expected);
    await refused({ prompt: words(9), maxTokens: contextTokens }, {
      ...code("over_budget"),
      message: new RegExp(`9 tokens and ${contextTokens} .* ${contextTokens} this engine`),
    });
    await refused({ prompt: words(contextTokens + 1) }, code("over_budget"));
    await refused({ prompt: [] }, code("bad_input"));
    for (const id of [-1, 1.5, NaN, TINY_VOCABULARY]) {
      await refused({ prompt: [5, id] }, code("bad_input"));
      await assert.rejects(all(engine.score([5, id])), code("bad_input"));
    }
    for (const maxTokens of [0, -1, 1.5, NaN]) {
      await refused({ prompt: [5], maxTokens }, code("bad_input"));
    }
    await refused({ prompt: [5], prefixTokens: 2 }, code("bad_input"));
    await refused({ prompt: [5], sampling: { temperature: -1 } }, code("bad_input"));
    await refused({ prompt: [5], logprobs: 99 }, code("bad_input"));
    await refused({ prompt: [5], stop: [""] }, code("bad_input"));
    assert.equal(engine.report().waiting, 0);
  }));

Deno.test("engine: more requests than may wait are told to come back", () =>
  withEngine(async (engine) => {
    const abort = new AbortController();
    const answers = Array.from(
      { length: WAITING_MAX + 80 },
      () => answer(engine, { prompt: words(4), maxTokens: 50 }, abort.signal),
    );
    setTimeout(() => abort.abort(), 0);
    const results = await Promise.allSettled(answers);
    const refused = results.filter((result) => result.status === "rejected");
    assert.ok(refused.length >= 16);
    for (const { reason } of refused) assert.equal(reason.code, "busy");
  }));

Deno.test("engine: a stop string ends the answer and is not part of it", () =>
  withEngine(async (engine) => {
    const prompt = words(20);
    const free = await answer(engine, { prompt, sampling: greedy, maxTokens: 30 });
    const stop = free.text.slice(5, 9);
    const cut = await answer(engine, { prompt, sampling: greedy, maxTokens: 30, stop: [stop] });
    assert.equal(cut.done.reason, "stop");
    assert.equal(cut.text, free.text.slice(0, free.text.indexOf(stop)));
  }));

Deno.test("engine: an answer under a schema is JSON of it, however it is drawn", () =>
  withEngine(async (engine) => {
    const jsonSchema = {
      type: "object",
      properties: { kind: { enum: ["cat", "dog"] }, age: { type: "integer", maximum: 99 } },
      required: ["kind", "age"],
      additionalProperties: false,
    };
    const said = await Promise.all([1, 2, 3, 4].map((seed) => {
      const sampling = { temperature: 2, seed };
      return answer(engine, { prompt: words(5, seed), jsonSchema, sampling, maxTokens: 200 });
    }));
    for (const { text, done } of said) {
      assert.equal(done.reason, "stop");
      const { kind, age } = JSON.parse(text);
      assert.ok(["cat", "dog"].includes(kind) && Number.isInteger(age) && age <= 99, text);
    }
    const bad = { prompt: [5], jsonSchema: { type: "nonsense" } };
    await assert.rejects(all(engine.generate(bad)), code("bad_input"));
  }));

Deno.test("engine: log probabilities are those of the scored text", () =>
  withEngine(async (engine) => {
    const prompt = words(6);
    const events = await all(
      engine.generate({ prompt, maxTokens: 3, logprobs: 2, sampling: { seed: 4 } }),
    );
    const said = events.filter((event) => event.type === "token");
    const rows: number[][] = [];
    for await (const row of engine.score([...prompt, ...said.map(({ id }) => id)])) {
      rows.push([...row]);
    }
    said.forEach(({ id, logprob, top }, i) => {
      const row = rows[prompt.length - 1 + i]!;
      const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      assert.ok(Math.abs(logprob!.logprob - (row[id]! - total)) < 1e-4);
      assert.equal(top!.length, 2);
    });
  }));

Deno.test("engine: an assistant's prefix survives a restart and changes no answer", () =>
  withModel(async (folder) => {
    const prompt = words(150);
    const request = { prompt, sampling: greedy, maxTokens: 8, assistant: "a", prefixTokens: 130 };
    const cached: number[] = [], answers: number[][] = [];
    for (let start = 0; start < 2; start++) {
      const snapshots = openKv(`${folder}/data`);
      const options = { folder: `${folder}/store`, memoryBytes: 64 << 20, threads: 2, snapshots };
      const engine = await openEngine(options);
      const { ids, done } = await answer(engine, request);
      cached.push(done.usage.cachedTokens);
      answers.push(ids);
      await engine.close();
      await snapshots.close();
    }
    assert.deepEqual(cached, [0, 128]);
    assert.deepEqual(answers[1], answers[0]);
  }));

Deno.test("engine: closing cancels what runs and refuses what comes", () =>
  withModel(async (folder) => {
    const engine = await openEngine({ folder: `${folder}/store`, memoryBytes: 64 << 20 });
    const running = answer(engine, { prompt: words(5), maxTokens: 400, sampling: greedy });
    await answer(engine, { prompt: words(5), maxTokens: 2 });
    await engine.close();
    assert.equal((await running).done.reason, "cancelled");
    await assert.rejects(answer(engine, { prompt: words(5) }), code("unavailable"));
  }));
