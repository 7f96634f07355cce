/** `deno task bench knowledge`: how fast 10,000 passages come in and are found, and what they take on disk. */
import { join } from "node:path";
import { openKv } from "@flint/core";
import { openEmbedder, openLibrary } from "@flint/plugins";
import { minilmFolder } from "../store/live_store.ts";
import { randomFloats } from "../random.ts";

/** Documents of 50 passages. */
const PASSAGES_EACH = 50;
const QUERIES = 200;

const SUBJECTS = "harbour mill lantern glacier orchard foundry ferry archive quarry bakery".split(
  " ",
);
const ACTS = "repairs stores measures lends paints counts moves guards lists insures".split(" ");
const THINGS = "barrels bells ledgers ropes windows sledges kettles charts pumps crates".split(" ");
const PLACES = "Arden Brill Corve Dunmoor Eskdale Farrow Gault Hythe Ilmen Jura".split(" ");

/** Measures `passages` passages; without vectors words alone find. */
export async function benchKnowledge(
  { passages, words }: { passages: number; words: boolean },
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flint_knowledge_" });
  const kv = openKv(folder);
  const embedder = openEmbedder(minilmFolder() ?? join(folder, "none"));
  const library = openLibrary({ kv, ...(words ? {} : { embedder }) });
  try {
    await library.create({ id: "bench", name: "Bench" });
    const began = performance.now();
    let count = 0;
    for await (const event of library.add("bench", filesOf(passages))) {
      if (event.type === "added") count += event.document.passages;
    }
    const seconds = (performance.now() - began) / 1000;
    const bytes = await sizeOf(folder);
    const built = performance.now();
    library.index(["bench"]);
    const buildMs = performance.now() - built;
    const times = await queryTimes(library, words);
    const at = (share: number) => times[Math.floor(times.length * share)]!.toFixed(1);
    console.log(`${count} passages, ${words ? "words alone" : "words and vectors"}`);
    console.log(`ingest: ${(count / seconds).toFixed(0)} passages a second`);
    console.log(`on disk: ${(bytes / 1e6).toFixed(1)} MB, ${Math.round(bytes / count)} bytes each`);
    console.log(`index in memory: built in ${buildMs.toFixed(0)} ms with the first question`);
    console.log(`question: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  } finally {
    embedder.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function queryTimes(library: ReturnType<typeof openLibrary>, words: boolean) {
  const next = randomFloats(2);
  const times: number[] = [];
  for (let i = 0; i < QUERIES; i++) {
    const question = `Who ${pick(ACTS, next)} the ${pick(THINGS, next)} of ${pick(PLACES, next)}?`;
    const began = performance.now();
    await library.search(["bench"], question, { vectors: !words });
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b);
}

const pick = (from: readonly string[], next: () => number) =>
  from[Math.floor(next() * from.length)]!;

/** Documents of paragraphs as long as passages are, no two alike. */
function filesOf(passages: number) {
  const next = randomFloats(1);
  return Array.from({ length: Math.ceil(passages / PASSAGES_EACH) }, (_, i) => {
    const paragraphs = Array.from(
      { length: PASSAGES_EACH },
      (_, k) => paragraph(i * 100 + k, next),
    );
    const bytes = new TextEncoder().encode(paragraphs.join("\n\n"));
    return { name: `document ${i}.txt`, bytes: () => Promise.resolve(bytes) };
  });
}

function paragraph(number: number, next: () => number): string {
  let text = `Entry ${number} of the register.`;
  while (text.length < 380) {
    text += ` The ${pick(SUBJECTS, next)} at ${pick(PLACES, next)} ${pick(ACTS, next)} ` +
      `${Math.floor(next() * 900 + 12)} ${pick(THINGS, next)}.`;
  }
  return text;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name } of Deno.readDir(folder)) {
    bytes += (await Deno.stat(join(folder, name))).size;
  }
  return bytes;
}
