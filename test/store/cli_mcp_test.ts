/** `flint mcp` and `flint plugin mcp`, as processes with the task's own permissions. */
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/client";
import { StdioTransport } from "../../plugins/tools/mcp/stdio.ts";
import { denoArguments, flint, temporary } from "./flint_process.ts";

const TOOLS = new URL("./conformance_tools.ts", import.meta.url).pathname;

Deno.test("cli: an MCP server is added and tried; what may not be run is named", async () => {
  await using folder = await temporary();
  const server = ["--", "deno", "run", "--quiet", TOOLS];
  const added = await flint(folder.path, "plugin", "mcp", "suite", ...server);
  assert.match(added.stdout, /^suite {2}\(\d+ tools\)\n$/, added.stderr);
  assert.match(added.stderr, /^starts: deno run --quiet .*conformance_tools\.ts/);
  const tried = await flint(folder.path, "plugin", "try", "suite", "test_simple_text");
  assert.match(tried.stdout, /simple text response/, tried.stderr);
  const denied = await flint(folder.path, "plugin", "mcp", "other", "--", "npx", "some-server");
  assert.equal(denied.code, 1);
  assert.match(denied.stderr, /FLINT_ALLOW=--allow-run=npx/);
});

Deno.test("cli: a desktop client finds the assistants on standard input and output", async () => {
  await using folder = await temporary();
  const client = new Client({ name: "test", version: "1" }, {
    versionNegotiation: { mode: "auto" },
  });
  const args = denoArguments(folder.path, ["mcp"]);
  const env = { FLINT_DATA: folder.path, PIP_NO_INDEX: "1", PIP_FIND_LINKS: "" };
  await client.connect(new StdioTransport({ command: "deno", args, env }));
  assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
  const { tools } = await client.listTools();
  const companion = tools.find(({ name }) => name === "ask_code-companion");
  assert.ok(companion, `${tools.map(({ name }) => name)}`);
  const early = await client.callTool({ name: companion.name, arguments: { message: "hello" } });
  assert.equal(early.isError, true, "no model is there in this test");
  await client.close();
});
