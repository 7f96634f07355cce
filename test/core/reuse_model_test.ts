/** The live reuse report on a real model. */
import assert from "node:assert/strict";
import { openEngine } from "../../core/engine.ts";
import { modelStore, modelTest } from "../models.ts";

const PROMPT = "Copy this list twice.\n" +
  "red apple, green pear, blue plum, yellow lemon, black olive, white onion, brown nut, pink guava";

/** What the report says after an answer, and how many tokens each of its passes gave. */
async function reuse(lookup: boolean) {
  const engine = await openEngine({
    folder: await modelStore("smollm2-135m"),
    memoryBytes: 256e6,
    lookup,
  });
  const prompt = engine.text.chat([{ role: "user", content: PROMPT }]);
  let said = 0;
  for await (
    const event of engine.generate({ prompt, maxTokens: 160, sampling: { temperature: 0 } })
  ) if (event.type === "token") said++;
  const { reuse, counters } = engine.report();
  await engine.close();
  return { ...reuse!, said, passes: counters.steps };
}

modelTest("smollm2-135m", "reuse: guesses change neither its figures nor its pace", async () => {
  const plain = await reuse(false), guessed = await reuse(true);
  assert.equal(guessed.said, plain.said);
  assert.ok(guessed.passes < 0.7 * plain.passes, `${guessed.passes} of ${plain.passes} passes`);
  // The thresholds settle in the first passes, which hold more tokens where guesses come true.
  assert.ok(guessed.tokens > 0.8 * plain.tokens, `${guessed.tokens} of ${plain.tokens} tokens`);
  guessed.spans.forEach((span, s) => {
    for (const figure of ["hitRate", "random", "static"] as const) {
      const wanted = plain.spans[s]![figure];
      assert.ok(Math.abs(span[figure] - wanted) < 0.04, `${figure} ${span[figure]}, not ${wanted}`);
    }
  });
});
