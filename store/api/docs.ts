/** The API described by itself: /openapi.json, and a page at /docs made of files we serve. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { Hono } from "hono";

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

/** Adds /openapi.json (of every route `app` has by then or later) and /docs to it. */
export function addDocs(app: OpenAPIHono): void {
  app.get("/openapi.json", (c) => {
    const document = JSON.stringify(app.getOpenAPI31Document(DESCRIPTION), withoutFlags);
    return c.body(document, 200, { "Content-Type": "application/json" });
  });
  app.route("/docs", createDocs());
}

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
