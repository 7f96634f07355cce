/**
 * `bench search`: Flint's search at the size of the store, beside MiniSearch and Orama on the same
 * documents; and at the size of all that was built, with boards, a start and many readers over HTTP.
 */
import process from "node:process";
import { openKv } from "../../core/kv.ts";
import { openBoards } from "../../store/market/boards.ts";
import { openSearch } from "../../store/search/search.ts";
import { catalogue, useOf } from "./catalogue.ts";
import { httpTrial } from "./search_http.ts";
import type { SideReport } from "./search_side.ts";
import { percentile } from "./summary.ts";

/** What to measure. */
export interface SearchTrial {
  readonly documents: number;
  readonly peers: boolean;
  /** Of the queries: 1 is for tuning, 2 for the test. */
  readonly seed: number;
}

/** Documents gathered before they are written: some 200 MB of postings at most. */
const BATCH = 30_000;
/** Above this many documents there is the large trial: boards, a start, readers over HTTP. */
const LARGE = 1_000_000;
/** Listings that have a place on the boards. */
const RANKED = 91_100;

/** The bench's command; it works in a new folder within `folder`. */
export async function benchSearch(folder: string, trial: SearchTrial): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const place = await Deno.makeTempDir({ dir: folder, prefix: ".search-" });
  try {
    await importAll(place, trial.documents);
    const flint = await side("flint", place, trial);
    tell("Flint", flint);
    if (trial.peers) {
      for (const engine of ["minisearch", "orama"]) {
        const peer = await side(engine, place, trial);
        tell(engine, peer);
        const ratio = percentile(peer.searched, 0.5) / percentile(flint.searched, 0.5);
        console.log(`  ${ratio.toFixed(1)} x Flint's p50`);
      }
    }
    if (trial.documents >= LARGE) await large(place);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

async function importAll(place: string, documents: number): Promise<void> {
  const kv = openKv(place), search = openSearch(kv), madeUp = catalogue(1);
  const start = performance.now();
  for (let from = 0; from < documents; from += BATCH) {
    const count = Math.min(BATCH, documents - from);
    const batch = Array.from({ length: count }, (_, i) => madeUp(from + i));
    await kv.transaction((transaction) => search.add(transaction, batch));
  }
  const seconds = (performance.now() - start) / 1000;
  const startBoards = performance.now(), ranked = Math.min(documents, RANKED);
  await fillBoards(kv, ranked);
  const boardSeconds = (performance.now() - startBoards) / 1000;
  await kv.close();
  const bytes = (await Deno.stat(`${place}/data.mdb`)).size;
  console.log(
    `${documents} documents made up and indexed at ${Math.round(documents / seconds)}/s, ` +
      `${ranked} placed on boards at ${Math.round(ranked / boardSeconds)}/s; ` +
      `${Math.round(bytes / documents)} bytes a document, ${Math.round(bytes / 1e6)} MB`,
  );
}

async function fillBoards(kv: ReturnType<typeof openKv>, ranked: number): Promise<void> {
  const boards = openBoards(kv), madeUp = catalogue(1), now = Date.now();
  for (let from = 0; from < ranked; from += 1000) {
    await kv.transaction((transaction) => {
      for (let i = from; i < Math.min(ranked, from + 1000); i++) {
        boards.record(transaction, useOf(madeUp(i), now));
      }
    });
  }
}

/** Runs one engine in a process of its own. */
async function side(engine: string, place: string, { documents, seed }: SearchTrial) {
  const script = new URL("./search_side.ts", import.meta.url).pathname;
  // The peers keep all in the heap, and need more than what it has by default.
  const flags = "--v8-flags=--expose-gc,--max-old-space-size=16000";
  const { success, stdout } = await new Deno.Command(process.execPath, {
    args: ["run", "-A", "--no-check", flags, script, engine, place, `${documents}`, `${seed}`],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${engine} failed`);
  return JSON.parse(new TextDecoder().decode(stdout)) as SideReport;
}

function tell(name: string, report: SideReport): void {
  const ms = (values: readonly number[], share: number) => percentile(values, share).toFixed(2);
  const { searched, typed, quality, buildSeconds, rssGrowthBytes } = report;
  console.log(
    `${name}: search p50 ${ms(searched, 0.5)} ms, p99 ${ms(searched, 0.99)} ms; ` +
      `while typing p50 ${ms(typed, 0.5)} ms, p99 ${ms(typed, 0.99)} ms; ` +
      `opened in ${buildSeconds.toFixed(2)} s, memory grew by ${
        Math.round(rssGrowthBytes / 1e6)
      } MB`,
  );
  const scores = Object.entries(quality).map(([kind, score]) => `${kind} ${score.toFixed(3)}`);
  console.log(`  nDCG@10: ${scores.join(", ")}`);
}

async function large(place: string): Promise<void> {
  const start = performance.now();
  const kv = openKv(place), search = openSearch(kv), boards = openBoards(kv);
  search.find({ text: "story writer" });
  console.log(`opened, with a first search, in ${(performance.now() - start).toFixed(0)} ms`);
  const times = Array.from({ length: 1000 }, (_, i) => {
    const asked = performance.now();
    boards.top({ board: i % 2 ? "installed" : "trending", limit: 20 });
    return performance.now() - asked;
  });
  console.log(
    `boards p50 ${percentile(times, 0.5).toFixed(2)}, p99 ${percentile(times, 0.99).toFixed(2)} ms`,
  );
  await kv.close();
  await httpTrial(place);
}
