import assert from "node:assert/strict";
import { BODY_BYTES_MAX, JSON_DEPTH_MAX } from "../../store/api/body.ts";
import { openQuietStore } from "./quiet_store.ts";

const CHAT = "/v1/chat/completions";

Deno.test("guard: a name that was made to resolve here is refused", async () => {
  await using store = await openQuietStore();
  const rebound = await store.app.request("http://evil.example/api/status");
  assert.equal(rebound.status, 403);
  assert.match((await rebound.json()).detail, /evil\.example/);
  const hidden = await store.app.request("/api/status", { headers: { host: "evil.example:80" } });
  assert.equal(hidden.status, 403);
});

Deno.test("guard: this machine's names and those allowed are served, whatever the port", async () => {
  await using store = await openQuietStore({ hosts: ["Flint.Example"] });
  for (const host of ["localhost:8080", "127.0.0.1:1", "[::1]:80", "flint.example"]) {
    const { status } = await store.app.request(`http://${host}/healthz`, { headers: { host } });
    assert.equal(status, 200, host);
  }
});

Deno.test("guard: pages of other sites may neither read nor post", async () => {
  await using store = await openQuietStore();
  for (const origin of ["http://evil.example", "null", "http://localhost:1"]) {
    const read = await store.app.request("/api/status", { headers: { origin } });
    assert.equal(read.status, 403, origin);
    const post = await store.app.request("/api/conversations", {
      method: "POST",
      headers: { origin, "content-type": "text/plain" },
      body: "{}",
    });
    assert.equal(post.status, 403, origin);
  }
});

Deno.test("guard: own pages and allowed origins pass, and a preflight is answered", async () => {
  const origin = "https://app.example";
  await using store = await openQuietStore({ origins: [origin] });
  const own = await store.app.request("/api/status", { headers: { origin: "http://localhost" } });
  assert.equal(own.status, 200);
  const preflight = await store.app.request(CHAT, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), origin);
});

Deno.test("body: more than the limit is refused, said or unsaid", async () => {
  await using store = await openQuietStore();
  const body = "x".repeat(BODY_BYTES_MAX + 1);
  const headers = { "content-type": "application/json" };
  const said = await store.app.request(CHAT, { method: "POST", headers, body });
  assert.equal(said.status, 413);
  const stream = new Blob([body]).stream();
  const unsaid = await store.app.request(CHAT, { method: "POST", headers, body: stream });
  assert.equal(unsaid.status, 413);
  assert.equal((await unsaid.json()).error.type, "invalid_request_error");
});

Deno.test("body: deep nesting, broken JSON and other content types name their fault", async () => {
  await using store = await openQuietStore();
  const deep = "[".repeat(JSON_DEPTH_MAX + 1) + "]".repeat(JSON_DEPTH_MAX + 1);
  const deepest = `{"messages":${deep}}`;
  assert.deepEqual(await store.post(CHAT, deepest), [400, "the JSON nests deeper than 64 levels"]);
  const [status, message] = await store.post(CHAT, '{"model": "a"');
  assert.equal(status, 400);
  assert.match(message, /^the body is not JSON/);
  assert.equal((await store.post(CHAT, "{}", "text/plain"))[0], 415);
  assert.equal((await store.post("/mcp", "hello", "text/plain"))[0], 415);
});

Deno.test("body: brackets inside strings are text, not depth", async () => {
  await using store = await openQuietStore();
  const content = '[{"\\'.repeat(100);
  const body = JSON.stringify({ model: "none", messages: [{ role: "user", content }] });
  assert.equal((await store.post(CHAT, body))[0], 503);
});

Deno.test("http: wrong methods and unknown paths are told in the form of their place", async () => {
  await using store = await openQuietStore();
  const wrong = await store.app.request(CHAT);
  assert.equal(wrong.status, 405);
  assert.match(wrong.headers.get("allow")!, /POST/);
  assert.ok((await wrong.json()).error.message.includes("answers to POST"));
  const unknown = await store.app.request("/api/nothing");
  assert.equal(unknown.status, 404);
  assert.equal(unknown.headers.get("content-type"), "application/problem+json");
});

Deno.test("http: every answer carries a request id and the safety headers", async () => {
  await using store = await openQuietStore();
  const { headers } = await store.app.request("/api/nothing");
  assert.ok(headers.get("x-request-id"));
  assert.match(headers.get("content-security-policy")!, /default-src 'self'/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
});
