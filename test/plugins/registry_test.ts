/** The registry over a real store. */
import assert from "node:assert/strict";
import { FlintError, openKv } from "@flint/core";
import { openRegistry, type Registry } from "@flint/plugins";

async function withRegistry(use: (registry: Registry, reopen: () => Registry) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  let second = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1, 0, 0, second++));
  try {
    await use(openRegistry(kv, { now }), () => openRegistry(kv, { now }));
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;

Deno.test("registry: a draft becomes an assistant with defaults, found again by its id", async () => {
  await withRegistry(async (registry, reopen) => {
    const made = await registry.create({ name: "Owl", instructions: "Be wise.", tags: undefined });
    assert.equal(made.id, "owl");
    assert.deepEqual([made.version, made.category, made.tags], [1, "other", []]);
    assert.deepEqual(reopen().get("owl"), made);
  });
});

Deno.test("registry: ids come from names of any script and are unique", async () => {
  await withRegistry(async (registry) => {
    const names = [
      "Café au lait!",
      "双语助手",
      "双语助手",
      "🤖🤖",
      "हिन्दी शिक्षक",
      "a".repeat(80),
      "  x / y  ",
    ];
    const ids = [];
    for (const name of names) ids.push((await registry.create({ name, instructions: "x" })).id);
    assert.deepEqual(ids, [
      "café-au-lait",
      "双语助手",
      "双语助手-2",
      "assistant",
      "हिन्दी-शिक्षक",
      "a".repeat(54),
      "x-y",
    ]);
    assert.equal(registry.get("双语助手-2").name, "双语助手");
  });
});

Deno.test("registry: a wanted id that is taken, or was, is a conflict", async () => {
  await withRegistry(async (registry) => {
    const draft = { id: "owl", name: "Owl", instructions: "x" };
    await registry.create(draft);
    await assert.rejects(registry.create(draft), code("conflict"));
    await registry.remove("owl", 1);
    await assert.rejects(registry.create(draft), code("conflict"));
  });
});

Deno.test("registry: an update replaces its fields only and adds a version", async () => {
  await withRegistry(async (registry) => {
    const before = await registry.create({ name: "Owl", instructions: "x", tags: ["bird"] });
    const after = await registry.update("owl", { description: "A bird" }, 1);
    assert.deepEqual(after, {
      ...before,
      description: "A bird",
      version: 2,
      updatedAt: after.updatedAt,
    });
    assert(after.updatedAt > before.updatedAt);
  });
});

Deno.test("registry: of two updates from one version, one is a conflict and changes nothing", async () => {
  await withRegistry(async (registry) => {
    await registry.create({ name: "Owl", instructions: "x" });
    const both = await Promise.allSettled([
      registry.update("owl", { description: "first" }, 1),
      registry.update("owl", { description: "second" }, 1),
    ]);
    assert.deepEqual(both.map(({ status }) => status), ["fulfilled", "rejected"]);
    await assert.rejects(registry.update("owl", { description: "third" }, 1), code("conflict"));
    assert.equal(registry.get("owl").description, "first");
    assert.equal(registry.versions("owl").entries.length, 2);
  });
});

Deno.test("registry: a bad patch is refused and leaves no version", async () => {
  await withRegistry(async (registry) => {
    await registry.create({ name: "Owl", instructions: "x" });
    await assert.rejects(registry.update("owl", { name: "" }, 1), /name is empty/);
    assert.equal(registry.get("owl").version, 1);
  });
});

Deno.test("registry: every version is kept and tells what it changed", async () => {
  await withRegistry(async (registry) => {
    await registry.create({ name: "Owl", instructions: "x" });
    await registry.update("owl", { description: "d", tags: ["t"] }, 1);
    await registry.update("owl", { description: "d" }, 2);
    const { entries, next } = registry.versions("owl");
    assert.deepEqual(entries.map(({ version, changed }) => [version, ...changed]), [
      [3],
      [2, "description", "tags"],
      [1],
    ]);
    assert.equal(next, undefined);
    assert.deepEqual(registry.getVersion("owl", 1).tags, []);
    assert.throws(() => registry.getVersion("owl", 4), code("not_found"));
  });
});

Deno.test("registry: a history of 120 versions pages without a gap", async () => {
  await withRegistry(async (registry) => {
    await registry.create({ name: "Owl", instructions: "x" });
    for (let v = 1; v < 120; v++) await registry.update("owl", { description: `${v}` }, v);
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = registry.versions("owl", cursor);
      assert(page.entries.every(({ version, changed }) => version === 1 || changed.length === 1));
      seen.push(...page.entries.map(({ version }) => version));
      cursor = page.next;
    } while (cursor !== undefined);
    assert.deepEqual(seen, Array.from({ length: 120 }, (_, i) => 120 - i));
  });
});

Deno.test("registry: what is removed is gone from sight and cannot be changed", async () => {
  await withRegistry(async (registry) => {
    await registry.create({ name: "Owl", instructions: "x" });
    await assert.rejects(registry.remove("owl", 2), code("conflict"));
    await registry.remove("owl", 1);
    assert.throws(() => registry.get("owl"), code("not_found"));
    assert.deepEqual(registry.list().assistants, []);
    await assert.rejects(registry.update("owl", {}, 1), code("not_found"));
    await assert.rejects(registry.remove("owl", 1), code("not_found"));
  });
});

Deno.test("registry: lists filter and page in the order of ids", async () => {
  await withRegistry(async (registry) => {
    for (let i = 0; i < 9; i++) {
      const language = i % 2 ? "zh-CN" : "en";
      await registry.create({
        id: `a-${i}`,
        name: "A",
        instructions: "x",
        language,
        tags: [`t${i % 3}`],
      });
    }
    const ids = (list: { assistants: readonly { id: string }[] }) =>
      list.assistants.map(({ id }) => id);
    assert.deepEqual(ids(registry.list({ language: "zh" })), ["a-1", "a-3", "a-5", "a-7"]);
    assert.deepEqual(ids(registry.list({ language: "z" })), []);
    assert.deepEqual(ids(registry.list({ tag: "t1", language: "en" })), ["a-4"]);
    const first = registry.list({ limit: 4 });
    assert.deepEqual(ids(first), ["a-0", "a-1", "a-2", "a-3"]);
    const rest = registry.list({ limit: 100, cursor: first.next! });
    assert.deepEqual(ids(rest), ["a-4", "a-5", "a-6", "a-7", "a-8"]);
    assert.equal(rest.next, undefined);
    assert.throws(() => registry.list({ limit: 101 }), code("bad_input"));
  });
});

Deno.test("registry: a rare match deep in a long list is found over pages", async () => {
  await withRegistry(async (registry) => {
    const creates = Array.from({ length: 2300 }, (_, i) =>
      registry.create({
        id: `a-${String(i).padStart(4, "0")}`,
        name: "A",
        instructions: "x",
        category: i === 2200 ? "games" : "other",
      }));
    await Promise.all(creates);
    const first = registry.list({ category: "games" });
    assert.deepEqual(first.assistants, []);
    const second = registry.list({ category: "games", cursor: first.next! });
    assert.deepEqual(second.assistants.map(({ id }) => id), ["a-2200"]);
    assert.equal(second.next, undefined);
  });
});

Deno.test("registry: seeds come once; edited ones stay edited, removed ones stay removed", async () => {
  await withRegistry(async (registry) => {
    await registry.seed();
    const ids = registry.list().assistants.map(({ id }) => id);
    assert.deepEqual(ids, ["bilingual-explainer", "code-companion", "spell-coach"]);
    for (const assistant of registry.list().assistants) assert(assistant.starters.length >= 3);
    await registry.update("spell-coach", { name: "Mine" }, 1);
    await registry.remove("code-companion", 1);
    await registry.seed();
    assert.equal(registry.get("spell-coach").name, "Mine");
    assert.throws(() => registry.get("code-companion"), code("not_found"));
  });
});
