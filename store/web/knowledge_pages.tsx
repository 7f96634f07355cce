/** Routes of the knowledge pages: plain forms, so that they work without scripts. */
import { FlintError } from "@flint/core";
import { type Library, READABLE, type SourceSpan } from "@flint/plugins";
import type { Hono } from "hono";
import { placeOf } from "./components/citations.tsx";
import type { Drawing } from "./drawing.tsx";
import {
  CollectionPage,
  Collections,
  DocumentPage,
  type FoundPassage,
  type Outcome,
} from "./knowledge.tsx";

const ACCEPT = READABLE.map((ending) => `.${ending}`).join(",");
/** Characters shown on either side of a cited place; a whole text of this length is shown whole. */
const AROUND_CHARS = 30_000;
const FOUND = 5;

/** Adds the pages under /knowledge. */
export function addKnowledgePages(app: Hono, library: Library, drawing: Drawing): void {
  const { frame, send } = drawing;
  app.get("/knowledge", (c) => {
    const bases = library.list().map((base) => ({
      ...base,
      documents: library.documents(base.id).length,
    }));
    return send(c, <Collections frame={frame(c)} bases={bases} />);
  });

  app.post("/knowledge", async (c) => {
    const name = String((await c.req.formData()).get("name") ?? "");
    const { id } = await library.create({ id: freeId(library, name), name });
    return c.redirect(`/knowledge/${encodeURIComponent(id)}`, 303);
  });

  app.get("/knowledge/:id", async (c) => {
    const base = library.get(c.req.param("id"));
    const query = c.req.query("q")?.slice(0, 500);
    const hits = query ? await library.search([base.id], query, { count: FOUND }) : [];
    const found = hits.map(({ source }) => foundOf(source));
    const documents = library.documents(base.id);
    return send(
      c,
      <CollectionPage
        {...{ frame: frame(c), base, documents, accept: ACCEPT, query, found }}
      />,
    );
  });

  app.post("/knowledge/:id/remove", async (c) => {
    await library.remove(c.req.param("id"));
    return c.redirect("/knowledge", 303);
  });

  addDocuments(app, library, drawing);
}

/** Documents: sent by a form, read at a place, removed. */
function addDocuments(app: Hono, library: Library, { frame, send }: Drawing): void {
  app.post("/knowledge/:id/files", async (c) => {
    const base = library.get(c.req.param("id"));
    const sent = (await c.req.formData()).getAll("files");
    const files = sent.filter((file) => file instanceof File).map((file) => ({
      name: file.name,
      bytes: async () => new Uint8Array(await file.arrayBuffer()),
    }));
    const outcomes: Outcome[] = [];
    for await (const event of library.add(base.id, files, c.req.raw.signal)) {
      if (event.type === "failed") outcomes.push({ name: event.name, failure: event.message });
      else if (event.type === "added" || event.type === "unchanged") {
        outcomes.push({ name: event.document.name, failure: undefined });
      }
    }
    const documents = library.documents(base.id);
    return send(
      c,
      <CollectionPage {...{ frame: frame(c), base, documents, accept: ACCEPT, outcomes }} />,
    );
  });

  app.get("/knowledge/:id/documents/:document", (c) => {
    const base = library.get(c.req.param("id"));
    const document = library.documents(base.id).find(({ id }) => id === c.req.param("document"));
    if (!document) throw new FlintError("not_found", "there is no such document");
    const text = library.text(base.id, document.id);
    const place = { start: c.req.query("start"), end: c.req.query("end") };
    return send(
      c,
      <DocumentPage {...{ frame: frame(c), base, document, parts: partsOf(text, place) }} />,
    );
  });

  app.post("/knowledge/:id/documents/:document/remove", async (c) => {
    const { id, document } = c.req.param();
    await library.removeDocument(id, document);
    return c.redirect(`/knowledge/${encodeURIComponent(id)}`, 303);
  });
}

function foundOf(source: SourceSpan): FoundPassage {
  const { name, page, headings, text } = source;
  const place = [...headings.slice(1), ...(page === undefined ? [] : [`p. ${page}`])].join(" › ");
  return { name, place, text, href: placeOf(source) };
}

/** The text around a place, and the place; numbers that make no sense mark nothing. */
function partsOf(
  text: string,
  place: { start: string | undefined; end: string | undefined },
): [string, string, string] {
  const start = Number(place.start), end = Number(place.end);
  const isPlace = Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end &&
    end <= text.length;
  if (!isPlace) return [text.slice(0, 2 * AROUND_CHARS), "", ""];
  return [
    text.slice(Math.max(0, start - AROUND_CHARS), start),
    text.slice(start, end),
    text.slice(end, end + AROUND_CHARS),
  ];
}

/** The name as an id, with a number where it is taken. */
function freeId(library: Library, name: string): string {
  const slug = name.toLowerCase().normalize("NFKC").match(/[\p{Ll}\p{Lo}\p{N}]+/gu)?.join("-")
    .slice(0, 48).replace(/-$/, "") || "documents";
  const taken = new Set(library.list().map(({ id }) => id));
  for (let i = 1;; i++) {
    const id = i === 1 ? slug : `${slug}-${i}`;
    if (!taken.has(id)) return id;
  }
}
