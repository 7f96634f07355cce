/** /api/analytics: what builders see of their listings' use: counts alone, for charts and as tables. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { stringify } from "csv-stringify/sync";
import { FlintError } from "@flint/core";
import type { Registry } from "@flint/plugins";
import { type Analytics, POINTS_MAX, STEP_MS, STEPS } from "../analytics/counts.ts";
import { SPANS } from "../analytics/retention.ts";
import type { Boards } from "../market/boards.ts";
import type { Listings } from "../market/listings.ts";
import { attachment } from "./attachment.ts";
import { json, problems } from "./describe.ts";
import { requireAccount } from "./identity.ts";

const tags = ["Analytics"];

const count = z.int();
const counts = {
  ...{ conversations: count, turns: count, promptTokens: count, cachedTokens: count },
  ...{ completionTokens: count, toolCalls: count },
  users: count.openapi({
    description: "Accounts that were there; of an hour, whose day began in it",
  }),
  newUsers: count,
  paid: count.openapi({ description: "Micro-units paid for answers; subscriptions are not in it" }),
};

const Id = z.object({
  listing: z.string().min(1).max(128).openapi({ param: { name: "listing", in: "path" } }),
});

const Range = z.object({
  step: z.enum(STEPS).default("day").openapi({ description: "Hours are kept for two weeks" }),
  from: z.iso.datetime().optional().openapi({ description: "Default: 30 steps before `to`" }),
  to: z.iso.datetime().optional().openapi({ description: "Default: now" }),
});

const Rating = z.object({
  mean: z.number().nullable().openapi({ description: "Stars; null until somebody rated" }),
  weight: z.number().openapi({ description: "How many ratings it counts for" }),
});

const Series = z.object({
  listing: z.string(),
  step: z.enum(STEPS),
  points: z.array(z.object({ at: z.string(), ...counts })),
  rating: Rating,
}).openapi("AnalyticsSeries");

const Cohorts = z.array(z.object({
  from: z.string().openapi({ description: "The span's first day (UTC; weeks begin on Monday)" }),
  size: count,
  back: z.array(count).openapi({ description: "How many of them were there 1, 2, … spans later" }),
})).openapi("AnalyticsCohorts");

const Totals = z.object({
  listings: z.array(z.object({ listing: z.string(), ...counts })),
  next: z.string().optional(),
}).openapi("AnalyticsTotals");

const totals = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List your listings with all they had",
  request: { query: z.object({ cursor: z.string().max(1024).optional() }) },
  responses: { 200: json(Totals, "By listing; `users` are all that ever were there"), ...problems },
});

const series = createRoute({
  method: "get",
  path: "/{listing}",
  tags,
  summary: "Read a listing's use by hour or day",
  request: { params: Id, query: Range },
  responses: { 200: json(Series, `UTC; at most ${POINTS_MAX} points`), ...problems },
});

const table = createRoute({
  method: "get",
  path: "/{listing}/csv",
  tags,
  summary: "Save a listing's use as a table",
  request: { params: Id, query: Range },
  responses: {
    200: { description: "The same series", content: { "text/csv": { schema: z.string() } } },
    ...problems,
  },
});

const retention = createRoute({
  method: "get",
  path: "/{listing}/retention",
  tags,
  summary: "Read who came back",
  request: {
    params: Id,
    query: z.object({
      by: z.enum(SPANS).default("week"),
      count: z.coerce.number().int().min(1).max(60).default(12),
    }),
  },
  responses: { 200: json(Cohorts, "By the span in which accounts came first"), ...problems },
});

/** What the routes need. */
export interface AnalyticsDeps {
  readonly analytics: Analytics;
  readonly listings: Pick<Listings, "find">;
  readonly registry: Pick<Registry, "ownerOf">;
  readonly boards: Pick<Boards, "standing">;
}

/** The routes: a listing's builder sees it, and the owner. */
export function createAnalytics(deps: AnalyticsDeps): OpenAPIHono {
  const app = new OpenAPIHono(), { analytics, boards } = deps;
  app.openapi(totals, (c) => {
    const { id } = requireAccount(c);
    return c.json(analytics.totals(id, c.req.valid("query").cursor), 200);
  });
  app.openapi(series, (c) => {
    const listing = ownListing(c, deps, c.req.valid("param").listing);
    const query = rangeOf(c.req.valid("query"));
    const { stars, weight } = boards.standing(listing)?.rating ?? { stars: 0, weight: 0 };
    const rating = { mean: weight > 0 ? stars / weight : null, weight };
    const points = analytics.series({ listing, ...query });
    return c.json({ listing, step: query.step, points, rating }, 200);
  });
  app.openapi(table, (c) => {
    const listing = ownListing(c, deps, c.req.valid("param").listing);
    const points = analytics.series({ listing, ...rangeOf(c.req.valid("query")) });
    const headers = attachment(`${listing}.csv`, "text/csv; charset=utf-8");
    return c.body(stringify(points, { header: true }), 200, headers);
  });
  app.openapi(retention, (c) => {
    const listing = ownListing(c, deps, c.req.valid("param").listing);
    const { by, count } = c.req.valid("query");
    const cohorts = analytics.retention.cohorts(listing, by, { count });
    return c.json(cohorts.map((cohort) => ({ ...cohort, back: [...cohort.back] })), 200);
  });
  return app;
}

/** A listing that the asker may see into. @throws 401, 403, "not_found" */
export function ownListing(c: Context, { listings, registry }: AnalyticsDeps, id: string): string {
  const account = requireAccount(c);
  const publisher = listings.find(id)?.publisher ?? registry.ownerOf(id);
  if (account.role === "owner" || account.id === publisher) return id;
  throw new HTTPException(403, { message: `only ${publisher} sees the analytics of ${id}` });
}

const STEPS_DEFAULT = 30;

function rangeOf({ step, from, to }: z.output<typeof Range>) {
  const end = to === undefined ? new Date() : new Date(to);
  const begin = from === undefined
    ? new Date(end.getTime() - (STEPS_DEFAULT - 1) * STEP_MS[step])
    : new Date(from);
  const points = (end.getTime() - begin.getTime()) / STEP_MS[step];
  if (points >= 0 && points < POINTS_MAX - 1) return { step, from: begin, to: end };
  throw new FlintError(
    "bad_input",
    `from must be before to, and at most ${POINTS_MAX - 2} ${step}s before`,
  );
}
