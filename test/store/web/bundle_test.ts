import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { build, bundles } from "../../../store/web/bundle.ts";

/** What all scripts of a page without charts may weigh compressed, bytes. */
const SCRIPT_MAX = 150_000;

Deno.test("islands: the bundles that are checked in are what their sources give", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flint_islands_" });
  try {
    await build(folder);
    for (const name of Object.values(bundles)) {
      const kept = await Deno.readTextFile(new URL(`../../../store/web/${name}`, import.meta.url));
      const made = await Deno.readTextFile(`${folder}/${name}`);
      assert.ok(kept === made, `store/web/${name} is old: run deno task islands`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("islands: all scripts but the charts' stay under 150 KB compressed", async () => {
  const folder = new URL("../../../store/web/", import.meta.url);
  const always = Object.values(bundles).filter((name) => name !== "chart.js");
  const files = always.map((name) => Deno.readFile(new URL(name, folder)));
  const size = (await Promise.all(files)).reduce((sum, file) => sum + gzipSync(file).length, 0);
  assert.ok(size < SCRIPT_MAX, `${size} bytes`);
});
