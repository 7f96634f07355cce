import assert from "node:assert/strict";
import { Kept, keyOf } from "./kept.ts";

Deno.test("kept: a run that was killed while it wrote goes on behind its last whole line", async () => {
  const file = await Deno.makeTempFile();
  try {
    const first = new Kept<number[]>(file);
    first.set("a", [1]);
    first.set("b", [2]);
    await Deno.writeTextFile(file, '["c",[3', { append: true });
    const second = new Kept<number[]>(file);
    assert.deepEqual([second.get("a"), second.get("b"), second.get("c")], [[1], [2], undefined]);
    second.set("c", [4]);
    assert.deepEqual(new Kept<number[]>(file).get("c"), [4]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("kept: keys tell causes apart", () => {
  assert.notEqual(keyOf("a", ["b"]), keyOf("a", "b"));
  assert.equal(keyOf(1, undefined), keyOf(1, undefined));
});
