/** What the embedding model adds to the rules; skipped where the model is not there. */
import assert from "node:assert/strict";
import { openEmbedder } from "@flint/plugins";
import { bestCategory, likenessToCategories } from "../../../plugins/builder/choose_category.ts";
import { likenessToOperations, likest } from "../../../plugins/builder/choose_operation.ts";
import { suggestTools } from "../../../plugins/builder/choose_tools.ts";
import { understand } from "../../../plugins/builder/understand.ts";
import { Meanings } from "../../../plugins/knowledge/meanings.ts";
import { Manifest } from "@flint/plugins";
import { minilmFolder } from "../../store/live_store.ts";
import { DRAFTS } from "./evaluation.ts";

const folder = minilmFolder();

async function withEmbedder(use: (embedder: ReturnType<typeof openEmbedder>) => Promise<void>) {
  const embedder = openEmbedder(folder!);
  try {
    await use(embedder);
  } finally {
    embedder.close();
  }
}

Deno.test({
  name: `builder: likeness finds the shelf of words no lexicon has${folder ? "" : " (no minilm)"}`,
  ignore: !folder,
  fn: () =>
    withEmbedder(async (embedder) => {
      const likeness = likenessToCategories(embedder);
      const scores = await likeness.scores("a sommelier who matches bottles with my dinner");
      assert.equal(bestCategory(new Map(), scores), "lifestyle");
    }),
});

Deno.test({
  name: `builder: a message that no rule reads is read by likeness${folder ? "" : " (no minilm)"}`,
  ignore: !folder,
  fn: () =>
    withEmbedder(async (embedder) => {
      const likeness = likenessToOperations(embedder);
      assert.equal(likest(await likeness.scores("that was better before")).kind, "undo");
      const draft = Manifest.parse(DRAFTS.en);
      const read = await understand("the version from earlier was better", draft, { likeness });
      assert.deepEqual(read, { operation: { kind: "undo" }, by: "likeness" });
    }),
});

Deno.test({
  name: `builder: tools are suggested where the wish has to do with them${
    folder ? "" : " (no minilm)"
  }`,
  ignore: !folder,
  fn: () =>
    withEmbedder(async (embedder) => {
      const tools = [
        { id: "weather", name: "Weather", description: "current weather and forecast for a place" },
        {
          id: "calculator",
          name: "Calculator",
          description: "calculates arithmetic expressions exactly",
        },
      ];
      const meanings = new Meanings(embedder);
      const suggest = async (wish: string) =>
        (await suggestTools(wish, tools, meanings)).map(({ id }) => id);
      assert.deepEqual(await suggest("tell me whether I need an umbrella tomorrow"), ["weather"]);
      assert.deepEqual(await suggest("A maths tutor for my son"), ["calculator"]);
      assert.deepEqual(await suggest("a poet that only answers in haiku"), []);
      assert.deepEqual(await suggestTools("anything", [], meanings), []);
    }),
});
