/** /api/share: links, QR codes and signed bundles of listings; bundles looked into and installed. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { renderSVG } from "uqr";
import { FlintError } from "@flint/core";
import { Assistant, SLUG_CHARS_MAX } from "@flint/plugins";
import type { Listing } from "../market/listing.ts";
import type { Listings } from "../market/listings.ts";
import type { Sharing } from "../share/sharing.ts";
import { attachment } from "./attachment.ts";
import { json, problems } from "./describe.ts";
import { requireOwner } from "./identity.ts";

const tags = ["Sharing"];

const id = z.string().min(1).max(SLUG_CHARS_MAX).openapi({ param: { name: "id", in: "path" } });
const params = z.object({ id });
const file = { schema: z.string().openapi({ format: "binary" }) };
const body = { required: true, content: { "application/zip": file } } as const;

const Link = z.object({ url: z.string(), qr: z.string(), bundle: z.string() }).openapi("ShareLink");

const Inspection = z.object({
  id: z.string(),
  name: z.string(),
  about: z.object({
    handle: z.string(),
    release: z.int(),
    licence: z.string().optional(),
    madeAt: z.string(),
  }),
  fingerprint: z.string(),
  key: z.enum(["new", "known", "changed"]).openapi({
    description: "changed: this name was signed by another key before; it is refused",
  }),
  permissions: z.object({
    plugins: z.array(z.object({
      id: z.string(),
      type: z.string(),
      reaches: z.array(z.string()),
      program: z.string().optional(),
    })),
    knowledge: z.array(z.object({ name: z.string(), documents: z.int() })),
  }),
}).openapi("BundleInspection");

const link = createRoute({
  ...{ method: "get", path: "/{id}", tags },
  summary: "Where a listing is found",
  request: { params },
  responses: { 200: json(Link, "Its address, that as a QR code, and its bundle"), ...problems },
});

const qr = createRoute({
  ...{ method: "get", path: "/{id}/qr.svg", tags },
  summary: "A listing's address as a QR code",
  request: { params },
  responses: {
    200: { description: "A picture", content: { "image/svg+xml": file } },
    ...problems,
  },
});

const bundle = createRoute({
  ...{ method: "get", path: "/{id}/bundle", tags },
  summary: "A listing as one signed file",
  description: "Without its documents and plugins: those its builder may add by `flint share`.",
  request: { params },
  responses: {
    200: { description: "The bundle", content: { "application/zip": file } },
    ...problems,
  },
});

const inspect = createRoute({
  ...{ method: "post", path: "/inspect", tags },
  summary: "Look into a bundle: who signed it, and what it may do",
  request: { body },
  responses: { 200: json(Inspection, "What is in it; nothing is installed"), ...problems },
});

const install = createRoute({
  ...{ method: "post", path: "/install", tags },
  summary: "Install a bundle",
  request: {
    query: z.object({
      plugins: z.enum(["true", "false"]).optional().openapi({
        description: "Also add its plugins, which then run here",
      }),
      trust: z.string().max(100).optional().openapi({
        description: "Fingerprint of a changed key that its publisher told you by another way",
      }),
    }),
    body,
  },
  responses: {
    201: json(
      z.object({
        assistant: Assistant,
        missing: z.array(z.object({ plugin: z.string(), why: z.string() })),
      }).openapi("InstalledBundle"),
      "What was installed",
    ),
    ...problems,
  },
});

/** What the routes need. */
export interface ShareDeps {
  readonly listings: Listings;
  readonly sharing: Sharing;
}

/** Routes of sharing. */
export function createShare({ listings, sharing }: ShareDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  const shown = (c: Context, id: string) => {
    const found = listings.get(id);
    if (isShown(found, c.get("account")?.id)) return found;
    throw new FlintError("not_found", `there is no listing "${id}"`);
  };
  const bytesOf = async (c: Context) => new Uint8Array(await c.req.arrayBuffer());
  const address = (c: Context, id: string) =>
    new URL(`/store/l/${encodeURIComponent(id)}`, c.req.url).href;

  app.openapi(link, (c) => {
    const { id } = shown(c, c.req.valid("param").id);
    const base = new URL(`/api/share/${encodeURIComponent(id)}`, c.req.url).href;
    return c.json({ url: address(c, id), qr: `${base}/qr.svg`, bundle: `${base}/bundle` }, 200);
  });
  app.openapi(qr, (c) => {
    const { id } = shown(c, c.req.valid("param").id);
    return c.body(renderSVG(address(c, id)), 200, { "Content-Type": "image/svg+xml" });
  });
  app.openapi(bundle, async (c) => {
    const { id, manifest, publisher, licence, release } = shown(c, c.req.valid("param").id);
    const bytes = await sharing.pack({ ...manifest, id }, { handle: publisher, licence, release });
    return c.body(bytes, 200, attachment(`${id}.flint.zip`, "application/zip"));
  });
  app.openapi(inspect, async (c) => c.json(plain(await sharing.inspect(await bytesOf(c))), 200));
  app.openapi(install, async (c) => {
    requireOwner(c);
    const { plugins, trust } = c.req.valid("query");
    const options = { withPlugins: plugins === "true", trust };
    return c.json(plain(await sharing.install(await bytesOf(c), options)), 201);
  });
  return app;
}

/** Whoever has its address may have it, unless it is for a group or not listed; its builder always. */
function isShown({ publisher, state, visibility }: Listing, asker: string | undefined): boolean {
  return asker === publisher ||
    (state === "listed" && (visibility === "everyone" || visibility === "link"));
}

/** The same value with lists that may be written to, as routes want them. */
type Plain<T> = T extends readonly (infer I)[] ? Plain<I>[]
  : T extends object ? { -readonly [K in keyof T]: Plain<T[K]> }
  : T;
const plain = <T>(value: T): Plain<T> => value as Plain<T>;
