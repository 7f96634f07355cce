import assert from "node:assert/strict";
import { openQuietStore, type QuietStore } from "./quiet_store.ts";

/** Two members and how each of them asks. */
async function openTwo(store: QuietStore) {
  const askers = [];
  for (const id of ["ann", "ben"]) {
    await store.parts.accounts.make({ id });
    const { token } = await store.parts.sessions.begin(id);
    askers.push((method: string, path: string, body?: unknown) =>
      store.app.request(path, {
        method,
        headers: {
          cookie: `flint_session=${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      })
    );
  }
  return askers as [typeof askers[0], typeof askers[0]];
}

const DICE = { id: "dice", name: "Dice", instructions: "Roll dice." };

Deno.test("belongings: what is another's is not there, in the API and on pages", async () => {
  await using store = await openQuietStore();
  const [ann, ben] = await openTwo(store);
  await ann("POST", "/api/assistants", DICE);
  const talk = await (await ann("POST", "/api/conversations", { assistantId: "dice" })).json();
  const draft = await (await ann("POST", "/api/builder/sessions", {})).json();
  const theirs: [string, string, unknown?][] = [
    ["GET", `/api/conversations/${talk.id}`],
    ["PATCH", `/api/conversations/${talk.id}`, { title: "mine" }],
    ["DELETE", `/api/conversations/${talk.id}`],
    ["POST", `/api/conversations/${talk.id}/messages`, { content: "hello" }],
    ["POST", `/api/conversations/${talk.id}/regenerate`],
    ["GET", `/api/builder/sessions/${draft.id}`],
    ["POST", `/api/builder/sessions/${draft.id}/save`],
    ["GET", "/api/assistants/dice"],
    ["DELETE", "/api/assistants/dice"],
    ["GET", "/api/assistants/dice/versions"],
    ["GET", "/api/assistants/dice/export?as=flint"],
    ["GET", "/api/assistants/dice/memory"],
    ["GET", "/v1/models/dice"],
    ["POST", "/api/conversations", { assistantId: "dice" }],
    ["POST", "/api/builder/sessions", { assistantId: "dice" }],
    ["GET", `/api/conversations/${talk.id}/export?as=json`],
    ["GET", `/api/conversations/%25${talk.id.charCodeAt(0).toString(16)}${talk.id.slice(1)}`],
    ["GET", `/chat/${talk.id}`],
    ["GET", `/build/${draft.id}`],
    ["GET", "/a/dice"],
    ["GET", "/a/dice/versions"],
    ["GET", "/a/dice/memory"],
  ];
  for (const [method, path, body] of theirs) {
    assert.equal((await ben(method, path, body)).status, 404, `${method} ${path}`);
  }
  await ann("PATCH", `/api/conversations/${talk.id}`, { title: "a secret word" });
  const search = async (asker: typeof ann) =>
    (await (await asker("GET", "/api/conversations/search?q=secret")).json()).found.length;
  assert.deepEqual([await search(ann), await search(ben)], [1, 0]);
  assert.equal((await ann("GET", `/api/conversations/${talk.id}`)).status, 200);
  assert.equal((await ann("GET", "/api/assistants/dice/versions")).status, 200);
});

Deno.test("belongings: lists hold one's own alone, and the owner keeps what was there before", async () => {
  await using store = await openQuietStore();
  await store.registry.seed();
  await store.conversations.create("spell-coach");
  const [ann, ben] = await openTwo(store);
  await ann("POST", "/api/assistants", DICE);
  await ann("POST", "/api/conversations", { assistantId: "dice" });
  const listed = async (asker: typeof ann) => [
    (await (await asker("GET", "/api/assistants")).json()).assistants.length,
    (await (await asker("GET", "/api/conversations")).json()).conversations.length,
  ];
  assert.deepEqual(await listed(ann), [1, 1]);
  assert.deepEqual(await listed(ben), [0, 0]);
  assert.equal(store.registry.list({ owner: "owner" }).assistants.length, 3);
  assert.equal(store.conversations.list().conversations.length, 1);
});

Deno.test("belongings: members' assistants do not reach the owner's documents and plugins", async () => {
  await using store = await openQuietStore();
  const [ann] = await openTwo(store);
  for (const reach of [{ knowledge: ["diary"] }, { tools: [{ plugin: "bank" }] }]) {
    assert.equal((await ann("POST", "/api/assistants", { ...DICE, ...reach })).status, 403);
  }
  const tools = [{ plugin: "calculator" }];
  assert.equal((await ann("POST", "/api/assistants", { ...DICE, tools })).status, 201);
  const response = await store.app.request("/a/dice", { headers: { accept: "text/html" } });
  assert.equal(response.headers.get("location"), "/sign-in?next=%2Fa%2Fdice");
});
