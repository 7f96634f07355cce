/** The reference test server of MCP over streamable HTTP, through the one door that plugins have. */
import assert from "node:assert/strict";
import { callTool, Door, mcpKind, type OpenPlugin, type ToolContext } from "@flint/plugins";
import { OFFLINE } from "./offline.ts";

const SCRIPT = new URL(
  "./dist/index.js",
  import.meta.resolve("@modelcontextprotocol/server-everything/package.json"),
).pathname;

const context = (more: Partial<ToolContext> = {}): ToolContext => ({
  assistant: "owl",
  user: "owner",
  signal: new AbortController().signal,
  depth: 0,
  ...more,
});

/** A port that was free a moment ago. */
function freePort(): number {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  listener.close();
  return listener.addr.port;
}

/** Starts the server and waits until it listens. */
async function startServer(port: number): Promise<AsyncDisposable> {
  const child = new Deno.Command("deno", {
    args: ["run", "--quiet", "--allow-all", SCRIPT, "streamableHttp"],
    env: { PORT: String(port) },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const errors = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  for (let said = ""; !said.includes("listening");) {
    const { value, done } = await errors.read();
    assert.ok(!done, `the server ended: ${said}`);
    said += value;
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await errors.cancel();
      await child.status;
    },
  };
}

function call({ tools }: OpenPlugin, name: string, values: object, more?: Partial<ToolContext>) {
  return callTool(tools.find((one) => one.name === name)!, values, context(more));
}

Deno.test("everything, http: lists, calls, progress and questions stream; a lost session is begun anew", async () => {
  const port = freePort(), host = `127.0.0.1:${port}`;
  const door = new Door({ allowed: [host] });
  const secrets = { ...OFFLINE.secrets, get: () => ({ "x-token": "s3cret" }) };
  const kind = mcpKind({ web: door, secrets });
  const config = { url: `http://${host}/mcp`, headers: {} };
  const addedAt = "2026-11-24T00:00:00Z";
  const plugin = {
    id: "everything",
    type: "mcp",
    name: "Everything",
    description: "",
    config,
    addedAt,
  };
  let server = await startServer(port);
  const opened = await kind.open(plugin);
  try {
    assert.match(JSON.stringify(await call(opened, "get-sum", { a: 2, b: 3 })), /is 5/);
    const told: string[] = [];
    const long = { duration: 0.6, steps: 3 };
    await call(opened, "trigger-long-running-operation", long, {
      progress: (text) => told.push(text),
    });
    assert.ok(told.includes("2 of 3"), `${told}`);
    const ask = () => Promise.resolve({ name: "Ada" });
    assert.match(
      JSON.stringify(await call(opened, "trigger-elicitation-request", {}, { ask })),
      /Ada/,
    );
    await server[Symbol.asyncDispose]();
    assert.equal((await call(opened, "echo", { message: "anyone?" })).failed, true);
    server = await startServer(port);
    await call(opened, "echo", { message: "again" }); // may still find the old session gone
    assert.match(JSON.stringify(await call(opened, "echo", { message: "again" })), /Echo: again/);
  } finally {
    await opened.close();
    await server[Symbol.asyncDispose]();
    await door.close();
  }
});

Deno.test("everything, http: a server on a private host is refused unless the operator allows it", async () => {
  const door = new Door();
  const { secrets } = OFFLINE;
  const config = { url: "http://127.0.0.1:18080/mcp", headers: {} };
  const addedAt = "2026-11-24T00:00:00Z";
  const plugin = { id: "inside", type: "mcp", name: "Inside", description: "", config, addedAt };
  try {
    await assert.rejects(
      mcpKind({ web: door, secrets }).open(plugin),
      /this machine: plugins reach/,
    );
  } finally {
    await door.close();
  }
});
