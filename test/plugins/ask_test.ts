/** Assistants that ask one another, on a real engine with room for one answer at a time. */
import assert from "node:assert/strict";
import { openEngine } from "../../core/engine.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { type Engine, openKv } from "@flint/core";
import {
  askAssistant,
  type AskNeeds,
  callTool,
  DEPTH_MAX,
  openRegistry,
  type Registry,
  type ToolContext,
} from "@flint/plugins";
import { colleagueKind, COLLEAGUES } from "../../plugins/tools/colleagues.ts";
import { OPEN_TURNSTILE, Visit } from "../../plugins/turnstile.ts";
import { tinyModel } from "../tiny_model.ts";

/** The least that the tiny model takes. */
const MEMORY_BYTES = 6_000_000;

const context = (more: Partial<ToolContext> = {}): ToolContext => ({
  assistant: "boss",
  user: "owner",
  signal: new AbortController().signal,
  depth: 0,
  ...more,
});

/** A tiny engine in the smallest memory it takes, and a registry. */
async function withEngine(use: (engine: Engine, registry: Registry) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/tiny.gguf`, tinyModel());
  const target = `${folder}/tiny`;
  await importGguf({ source: `${folder}/tiny.gguf`, target, name: "tiny" });
  const store = await openFlashStore(target);
  const engine = await openEngine({ store, memoryBytes: MEMORY_BYTES, threads: 1 });
  const kv = openKv(`${folder}/kv`);
  try {
    await use(engine, openRegistry(kv));
  } finally {
    await engine.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Assistants whose every answer asks the next one first, `links` of them. */
function chain(engine: Engine, links: readonly string[]): AskNeeds {
  const needs: AskNeeds = {
    engine: () => engine,
    assistants: {
      enter: (id) => Visit.enter({ turnstile: OPEN_TURNSTILE, engine }, id),
      async prepare(id, _messages, { signal, depth = 0 }) {
        const next = links[links.indexOf(id) + 1];
        if (next !== undefined) {
          await askAssistant(needs, { id: next, message: "and you?" }, context({ signal, depth }));
        }
        const prompt = engine.text.encode(`${id} says`, { begin: true });
        return { request: { prompt, maxTokens: links.length > 1 ? 8 : 200 }, calls: [] };
      },
    },
  };
  return needs;
}

Deno.test("ask: a chain of assistants and many at once need the room of one answer", async () => {
  await withEngine(async (engine) => {
    const needs = chain(engine, ["boss", "clerk", "page"]);
    const asked = await Promise.all(
      Array.from({ length: 6 }, () => askAssistant(needs, { id: "boss", message: "?" }, context())),
    );
    assert.equal(asked.length, 6);
    assert.ok(asked.every(({ usage }) => usage.completionTokens > 0));
    const { running, waiting, kvBlocksUsed } = engine.report();
    assert.deepEqual([running, waiting, kvBlocksUsed], [0, 0, 0]);
  });
});

Deno.test("ask: a circle of assistants ends", async () => {
  await withEngine(async (engine) => {
    let asked = 0;
    const needs: AskNeeds = {
      engine: () => engine,
      assistants: {
        enter: (id) => Visit.enter({ turnstile: OPEN_TURNSTILE, engine }, id),
        async prepare(_id, _messages, { signal, depth = 0 }) {
          asked++;
          const round = context({ signal, depth });
          await askAssistant(needs, { id: "same", message: "?" }, round);
          throw new Error("the circle has no end");
        },
      },
    };
    const circle = askAssistant(needs, { id: "same", message: "?" }, context());
    await assert.rejects(circle, { code: "denied" });
    assert.equal(asked, DEPTH_MAX);
  });
});

Deno.test("ask: every assistant is a tool of the others, found by its name, and none asks itself", async () => {
  await withEngine(async (engine, registry) => {
    const boss = await registry.create({ name: "Boss", instructions: "Lead." });
    const needs = chain(engine, []);
    const opened = await colleagueKind({ registry, ask: needs }).open(COLLEAGUES);
    await registry.create({ name: "英语老师", instructions: "Teach." });
    assert.equal(opened.tools.length, 2, "who came later is there too");
    for (const { name } of opened.tools) assert.match(name, /^ask_[\w-]{1,60}$/);
    const [self, other] = [boss.id, "other"].map((id) =>
      opened.tools.find(({ name }) => (name === "ask_boss") === (id === boss.id))!
    );
    const values = { message: "hello" };
    const refused = await callTool(self!, values, context());
    assert.match(JSON.stringify(refused), /Boss would be asking itself/);
    assert.equal((await callTool(other!, values, context())).failed, undefined);
  });
});

Deno.test("ask: cancelling ends the answer", async () => {
  await withEngine(async (engine) => {
    const stop = new AbortController();
    const needs = chain(engine, ["boss"]);
    const asked = askAssistant(
      needs,
      { id: "boss", message: "?" },
      context({ signal: stop.signal }),
      () => stop.abort(),
    );
    await assert.rejects(asked, { code: "cancelled" });
    while (engine.report().running > 0) await new Promise((go) => setTimeout(go, 1));
  });
});
