/** /api/store: browse, search and boards: what everyone may see of this store. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { FlintError } from "@flint/core";
import { CATEGORIES, SLUG_CHARS_MAX } from "@flint/plugins";
import { BOARDS } from "../market/boards.ts";
import {
  Card,
  CardPage,
  CollectionDraft,
  ListingCollection,
  RankedCard,
  Ranks,
  Shelves,
} from "../market/card.ts";
import type { Catalog } from "../market/catalog.ts";
import { PERIODS } from "../market/scores.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { given } from "./given.ts";

const tags = ["Store"];
/** Longest text that is searched for. */
const TEXT_CHARS_MAX = 300;
const CURSOR_CHARS_MAX = 8000;

const Id = z.object({
  id: z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name: "id", in: "path" } }),
});
const limit = z.coerce.number().int().min(1).max(100).optional();
const text = z.string().max(TEXT_CHARS_MAX);
const tag = z.string().min(1).max(40);

/** What narrows a search. */
const Filters = z.object({
  q: text.optional().openapi({ description: "Words; without any, the newest are listed" }),
  category: z.enum(CATEGORIES).optional(),
  language: z.string().min(2).max(35).optional().openapi({ description: "zh finds zh-CN, too" }),
  tag: z.union([tag, z.array(tag).max(8)]).optional().openapi({ description: "All of them" }),
  publisher: z.string().min(1).max(128).optional(),
});
const Search = Filters.extend({ limit, cursor: z.string().max(CURSOR_CHARS_MAX).optional() });

const Cards = z.object({ cards: z.array(Card) });
const count = z.array(z.object({ value: z.string(), count: z.number() })).readonly();
const FacetCounts = z.object({ category: count, language: count, tag: count });
const Shown = z.object({ collection: ListingCollection, cards: z.array(Card) });

const get = <P extends string, Q extends z.ZodObject, S extends z.ZodType>(
  path: P,
  summary: string,
  query: Q,
  answer: S,
) =>
  createRoute({
    method: "get",
    path,
    tags,
    summary,
    request: { query },
    responses: { 200: json(answer, summary), ...problems },
  });

const search = get("/search", "Search, or list the newest", Search, CardPage);
const suggest = get(
  "/suggest",
  "Find while one types",
  z.object({ q: text, limit }),
  Cards,
);
const facets = get("/facets", "Count what is found by property", Filters, FacetCounts);
const shelves = get("/shelves", "List the categories", z.object({}), Shelves);

const board = createRoute({
  method: "get",
  path: "/boards/{board}",
  tags,
  summary: "Read a leaderboard",
  request: {
    params: z.object({
      board: z.enum(BOARDS).openapi({ param: { name: "board", in: "path" } }),
    }),
    query: z.object({
      category: z.enum(CATEGORIES).optional(),
      period: z.enum(PERIODS).optional().openapi({ description: "Of installs and use alone" }),
      limit,
    }),
  },
  responses: { 200: json(z.object({ places: z.array(RankedCard) }), "From the top"), ...problems },
});

const ranks = createRoute({
  method: "get",
  path: "/listings/{id}/ranks",
  tags,
  summary: "Explain a listing's ranks",
  request: { params: Id },
  responses: { 200: json(Ranks, "Each score, and what it is made of"), ...problems },
});

const similar = createRoute({
  method: "get",
  path: "/listings/{id}/similar",
  tags,
  summary: "Find listings like one",
  request: { params: Id, query: z.object({ limit }) },
  responses: { 200: json(Cards, "The likest first"), ...problems },
});

const collections = createRoute({
  method: "get",
  path: "/collections",
  tags,
  summary: "List the collections",
  responses: {
    200: json(z.object({ collections: z.array(ListingCollection) }), "By id"),
    ...problems,
  },
});

const collection = createRoute({
  method: "get",
  path: "/collections/{id}",
  tags,
  summary: "Show a collection",
  request: { params: Id },
  responses: { 200: json(Shown, "With its listings"), ...problems },
});

const putCollection = createRoute({
  method: "put",
  path: "/collections/{id}",
  tags,
  summary: "Make or replace a collection; the one named featured opens the store",
  request: { params: Id, body: jsonBody(CollectionDraft) },
  responses: { 200: json(ListingCollection, "As it is now"), ...problems },
});

const removeCollection = createRoute({
  method: "delete",
  path: "/collections/{id}",
  tags,
  summary: "Remove a collection",
  request: { params: Id },
  responses: { 204: { description: "Removed" }, ...problems },
});

/** The catalogue's routes. */
export function createCatalog({ catalog }: { readonly catalog: Catalog }): OpenAPIHono {
  const app = new OpenAPIHono();
  const queryOf = ({ q, tag, ...rest }: z.infer<typeof Search>) =>
    given({ text: q, tags: tag === undefined ? undefined : [tag].flat(), ...rest });

  app.openapi(
    search,
    async (c) => c.json(await catalog.search(queryOf(c.req.valid("query"))), 200),
  );
  app.openapi(suggest, (c) => {
    const { q, limit } = c.req.valid("query");
    return c.json({ cards: catalog.suggest(q, limit) }, 200);
  });
  app.openapi(facets, (c) => c.json(catalog.facets(queryOf(c.req.valid("query"))), 200));
  app.openapi(shelves, (c) => c.json(catalog.shelves(), 200));
  app.openapi(board, (c) => {
    const query = { ...c.req.valid("param"), ...given(c.req.valid("query")) };
    return c.json({ places: catalog.board(query) }, 200);
  });
  app.openapi(ranks, (c) => c.json(catalog.ranks(c.req.valid("param").id), 200));
  app.openapi(similar, (c) => {
    const { limit } = c.req.valid("query");
    return c.json({ cards: catalog.similar(c.req.valid("param").id, limit) }, 200);
  });
  addCollections(app, catalog);
  return app;
}

function addCollections(app: OpenAPIHono, catalog: Catalog): void {
  const { collections: kept } = catalog;
  app.openapi(collections, (c) => c.json({ collections: kept.list() }, 200));
  app.openapi(collection, (c) => {
    const { id } = c.req.valid("param"), found = kept.get(id);
    if (!found) throw new FlintError("not_found", `there is no collection "${id}"`);
    return c.json({ collection: found, cards: catalog.cardsOf(found) }, 200);
  });
  app.openapi(
    putCollection,
    async (c) => c.json(await kept.put(c.req.valid("param").id, c.req.valid("json")), 200),
  );
  app.openapi(removeCollection, async (c) => {
    const { id } = c.req.valid("param");
    if (!await kept.remove(id)) {
      throw new FlintError("not_found", `there is no collection "${id}"`);
    }
    return c.body(null, 204);
  });
}
