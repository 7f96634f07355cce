import assert from "node:assert/strict";
import { openKv } from "../../core/kv.ts";
import type { ModelSpec } from "../../core/flash/layout.ts";
import { Habits } from "../../core/run/habits.ts";
import type { Sequence } from "../../core/run/sequence.ts";

const spec = { layers: 1, neurons: 64 } as ModelSpec;
const chat = (assistant?: string) => ({ assistant }) as Sequence;
/** One token at the chat's next position. */
let position = 0;
const bits = (first: number, second = 0) => (
  { position: position++, count: 1, bits: Int32Array.of(first, second) }
);

Deno.test("habits: another chat of the same assistant begins without neighbours", () => {
  const habits = new Habits({ spec, model: "m", kv: undefined });
  const [one, two] = [chat("a"), chat("a")];
  habits.observe(one, bits(3));
  habits.observe(one, bits(3));
  habits.observe(two, bits(3));
  assert.equal(habits.report()!.spans[0]!.hitRate, 1, "only the second token had a neighbour");
  assert.equal(habits.report()!.tokens, 3);
});

Deno.test("habits: tokens of one pass are neighbours; those behind a gap have none", () => {
  const habits = new Habits({ spec, model: "m", kv: undefined });
  const one = chat("a");
  habits.observe(one, { position: 4, count: 3, bits: Int32Array.of(1, 0, 1, 0, 2, 0) });
  habits.observe(one, { position: 7, count: 1, bits: Int32Array.of(2, 0) });
  const [last] = habits.report()!.spans;
  assert.equal(last!.hitRate, 2 / 3, "the second and the fourth hit, the third did not");
  habits.observe(one, { position: 9, count: 1, bits: Int32Array.of(1, 0) });
  assert.equal(habits.report()!.spans[0]!.hitRate, 2 / 3, "position 8 was not seen");
  assert.equal(habits.report()!.tokens, 5);
});

Deno.test("habits: an assistant's profile survives a switch and a restart", async () => {
  const folder = await Deno.makeTempDir();
  let kv = openKv(folder);
  try {
    let habits = new Habits({ spec, model: "m", kv });
    const a = chat("a");
    for (let i = 0; i < 10; i++) habits.observe(a, bits(0b11));
    habits.observe(chat("b"), bits(0b100));
    assert.equal(habits.report()!.assistant, "b");
    assert.equal(habits.report()!.restored, false);
    await habits.save(); // a profile is written while others speak
    habits.observe(chat("a"), bits(0b11));
    assert.equal(habits.report()!.restored, true);
    await habits.save();
    await kv.close();

    kv = openKv(folder);
    let favored = 0;
    habits = new Habits({ spec, model: "m", kv, favor: (profile) => favored += profile.length });
    const again = chat("a");
    habits.observe(again, bits(0b1100));
    habits.observe(again, bits(0b11));
    const [last] = habits.report()!.spans;
    assert.equal(last!.hitRate, 0, "the last token used others");
    assert.equal(last!.static, 1, "the kept profile knew these");
    assert.equal(favored, spec.layers * spec.neurons, "the machine was told it, once");
    const other = new Habits({ spec, model: "another file", kv });
    other.observe(chat("a"), bits(1));
    assert.equal(other.report()!.restored, false, "a profile is bound to its model");
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
});
