/** Knowledge over HTTP: filled, searched, read at a citation, removed. */
import assert from "node:assert/strict";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { openQuietStore } from "./quiet_store.ts";

const TIDES = "# Tides\n\nAt Skarn high water is at noon. The keeper is Mo Harker of Skarn.\n\n" +
  "# Lamps\n\nThe lamp of Skarn burns whale oil. Mo Harker fills it each evening.\n";

async function send(app: OpenAPIHono, method: string, path: string, body?: unknown) {
  const json = JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  const response = await app.request(path, { method, ...(body ? { headers, body: json } : {}) });
  return { status: response.status, body: response.status === 204 ? null : await response.json() };
}

async function upload(app: OpenAPIHono, id: string, name: string, text: string) {
  const response = await app.request(`/api/knowledge/${id}/documents?name=${name}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: text,
  });
  return { status: response.status, text: await response.text() };
}

Deno.test("knowledge: a file that is sent is found, and a hit's span is what stands there", async () => {
  await using store = await openQuietStore();
  const { app } = store;
  const made = await send(app, "POST", "/api/knowledge", { id: "coast", name: "Coast" });
  assert.equal(made.status, 201);
  const { status, text } = await upload(app, "coast", "tides.md", TIDES);
  assert.equal(status, 200);
  assert.match(text, /event: reading\n[^]*event: added\n/);
  const { body } = await send(app, "GET", "/api/knowledge/coast/search?q=what does the lamp burn");
  const { source } = body.hits[0];
  assert.match(source.text, /whale oil/);
  const place = `/api/knowledge/coast/documents/${source.document}/text?start=${source.start}`;
  const read = await send(app, "GET", place);
  assert(read.body.text.startsWith(source.text));
  const graph = await send(app, "GET", "/api/knowledge/coast/graph?about=Mo Harker");
  const names = graph.body.entities.map(({ name }: { name: string }) => name);
  assert(names.includes("Mo Harker") && names.includes("Skarn"), names.join());
});

Deno.test("knowledge: a file that can't be read says why and leaves nothing", async () => {
  await using store = await openQuietStore();
  const { app } = store;
  await send(app, "POST", "/api/knowledge", { id: "coast", name: "Coast" });
  const { text } = await upload(app, "coast", "a.json", "{");
  assert.match(text, /event: failed\ndata: .*not JSON/);
  const { body } = await send(app, "GET", "/api/knowledge/coast");
  assert.deepEqual(body.documents, []);
  assert.equal((await upload(app, "nowhere", "a.txt", "x")).status, 404);
});

Deno.test("knowledge: removed over HTTP is removed", async () => {
  await using store = await openQuietStore();
  const { app } = store;
  await send(app, "POST", "/api/knowledge", { id: "coast", name: "Coast" });
  await upload(app, "coast", "tides.md", TIDES);
  const { body } = await send(app, "GET", "/api/knowledge/coast");
  const path = `/api/knowledge/coast/documents/${body.documents[0].id}`;
  assert.equal((await send(app, "DELETE", path)).status, 204);
  assert.deepEqual((await send(app, "GET", "/api/knowledge/coast/search?q=lamp")).body.hits, []);
  assert.equal((await send(app, "DELETE", "/api/knowledge/coast")).status, 204);
  assert.equal((await send(app, "GET", "/api/knowledge/coast")).status, 404);
});
