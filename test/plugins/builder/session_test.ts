/** Talks with the builder over a real store and the real engine with a tiny model of random weights. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Builder,
  BuilderEvent,
  type BuilderTurn,
  type ChatEvent,
  Manifest,
  type Memory,
  openBuilder,
  openEmbedder,
  openMemory,
  openRegistry,
  openSecrets,
  openToolbox,
  parse,
  type Registry,
} from "@flint/plugins";
import { type Engine, FlintError, openKv } from "@flint/core";
import { openEngine } from "../../../core/engine.ts";
import { openFlashStore } from "../../../core/flash/store.ts";
import { importGguf } from "../../../core/gguf/import.ts";
import { writeTinyModel } from "../../tiny_model.ts";

interface Bench {
  readonly builder: Builder;
  readonly registry: Registry;
  readonly memory: Memory;
  /** Another builder over the same store, as after a restart. */
  reopen(): Builder;
}

const noEngine = (): Engine => {
  throw new FlintError("unavailable", "no model in this test");
};

const TOOLS = [
  { id: "weather", name: "Weather", description: "current weather and forecast for a place" },
  { id: "sums", name: "Calculator", description: "calculates arithmetic expressions exactly" },
];

async function withBuilder(
  use: (bench: Bench) => Promise<void>,
  engine = noEngine,
  tools: typeof TOOLS = [],
) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  const registry = openRegistry(kv), memory = openMemory(kv);
  const embedder = openEmbedder(`${folder}/minilm`); // not there: words decide
  const toolbox = openToolbox({
    kv,
    types: {},
    secrets: openSecrets({ kv, keyFile: `${folder}/secrets.key` }),
  });
  const needs = { kv, registry, memory, toolbox, embedder, engine, tools: () => tools };
  const opened: Builder[] = [];
  const reopen = () => {
    const builder = openBuilder({ ...needs, writerParameters: 0 });
    opened.push(builder);
    return builder;
  };
  try {
    await use({ builder: reopen(), registry, memory, reopen });
  } finally {
    await Promise.all(opened.map((builder) => builder.close()));
    embedder.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function withTinyEngine(use: (engine: Engine) => Promise<void>, contextTokens = 1536) {
  const folder = await Deno.makeTempDir();
  const source = writeTinyModel(`${folder}/tiny.gguf`, { contextTokens });
  await importGguf({ source, target: `${folder}/tiny`, name: "tiny" });
  const store = await openFlashStore(`${folder}/tiny`);
  const engine = await openEngine({ store, memoryBytes: 64 << 20, threads: 1 });
  try {
    await use(engine);
  } finally {
    await engine.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function say(builder: Builder, id: string, text: string): Promise<BuilderTurn> {
  const events = await Array.fromAsync(builder.say(id, text));
  for (const event of events) BuilderEvent.parse(event);
  const last = events.at(-1)!;
  assert.equal(last.type, "done", JSON.stringify(last));
  return (last as Extract<BuilderEvent, { type: "done" }>).turn;
}

const WISH = "A maths tutor for my son who never gives the answer at once";
const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;

Deno.test("builder session: a wish, changes with their diffs, and all of it after a restart", () =>
  withBuilder(async ({ builder, reopen }) => {
    const { id } = await builder.create();
    const first = await say(builder, id, WISH);
    assert.equal(first.operation.kind, "create");
    assert.ok(first.changes.some(({ field }) => field === "starters"));
    const named = await say(builder, id, "call it Ada");
    assert.deepEqual(named.changes, [{ field: "name", before: "Maths Tutor", after: "Ada" }]);
    const french = await say(builder, id, "answer in French");
    assert.deepEqual(french.changes.map(({ field }) => field), ["instructions", "language"]);
    const later = reopen();
    assert.deepEqual(later.get(id), builder.get(id));
    assert.deepEqual(later.turns(id).map(({ said }) => said), [
      WISH,
      "call it Ada",
      "answer in French",
    ]);
    assert.equal((await say(later, id, "undo that")).changes[0]!.field, "instructions");
    assert.equal(later.get(id).draft!.language, "en");
  }));

Deno.test("builder session: the draft's own rule is among the instructions", () =>
  withBuilder(async ({ builder }) => {
    const { id } = await builder.create();
    await say(builder, id, WISH);
    assert.match(builder.get(id).draft!.instructions, /^- Never give the answer at once\.$/m);
  }));

Deno.test("builder session: a question is asked once, and an answer to it is a rule", () =>
  withBuilder(async ({ builder }) => {
    const { id } = await builder.create();
    const { question } = await say(builder, id, "explain SQL");
    assert.equal(question?.about, "audience");
    const answer = await say(builder, id, "people in our accounting department");
    assert.equal(answer.operation.kind, "add_instruction");
    assert.match(builder.get(id).draft!.instructions, /people in our accounting department/);
    assert.equal(answer.question, undefined);
    assert.equal(builder.get(id).question, undefined);
  }));

Deno.test("builder session: an order goes before an open question", () =>
  withBuilder(async ({ builder }) => {
    const { id } = await builder.create();
    await say(builder, id, "explain SQL");
    assert.equal((await say(builder, id, "rename it")).question?.about, "value");
    assert.equal((await say(builder, id, "put it under games")).changes[0]?.field, "category");
    assert.equal((await say(builder, id, "rename it")).changes.length, 0);
    assert.equal((await say(builder, id, "Query Queen")).changes[0]?.after, "Query Queen");
  }));

Deno.test("builder session: what is not the builder's changes nothing and says why", () =>
  withBuilder(async ({ builder }) => {
    const { id } = await builder.create();
    await say(builder, id, WISH);
    const before = builder.get(id).draft;
    for (const text of ["make it public", "add the weather plugin", "what can you do?", "redo"]) {
      const { changes, reply } = await say(builder, id, text);
      assert.deepEqual(changes, []);
      assert.ok(reply.length > 10);
    }
    for (let i = 0; i < 4; i++) await say(builder, id, `add a starter: number ${i}`);
    assert.match((await say(builder, id, "add a starter: one too many")).reply, /at most 8/);
    assert.equal(builder.get(id).draft!.starters.length, 8);
    assert.deepEqual({ ...builder.get(id).draft, starters: before!.starters }, before);
  }));

Deno.test("builder session: undo and redo walk the drafts, whatever was said", () =>
  withBuilder(async ({ builder }) => {
    const lines = fc.constantFrom(
      "stricter",
      "call it Ada",
      "call it Bob",
      "answer in German",
      "drop the first starter",
      "add a tag: sums",
      "🦉",
      "undo",
      "redo",
      "撤销",
      "语气亲切一点",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { maxLength: 12 }), async (said) => {
        const { id } = await builder.create();
        await say(builder, id, WISH);
        const drafts = [builder.get(id).draft!];
        let at = 0;
        for (const line of said) {
          const { operation, changes } = await say(builder, id, line);
          if (operation.kind === "undo") at = Math.max(0, at - 1);
          else if (operation.kind === "redo") at = Math.min(drafts.length - 1, at + 1);
          else if (changes.length > 0) {
            drafts.splice(++at, Infinity, builder.get(id).draft!);
          }
          assert.deepEqual(builder.get(id).draft, drafts[at]);
          assert.deepEqual(
            [builder.get(id).canUndo, builder.get(id).canRedo],
            [at > 0, at < drafts.length - 1],
          );
        }
        while (builder.get(id).canUndo) await builder.undo(id);
        assert.deepEqual(builder.get(id).draft, drafts[0]);
        while (builder.get(id).canRedo) await builder.redo(id);
        assert.deepEqual(builder.get(id).draft, drafts.at(-1));
        await builder.remove(id);
        assert.throws(() => builder.get(id), code("not_found"));
      }),
      { numRuns: 15 },
    );
  }));

Deno.test("builder session: saved as an assistant, then as its next version, unless it was changed", () =>
  withBuilder(async ({ builder, registry }) => {
    const { id } = await builder.create();
    await assert.rejects(builder.save(id), code("conflict"));
    await say(builder, id, WISH);
    const saved = await builder.save(id);
    assert.equal(saved.id, "maths-tutor");
    assert.equal(builder.get(id).saved, true);
    await say(builder, id, "stricter");
    assert.equal(builder.get(id).saved, false);
    assert.equal((await builder.save(id)).version, 2);
    await registry.update(saved.id, { name: "Other" }, 2);
    await say(builder, id, "call it Ada");
    await assert.rejects(builder.save(id), code("conflict"));
    assert.equal(registry.get(saved.id).name, "Other");
  }));

Deno.test("builder session: an assistant that exists is changed by talk", () =>
  withBuilder(async ({ builder, registry }) => {
    const owl = await registry.create({
      id: "owl",
      name: "Owl",
      instructions: "Hoot.",
      visibility: "public",
    });
    const { id, saved } = await builder.create({ assistantId: "owl" });
    assert.equal(saved, true);
    await say(builder, id, "never hoot twice");
    const after = await builder.save(id);
    assert.equal(after.instructions, "Hoot.\n- Never hoot twice.");
    assert.deepEqual({ ...after, instructions: "", version: 0, updatedAt: "" }, {
      ...owl,
      instructions: "",
      version: 0,
      updatedAt: "",
    });
    await assert.rejects(builder.create({ assistantId: "nobody" }), code("not_found"));
  }));

Deno.test("builder session: one message at a time; an empty one is refused", () =>
  withBuilder(async ({ builder }) => {
    const { id } = await builder.create();
    const first = builder.say(id, WISH)[Symbol.asyncIterator]();
    await first.next();
    await assert.rejects(Array.fromAsync(builder.say(id, "stricter")), code("busy"));
    await first.return!();
    await assert.rejects(Array.fromAsync(builder.say(id, " \n")), code("bad_input"));
    assert.equal(builder.get(id).draft, null); // who leaves before the end has made nothing
    await say(builder, id, WISH);
  }));

Deno.test("builder session: what a model of random weights writes is not let in", () =>
  withTinyEngine((engine) =>
    withBuilder(async ({ builder }) => {
      const { id } = await builder.create();
      const events = await Array.fromAsync(builder.say(id, WISH));
      const fields = events.filter((event) => event.type === "field");
      assert.deepEqual(fields.map(({ field }) => field), [
        "category",
        "language",
        "tags",
        "avatar",
        "name",
        "description",
        "instructions",
        "starters",
      ]);
      const { draft } = builder.get(id);
      assert.deepEqual(parse(Manifest, draft), draft);
      assert.equal(draft!.name, "Maths Tutor");
      assert.equal(engine.report().running, 0);
    }, () => engine)
  ));

Deno.test("builder session: a wish longer than the model's context still becomes a draft", () =>
  withTinyEngine((engine) =>
    withBuilder(async ({ builder }) => {
      const { id } = await builder.create();
      await say(builder, id, `${WISH}. ${"It knows a great deal about sums. ".repeat(60)}`);
      assert.equal(builder.get(id).draft!.category, "education");
    }, () => engine), 512));

Deno.test("builder session: a stop while the draft grows makes none, and frees the engine", () =>
  withTinyEngine((engine) =>
    withBuilder(async ({ builder }) => {
      const { id } = await builder.create();
      const stop = new AbortController();
      const types = [];
      for await (const event of builder.say(id, WISH, stop.signal)) {
        types.push(event.type);
        if (event.type === "field") stop.abort();
      }
      assert.equal(types.at(-1), "error");
      assert.equal(builder.get(id).draft, null);
      assert.deepEqual([engine.report().running, engine.report().waiting], [0, 0]);
    }, () => engine)
  ));

const SHORT = {
  id: "short",
  name: "S",
  instructions: "Hi.",
  sampling: { maxTokens: 4, temperature: 0 },
};

async function chat(events: AsyncIterable<ChatEvent>) {
  const last = (await Array.fromAsync(events)).at(-1)!;
  assert.equal(last.type, "done", JSON.stringify(last));
  return last.type === "done" ? last.message : undefined;
}

Deno.test("builder session: a draft is tried by the account whose it is, not by the owner", () =>
  withTinyEngine((engine) =>
    withBuilder(async ({ builder, registry, memory }) => {
      await registry.create(SHORT, "ada");
      const { id } = await builder.create({ assistantId: "short", account: "ada" });
      const first = await chat(builder.preview.reply(id, "hello"));
      const key = { assistant: `draft-${id}`, user: "ada" };
      await memory.turn(key, true);
      await memory.add(key, { text: "I like tea." });
      const again = await chat(builder.preview.regenerate(id));
      assert.ok(again!.stats!.promptTokens > first!.stats!.promptTokens);
      await builder.preview.clear(id);
      const anew = await chat(builder.preview.reply(id, "hello"));
      assert.equal(anew!.stats!.promptTokens, again!.stats!.promptTokens);
    }, () => engine)
  ));

Deno.test("builder session: a draft is tried as it is at the moment, and its talk goes with it", () =>
  withTinyEngine((engine) =>
    withBuilder(async ({ builder, registry }) => {
      await registry.create(SHORT);
      const { id } = await builder.create({ assistantId: "short" });
      const before = await chat(builder.preview.reply(id, "hello"));
      await say(builder, id, "never answer before you have asked three questions");
      const after = await chat(builder.preview.regenerate(id));
      assert.ok(after!.stats!.promptTokens > before!.stats!.promptTokens);
      assert.equal(builder.preview.messages(id).length, 2);
      await builder.remove(id);
      assert.throws(() => builder.preview.messages(id), code("not_found"));
    }, () => engine)
  ));

Deno.test("builder session: tools that are there are granted and taken away by talk", () =>
  withBuilder(
    async ({ builder }) => {
      const { id } = await builder.create();
      await say(builder, id, WISH);
      const added = await say(builder, id, "add the weather plugin");
      assert.deepEqual(added.changes, [{
        field: "tools",
        before: [],
        after: [{ plugin: "weather" }],
      }]);
      assert.equal(added.reply, "It may use Weather now.");
      const chinese = await say(builder, id, "加上“Calculator”插件");
      assert.deepEqual(chinese.changes.map(({ field }) => field), ["tools"]);
      const unknown = await say(builder, id, "add the jukebox plugin");
      assert.deepEqual(unknown.changes, []);
      assert.match(unknown.reply, /no such tool here.*Weather, Calculator/);
      await say(builder, id, "remove the weather plugin");
      assert.deepEqual(builder.get(id).draft!.tools, [{ plugin: "sums" }]);
      assert.match((await say(builder, id, "remove the weather plugin")).reply, /has no such tool/);
      await say(builder, id, "undo");
      assert.deepEqual(builder.get(id).draft!.tools, [{ plugin: "weather" }, { plugin: "sums" }]);
    },
    noEngine,
    TOOLS,
  ));

Deno.test("builder session: a change by hand is a turn like others, checked, undone and made again", () =>
  withBuilder(async ({ builder }) => {
    const { id } = await builder.create();
    await assert.rejects(builder.edit(id, { name: "Max" }), code("conflict"));
    await say(builder, id, WISH);
    const before = builder.get(id).draft!;
    const turn = await builder.edit(id, { name: "Max", tags: ["maths"] });
    assert.deepEqual(turn.changes.map(({ field }) => field), ["name", "tags"]);
    assert.equal(turn.reply, "You changed name, tags.");
    await assert.rejects(builder.edit(id, { name: "" }), code("bad_input"));
    await assert.rejects(builder.edit(id, { id: "other" }), code("bad_input"));
    await builder.undo(id);
    assert.deepEqual(builder.get(id).draft, before);
    await builder.redo(id);
    assert.equal(builder.get(id).draft!.name, "Max");
    assert.deepEqual(builder.list(5).map((one) => one.id), [id]);
  }));
