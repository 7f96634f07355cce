/** `flint knowledge`, as a process with its own permissions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { flint, temporary } from "./flint_process.ts";

Deno.test("cli: a folder becomes knowledge, again costs nothing, and what is bad is told", async () => {
  await using folder = await temporary();
  const documents = join(folder.path, "documents");
  await Deno.mkdir(join(documents, "more"), { recursive: true });
  await Deno.writeTextFile(join(documents, "tides.md"), "# Tides\n\nHigh water is at noon.\n");
  await Deno.writeTextFile(join(documents, "more", "lamps.csv"), "lamp,oil\nSkarn,whale\n");
  await Deno.writeTextFile(join(documents, "bad.json"), "{");
  const added = await flint(folder.path, "knowledge", "add", "coast", documents);
  assert.equal(added.code, 1);
  assert.match(added.stdout, /more\/lamps\.csv {2}1 passages.*\ntides\.md {2}1 passages/);
  assert.match(added.stderr, /bad\.json: .*not JSON[^]*1 files were refused/);

  await Deno.remove(join(documents, "bad.json"));
  const again = await flint(folder.path, "knowledge", "add", "coast", documents);
  assert.deepEqual([again.code, again.stdout], [0, ""], again.stderr);
  const found = await flint(
    folder.path,
    "knowledge",
    "search",
    "coast",
    "oil of the lamp at Skarn",
  );
  assert.match(found.stdout, /^more\/lamps\.csv: lamps\nlamp: Skarn; oil: whale\n/);
  await flint(folder.path, "knowledge", "remove", "coast", "tides.md");
  const left = await flint(folder.path, "knowledge", "list", "coast");
  assert.equal(left.stdout, "more/lamps.csv  1 passages  21 B\n");
});
