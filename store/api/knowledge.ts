/** /api/knowledge: collections of documents: filled, searched, read where a citation points, removed. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import {
  IngestEvent,
  KnowledgeBase,
  KnowledgeDocument,
  KnowledgeDraft,
  type Library,
  SLUG_CHARS_MAX,
  SourceSpan,
} from "@flint/plugins";
import { events, json, jsonBody, problems } from "./describe.ts";
import { typedStream } from "./events.ts";
import { given } from "./given.ts";

const tags = ["Knowledge"];
/** Characters of a document's text in one answer. */
const TEXT_CHARS_MAX = 100_000;

const Id = z.object({
  id: z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name: "id", in: "path" } }),
});
const IdDocument = Id.extend({
  document: z.string().regex(/^[0-9a-f]{16}$/)
    .openapi({ param: { name: "document", in: "path" } }),
});

const Bases = z.object({ knowledge: z.array(KnowledgeBase) }).openapi("KnowledgeBases");
const Filled = KnowledgeBase.extend({ documents: z.array(KnowledgeDocument) })
  .openapi("FilledKnowledgeBase");
const Found = z.object({
  hits: z.array(z.object({ source: SourceSpan, score: z.number() })),
}).openapi("KnowledgeHits");
const DocumentText = z.object({
  text: z.string(),
  start: z.int(),
  characters: z.int().openapi({ description: "Of the whole document" }),
}).openapi("DocumentText");
const KnowledgeGraph = z.object({
  entities: z.array(z.object({
    name: z.string(),
    aliases: z.array(z.string()),
    sources: z.array(z.int()).openapi({ description: "Places in `sources`" }),
  })),
  relations: z.array(z.object({
    from: z.string(),
    to: z.string(),
    label: z.string(),
    source: z.int(),
  })),
  sources: z.array(SourceSpan),
}).openapi("KnowledgeGraph");

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List collections of documents",
  responses: { 200: json(Bases, "All of them, by id"), ...problems },
});

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Make a collection",
  request: { body: jsonBody(KnowledgeDraft) },
  responses: { 201: json(KnowledgeBase, "The new collection, empty"), ...problems },
});

const read = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "Read a collection and what documents it holds",
  request: { params: Id },
  responses: { 200: json(Filled, "The collection"), ...problems },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "Remove a collection with all that was made of its documents",
  request: { params: Id },
  responses: { 204: { description: "Removed" }, ...problems },
});

const add = createRoute({
  method: "post",
  path: "/{id}/documents",
  tags,
  summary: "Add a file, or replace the one of that name",
  description: "The body is the file itself, of any content type; its name's ending says what it " +
    "is: pdf, docx, html, md, txt, csv, tsv or json.",
  request: {
    params: Id,
    query: z.object({ name: z.string().min(1).max(1000) }),
    body: {
      required: true,
      content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
    },
  },
  responses: { 200: events(IngestEvent, "Progress, then how it ended"), ...problems },
});

const removeDocument = createRoute({
  method: "delete",
  path: "/{id}/documents/{document}",
  tags,
  summary: "Remove a document with all that was made of it",
  request: { params: IdDocument },
  responses: { 204: { description: "Removed" }, ...problems },
});

const text = createRoute({
  method: "get",
  path: "/{id}/documents/{document}/text",
  tags,
  summary: "Read a document's text, which citations are spans of",
  request: {
    params: IdDocument,
    query: z.object({ start: z.coerce.number().int().min(0).optional() }),
  },
  responses: {
    200: json(DocumentText, "The text from `start` on, at most 100,000 characters"),
    ...problems,
  },
});

const search = createRoute({
  method: "get",
  path: "/{id}/search",
  tags,
  summary: "Find passages by words and by meaning",
  request: {
    params: Id,
    query: z.object({
      q: z.string().min(1).max(2000),
      count: z.coerce.number().int().min(1).max(50).optional(),
    }),
  },
  responses: { 200: json(Found, "The best passages first"), ...problems },
});

const graph = createRoute({
  method: "get",
  path: "/{id}/graph",
  tags,
  summary: "Read what the documents name, and what holds between the named",
  request: {
    params: Id,
    query: z.object({
      about: z.string().max(200).optional().openapi({
        description: "Only what is within one step of this name",
      }),
    }),
  },
  responses: { 200: json(KnowledgeGraph, "Names, relations and where each was said"), ...problems },
});

/** The knowledge routes. */
export function createKnowledge({ library }: { readonly library: Library }): OpenAPIHono {
  const app = new OpenAPIHono();

  app.openapi(list, (c) => c.json({ knowledge: library.list() }, 200));

  app.openapi(create, async (c) => {
    const made = await library.create(c.req.valid("json"));
    return c.json(made, 201, { Location: `/api/knowledge/${encodeURIComponent(made.id)}` });
  });

  app.openapi(read, (c) => {
    const base = library.get(c.req.valid("param").id);
    return c.json({ ...base, documents: library.documents(base.id) }, 200);
  });

  app.openapi(remove, async (c) => {
    await library.remove(c.req.valid("param").id);
    return c.body(null, 204);
  });

  app.openapi(add, async (c) => {
    const { id } = library.get(c.req.valid("param").id);
    const { name } = c.req.valid("query");
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    const file = { name, bytes: () => Promise.resolve(bytes) };
    return await typedStream(c, (signal) => library.add(id, [file], signal));
  });

  app.openapi(removeDocument, async (c) => {
    const { id, document } = c.req.valid("param");
    await library.removeDocument(id, document);
    return c.body(null, 204);
  });

  app.openapi(text, (c) => {
    const { id, document } = c.req.valid("param");
    const { start = 0 } = c.req.valid("query");
    const whole = library.text(id, document);
    const part = whole.slice(start, start + TEXT_CHARS_MAX);
    return c.json({ text: part, start, characters: whole.length }, 200);
  });

  app.openapi(search, async (c) => {
    const { id } = library.get(c.req.valid("param").id);
    const { q, count } = c.req.valid("query");
    const hits = await library.search([id], q, given({ count }));
    return c.json({ hits: hits.map(({ source, score }) => ({ source, score })) }, 200);
  });

  app.openapi(graph, (c) => {
    const { id } = library.get(c.req.valid("param").id);
    return c.json(graphOf(library, id, c.req.valid("query").about), 200);
  });
  return app;
}

/** Names in a graph that is sent; of larger ones the most named. */
const ENTITIES_MAX = 400;

function graphOf(library: Library, id: string, about?: string): z.infer<typeof KnowledgeGraph> {
  const { graph: { entities, relations }, sources } = library.index([id]);
  const centre = about?.toLowerCase();
  const near = new Set<string>();
  for (const { key, name, aliases } of entities.values()) {
    if ([name, ...aliases].some((written) => written.toLowerCase() === centre)) near.add(key);
  }
  const centres = new Set(near);
  for (const { from, to } of relations) {
    if (centres.has(from)) near.add(to);
    if (centres.has(to)) near.add(from);
  }
  const shown = [...entities.values()]
    .filter(({ key }) => centre === undefined || near.has(key))
    .sort((a, b) => b.passages.length - a.passages.length)
    .slice(0, ENTITIES_MAX);
  const keys = new Map(shown.map(({ key, name }) => [key, name]));
  return {
    entities: shown.map(({ name, aliases, passages }) => ({
      name,
      aliases: [...aliases],
      sources: [...passages],
    })),
    relations: relations.filter(({ from, to }) => from !== to && keys.has(from) && keys.has(to))
      .map(({ from, to, label, passage }) => ({
        from: keys.get(from)!,
        to: keys.get(to)!,
        label,
        source: passage,
      })),
    sources: [...sources],
  };
}
