/** Many readers and some writers at once over HTTP, on the search's index in a folder. */
import { openKv } from "../../core/kv.ts";
import { openRegistry } from "@flint/plugins";
import { createCatalog } from "../../store/api/catalog.ts";
import { openBoards } from "../../store/market/boards.ts";
import { openCatalog } from "../../store/market/catalog.ts";
import { openSearch } from "../../store/search/search.ts";
import { openListings } from "../../store/market/listings.ts";
import { openPeople } from "../../store/people/people.ts";
import { openEmbedder } from "../../plugins/knowledge/embed.ts";
import { catalogue, listingOf } from "./catalogue.ts";
import { type Judged, judgedQueries } from "./search_queries.ts";
import { percentile } from "./summary.ts";

const READERS = 500, READS_EACH = 20, WRITERS = 50, WRITES_EACH = 4;

/** They are asked five times over. */
const QUERIES = 2000;

/** Runs them against a server of this process; tells errors and times as the clients see them. */
export async function httpTrial(place: string): Promise<void> {
  const madeUp = catalogue(1), some = Array.from({ length: 20_000 }, (_, i) => madeUp(i * 4));
  const queries = judgedQueries(some, QUERIES, 3);
  await listFound(place, queries);
  const kv = openKv(place),
    registry = openRegistry(kv),
    listings = openListings({ kv, registry, ...openPeople(kv) });
  const embedder = openEmbedder(`${place}/no-model`);
  const catalog = openCatalog({ kv, listings, boards: openBoards(kv), embedder });
  const { fetch: answer } = createCatalog({ catalog });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (r) => answer(r));
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const times: number[] = [];
  let errors = 0;
  const read = async (reader: number) => {
    for (let i = 0; i < READS_EACH; i++) {
      const { text, typing } = queries[(reader * READS_EACH + i) % QUERIES]!;
      const start = performance.now();
      const path = `${typing ? "suggest" : "search"}?q=${encodeURIComponent(text)}`;
      const response = await fetch(`${origin}/${path}`);
      await response.text();
      if (!response.ok) errors++;
      times.push(performance.now() - start);
    }
  };
  const write = async (writer: number) => {
    for (let i = 0; i < WRITES_EACH; i++) {
      const id = `written-${writer}-${i}`;
      await registry.create({ id, name: `Written ${writer}`, instructions: "Write." });
      await listings.publish("owner", { assistantId: id, visibility: "everyone" });
    }
  };
  const began = performance.now();
  const all = await Promise.allSettled([
    ...Array.from({ length: READERS }, (_, i) => read(i)),
    ...Array.from({ length: WRITERS }, (_, i) => write(i)),
  ]);
  const seconds = (performance.now() - began) / 1000;
  errors += all.filter(({ status }) => status === "rejected").length;
  console.log(
    `${READERS} readers, ${WRITERS} writers at once: ${errors} errors, ` +
      `${Math.round(times.length / seconds)} reads/s and ` +
      `${Math.round(WRITERS * WRITES_EACH / seconds)} publications/s, ` +
      `p50 ${percentile(times, 0.5).toFixed(0)} ms, p99 ${percentile(times, 0.99).toFixed(0)} ms`,
  );
  await server.shutdown();
  await catalog.close();
  embedder.close();
  await kv.close();
}

/** Writes the listings that the queries will find; of millions only these are looked at. */
async function listFound(place: string, queries: readonly Judged[]): Promise<void> {
  const kv = openKv(place), search = openSearch(kv), madeUp = catalogue(1);
  const ids = new Set(queries.flatMap(({ text, typing }) =>
    // The catalogue looks at the best sixty to put them in order.
    search.find({ text, typing, limit: 60 }).hits.map(({ id }) => id)
  ));
  const at = new Date().toISOString();
  const listings = openListings({ kv, registry: openRegistry(kv), ...openPeople(kv) });
  await listings.putAll([...ids].map((id) => listingOf(madeUp(Number(id.split("-").at(-1))), at)));
  await kv.close();
}
