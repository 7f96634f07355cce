import assert from "node:assert/strict";
import { tinyModel } from "../tiny_model.ts";
import { route } from "./foresight.ts";
import { foresee, type RoutedLayer } from "./foresight_scores.ts";

/** 8 experts, of which token t has 2: t and t + 1, round and round; `early` are what is asked before. */
function layer(early: (t: number) => number): RoutedLayer {
  const row = (best: number) => Float64Array.from({ length: 8 }, (_, e) => -((e - best + 800) % 8));
  const tokens = Array.from({ length: 64 }, (_, t) => t);
  return {
    used: 2,
    scores: tokens.map(row),
    before: tokens.map((t) => row(early(t))),
    earlier: undefined,
  };
}

const TRIAL = { slots: 3, most: 2, pace: { attention: 4, read: 4 } };

Deno.test("foresight: guesses that come true save the time of attention, no more", () => {
  const right = foresee([layer((t) => t)], "before attention", TRIAL);
  assert.deepEqual(
    [right.recall, right.missing, right.foreseen, right.precision],
    [1, 1, 1, 1],
  );
  assert.equal(right.gain, (4 + 4 + 1) / (4 + 2));
});

Deno.test("foresight: what is read wrongly beside attention costs nothing, beyond it costs its time", () => {
  const wrong = layer((t) => t + 4);
  const [few, many] = [1, 2].map((most) =>
    foresee([wrong], "before attention", { ...TRIAL, most })
  );
  assert.deepEqual([few!.recall, few!.precision, few!.gain], [0, 0, 1]);
  assert.ok(many!.gain < 1, `${many!.gain}`);
});

Deno.test("foresight: the last token's experts lie in the window, and the first layer has none before", () => {
  assert.equal(foresee([layer((t) => t)], "last token", TRIAL).read, 0);
  assert.ok(Number.isNaN(foresee([layer((t) => t)], "layer before", TRIAL).recall));
});

Deno.test("foresight: a model's residuals are routed alike before and after attention, evenly", () => {
  const layers = route(tinyModel({ layers: 3 }), Array.from({ length: 40 }, (_, t) => 20 + t));
  assert.deepEqual(layers.map(({ earlier }) => earlier?.length), [undefined, 39, 39]);
  for (const { scores, before } of layers) {
    const mean = scores.reduce((sum, row) => sum + row[5]!, 0) / scores.length;
    assert.ok(Math.abs(mean) < 1e-9, `mean ${mean}`);
    assert.equal(before[0]!.length, scores[0]!.length);
  }
  const trial = { ...TRIAL, slots: 12 };
  const [early, chance] = (["before attention", "most used"] as const)
    .map((clue) => foresee(layers, clue, trial).recall);
  assert.ok(early! > chance! && early! < 1, `${early} against ${chance}`);
});
