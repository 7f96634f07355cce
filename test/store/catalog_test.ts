/** The catalogue over a real store: what is published is found at once, and only what everyone may see. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openKv } from "@flint/core";

import { openBoards } from "../../store/market/boards.ts";
import { type Catalog, openCatalog } from "../../store/market/catalog.ts";
import { openInstalls } from "../../store/market/installs.ts";
import { openListings } from "../../store/market/listings.ts";
import { openEmbedder } from "../../plugins/knowledge/embed.ts";
import { type Imported, importFile, openRegistry } from "@flint/plugins";
import { sharedData } from "../shared_data.ts";
import { minilmFolder } from "./live_store.ts";
import { openQuietStore } from "./quiet_store.ts";
import { openPeople } from "../../store/people/people.ts";

async function withMarket(
  use: (market: ReturnType<typeof openMarket>) => Promise<void>,
  minilm?: string,
) {
  const folder = await Deno.makeTempDir({ prefix: "flint_catalog_" });
  const kv = openKv(folder), embedder = openEmbedder(minilm ?? `${folder}/minilm`);
  const market = openMarket(kv, embedder);
  try {
    await use(market);
  } finally {
    await market.catalog.close();
    embedder.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function openMarket(kv: ReturnType<typeof openKv>, embedder: ReturnType<typeof openEmbedder>) {
  const registry = openRegistry(kv), listings = openListings({ kv, registry, ...openPeople(kv) });
  const boards = openBoards(kv), installs = openInstalls({ kv, listings, boards });
  const catalog = openCatalog({ kv, listings, boards, embedder });
  const publish = async (id: string, name: string, more = {}, visibility = "everyone") => {
    await registry.create({ id, name, instructions: "Help.", ...more }, "anna");
    return await listings.publish("anna", { assistantId: id, visibility });
  };
  return { kv, registry, listings, boards, installs, catalog, publish };
}

const idsOf = async (catalog: Catalog, text: string, more = {}) =>
  (await catalog.search({ text, ...more })).cards.map(({ id }) => id);

Deno.test("catalog: what is published is found at once, what is withdrawn no more", () =>
  withMarket(async ({ catalog, listings, registry, publish }) => {
    await publish("haiku", "Haiku Poet", { category: "writing", tags: ["poems"] });
    assert.deepEqual(await idsOf(catalog, "haiku"), ["haiku"]);
    assert.deepEqual(catalog.suggest("hai").map(({ name }) => name), ["Haiku Poet"]);
    assert.deepEqual(catalog.shelves().categories.find(({ count }) => count), {
      category: "writing",
      count: 1,
    });
    await registry.update("haiku", { name: "Sonnet Poet" }, 1);
    assert.deepEqual(await idsOf(catalog, "sonnet"), [], "a listing is frozen");
    await listings.release("anna", "haiku", { from: 1 });
    assert.deepEqual(await idsOf(catalog, "sonnet"), ["haiku"]);
    await listings.withdraw("anna", "haiku");
    assert.deepEqual(await idsOf(catalog, "sonnet"), []);
    assert.equal(catalog.shelves().listings, 0);
  }));

Deno.test("catalog: who has a link or a group's leave finds nothing here", () =>
  withMarket(async ({ catalog, publish }) => {
    await publish("hidden", "Hidden Poet", {}, "link");
    assert.deepEqual(await idsOf(catalog, "poet"), []);
    assert.throws(() => catalog.card("hidden"), /no listing/);
    assert.throws(() => catalog.similar("hidden"), /no listing/);
  }));

Deno.test("catalog: of two that fit alike the more installed comes first, and says why", () =>
  withMarket(async ({ catalog, installs, publish }) => {
    await publish("one", "Poet");
    await publish("two", "Poet");
    await installs.install("ben", "two");
    assert.deepEqual(await idsOf(catalog, "poet"), ["two", "one"]);
    assert.deepEqual(catalog.board({ board: "installed" }).map(({ card }) => card.id), ["two"]);
    const installed = catalog.ranks("two").boards.find(({ board }) => board === "installed")!;
    assert.deepEqual([installed.rank, installed.categoryRank, installed.inputs], [1, 1, {
      installs: 1,
    }]);
    assert.deepEqual(catalog.ranks("one").boards, []);
    const inputs = catalog.ranks("two").boards.flatMap(({ inputs }) => Object.values(inputs));
    assert(inputs.every(Number.isFinite), `JSON has no ${inputs}`);
    assert.deepEqual(catalog.similar("one").map(({ id }) => id), ["two"]);
  }));

Deno.test("catalog: of those with the same words the likest means the same", {
  ignore: !minilmFolder(),
}, () =>
  withMarket(async ({ catalog, kv, publish }) => {
    await publish("boss", "Helper for boards", { description: "Votes of company directors" });
    await publish("board", "Helper for boards", { description: "Openings and endgames of chess" });
    await publish("club", "Helper for boards", { description: "Grandmasters who play checkmate" });
    const waiting = kv.collection("listing_vectors_waiting");
    while (waiting.list().entries.length > 0) await new Promise((done) => setTimeout(done, 20));
    assert.deepEqual(catalog.similar("club").map(({ id }) => id), ["board", "boss"]);
  }, minilmFolder()));

Deno.test("catalog: the routes browse, search and explain", async () => {
  await using store = await openQuietStore();
  const ask = async (path: string, init?: RequestInit) => {
    const response = await store.app.request(`/api/store${path}`, init);
    return [response.status, response.status === 204 ? null : await response.json()] as const;
  };
  await store.registry.create({ id: "poet", name: "Poet", instructions: "Rhyme." });
  await store.listings.publish("owner", { assistantId: "poet", visibility: "everyone" });
  const [, found] = await ask("/search?q=poet&category=other&language=en");
  assert.equal(found.cards[0].id, "poet");
  assert.equal((await ask("/suggest?q=po"))[1].cards[0].name, "Poet");
  assert.equal((await ask("/facets?q=poet"))[1].category[0].value, "other");
  assert.equal((await ask("/shelves"))[1].listings, 1);
  assert.deepEqual((await ask("/boards/trending"))[1], { places: [] });
  assert.equal((await ask("/boards/rated?period=week"))[0], 400);
  assert.equal((await ask("/listings/nobody/ranks"))[0], 404);
  const body = JSON.stringify({ title: "Picked", listings: ["poet", "gone"] });
  const headers = { "content-type": "application/json" };
  assert.equal((await ask("/collections/featured", { method: "PUT", headers, body }))[0], 200);
  const [, shown] = await ask("/collections/featured");
  assert.deepEqual(shown.cards.map(({ id }: { id: string }) => id), ["poet"]);
  assert.equal((await ask("/collections/featured", { method: "DELETE" }))[0], 204);
  assert.equal((await ask("/search?cursor=x"))[0], 400);
});

const lobe = sharedData() && join(sharedData()!, "lobe-agents");

Deno.test("catalog: the public Lobe agents are found by their titles, Chinese and English", {
  ignore: !lobe || !existsSync(lobe),
}, () =>
  withMarket(async ({ catalog, listings, registry }) => {
    const files = [...Deno.readDirSync(lobe!)].filter(({ name }) => name.endsWith(".json"));
    const published: { id: string; name: string }[] = [], refused: string[] = [];
    for (const { name: file } of files) {
      const [{ draft }] = importFile(await Deno.readFile(join(lobe!, file)), file) as [Imported];
      const { id, name } = await registry.create(draft);
      try {
        await listings.publish("owner", { assistantId: id, visibility: "everyone" });
        published.push({ id, name });
      } catch (error) {
        refused.push(`${file}: ${(error as Error).message}`);
      }
    }
    // An agent's manual quotes a password's hash.
    assert.deepEqual(refused.filter((why) => !/^prisma\S* .*a password or a key/.test(why)), []);
    const missed: string[] = [];
    for (const { id, name } of published) {
      const first = (await catalog.search({ text: name, limit: 3 })).cards;
      // Some have the very name of another.
      if (!first.some((card) => card.id === id || card.name === name)) missed.push(name);
    }
    assert.deepEqual(missed, []);
    assert.ok(published.some(({ name }) => /\p{sc=Han}/u.test(name)));
    assert.ok(published.some(({ name }) => /^[\x20-\x7e]+$/.test(name)));
  }));
