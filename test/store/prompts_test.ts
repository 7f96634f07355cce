/** Prompts of an MCP server, over the API that adds it. */
import assert from "node:assert/strict";
import { openQuietStore } from "./quiet_store.ts";

const SERVER = new URL(
  "./dist/index.js",
  import.meta.resolve("@modelcontextprotocol/server-everything/package.json"),
).pathname;

Deno.test("prompts: a server that is added by the API has its prompts listed and filled in", async () => {
  await using store = await openQuietStore();
  const send = async (path: string, body?: unknown) => {
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
    const response = await store.app.request(path, init);
    return { status: response.status, answer: await response.json() };
  };
  const args = ["run", "--quiet", "--allow-all", SERVER, "stdio"];
  const plugin = { id: "all", type: "mcp", name: "All", config: { command: "deno", args } };
  const shown = await send("/api/plugins", plugin);
  assert.deepEqual(shown, { status: 202, answer: { starts: ["deno", ...args].join(" ") } });
  const other = await send("/api/plugins?starts=deno", plugin);
  assert.deepEqual([other.status, /confirmed as it is/.test(other.answer.detail)], [403, true]);
  assert.equal((await send("/api/plugins/all")).status, 404, "nothing was started or kept");
  const starts = encodeURIComponent(shown.answer.starts);
  assert.equal((await send(`/api/plugins?starts=${starts}`, plugin)).status, 201);
  const { answer: { prompts } } = await send("/api/plugins/all/prompts");
  assert.ok(prompts.some(({ name }: { name: string }) => name === "args-prompt"));
  const filled = { name: "args-prompt", values: { city: "Ulm" } };
  const { answer: { messages } } = await send("/api/plugins/all/prompts", filled);
  assert.match(JSON.stringify(messages), /"role":"user".*Ulm/);
  assert.equal((await send("/api/plugins/all/prompts", { name: "none" })).status, 503);
  assert.deepEqual((await send("/api/plugins/assistants/prompts")).answer, { prompts: [] });
});
