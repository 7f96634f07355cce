/** Assistants in and out over HTTP. */
import assert from "node:assert/strict";
import { FILE_FORMATS } from "@flint/plugins";
import { openQuietStore, type QuietStore } from "./quiet_store.ts";

const IMPORT = "/api/assistants/import";
const DRAFT = { name: "双语 Owl", instructions: "Be wise.", starters: ["Who?"], tags: ["bird"] };

async function send(
  { app }: QuietStore,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  type: string,
) {
  const headers = { "content-type": type };
  const response = await app.request(path, { method: "POST", headers, body });
  return { status: response.status, body: await response.json() };
}

Deno.test("transfer: an assistant leaves in every format and comes back", async () => {
  await using store = await openQuietStore();
  const owl = await store.registry.create(DRAFT);
  for (const format of FILE_FORMATS) {
    const path = `/api/assistants/${encodeURIComponent(owl.id)}/export?as=${format}`;
    const out = await store.app.request(path);
    assert.equal(out.status, 200, format);
    const named = /filename\*=UTF-8''(.*)$/.exec(out.headers.get("content-disposition")!)![1]!;
    assert.match(decodeURIComponent(named), /^双语-owl\.(json|png|modelfile)$/);
    const file = new Uint8Array(await out.arrayBuffer());
    const back = await send(store, IMPORT, file, out.headers.get("content-type")!);
    assert.equal(back.status, 201, JSON.stringify(back.body));
    const [{ format: seen, assistant }] = back.body.imported;
    assert.equal(seen, format);
    assert.equal(assistant.name, DRAFT.name);
    assert.deepEqual(store.registry.get(assistant.id).tags, DRAFT.tags, format);
  }
});

Deno.test("transfer: a Modelfile is named by the query, a list brings several", async () => {
  await using store = await openQuietStore();
  const pirate = await send(store, `${IMPORT}?name=pirate`, "FROM a\nSYSTEM Arr", "text/plain");
  assert.equal(pirate.body.imported[0].assistant.name, "pirate");
  const list = JSON.stringify([{ ...DRAFT, name: "A" }, { ...DRAFT, name: "B" }]);
  const both = await send(store, IMPORT, list, "application/json");
  assert.equal(both.body.imported.length, 2);
  assert.equal(store.registry.list().assistants.length, 3);
});

Deno.test("transfer: one bad item, and nothing of the list is made", async () => {
  await using store = await openQuietStore();
  const list = JSON.stringify([DRAFT, { name: "x" }]);
  const { status, body } = await send(store, IMPORT, list, "application/json");
  assert.equal(status, 400);
  assert.match(body.detail, /^item 2: this is no assistant/);
  assert.deepEqual(store.registry.list().assistants, []);
});

Deno.test("transfer: a picture may be larger than other bodies, but not without end", async () => {
  await using store = await openQuietStore();
  const large = new Uint8Array(3 * 2 ** 20);
  const { status, body } = await send(store, IMPORT, large, "image/png");
  assert.equal(status, 400); // it was read, and is no card
  assert.match(body.detail, /has 3145728 characters/);
  const huge = new Uint8Array(17 * 2 ** 20);
  assert.equal((await send(store, IMPORT, huge, "image/png")).status, 413);
  assert.equal((await send(store, "/api/assistants", large, "image/png")).status, 413);
});

Deno.test("transfer: unknown formats and assistants are refused", async () => {
  await using store = await openQuietStore();
  await store.registry.create({ ...DRAFT, id: "owl" });
  assert.equal((await store.app.request("/api/assistants/owl/export?as=docx")).status, 400);
  assert.equal((await store.app.request("/api/assistants/owl/export")).status, 400);
  assert.equal((await store.app.request("/api/assistants/cat/export?as=card")).status, 404);
});
