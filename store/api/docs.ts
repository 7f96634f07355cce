/** The API described by itself: /openapi.json, and a page at /docs made of files we serve. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { Hono } from "hono";
import { etag } from "hono/etag";
import { type Callables, SLUG_CHARS_MAX } from "@flint/plugins";
import { ANSWER_SCHEMAS, pathsOf } from "./invoke_document.ts";

/** The one answer to "what can this server do". */
const DESCRIPTION = {
  openapi: "3.1.0",
  info: {
    title: "Flint",
    version: "1",
    description: "OpenAI-compatible routes under /v1; assistants and conversations under /api.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
};

/** Served from swagger-ui's package as they are; nothing comes from another host. */
const ASSETS: Record<string, string> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flint API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
`;

const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true });\n`;

/** What the document is made from beside the routes. */
export interface DocsDeps {
  readonly callables: Callables;
}

/**
 * Adds /openapi.json (of every route that `app` has when it is first asked for, and every tool), the same of one
 * assistant's tools at /plugins/{assistant}/openapi.json, and /docs.
 */
export function addDocs(app: OpenAPIHono, { callables }: DocsDeps): void {
  let made: ReturnType<OpenAPIHono["getOpenAPI31Document"]> | undefined;
  /** What the routes themselves say; made once, when all are there. */
  const fixed = () => made ??= app.getOpenAPI31Document(DESCRIPTION);
  app.use("/openapi.json", etag());
  app.use("/plugins/:assistant/openapi.json", etag());
  app.get("/openapi.json", async (c) => {
    const { paths, ...document } = fixed();
    // Tools tell what assistants there are, which is the owner's to know.
    const tools = c.get("account")?.role === "owner" ? await callables.all() : [];
    const all = { ...document, paths: { ...paths, ...pathsOf(tools) } };
    return c.body(text(all), 200, JSON_TYPE);
  });
  app.get("/plugins/:assistant/openapi.json", async (c) => {
    const own = await callables.of(c.req.param("assistant").slice(0, SLUG_CHARS_MAX));
    const { components, openapi } = fixed();
    const schemas = ANSWER_SCHEMAS.map((name) => [name, components?.schemas?.[name]]);
    const { name, description } = own[0]!.assistant;
    const document = {
      openapi,
      info: { title: name, version: String(own[0]!.assistant.version), description },
      servers: [{ url: new URL(c.req.url).origin }],
      paths: pathsOf(own),
      components: { schemas: Object.fromEntries(schemas) },
    };
    return c.body(text(document), 200, JSON_TYPE);
  });
  app.route("/docs", createDocs());
}

const JSON_TYPE = { "Content-Type": "application/json" };

const text = (document: object) => JSON.stringify(document, withoutFlags);

function createDocs(): Hono {
  const app = new Hono();
  app.get("/", (c) => c.html(PAGE));
  app.get(
    "/start.js",
    (c) => c.body(START, 200, { "Content-Type": ASSETS["swagger-ui-bundle.js"]! }),
  );
  for (const [name, type] of Object.entries(ASSETS)) {
    const file = new URL(import.meta.resolve(`swagger-ui-dist/${name}`));
    app.get(`/${name}`, async (c) => {
      const { readable } = await Deno.open(file);
      return c.body(readable, 200, { "Content-Type": type, "Cache-Control": "max-age=86400" });
    });
  }
  return app;
}

/** The generator leaves the flags of a RegExp behind its pattern ("^a$/u"): JSON Schema has none. */
const withoutFlags = (key: string, value: unknown): unknown =>
  key === "pattern" && typeof value === "string" ? value.replace(/\/[a-z]+$/, "") : value;
