/** Tools called by programs: over HTTP, described by the API's own document. */
import assert from "node:assert/strict";
import { openLiveStore } from "./live_store.ts";

const TOOLS = new URL("./conformance_tools.ts", import.meta.url).pathname;
const JSON_TYPE = { "content-type": "application/json" };

/** A store with an assistant that has the suite's tools, and one that is named in Chinese. */
async function openStore() {
  const store = await openLiveStore();
  const args = ["run", "--quiet", "--allow-all", TOOLS];
  const config = { command: "deno", args, env: {} };
  const starts = store.toolbox.starts("mcp", config);
  await store.toolbox.add({ id: "suite", type: "mcp", name: "Suite", config }, starts);
  const sampling = { maxTokens: 6 };
  await store.registry.create({
    ...{ name: "Owl", instructions: "Be wise.", sampling },
    tools: [{ plugin: "suite" }],
  });
  await store.registry.create({ name: "英语老师", instructions: "Teach.", sampling });
  const post = async (path: string, body: unknown, headers: HeadersInit = JSON_TYPE) => {
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(`${store.origin}${path}`, init);
    return { status: response.status, answer: await response.json() };
  };
  const get = (path: string, headers: HeadersInit = {}) =>
    fetch(`${store.origin}${path}`, { headers });
  return { store, post, get };
}

Deno.test("invoke: tools and assistants answer programs, with the status that fits", async () => {
  const { store, post } = await openStore();
  await using _ = store;
  const done = await post("/plugins/owl/test_simple_text", {});
  assert.deepEqual([done.status, done.answer.content[0].type], [200, "text"]);
  const failed = await post("/plugins/owl/test_error_handling", {});
  assert.deepEqual([failed.status, failed.answer.failed], [422, true]);
  const asked = await post("/plugins/owl/ask", { message: "hello" });
  assert.deepEqual([asked.status, asked.answer.content[0].type], [200, "text"]);
  const teacher = `/plugins/${encodeURIComponent("英语老师")}/ask`;
  assert.equal((await post(teacher, { message: "hello" })).status, 200);
  assert.equal((await post("/plugins/owl/ask", { mesage: "hello" })).status, 400);
  assert.equal((await post("/plugins/owl/fly", {})).status, 404);
  assert.equal((await post("/plugins/cow/ask", { message: "hello" })).status, 404);
  assert.equal((await post("/plugins/owl/ask", {}, { "content-type": "text/plain" })).status, 415);
  const stranger = { ...JSON_TYPE, origin: "https://evil.example" };
  assert.equal((await post("/plugins/owl/ask", { message: "hello" }, stranger)).status, 403);
});

Deno.test("invoke: the forms of a plugin's page are no calls", async () => {
  const { store, get } = await openStore();
  await using _ = store;
  const page = await (await get("/plugins/suite")).text();
  const action = /action="(\/plugins\/suite\/[^"]*remove)"/.exec(page)![1]!;
  const init = { method: "POST", body: new URLSearchParams(), redirect: "manual" } as const;
  const removed = await fetch(`${store.origin}${action}`, init);
  await removed.body?.cancel();
  assert.equal(removed.status, 303);
  assert.throws(() => store.toolbox.get("suite"));
});

Deno.test("invoke: what is cancelled leaves the engine free", async () => {
  const { store } = await openStore();
  await using _ = store;
  await store.registry.create({
    name: "Long",
    instructions: "Talk.",
    sampling: { maxTokens: 2000 },
  });
  const stop = new AbortController();
  const body = JSON.stringify({ message: "hello" });
  const init = { method: "POST", headers: JSON_TYPE, body, signal: stop.signal };
  const asked = fetch(`${store.origin}/plugins/long/ask`, init);
  while (store.engine.report().running === 0) await new Promise((go) => setTimeout(go, 1));
  stop.abort();
  await assert.rejects(asked, { name: "AbortError" });
  while (store.engine.report().running > 0) await new Promise((go) => setTimeout(go, 1));
});

Deno.test("invoke: the document has a path for each tool, with its schema, and an ETag", async () => {
  const { store, get } = await openStore();
  await using _ = store;
  const whole = await (await get("/openapi.json")).json();
  assert.ok(
    whole.paths["/plugins/owl/ask"] && whole.paths["/plugins/owl/json_schema_2020_12_tool"],
  );
  assert.ok(whole.paths[`/plugins/${encodeURIComponent("英语老师")}/ask`]);
  const first = await get("/plugins/owl/openapi.json");
  const document = await first.json();
  assert.equal(document.servers[0].url, store.origin);
  const { post } = document.paths["/plugins/owl/json_schema_2020_12_tool"];
  const { schema } = post.requestBody.content["application/json"];
  const pointer = schema.properties.address.$ref as string;
  const parts = pointer.slice(2).split("/").map((part) =>
    part.replaceAll("~1", "/").replaceAll("~0", "~")
  );
  const target = parts.reduce((at, part) => at[part], document);
  assert.deepEqual(Object.keys(target.properties), ["street", "city"]);
  const etag = first.headers.get("etag")!;
  const second = await get("/plugins/owl/openapi.json", { "if-none-match": etag });
  assert.equal(second.status, 304);
  await second.body?.cancel();
});

Deno.test("invoke: the document makes another Flint's tools, which answer as ours do", async () => {
  const { store, get } = await openStore();
  await using _ = store;
  const { host } = new URL(store.origin);
  await using other = await openLiveStore({}, undefined, [host]);
  const document = await (await get("/plugins/owl/openapi.json")).text();
  await other.toolbox.add({ id: "owl", type: "openapi", name: "Owl", config: { document } });
  const borrower = { name: "Borrower", instructions: "Borrow.", tools: [{ plugin: "owl" }] };
  await other.registry.create(borrower);
  const call = async (tool: string, values: object) => {
    const init = { method: "POST", headers: JSON_TYPE, body: JSON.stringify(values) };
    return JSON.stringify(
      await (await fetch(`${other.origin}/plugins/borrower/${tool}`, init)).json(),
    );
  };
  const names = (await other.toolbox.tools("owl")).map(({ name }) => name);
  const named = (end: string) => names.find((name) => name.endsWith(end))!;
  assert.match(await call(named("test_simple_text"), {}), /simple text response/);
  assert.match(await call(named("ask"), { message: "hello" }), /content/);
  assert.match(await call(named("test_error_handling"), {}), /intentionally returns an error/);
});
