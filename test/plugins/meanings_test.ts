/** Which texts are embedded when others are compared with them. */
import assert from "node:assert/strict";
import { Meanings } from "../../plugins/knowledge/meanings.ts";

Deno.test("meanings: what was compared with before is not embedded again", async () => {
  const embedded: (readonly string[])[] = [];
  const embed = (texts: readonly string[]) => {
    embedded.push(texts);
    const vectors = texts.map((text) => Float32Array.of(...(text === "rain" ? [1, 0] : [0, 1])));
    return Promise.resolve({ vectors, tokens: 0 });
  };
  const meanings = new Meanings({ embed });
  assert.deepEqual(await meanings.cosines("rain", ["sun", "rain", "sun"]), [0, 1, 0]);
  assert.deepEqual(await meanings.cosines("sun", ["rain", "sun", "snow"]), [0, 1, 1]);
  assert.deepEqual(embedded, [["rain", "sun", "rain"], ["sun", "snow"]]);
});
