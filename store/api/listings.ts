/** /api/listings: offered, updated, withdrawn, forked, installed, reported. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { FlintError } from "@flint/core";
import { Assistant } from "@flint/plugins";
import type { Installs } from "../market/installs.ts";
import { Listing, PublicationDraft, Release, ReleaseDraft } from "../market/listing.ts";
import type { Listings } from "../market/listings.ts";
import { type Moderation, Told } from "../market/moderation.ts";
import { maySee } from "../market/visible.ts";
import type { Groups } from "../people/groups.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { given } from "./given.ts";
import { requireAccount } from "./identity.ts";

const tags = ["Listings"];

const Id = z.object({ id: Listing.shape.id });

const Part = z.object({
  limit: z.coerce.number().int().min(1).max(100).optional(),
  cursor: z.string().max(1024).optional(),
});

const next = z.string().optional().openapi({ description: "`cursor` of the following page" });

const Install = z.object({
  listing: z.string(),
  release: z.int().openapi({ description: "The release that answers" }),
  installedAt: z.string(),
  newest: z.int().openapi({ description: "A greater one is an update to be installed" }),
}).openapi("Install");

const none = { 204: { description: "Done" }, ...problems };

const one = (summary: string, description: string) => ({
  tags,
  summary,
  request: { params: Id },
  responses: { 200: json(Listing, description), ...problems },
});

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List your own listings, in whatever state",
  request: { query: Part },
  responses: { 200: json(z.object({ listings: z.array(Listing), next }), "By id"), ...problems },
});

const installed = createRoute({
  method: "get",
  path: "/installed",
  tags,
  summary: "List what you installed",
  request: { query: Part },
  responses: { 200: json(z.object({ installs: z.array(Install), next }), "By id"), ...problems },
});

const publish = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Offer an assistant of yours",
  request: { body: jsonBody(PublicationDraft) },
  responses: { 201: json(Listing, "Listed, or pending with the reason"), ...problems },
});

const read = createRoute({ method: "get", path: "/{id}", ...one("Read a listing", "As it is") });

const releases = createRoute({
  method: "get",
  path: "/{id}/releases",
  tags,
  summary: "Read what was released before",
  request: { params: Id },
  responses: { 200: json(z.object({ releases: z.array(Release) }), "Newest first"), ...problems },
});

const release = createRoute({
  method: "post",
  path: "/{id}/releases",
  tags,
  summary: "Update a listing by the assistant as it is now",
  request: { params: Id, body: jsonBody(ReleaseDraft) },
  responses: { 201: json(Listing, "The new release; 409 where another came first"), ...problems },
});

const withdraw = createRoute({
  method: "post",
  path: "/{id}/withdraw",
  ...one("Take a listing back", "Withdrawn: those who installed it keep it"),
});

const fork = createRoute({
  method: "post",
  path: "/{id}/fork",
  tags,
  summary: "Make an assistant of your own from a listing",
  request: { params: Id },
  responses: { 201: json(Assistant, "Yours; published, it tells what it came from"), ...problems },
});

const install = createRoute({
  method: "put",
  path: "/{id}/install",
  tags,
  summary: "Install a listing, or its update",
  request: { params: Id },
  responses: { 200: json(Install, "It answers you by its id"), ...problems },
});

const uninstall = createRoute({
  method: "delete",
  path: "/{id}/install",
  tags,
  summary: "Remove what you installed",
  request: { params: Id },
  responses: none,
});

const report = createRoute({
  method: "post",
  path: "/{id}/reports",
  tags,
  summary: "Tell the owner what is wrong with a listing",
  request: { params: Id, body: jsonBody(Told) },
  responses: none,
});

const appeal = createRoute({
  method: "post",
  path: "/{id}/appeal",
  tags,
  summary: "Answer to a refusal or removal of a listing of yours",
  request: { params: Id, body: jsonBody(Told) },
  responses: none,
});

/** What the routes need. */
export interface ListingDeps {
  readonly listings: Listings;
  readonly installs: Installs;
  readonly moderation: Moderation;
  readonly groups: Pick<Groups, "isMember">;
}

/** The routes. */
export function createListings(deps: ListingDeps): OpenAPIHono {
  const { listings } = deps, app = new OpenAPIHono();
  app.openapi(list, (c) => {
    const { listings: found, next } = listings.list(
      requireAccount(c).id,
      given(c.req.valid("query")),
    );
    return c.json({ listings: [...found], ...given({ next }) }, 200);
  });
  addInstalls(app, deps);
  app.openapi(publish, async (c) => {
    const made = await listings.publish(requireAccount(c).id, c.req.valid("json"));
    return c.json(made, 201, { Location: `/api/listings/${encodeURIComponent(made.id)}` });
  });
  app.openapi(read, (c) => c.json(seen(c, deps, c.req.valid("param").id), 200));
  app.openapi(releases, (c) => {
    const { id } = seen(c, deps, c.req.valid("param").id);
    return c.json({ releases: listings.releases(id) }, 200);
  });
  app.openapi(release, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await listings.release(requireAccount(c).id, id, c.req.valid("json")), 201);
  });
  app.openapi(withdraw, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await listings.withdraw(requireAccount(c).id, id), 200);
  });
  app.openapi(fork, async (c) => {
    const { id } = seen(c, deps, c.req.valid("param").id);
    return c.json(await listings.fork(requireAccount(c).id, id), 201);
  });
  return app;
}

function addInstalls(app: OpenAPIHono, deps: ListingDeps): void {
  const { listings, installs, moderation } = deps;
  const newest = ({ listing, release, installedAt }: Awaited<ReturnType<Installs["install"]>>) => ({
    ...{ listing, release, installedAt, newest: listings.get(listing).release },
  });
  app.openapi(installed, (c) => {
    const part = given(c.req.valid("query"));
    const { installs: found, next } = installs.list(requireAccount(c).id, part);
    return c.json({ installs: found.map(newest), ...given({ next }) }, 200);
  });
  app.openapi(install, async (c) => {
    const { id } = seen(c, deps, c.req.valid("param").id);
    return c.json(newest(await installs.install(requireAccount(c).id, id)), 200);
  });
  app.openapi(uninstall, async (c) => {
    const { id } = c.req.valid("param");
    if (await installs.uninstall(requireAccount(c).id, id)) return c.body(null, 204);
    throw new FlintError("not_found", `you have not installed "${id}"`);
  });
  app.openapi(report, async (c) => {
    const { id } = seen(c, deps, c.req.valid("param").id);
    await moderation.report(requireAccount(c).id, id, c.req.valid("json"));
    return c.body(null, 204);
  });
  app.openapi(appeal, async (c) => {
    const { id } = c.req.valid("param");
    await moderation.appeal(requireAccount(c).id, id, c.req.valid("json"));
    return c.body(null, 204);
  });
}

/** The listing, if who asks may see it. @throws FlintError not_found */
function seen(c: Context, { listings, groups }: ListingDeps, id: string): Listing {
  const listing = listings.find(id);
  if (listing && maySee(listing, c.get("account"), groups)) return listing;
  throw new FlintError("not_found", `there is no listing "${id}"`);
}
