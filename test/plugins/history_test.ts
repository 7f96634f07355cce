/** Versions: told apart, restored, and safe from a crash. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlintError, openKv } from "@flint/core";
import { type Assistant, diffManifest, openRegistry } from "@flint/plugins";
import { put } from "../../plugins/formats/lens.ts";
import { manifest } from "./random_manifests.ts";
import { stored } from "./stored.ts";

const owl = stored({ name: "Owl", instructions: "Be wise.", sampling: { topK: 5 } });

async function temporary() {
  const path = await Deno.makeTempDir({ prefix: "flint_history_" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("diff: names each field that differs, and nothing else", () => {
  const after: Assistant = {
    ...owl,
    name: "Cat",
    sampling: { temperature: 1 },
    version: 9,
    updatedAt: "2027-01-01T00:00:00.000Z",
  };
  assert.deepEqual(diffManifest(owl, after), [
    { field: "name", before: "Owl", after: "Cat" },
    { field: "sampling.topK", before: 5 },
    { field: "sampling.temperature", after: 1 },
  ]);
  assert.deepEqual(diffManifest(owl, structuredClone(owl)), []);
});

Deno.test("diff: of 1,000 random pairs, the changes make the one of the other", () => {
  fc.assert(
    fc.property(manifest, manifest, (before, after) => {
      const made = structuredClone(before) as Record<string, unknown>;
      for (const change of diffManifest(before, after)) {
        assert.notDeepEqual(change.before, change.after);
        put(made, change.field.split("."), change.after);
      }
      assert.deepEqual(made, after);
      assert.equal(
        diffManifest(before, made as Assistant).length,
        diffManifest(after, before).length,
      );
    }),
    { numRuns: 1000, seed: 6 },
  );
});

Deno.test("history: of 200 versions each is listed, told apart and restored", async () => {
  await using folder = await temporary();
  const kv = openKv(folder.path);
  let second = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1, 0, 0, second++));
  const registry = openRegistry(kv, { now });
  const first = await registry.create({ id: "owl", name: "Owl", instructions: "Say 1." });
  for (let v = 1; v < 200; v++) await registry.update("owl", { instructions: `Say ${v + 1}.` }, v);

  const lines = [];
  let cursor: string | undefined;
  do {
    const page = registry.versions("owl", cursor);
    lines.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined);
  assert.deepEqual(
    lines.map(({ version }) => version),
    Array.from({ length: 200 }, (_, i) => 200 - i),
  );
  assert(
    lines.every(({ author, version, changed }) =>
      author === "owner" && (version === 1 || changed.join() === "instructions")
    ),
  );
  const times = lines.map(({ updatedAt }) => updatedAt).toReversed();
  assert.deepEqual(times, times.toSorted());
  for (const [from, to] of [[1, 200], [17, 18], [150, 3]] as const) {
    assert.deepEqual(
      diffManifest(registry.getVersion("owl", from), registry.getVersion("owl", to)),
      [
        { field: "instructions", before: `Say ${from}.`, after: `Say ${to}.` },
      ],
    );
  }
  await assert.rejects(registry.restore("owl", 1, 199), FlintError);
  await assert.rejects(registry.restore("owl", 201, 200), /has no version 201/);
  const restored = await registry.restore("owl", 1, 200);
  assert.deepEqual(restored, { ...first, version: 201, updatedAt: restored.updatedAt });
  assert.deepEqual(registry.getVersion("owl", 200).instructions, "Say 200.");
  await kv.close();
});

Deno.test("history: versions from before authors were told are the owner's", async () => {
  await using folder = await temporary();
  const kv = openKv(folder.path);
  await kv.collection("assistants").put("x", { assistant: owl, removed: false });
  await kv.collection("assistant_versions").put(["x", 1], owl);
  const registry = openRegistry(kv);
  assert.deepEqual(registry.getVersion("x", 1), owl);
  assert.equal(registry.versions("x").entries[0]!.author, "owner");
  await kv.close();
});

for (const killAt of [3, 200, 500, 800]) {
  Deno.test(`history: killed after ${killAt} of 1,000 saves, no acknowledged one is lost`, async () => {
    await using folder = await temporary();
    const script = new URL("../registry_child.ts", import.meta.url).pathname;
    const args = ["run", "-A", script, folder.path, String(killAt)];
    const { signal, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    assert.equal(signal, "SIGKILL");
    const told = new TextDecoder().decode(stdout);
    const acknowledged = Number(told.trimEnd().split("\n").at(-1));
    assert(acknowledged >= killAt && acknowledged < 1000, `${acknowledged} were acknowledged`);

    const kv = openKv(folder.path);
    const registry = openRegistry(kv);
    const { version } = registry.get("owl");
    assert(version === acknowledged || version === acknowledged + 1, `${version}, ${acknowledged}`);
    for (let v = 1; v <= version; v++) {
      assert.equal(registry.getVersion("owl", v).instructions, `Say ${v}.`);
    }
    await registry.update("owl", { name: "Alive" }, version);
    await kv.close();
  });
}
