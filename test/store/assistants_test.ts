import assert from "node:assert/strict";
import { openQuietStore, type QuietStore } from "./quiet_store.ts";

const DRAFT = { name: "Spell Coach", instructions: "Correct the spelling of what you are sent." };

/** Sends JSON and reads JSON. */
async function send(
  store: QuietStore,
  method: string,
  path: string,
  body?: unknown,
  etag?: string,
) {
  const headers = {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(etag === undefined ? {} : { "if-match": etag }),
  };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await store.app.request(path, init);
  const text = await response.text();
  return { response, status: response.status, body: text ? JSON.parse(text) : undefined };
}

Deno.test("assistants: made, read, listed, changed and removed, each version kept", async () => {
  await using store = await openQuietStore();
  const made = await send(store, "POST", "/api/assistants", DRAFT);
  assert.equal(made.status, 201);
  assert.equal(made.response.headers.get("location"), "/api/assistants/spell-coach");
  assert.equal(made.response.headers.get("etag"), '"1"');

  const path = "/api/assistants/spell-coach";
  const changed = await send(store, "PATCH", path, { name: "Speller" }, '"1"');
  assert.equal(changed.status, 200);
  assert.equal(changed.body.name, "Speller");
  assert.equal(changed.response.headers.get("etag"), '"2"');

  const { body: versions } = await send(store, "GET", `${path}/versions`);
  assert.deepEqual(versions.entries.map((v: { version: number }) => v.version), [2, 1]);
  assert.equal((await send(store, "GET", `${path}/versions/1`)).body.name, "Spell Coach");
  const { body: listed } = await send(store, "GET", "/api/assistants?limit=1");
  assert.deepEqual(listed.assistants, [changed.body]);

  assert.equal((await send(store, "DELETE", path, undefined, '"2"')).status, 204);
  const gone = await send(store, "GET", path);
  assert.deepEqual([gone.status, gone.body.type], [404, "urn:flint:problem:not_found"]);
});

Deno.test("assistants: a change must name the version it was made from", async () => {
  await using store = await openQuietStore();
  await send(store, "POST", "/api/assistants", DRAFT);
  const path = "/api/assistants/spell-coach";
  assert.equal((await send(store, "PATCH", path, { name: "A" })).status, 428);
  assert.equal((await send(store, "PATCH", path, { name: "A" }, '"7"')).status, 412);
  assert.equal((await send(store, "PATCH", path, { name: "A" }, '"cloud"')).status, 412);
  assert.equal((await send(store, "DELETE", path)).status, 428);
  assert.equal((await send(store, "PATCH", path, { name: "A" }, "*")).status, 200);
});

Deno.test("assistants: an unchanged one is not sent twice", async () => {
  await using store = await openQuietStore();
  await send(store, "POST", "/api/assistants", DRAFT);
  const headers = { "if-none-match": '"1"' };
  const again = await store.app.request("/api/assistants/spell-coach", { headers });
  assert.deepEqual([again.status, await again.text()], [304, ""]);
});

Deno.test("assistants: wrong fields are all named, in problem details", async () => {
  await using store = await openQuietStore();
  const wrong = { instructions: 3, sampling: { temperature: 9 }, colour: "red" };
  const { status, body, response } = await send(store, "POST", "/api/assistants", wrong);
  assert.equal(status, 400);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(body.instance, "/api/assistants");
  const fields = body.errors.map((error: { field: string }) => error.field);
  for (const field of ["name", "instructions", "sampling.temperature"]) {
    assert.ok(fields.includes(field), field);
  }
  assert.match(JSON.stringify(body.errors), /colour/);
});

Deno.test("assistants: an id that is taken is a conflict", async () => {
  await using store = await openQuietStore();
  await send(store, "POST", "/api/assistants", { ...DRAFT, id: "speller" });
  assert.equal(
    (await send(store, "POST", "/api/assistants", { ...DRAFT, id: "speller" })).status,
    409,
  );
});

Deno.test("conversations: begun, renamed, listed, removed", async () => {
  await using store = await openQuietStore();
  await send(store, "POST", "/api/assistants", DRAFT);
  const begun = await send(store, "POST", "/api/conversations", { assistantId: "spell-coach" });
  assert.equal(begun.status, 201);
  const path = `/api/conversations/${begun.body.id}`;
  assert.equal((await send(store, "PATCH", path, { title: "Commas" })).body.title, "Commas");
  const { body: read } = await send(store, "GET", path);
  assert.deepEqual([read.conversation.title, read.messages], ["Commas", []]);
  const { body: list } = await send(store, "GET", "/api/conversations");
  assert.deepEqual(list.conversations, [read.conversation]);
  assert.equal((await send(store, "DELETE", path)).status, 204);
  assert.equal((await send(store, "GET", path)).status, 404);
});

Deno.test("conversations: what cannot begin is refused with a status, not a stream", async () => {
  await using store = await openQuietStore();
  await send(store, "POST", "/api/assistants", DRAFT);
  const unknown = await send(store, "POST", "/api/conversations", { assistantId: "nobody" });
  assert.equal(unknown.status, 404);
  const { body } = await send(store, "POST", "/api/conversations", { assistantId: "spell-coach" });
  const path = `/api/conversations/${body.id}`;
  const empty = await send(store, "POST", `${path}/messages`, { content: "   " });
  assert.equal(empty.status, 400);
  const early = await send(store, "POST", `${path}/messages`, { content: "Hello" });
  assert.deepEqual([early.status, early.response.headers.get("retry-after")], [503, "5"]);
  assert.match(early.body.detail, /being pulled: 3 of 98 MB/);
  assert.equal((await send(store, "POST", `${path}/regenerate`)).status, 400);
});

Deno.test("health: alive while the model is on its way, ready only when it answers", async () => {
  await using store = await openQuietStore();
  const alive = await send(store, "GET", "/healthz");
  assert.deepEqual([alive.status, alive.body.model.progress.stage], [200, "pulling"]);
  assert.equal((await send(store, "GET", "/readyz")).status, 503);
});

Deno.test("core events: a stream of whole frames, which ends when the server stops", async () => {
  const stop = new AbortController();
  await using store = await openQuietStore({ stopping: stop.signal });
  const response = await store.app.request("/api/core/events");
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader.read()).value!;
  assert.match(first, /^event: core\ndata: \{.*\}\n\n$/);
  stop.abort();
  assert.equal((await reader.read()).done, true);
});

Deno.test("assistants: versions are compared and restored", async () => {
  await using store = await openQuietStore();
  await send(store, "POST", "/api/assistants", DRAFT);
  const path = "/api/assistants/spell-coach";
  await send(store, "PATCH", path, { name: "Speller", sampling: { topK: 3 } }, '"1"');
  const changes = [
    { field: "name", before: "Spell Coach", after: "Speller" },
    { field: "sampling.topK", after: 3 },
  ];
  const diff = await send(store, "GET", `${path}/versions/2/diff`);
  assert.deepEqual(diff.body, { from: 1, to: 2, changes });
  assert.deepEqual((await send(store, "GET", `${path}/versions/1/diff`)).body.changes, []);
  const back = await send(store, "GET", `${path}/versions/1/diff?from=2`);
  assert.deepEqual(back.body.changes[1], { field: "sampling.topK", before: 3 });
  assert.equal((await send(store, "GET", `${path}/versions/1/diff?from=9`)).status, 404);

  const restore = `${path}/versions/1/restore`;
  assert.equal((await send(store, "POST", restore)).status, 428);
  assert.equal((await send(store, "POST", restore, undefined, '"1"')).status, 412);
  const restored = await send(store, "POST", restore, undefined, '"2"');
  assert.deepEqual([restored.status, restored.body.version, restored.body.name], [
    200,
    3,
    "Spell Coach",
  ]);
  assert.equal(restored.response.headers.get("etag"), '"3"');
  const { body: list } = await send(store, "GET", `${path}/versions`);
  assert.deepEqual(list.entries[0].author, "owner");
});

Deno.test("memory: turned on, filled, edited and emptied over HTTP; gone with its assistant", async () => {
  await using store = await openQuietStore();
  await send(store, "POST", "/api/assistants", DRAFT);
  const path = "/api/assistants/spell-coach/memory";
  const off = { enabled: false, facts: [] };
  assert.deepEqual((await send(store, "GET", path)).body, off);
  assert.equal((await send(store, "POST", `${path}/facts`, { text: "I am 9" })).status, 403);
  assert.equal((await send(store, "PATCH", path, { enabled: true })).body.enabled, true);
  const made = await send(store, "POST", `${path}/facts`, { text: "I am 9" });
  assert.equal(made.status, 201);
  const fact = `${path}/facts/${made.body.id}`;
  const edited = await send(store, "PATCH", fact, { text: "I am 10" });
  assert.deepEqual((await send(store, "GET", path)).body.facts, [edited.body]);
  assert.equal((await send(store, "DELETE", fact)).status, 204);
  assert.equal((await send(store, "DELETE", fact)).status, 404);
  assert.equal((await send(store, "POST", `${path}/facts`, { text: "" })).status, 400);
  assert.equal((await send(store, "DELETE", path)).status, 204);
  assert.deepEqual((await send(store, "GET", path)).body, off);
  assert.equal((await send(store, "GET", "/api/assistants/nobody/memory")).status, 404);

  await send(store, "PATCH", path, { enabled: true });
  await send(store, "DELETE", "/api/assistants/spell-coach", undefined, "*");
  assert.deepEqual(store.memory.get({ assistant: "spell-coach", user: "owner" }), off);
  assert.equal((await send(store, "GET", path)).status, 404);
});

Deno.test("conversations: found, shelved, branched and exported over HTTP", async () => {
  await using store = await openQuietStore();
  await store.registry.create(DRAFT);
  const { id } = await store.conversations.create("spell-coach");
  await store.conversations.append(id, { role: "user", content: "Their `going` home" });
  const path = `/api/conversations/${id}`;
  const found = await send(store, "GET", "/api/conversations/search?q=goin");
  assert.equal(found.body.found[0].message.content, "Their `going` home");
  assert.equal((await send(store, "GET", "/api/conversations/search?q=")).status, 400);
  const shelved = await send(store, "PATCH", path, { pinned: true, folder: "School" });
  assert.deepEqual([shelved.body.pinned, shelved.body.folder], [true, "School"]);
  const branch = await send(store, "POST", `${path}/branch`, { messages: 1 });
  assert.deepEqual([branch.status, branch.body.branchOf], [201, { id, messages: 1 }]);
  assert.equal((await send(store, "POST", `${path}/branch`, { messages: 2 })).status, 400);
  const file = await store.app.request(`${path}/export?as=markdown`);
  assert.match(file.headers.get("content-disposition")!, /^attachment; .*going.*\.md$/);
  assert.match(await file.text(), /^# Their.*\n\n## You · .*\n\nTheir `going` home\n$/s);
});
