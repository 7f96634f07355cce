/** Collections of documents: added, found, changed, removed; words alone, without a model. */
import assert from "node:assert/strict";
import { FlintError, openKv } from "@flint/core";
import { type IngestEvent, type Library, openLibrary } from "@flint/plugins";
import { filledLibrary, questions } from "./set.ts";

const fileOf = (name: string, text: string) => ({
  name,
  bytes: () => Promise.resolve(new TextEncoder().encode(text)),
});
const code = (wanted: string) => (error: unknown) =>
  error instanceof FlintError && error.code === wanted;

async function add(library: Library, ...files: ReturnType<typeof fileOf>[]) {
  const events: IngestEvent[] = [];
  for await (const event of library.add("sea", files)) events.push(event);
  return events;
}

async function withLibrary(run: (library: Library) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  try {
    const library = openLibrary({ kv });
    await library.create({ id: "sea", name: "The sea" });
    await run(library);
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("library: a file that fails stops none, and each tells how it ended", () =>
  withLibrary(async (library) => {
    const events = await add(
      library,
      fileOf("bad.json", "{"),
      fileOf("tides.txt", "High water is at noon."),
    );
    const ends = events.filter(({ type }) => type === "failed" || type === "added");
    assert.deepEqual(ends.map(({ type }) => type), ["failed", "added"]);
    assert.deepEqual(library.documents("sea").map(({ name }) => name), ["tides.txt"]);
  }));

Deno.test("library: what did not change is not read again, and what did replaces the old", () =>
  withLibrary(async (library) => {
    await add(library, fileOf("a.txt", "The lamp burns whale oil."));
    const [again] = await add(library, fileOf("a.txt", "The lamp burns whale oil."));
    assert.equal(again!.type, "unchanged");
    await add(library, fileOf("a.txt", "The lamp burns gas."));
    assert.equal(library.documents("sea").length, 1);
    const hits = await library.search(["sea"], "whale oil lamp");
    assert.deepEqual(hits.map(({ source }) => source.text), ["The lamp burns gas."]);
  }));

Deno.test("library: removed is removed", () =>
  withLibrary(async (library) => {
    await add(
      library,
      fileOf("a.txt", "The keeper is called Mo."),
      fileOf("b.txt", "Mo has a dog."),
    );
    const [first] = library.documents("sea");
    await library.removeDocument("sea", first!.id);
    const hits = await library.search(["sea"], "Mo keeper");
    assert.deepEqual(hits.map(({ source }) => source.name), ["b.txt"]);
    assert.throws(() => library.text("sea", first!.id), code("not_found"));
    await library.remove("sea");
    assert.throws(() => library.get("sea"), code("not_found"));
    assert.deepEqual(await library.search(["sea"], "Mo"), []);
    await library.create({ id: "sea", name: "Again" });
    assert.deepEqual(library.documents("sea"), [], "nothing comes back with the name");
  }));

Deno.test("library: an id is taken once", () =>
  withLibrary(async (library) => {
    await assert.rejects(library.create({ id: "sea", name: "Other" }), code("conflict"));
    await assert.rejects(library.create({ id: "No Slug", name: "Other" }), code("bad_input"));
  }));

Deno.test("library: every passage is a span of its document, under its headings", async () => {
  const folder = await Deno.makeTempDir();
  const { kv, library } = await filledLibrary(folder);
  try {
    const { sources } = library.index(["set"]);
    assert(sources.length > 90, `${sources.length} passages`);
    for (const { base, document, start, end, text, headings, title } of sources) {
      assert.equal(library.text(base, document).slice(start, end), text);
      assert.equal(headings[0], title);
    }
    const filters = sources.find(({ text }) => text.includes("BF-127 are made for us"));
    assert.equal(filters!.headings.at(-1), "3 Filters");
    const missed = await Promise.all(
      questions("tuning").filter(({ kind, answer }) => kind === "one" && answer).map(
        async (one) => {
          const hits = await library.search(["set"], one.question, { count: 5 });
          return hits.some(({ source }) => source.name === one.evidence![0]!.document)
            ? []
            : [one.id];
        },
      ),
    );
    assert.deepEqual(missed.flat(), [], "the right document is among the first five");
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
});
