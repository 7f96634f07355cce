/**
 * One engine of `bench search`, in a process of its own so that its memory is its own:
 *
 *   search_side.ts flint|minisearch|orama FOLDER DOCUMENTS SEED
 *
 * prints one line of JSON. Flint's documents were imported into FOLDER by another process.
 */
import { create, insertMultiple, search as searchOrama } from "@orama/orama";
import MiniSearch from "minisearch";
import { openKv } from "../../core/kv.ts";
import { openSearch } from "../../store/search/search.ts";
import { wordsIn } from "../../store/search/terms.ts";
import { catalogue, type MadeUp } from "./catalogue.ts";
import { type Judged, judgedQueries, ndcg } from "./search_queries.ts";

/** What one engine did. */
export interface SideReport {
  readonly buildSeconds: number;
  readonly rssGrowthBytes: number;
  /** Milliseconds of each query. */
  readonly searched: readonly number[];
  readonly typed: readonly number[];
  /** Mean nDCG@10 by kind and language. */
  readonly quality: Readonly<Record<string, number>>;
}

/** Finds the ids of the ten best. */
type Find = (query: Judged) => string[] | Promise<string[]>;

/** Queries whose answers are judged, and queries that are only timed. */
const JUDGED = 400, TIMED = 1000;
/** Orama takes long. */
const TIMED_SLOW = 150;

const [engine, folder, documents, seed] = Deno.args as [string, string, string, string];

if (import.meta.main) {
  const madeUp = catalogue(1), all = Array.from({ length: +documents }, (_, i) => madeUp(i));
  const byId = new Map(all.map((one) => [one.id, one]));
  (globalThis as { gc?: () => void }).gc?.();
  const before = Deno.memoryUsage().rss, start = performance.now();
  const { find, close } = await open(engine, all);
  const buildSeconds = (performance.now() - start) / 1000;
  const count = engine === "flint" ? TIMED : TIMED_SLOW;
  const timed = judgedQueries(all, count, +seed + 1000);
  for (const query of timed.slice(0, 40)) await find(query); // until it is compiled
  const times = [];
  for (const query of timed) {
    const asked = performance.now();
    await find(query);
    times.push({ typing: query.typing, ms: performance.now() - asked });
  }
  const rssGrowthBytes = Deno.memoryUsage().rss - before;
  const quality = await qualityOf(judgedQueries(all, JUDGED, +seed), all, byId, find);
  await close();
  const searched = times.filter(({ typing }) => !typing).map(({ ms }) => ms);
  const typed = times.filter(({ typing }) => typing).map(({ ms }) => ms);
  const report: SideReport = { buildSeconds, rssGrowthBytes, searched, typed, quality };
  console.log(JSON.stringify(report));
}

async function qualityOf(
  queries: readonly Judged[],
  all: readonly MadeUp[],
  byId: ReadonlyMap<string, MadeUp>,
  find: Find,
) {
  const scores = new Map<string, number[]>();
  for (const query of queries) {
    const score = ndcg(query, (await find(query)).map((id) => byId.get(id)!), all);
    for (const name of ["all", `${query.kind} ${query.chinese ? "zh" : "en"}`]) {
      scores.set(name, [...scores.get(name) ?? [], score]);
    }
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return Object.fromEntries([...scores].map(([name, values]) => [name, mean(values)]));
}

async function open(engine: string, all: readonly MadeUp[]) {
  if (engine === "flint") return openFlint();
  return engine === "orama" ? await openOrama(all) : openMiniSearch(all);
}

function openFlint() {
  const kv = openKv(folder), search = openSearch(kv);
  const find: Find = ({ text, typing }) =>
    search.find({ text, typing, limit: 10 }).hits.map(({ id }) => id);
  return { find, close: () => kv.close() };
}

/** Flint's words, which cut Chinese: its own would not. */
function tokens(text: string): string[] {
  return wordsIn(text).flatMap(({ terms }) => terms);
}

function openMiniSearch(all: readonly MadeUp[]) {
  const search = new MiniSearch<MadeUp>({
    fields: ["name", "tags", "description", "starters"],
    tokenize: tokens,
    processTerm: (term) => term,
    extractField: (document, field) => [document[field as "name"]].flat().join("\n"),
    searchOptions: { boost: { name: 5, tags: 2, starters: 0.4 }, fuzzy: 0.2 },
  });
  search.addAll(all);
  const find: Find = ({ text, typing }) => {
    const last = tokens(text).length - 1;
    const prefix = typing ? (_: string, i: number) => i === last : false;
    return search.search(text, { prefix }).slice(0, 10).map(({ id }) => id);
  };
  return { find, close: () => Promise.resolve() };
}

async function openOrama(all: readonly MadeUp[]) {
  const schema = {
    id: "string",
    name: "string",
    tags: "string[]",
    description: "string",
    starters: "string[]",
  } as const;
  const tokenizer = { language: "any", normalizationCache: new Map(), tokenize: tokens };
  const index = create({ schema, components: { tokenizer } });
  const rows = all.map(({ id, name, tags, description, starters }) => ({
    ...{ id, name, description },
    tags: [...tags],
    starters: [...starters],
  }));
  await insertMultiple(index, rows, 1000);
  const find: Find = async ({ text, typing }) => {
    const { hits } = await searchOrama(index, {
      ...{ term: text, limit: 10, threshold: 1, exact: false },
      ...!typing && { tolerance: 1 }, // it has either: a tolerance turns beginnings off
      properties: ["name", "tags", "description", "starters"],
      boost: { name: 5, tags: 2, starters: 0.4 },
    });
    return hits.map(({ id }) => id);
  };
  return { find, close: () => Promise.resolve() };
}
