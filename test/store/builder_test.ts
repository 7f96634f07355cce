/** The builder over HTTP, before any model has arrived: rules alone make the draft. */
import assert from "node:assert/strict";
import { BuilderEvent } from "@flint/plugins";
import { openQuietStore, type QuietStore } from "./quiet_store.ts";

const SESSIONS = "/api/builder/sessions";

async function send(store: QuietStore, method: string, path: string, body?: unknown) {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const response = await store.app.request(SESSIONS + path, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Says something and reads the stream to its end. */
async function say(store: QuietStore, id: string, text: string) {
  const { status, headers, text: stream } = await send(store, "POST", `/${id}/messages`, { text });
  assert.equal(status, 200, stream);
  assert.match(headers.get("content-type")!, /^text\/event-stream/);
  return stream.trim().split("\n\n").map((frame) => {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(frame)!;
    const event = BuilderEvent.parse(JSON.parse(data!));
    assert.equal(event.type, name);
    return event;
  });
}

async function begin(store: QuietStore, body: unknown = {}): Promise<string> {
  const { status, headers, text } = await send(store, "POST", "", body);
  assert.equal(status, 201, text);
  const { id } = JSON.parse(text);
  assert.equal(headers.get("location"), `${SESSIONS}/${id}`);
  return id;
}

Deno.test("builder api: a wish streams its fields, a change its diff; undo, redo, save, remove", async () => {
  await using store = await openQuietStore();
  const id = await begin(store);
  const wished = await say(store, id, "给小学生讲数学题的老师，不要直接给答案");
  assert.deepEqual(
    [...new Set(wished.map(({ type }) => type))].filter((type) => type !== "question"),
    ["understood", "field", "changes", "done"],
  );
  const renamed = await say(store, id, "改名叫小算盘");
  const changes = [{ field: "name", before: "数学老师", after: "小算盘" }];
  assert.deepEqual(renamed.find(({ type }) => type === "changes"), { type: "changes", changes });

  const undone = JSON.parse((await send(store, "POST", `/${id}/undo`)).text);
  assert.equal(undone.session.draft.name, "数学老师");
  assert.equal((await send(store, "POST", `/${id}/undo`)).status, 409);
  const redone = JSON.parse((await send(store, "POST", `/${id}/redo`)).text);
  assert.deepEqual(redone.turn.changes, changes);

  const whole = JSON.parse((await send(store, "GET", `/${id}`)).text);
  assert.deepEqual([whole.session.saved, whole.turns.length], [false, 4]);
  const saved = JSON.parse((await send(store, "POST", `/${id}/save`)).text);
  assert.deepEqual([saved.id, saved.language, saved.version], ["小算盘", "zh-CN", 1]);
  assert.deepEqual(store.registry.get("小算盘"), saved);
  assert.equal((await send(store, "DELETE", `/${id}`)).status, 204);
  assert.equal((await send(store, "GET", `/${id}`)).status, 404);
  assert.equal(store.registry.get("小算盘").version, 1);
});

Deno.test("builder api: what cannot be is refused with a status, not a stream", async () => {
  await using store = await openQuietStore();
  const id = await begin(store);
  const nobody = crypto.randomUUID();
  assert.equal((await send(store, "POST", `/${nobody}/messages`, { text: "x" })).status, 404);
  assert.equal((await send(store, "POST", `/${id}/messages`, { text: "  " })).status, 400);
  assert.equal(
    (await send(store, "POST", `/${id}/messages`, { text: "x".repeat(4001) })).status,
    400,
  );
  assert.equal((await send(store, "POST", `/${id}/save`)).status, 409);
  assert.equal((await send(store, "POST", "", { assistantId: "nobody" })).status, 404);
  const early = await send(store, "POST", `/${id}/preview/messages`, { content: "hello" });
  assert.equal(early.status, 409); // no draft
  await say(store, id, "a chess coach");
  const waiting = await send(store, "POST", `/${id}/preview/messages`, { content: "hello" });
  assert.equal(waiting.status, 503); // no model
  assert.deepEqual(JSON.parse((await send(store, "GET", `/${id}/preview`)).text), { messages: [] });
  assert.equal((await send(store, "DELETE", `/${id}/preview`)).status, 204);
});
