import assert from "node:assert/strict";
import { openQuietStore } from "./quiet_store.ts";

Deno.test("openapi: the document is 3.1 and knows every route that answers JSON", async () => {
  await using store = await openQuietStore();
  const document = await (await store.app.request("/openapi.json")).json();
  assert.match(document.openapi, /^3\.1/);
  const described = new Set(Object.keys(document.paths));
  const served = store.app.routes
    .filter(({ path, method }) => method !== "ALL" && /^\/(v1|api|healthz|readyz)/.test(path))
    .map(({ path }) => path.replaceAll(/:(\w+)/g, "{$1}"));
  assert.ok(served.length > 15);
  assert.deepEqual(served.filter((path) => !described.has(path)), []);
});

Deno.test("openapi: its patterns are patterns, without a RegExp's slashes and flags", async () => {
  await using store = await openQuietStore();
  const text = await (await store.app.request("/openapi.json")).text();
  const patterns = [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map((m) =>
    JSON.parse(m[1]!)
  );
  assert.ok(patterns.length > 2);
  for (const pattern of patterns) {
    assert.doesNotMatch(pattern, /\/[a-z]*$/);
    new RegExp(pattern, "u"); // throws if it is none
  }
});
