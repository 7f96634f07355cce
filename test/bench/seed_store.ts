/**
 * `deno task seed-store --public 91100 --built 3000000 [--seed 1] [--data FOLDER]`: a store as large as
 * one pleases, made up, in a folder of its own; `FLINT_DATA=FOLDER deno task start` shows it.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openRegistry } from "@flint/plugins";
import { openKv } from "../../core/kv.ts";
import { openBoards } from "../../store/market/boards.ts";
import { documentOf } from "../../store/market/catalog.ts";
import { openListings } from "../../store/market/listings.ts";
import { openPeople } from "../../store/people/people.ts";
import { openSearch } from "../../store/search/search.ts";
import { catalogue, draftOf, listingOf, useOf } from "./catalogue.ts";

const { values } = parseArgs({
  options: {
    public: { type: "string", default: "91100" },
    built: { type: "string", default: "91100" },
    seed: { type: "string", default: "1" },
    data: { type: "string", default: join(import.meta.dirname!, "..", "..", ".flint", "seeded") },
  },
});
/** Listings indexed in one go. */
const BATCH = 10_000;
const MONTH_MS = 30 * 24 * 3600 * 1000;

const kv = openKv(join(values.data, "app")), madeUp = catalogue(Number(values.seed));
const offered = Number(values.public), built = Math.max(offered, Number(values.built));
const registry = openRegistry(kv), listings = openListings({ kv, registry, ...openPeople(kv) });
const search = openSearch(kv), boards = openBoards(kv), now = Date.now();
/** Published evenly over the last month, so that "new" and "trending" have something to tell. */
const publishedAt = (i: number) => new Date(now - MONTH_MS * (1 - i / built)).toISOString();

await timed(
  "assistants built",
  built,
  () => registry.createAll(some(0, built, (i) => draftOf(madeUp(i)))),
);
const listed = () => some(0, offered, (i) => listingOf(madeUp(i), publishedAt(i)));
await timed("listings published", offered, () => listings.putAll(listed()));
await timed("listings indexed", offered, async () => {
  for (let from = 0; from < offered; from += BATCH) {
    const to = Math.min(offered, from + BATCH);
    const documents = [...some(from, to, (i) => documentOf(listingOf(madeUp(i), publishedAt(i))))];
    await kv.transaction((transaction) => search.add(transaction, documents));
  }
});
await timed("listings placed on boards", offered, async () => {
  for (let from = 0; from < offered; from += 500) {
    await kv.transaction((transaction) => {
      for (const event of some(from, Math.min(offered, from + 500), (i) => useOf(madeUp(i), now))) {
        boards.record(transaction, event);
      }
    });
  }
});
await kv.close();

function* some<T>(from: number, to: number, make: (i: number) => T): Generator<T> {
  for (let i = from; i < to; i++) yield make(i);
}

async function timed(what: string, count: number, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${count} ${what}, ${Math.round(count / seconds)} a second`);
}
