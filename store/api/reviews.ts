/** /api/listings/{id}/reviews: ratings and reviews, answers, reports, and what each counts for. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { FlintError } from "@flint/core";
import { SLUG_CHARS_MAX } from "@flint/plugins";
import type { Listings } from "../market/listings.ts";
import { isPublic } from "../market/listing.ts";
import {
  Judgement,
  Review,
  ReviewAnswer,
  ReviewDecision,
  ReviewDraft,
  ReviewReport,
  ReviewSummary,
} from "../market/review.ts";
import type { Reviews } from "../market/reviews.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { requireAccount, requireOwner } from "./identity.ts";

const tags = ["Reviews"];

const slug = (name: string) =>
  z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name, in: "path" } });
const listing = z.object({ id: slug("id") });
const review = listing.extend({ account: slug("account") });
const query = z.object({
  limit: z.coerce.number().int().min(1).max(100).optional(),
  cursor: z.string().max(2000).optional(),
});

const page = <T extends z.ZodType>(item: T, name: string) =>
  z.object({ items: z.array(item), next: z.string().optional() }).openapi(name);

const ReviewList = page(Review, "ReviewList").extend({ summary: ReviewSummary })
  .openapi("ReviewsOfListing");
const JudgementList = page(Judgement, "JudgementList");
const ReportList = page(
  z.object({
    ...{ listing: z.string(), account: z.string(), reporter: z.string() },
    ...{ reason: z.string(), at: z.string() },
  }),
  "ReviewReportList",
);

const list = createRoute({
  ...{ method: "get", path: "/listings/{id}/reviews", tags },
  summary: "What people say of a listing",
  request: { params: listing, query },
  responses: { 200: json(ReviewList, "Reviews with words, the latest first"), ...problems },
});

const rate = createRoute({
  ...{ method: "put", path: "/listings/{id}/reviews/mine", tags },
  summary: "Rate a listing, or change one's rating",
  description: "After five turns with it. What a rating counts for grows with age and use of the " +
    "account; ARCHITECTURE.md tells how.",
  request: { params: listing, body: jsonBody(ReviewDraft) },
  responses: { 200: json(Review, "The review"), ...problems },
});

const remove = createRoute({
  ...{ method: "delete", path: "/listings/{id}/reviews/mine", tags },
  summary: "Take one's rating back",
  request: { params: listing },
  responses: { 204: { description: "It is gone" }, ...problems },
});

const judged = createRoute({
  ...{ method: "get", path: "/listings/{id}/reviews/judgements", tags },
  summary: "What each rating counts for, and why",
  description: "For the listing's builder and the owner.",
  request: { params: listing, query },
  responses: { 200: json(JudgementList, "Judgements, the latest first"), ...problems },
});

const answer = createRoute({
  ...{ method: "put", path: "/listings/{id}/reviews/{account}/answer", tags },
  summary: "Answer a review of one's own listing",
  request: { params: review, body: jsonBody(ReviewAnswer) },
  responses: { 200: json(Review, "The review with its answer"), ...problems },
});

const report = createRoute({
  ...{ method: "put", path: "/listings/{id}/reviews/{account}/report", tags },
  summary: "Report a review to the owner",
  request: { params: review, body: jsonBody(ReviewReport) },
  responses: { 204: { description: "It is noted" }, ...problems },
});

const decide = createRoute({
  ...{ method: "put", path: "/moderation/reviews/{id}/{account}", tags },
  summary: "Hide a review, let it count, or leave it to judgement",
  request: { params: review, body: jsonBody(ReviewDecision) },
  responses: { 204: { description: "It is done" }, ...problems },
});

const reports = createRoute({
  ...{ method: "get", path: "/moderation/reviews/reports", tags },
  summary: "Reported reviews",
  request: { query },
  responses: { 200: json(ReportList, "Reports"), ...problems },
});

const judgedAll = createRoute({
  ...{ method: "get", path: "/moderation/reviews/judgements", tags },
  summary: "What ratings of all listings count for, and why",
  request: { query },
  responses: { 200: json(JudgementList, "Judgements, the latest first"), ...problems },
});

/** What the routes need. */
export interface ReviewRouteDeps {
  readonly listings: Listings;
  readonly reviews: Reviews;
}

/** Routes of reviews, under /api. */
export function createReviews({ listings, reviews }: ReviewRouteDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  const seen = (id: string, c: Context) => {
    const found = listings.get(id), asker = c.get("account");
    const mine = asker && (asker.role === "owner" || asker.id === found.publisher);
    if (isPublic(found) || mine) return found;
    throw new FlintError("not_found", `there is no listing "${id}"`);
  };
  const mine = (c: Context, id: string) => ({ listing: id, account: requireAccount(c).id });

  app.openapi(list, (c) => {
    const { id } = c.req.valid("param");
    seen(id, c);
    const { items, next } = reviews.list(id, c.req.valid("query"));
    const summary = reviews.summary(id);
    return c.json({ items: [...items], ...(next ? { next } : {}), summary }, 200);
  });
  app.openapi(rate, async (c) => {
    const key = mine(c, c.req.valid("param").id);
    return c.json(await reviews.rate(key, c.req.valid("json")), 200);
  });
  app.openapi(remove, async (c) => {
    await reviews.remove(mine(c, c.req.valid("param").id));
    return c.body(null, 204);
  });
  app.openapi(judged, (c) => {
    const { id } = c.req.valid("param");
    if (seen(id, c).publisher !== requireAccount(c).id) requireOwner(c);
    const { items, next } = reviews.judgements(id, c.req.valid("query"));
    return c.json({ items: [...items], ...(next ? { next } : {}) }, 200);
  });
  app.openapi(answer, async (c) => {
    const { id, account } = c.req.valid("param");
    const builder = requireAccount(c).id;
    const key = { listing: id, account };
    return c.json(await reviews.answer(key, builder, c.req.valid("json")), 200);
  });
  app.openapi(report, async (c) => {
    const { id, account } = c.req.valid("param");
    await reviews.report({ listing: id, account }, requireAccount(c).id, c.req.valid("json"));
    return c.body(null, 204);
  });
  app.openapi(decide, async (c) => {
    const { id, account } = c.req.valid("param");
    await reviews.decide({ listing: id, account }, c.req.valid("json"));
    return c.body(null, 204);
  });
  app.openapi(reports, (c) => {
    const { items, next } = reviews.reports(c.req.valid("query"));
    return c.json({ items: [...items], ...(next ? { next } : {}) }, 200);
  });
  app.openapi(judgedAll, (c) => {
    const { items, next } = reviews.judgements(undefined, c.req.valid("query"));
    return c.json({ items: [...items], ...(next ? { next } : {}) }, 200);
  });
  return app;
}
