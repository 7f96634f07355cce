/** The store's search over a real LMDB. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Kv, openKv } from "@flint/core";
import type { SearchDocument } from "../../store/search/document.ts";
import { impactsOf } from "../../store/search/document.ts";
import { openSearch, type Search } from "../../store/search/search.ts";

async function withSearch(use: (search: Search, kv: Kv) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "flint_search_" });
  const kv = openKv(folder);
  try {
    await use(openSearch(kv), kv);
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function document(id: string, name: string, more: Partial<SearchDocument> = {}): SearchDocument {
  return {
    ...{ id, name, description: "", tags: [], category: "other", language: "en", starters: [] },
    publisher: "owner",
    ...more,
  };
}

const SOME = [
  document("coach", "Spelling Coach", {
    description: "Corrects how you write English words",
    tags: ["spelling", "school"],
    category: "education",
  }),
  document("writer", "Story Writer", { description: "Writes short stories", category: "writing" }),
  document("letters", "Letter Helper", {
    description: "A writer of letters to your landlord",
    category: "writing",
    tags: ["letters"],
  }),
  document("lunwen", "学术论文写作助手", {
    language: "zh-CN",
    tags: ["论文", "写作"],
    category: "research",
  }),
  document("cafe", "Café Planner", { language: "fr", publisher: "anna" }),
];

const add = (kv: Kv, search: Search, documents: readonly SearchDocument[]) =>
  kv.transaction((transaction) => search.add(transaction, documents));
const found = (search: Search, text: string, more = {}) =>
  search.find({ text, ...more }).hits.map(({ id }) => id);

Deno.test("search: words in any form, accents, typos, beginnings and Chinese find their document", () =>
  withSearch(async (search, kv) => {
    await add(kv, search, SOME);
    assert.equal(search.count, SOME.length);
    assert.deepEqual(found(search, "spelling coach"), ["coach"]);
    assert.equal(found(search, "writer")[0], "writer", "a name counts for more than a description");
    assert.deepEqual(found(search, "STORIES"), ["writer"]);
    assert.deepEqual(found(search, "cafe"), ["cafe"]);
    assert.deepEqual(found(search, "spleling"), ["coach"], "two signs swapped");
    assert.deepEqual(found(search, "landlrd"), ["letters"], "one sign lost");
    assert.deepEqual(found(search, "论文写作"), ["lunwen"]);
    assert.deepEqual(found(search, "写"), ["lunwen"], "a single sign");
    assert.deepEqual(found(search, "xylophone"), []);
    for (const begun of ["s", "sp", "spe", "spel", "spelli", "spelling c"]) {
      assert.ok(found(search, begun, { typing: true }).includes("coach"), begun);
    }
    assert.deepEqual(found(search, "sto"), [], "a beginning counts while it is typed alone");
  }));

Deno.test("search: filters narrow, facets count, no words list the newest", () =>
  withSearch(async (search, kv) => {
    await add(kv, search, SOME);
    assert.deepEqual(found(search, "writer", { category: "writing" }), ["writer", "letters"]);
    assert.deepEqual(found(search, "", { category: "writing" }), ["letters", "writer"]);
    assert.deepEqual(found(search, "", { language: "zh" }), ["lunwen"]);
    assert.deepEqual(found(search, "", { publisher: "anna" }), ["cafe"]);
    assert.deepEqual(found(search, "", { tags: ["letters"], category: "writing" }), ["letters"]);
    assert.deepEqual(found(search, "", { tags: ["unheard-of"] }), []);
    assert.deepEqual(found(search, ""), ["cafe", "lunwen", "letters", "writer", "coach"]);
    const { category } = search.facets({ text: "writer" });
    assert.deepEqual(category, [{ value: "writing", count: 2 }]);
    assert.equal(search.facets({}).language[0]!.count, 3);
    assert.equal(search.countOf("category", "writing"), 2);
  }));

Deno.test("search: a changed document is found by its new words alone, a removed one by none", () =>
  withSearch(async (search, kv) => {
    await add(kv, search, SOME);
    await add(kv, search, [document("coach", "Chess Trainer")]);
    assert.deepEqual(found(search, "spelling"), []);
    assert.deepEqual(found(search, "chess"), ["coach"]);
    await kv.transaction((transaction) => search.remove(transaction, "coach"));
    assert.deepEqual(found(search, "chess"), []);
    assert.equal(search.count, SOME.length - 1);
  }));

const WORDS = [
  "red",
  "blue",
  "green",
  "story",
  "letter",
  "writer",
  "coach",
  "plan",
  "math",
  "论文",
];
const anyDocument = fc.record({
  id: fc.integer({ min: 0, max: 400 }).map((n) => `d${n}`),
  name: fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }),
  description: fc.array(fc.constantFrom(...WORDS), { maxLength: 8 }),
  category: fc.constantFrom("writing", "other"),
}).map(({ id, name, description, category }) =>
  document(id, name.join(" "), { description: description.join(" "), category })
);
/** Many documents in few batches, so that lists have pages and blocks to pass by. */
const anyHistory = fc.array(
  fc.tuple(
    fc.array(anyDocument, { maxLength: 300 }),
    fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 20 }),
  ),
  { minLength: 1, maxLength: 3 },
);

Deno.test("search: the best by skipping are the best by adding up everything, page after page", () =>
  fc.assert(
    fc.asyncProperty(
      anyHistory,
      fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }),
      fc.option(fc.constantFrom("writing", "other"), { nil: undefined }),
      (history, words, category) =>
        withSearch(async (search, kv) => {
          const kept = new Map<string, SearchDocument>();
          for (const [added, removed] of history) {
            await add(kv, search, added);
            for (const one of added) kept.set(one.id, one);
            for (const n of removed) {
              kept.delete(`d${n}`);
              await kv.transaction((transaction) => search.remove(transaction, `d${n}`));
            }
          }
          const pages: string[] = [], scores: number[] = [];
          let cursor: string | undefined;
          do {
            const page = search.find({ text: words.join(" "), category, limit: 7, cursor });
            pages.push(...page.hits.map(({ id }) => id));
            scores.push(...page.hits.map(({ score }) => score));
            cursor = page.next;
          } while (cursor);
          assert.equal(search.count, kept.size);
          assert.deepEqual(scores, scores.toSorted((a, b) => b - a));
          assert.deepEqual(pages.toSorted(), matching(kept, words, category));
        }),
    ),
    { numRuns: 15 },
  ));

/** All documents that have one of the words, the slow way. */
function matching(kept: Map<string, SearchDocument>, words: string[], category?: string) {
  return [...kept.values()].filter((one) =>
    (!category || one.category === category) &&
    words.some((word) => `${one.name} ${one.description}`.split(" ").includes(word))
  ).map(({ id }) => id).sort();
}

Deno.test("search: what comes and goes between two pages moves nothing", () =>
  withSearch(async (search, kv) => {
    const many = Array.from(
      { length: 60 },
      (_, i) => document(`n${i}`, i % 3 ? "Story Writer" : "Story of a writer"),
    );
    await add(kv, search, many);
    const query = { text: "story writer", limit: 10 } as const;
    const undisturbed = walk(search, query);
    const first = search.find(query);
    await add(kv, search, Array.from({ length: 30 }, (_, i) => document(`x${i}`, "Writer story")));
    const rest = walk(search, { ...query, cursor: first.next });
    const old = [...first.hits.map(({ id }) => id), ...rest].filter((id) => id.startsWith("n"));
    assert.deepEqual(old, undisturbed);
    assert.throws(() => search.find({ ...query, cursor: "bm9uc2Vuc2U" }), /cursor/);
  }));

Deno.test("search: a better order of the best holds from page to page", () =>
  withSearch(async (search, kv) => {
    await add(kv, search, Array.from({ length: 100 }, (_, i) => document(`n${i}`, "Writer")));
    const rerank = (best: readonly { id: string; score: number }[]) => best.toReversed();
    const ids = walk(search, { text: "writer", limit: 7, rerank });
    assert.deepEqual(ids.slice(0, 60), Array.from({ length: 60 }, (_, i) => `n${59 - i}`));
    assert.deepEqual(ids.slice(60), Array.from({ length: 40 }, (_, i) => `n${i + 60}`));
  }));

function walk(search: Search, query: Parameters<Search["find"]>[0]): string[] {
  const ids: string[] = [];
  for (let cursor = query.cursor;;) {
    const page = search.find({ ...query, cursor });
    ids.push(...page.hits.map(({ id }) => id));
    if (!page.next) return ids;
    cursor = page.next;
  }
}

Deno.test("search: a rebuild serves the old while it runs and keeps what changes meanwhile", () =>
  withSearch(async (search, kv) => {
    await add(kv, search, SOME);
    const pages: string[] = [];
    const source = (cursor: string | undefined) => {
      const at = Number(cursor ?? 0);
      pages.push(found(search, "spelling")[0]!);
      return { documents: [SOME[at]!], next: at + 1 < SOME.length ? String(at + 1) : undefined };
    };
    const done = search.rebuild(source);
    await add(kv, search, [document("writer", "Novel Writer"), document("new", "Brand New")]);
    await done;
    assert.deepEqual([...new Set(pages)], ["coach"], "found all the time");
    assert.equal(search.count, SOME.length + 1);
    assert.deepEqual(found(search, "novel"), ["writer"], "the newer of two versions stays");
    assert.deepEqual(found(search, "stories"), []);
    assert.deepEqual(found(search, "brand new"), ["new"]);
  }));

Deno.test("search: a list longer than a page loses nothing when much of it goes", () =>
  withSearch(async (search, kv) => {
    const ids = Array.from({ length: 4300 }, (_, i) => `n${i}`);
    await add(kv, search, ids.map((id) => document(id, "Writer")));
    const gone = ids.filter((_, i) => i < 800 || i > 4000 || i % 4 === 0);
    for (let at = 0; at < gone.length; at += 500) {
      await kv.transaction((transaction) =>
        gone.slice(at, at + 500).forEach((id) => search.remove(transaction, id))
      );
    }
    assert.deepEqual(
      walk(search, { text: "writer", limit: 100 }),
      ids.filter((id) => !gone.includes(id)),
    );
  }));

Deno.test("search: a name counts most, and a word's impact is never nothing", () => {
  const impacts = impactsOf(SOME[0]!);
  assert.ok(impacts.get("coach")! > impacts.get("english")!);
  assert.ok([...impacts.values()].every((impact) => impact >= 1 && impact <= 255));
});
