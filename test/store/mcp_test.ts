/** Flint as an MCP server: both revisions, progress, cancelling, sessions, and who may come. */
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { type LiveStore, openLiveStore } from "./live_store.ts";

async function openStore(): Promise<LiveStore> {
  const store = await openLiveStore();
  const sampling = { maxTokens: 12 };
  await store.registry.create({ name: "Owl", instructions: "Be wise.", sampling });
  await store.registry.create({ name: "英语老师", instructions: "Teach.", sampling });
  await store.registry.create({
    name: "Long",
    instructions: "Talk.",
    sampling: { maxTokens: 2000 },
  });
  return store;
}

async function connect(store: LiveStore, path: string, mode: "auto" | "legacy"): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${store.origin}${path}`)));
  return client;
}

const REVISIONS = [["auto", "2026-07-28"], ["legacy", "2025-11-25"]] as const;

for (const [mode, revision] of REVISIONS) {
  Deno.test(`mcp, ${revision}: assistants are tools, prompts and resources`, async () => {
    await using store = await openStore();
    const client = await connect(store, "/mcp", mode);
    assert.equal(client.getNegotiatedProtocolVersion(), revision);
    const { tools } = await client.listTools();
    const teacher = tools.find(({ title }) => title === "Ask 英语老师")!;
    assert.match(teacher.name, /^ask_[\w-]+$/);
    const asked = { name: teacher.name, arguments: { message: "hello" } };
    assert.equal((await client.callTool(asked)).isError, undefined);
    const told: string[] = [];
    const onprogress = ({ message = "" }) => void told.push(message);
    const owl = { name: "ask_owl", arguments: { message: "hello" } };
    await client.callTool(owl, { onprogress });
    assert.ok(told.length > 0, "the answer was told as it grew");
    const wrong = await client.callTool({ name: "ask_owl", arguments: {} });
    assert.match(JSON.stringify([wrong.isError, wrong.content]), /true.*message/);
    await assert.rejects(client.callTool({ name: "fly" }), { code: -32602 });
    const prompt = await client.getPrompt({ name: "owl", arguments: { message: "And now?" } });
    assert.match(JSON.stringify(prompt.messages), /Be wise\..*And now\?/);
    const { contents: [manifest] } = await client.readResource({ uri: "flint://assistants/owl" });
    assert.equal(JSON.parse((manifest as { text: string }).text).name, "Owl");
    await client.close();
  });

  Deno.test(`mcp, ${revision}: a call that is cancelled leaves the engine free`, async () => {
    await using store = await openStore();
    const client = await connect(store, "/mcp/long", mode);
    const stop = new AbortController();
    const call = { name: "ask", arguments: { message: "hello" } };
    const called = client.callTool(call, { signal: stop.signal });
    while (store.engine.report().running === 0) await new Promise((go) => setTimeout(go, 1));
    stop.abort();
    await assert.rejects(called);
    while (store.engine.report().running > 0) await new Promise((go) => setTimeout(go, 1));
    await client.close();
  });
}

/** Posts a message as clients of 2025-11-25 do. */
function post(store: LiveStore, method: string, headers: HeadersInit = {}, path = "/mcp") {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  };
  return fetch(`${store.origin}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

async function begin(store: LiveStore): Promise<string> {
  const response = await post(store, "initialize");
  await response.body?.cancel();
  return response.headers.get("mcp-session-id")!;
}

Deno.test("mcp: a session ends when its client says so, and the longest unused gives way to the 65th", async () => {
  await using store = await openStore();
  const list = (id: string) => statusOf(post(store, "tools/list", { "mcp-session-id": id }));
  const ended = await begin(store);
  assert.equal(await list(ended), 200);
  const end = { method: "DELETE", headers: { "mcp-session-id": ended } };
  assert.equal(await statusOf(fetch(`${store.origin}/mcp`, end)), 200);
  assert.equal(await list(ended), 404);
  const first = await begin(store), second = await begin(store);
  assert.equal(await list(first), 200); // so that the second is the longest unused
  for (let i = 0; i < 63; i++) await begin(store);
  assert.deepEqual([await list(first), await list(second)], [200, 404]);
  assert.equal(await statusOf(post(store, "tools/list")), 400);
});

Deno.test("mcp: pages of other sites and other names are refused, and so is an assistant that is not there", async () => {
  await using store = await openStore();
  assert.equal(await statusOf(post(store, "initialize", { origin: "https://evil.example" })), 403);
  assert.equal(await statusOf(post(store, "initialize", {}, "/mcp/cow")), 404);
});
