/** Memory over a real store. */
import assert from "node:assert/strict";
import { FlintError, openKv } from "@flint/core";
import { FACTS_MAX, type Memory, openMemory } from "@flint/plugins";

async function withMemory(use: (memory: Memory, reopen: () => Memory) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  let second = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1, 0, 0, second++));
  try {
    await use(openMemory(kv, { now }), () => openMemory(kv, { now }));
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const OWL = { assistant: "owl", user: "owner" };
const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;

Deno.test("memory: off until turned on; then facts are added, edited and removed", () =>
  withMemory(async (memory, reopen) => {
    assert.deepEqual(memory.get(OWL), { enabled: false, facts: [] });
    await assert.rejects(memory.add(OWL, { text: "likes owls" }), code("denied"));
    await memory.turn(OWL, true);
    const first = await memory.add(OWL, { text: "  likes owls " });
    const second = await memory.add(OWL, { text: "学习中文" });
    const edited = await memory.edit(OWL, first.id, { text: "likes cats" });
    assert(edited.updatedAt > first.updatedAt && edited.createdAt === first.createdAt);
    assert.deepEqual(reopen().get(OWL), { enabled: true, facts: [edited, second] });
    await memory.remove(OWL, first.id);
    assert.deepEqual(memory.get(OWL).facts, [second]);
    await memory.turn(OWL, false);
    assert.deepEqual(memory.get(OWL), { enabled: false, facts: [second] });
    await memory.clear(OWL);
    assert.deepEqual(reopen().get(OWL), { enabled: false, facts: [] });
  }));

Deno.test("memory: is one assistant's of one user", () =>
  withMemory(async (memory) => {
    await memory.turn(OWL, true);
    const { id } = await memory.add(OWL, { text: "likes owls" });
    for (const other of [{ ...OWL, assistant: "owl-2" }, { ...OWL, user: "guest" }]) {
      assert.deepEqual(memory.get(other), { enabled: false, facts: [] });
      await assert.rejects(memory.edit(other, id, { text: "x" }), code("not_found"));
      await assert.rejects(memory.remove(other, id), code("not_found"));
    }
  }));

Deno.test("memory: is bounded, also when many add at once", () =>
  withMemory(async (memory) => {
    await memory.turn(OWL, true);
    const adds = Array.from({ length: FACTS_MAX + 5 }, (_, i) => memory.add(OWL, { text: `${i}` }));
    const results = await Promise.allSettled(adds);
    const refused = results.filter((result) => result.status === "rejected");
    assert.deepEqual(refused.map(({ reason }) => reason.code), Array(5).fill("over_budget"));
    assert.equal(memory.get(OWL).facts.length, FACTS_MAX);
  }));

Deno.test("memory: a fact is one line of plain text", () =>
  withMemory(async (memory) => {
    await memory.turn(OWL, true);
    for (const text of ["", "x".repeat(301), "a\nb", "\u202ex", "\ud800", 3]) {
      await assert.rejects(memory.add(OWL, { text }), code("bad_input"));
    }
    assert.deepEqual(memory.get(OWL).facts, []);
  }));
