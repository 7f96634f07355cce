/** /api/moderation: what the owner has to look at, and his verdicts. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { Listing } from "../market/listing.ts";
import { Case, type Moderation, Verdict } from "../market/moderation.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { given } from "./given.ts";
import { requireOwner } from "./identity.ts";

const tags = ["Moderation"];

const cases = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List what is to be looked at: reviews, reports, appeals",
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).optional(),
      cursor: z.string().max(1024).optional(),
    }),
  },
  responses: {
    200: json(z.object({ cases: z.array(Case), next: z.string().optional() }), "By listing"),
    ...problems,
  },
});

const judge = createRoute({
  method: "post",
  path: "/{id}",
  tags,
  summary: "List, refuse or remove a listing, with the reason",
  request: {
    params: z.object({ id: Listing.shape.id }),
    body: jsonBody(Verdict),
  },
  responses: { 200: json(Listing, "As it is now"), ...problems },
});

/** The routes. */
export function createModeration({ moderation }: { moderation: Moderation }): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(cases, (c) => {
    requireOwner(c);
    const { cases: found, next } = moderation.cases(given(c.req.valid("query")));
    return c.json({ cases: [...found], ...given({ next }) }, 200);
  });
  app.openapi(judge, async (c) => {
    const { id: judge } = requireOwner(c);
    const { id } = c.req.valid("param");
    return c.json(await moderation.judge(judge, id, c.req.valid("json")), 200);
  });
  return app;
}
