/** The reference test server of MCP as a source of tools: over stdio and over HTTP. */
import assert from "node:assert/strict";
import {
  callTool,
  mcpKind,
  type OpenPlugin,
  type Plugin,
  type ToolContent,
  type ToolContext,
} from "@flint/plugins";
import { OFFLINE } from "./offline.ts";

const SCRIPT = new URL(
  "./dist/index.js",
  import.meta.resolve("@modelcontextprotocol/server-everything/package.json"),
).pathname;

const plugin = (config: Plugin["config"]): Plugin => ({
  id: "everything",
  type: "mcp",
  name: "Everything",
  description: "",
  config,
  addedAt: "2026-11-24T00:00:00Z",
});

const context = (more: Partial<ToolContext> = {}): ToolContext => ({
  assistant: "owl",
  user: "owner",
  signal: new AbortController().signal,
  depth: 0,
  ...more,
});

async function withEverything(use: (opened: OpenPlugin) => Promise<void> | void): Promise<void> {
  const args = ["run", "--quiet", "--allow-all", SCRIPT, "stdio"];
  const opened = await mcpKind(OFFLINE).open(plugin({ command: "deno", args, env: {} }));
  try {
    await use(opened);
  } finally {
    await opened.close();
  }
}

/** Calls a tool by its name. */
function call({ tools }: OpenPlugin, name: string, values: object, more?: Partial<ToolContext>) {
  const tool = tools.find((one) => one.name === name);
  assert.ok(tool, `${name} is among ${tools.map(({ name }) => name)}`);
  return callTool(tool, values, context(more));
}

const textOf = (content: readonly ToolContent[]) =>
  content.map((piece) => piece.type === "text" ? piece.text : piece.type).join("\n");

Deno.test("everything, stdio: tools are listed with our names, and their effect asks at least once", async () => {
  await withEverything((opened) => {
    const effects = new Map(opened.tools.map(({ name, effect }) => [name, effect]));
    assert.equal(effects.get("echo"), "reads");
    assert.equal(effects.get("toggle-subscriber-updates"), "writes");
    assert.equal(effects.get("read_resource"), "reads");
    assert.ok(![...effects.values()].includes("none"));
    assert.equal(effects.has("simulate-research-query"), false, "it runs as a task only");
    for (const { name, description, parameters } of opened.tools) {
      assert.match(name, /^[\w-]{1,64}$/);
      assert.ok(!description.includes("\n"));
      assert.equal(parameters.type, "object");
    }
  });
});

Deno.test("everything, stdio: words, numbers, structure and pictures come back as results", async () => {
  await withEverything(async (opened) => {
    const echo = await call(opened, "echo", { message: "héllo" });
    assert.deepEqual(echo, { content: [{ type: "text", text: "Echo: héllo" }] });
    const sum = await call(opened, "get-sum", { a: "2", b: 3 });
    assert.match(textOf(sum.content), /2 and 3 is 5/);
    const weather = await call(opened, "get-structured-content", { location: "Chicago" });
    assert.equal(weather.content.length, 1, "the same as text is left out");
    assert.deepEqual(Object.keys((weather.content[0] as { value: object }).value), [
      "temperature",
      "conditions",
      "humidity",
    ]);
    const image = await call(opened, "get-tiny-image", {});
    const picture = image.content.find(({ type }) => type === "image");
    assert.equal((picture as { mimeType: string }).mimeType, "image/png");
    const annotated = await call(opened, "get-annotated-message", { messageType: "error" });
    assert.match(textOf(annotated.content), /Error/);
  });
});

Deno.test("everything, stdio: resources are listed, linked and read", async () => {
  await withEverything(async (opened) => {
    const links = await call(opened, "get-resource-links", { count: 2 });
    assert.match(textOf(links.content), /read_resource reads demo:\/\/resource\/dynamic\/text\/2/);
    const { content: [list] } = await call(opened, "list_resources", {});
    const { value: { resources, templates } } = list as unknown as {
      value: Record<string, { uri: string }[]>;
    };
    assert.ok(resources!.some(({ uri }) => uri.endsWith("architecture.md")));
    assert.ok(templates!.some(({ uri }) => uri.includes("{resourceId}")));
    const uri = "demo://resource/dynamic/text/2";
    assert.match(textOf((await call(opened, "read_resource", { uri })).content), /Resource 2/);
    const gone = await call(opened, "read_resource", { uri: "demo://nothing" });
    assert.equal(gone.failed, true);
  });
});

Deno.test("everything, stdio: progress is told, and cancelling ends a call at once", async () => {
  await withEverything(async (opened) => {
    const told: string[] = [];
    const progress = (text: string) => told.push(text);
    const long = "trigger-long-running-operation";
    const done = await call(opened, long, { duration: 0.6, steps: 3 }, { progress });
    assert.match(textOf(done.content), /completed/);
    assert.deepEqual(told.slice(0, 2), ["1 of 3", "2 of 3"]);
    const stop = new AbortController();
    const halted = call(opened, long, { duration: 60, steps: 600 }, {
      signal: stop.signal,
      progress: () => stop.abort(),
    });
    await assert.rejects(halted, { code: "cancelled" });
    assert.match(textOf((await call(opened, "echo", { message: "on" })).content), /on/);
  });
});

Deno.test("everything, stdio: the user is asked, may refuse, or may be out of reach", async () => {
  await withEverything(async (opened) => {
    const asked: [string, object][] = [];
    const ask =
      (answer: Record<string, unknown> | undefined) => (question: string, schema: object) => {
        asked.push([question, schema]);
        return Promise.resolve(answer);
      };
    const request = "trigger-elicitation-request";
    const given = await call(opened, request, {}, { ask: ask({ name: "Ada", check: true }) });
    assert.match(textOf(given.content), /Ada/);
    assert.match(asked[0]![0], /^everything asks: Please provide/);
    assert.equal((asked[0]![1] as { type: string }).type, "object");
    const refused = await call(opened, request, {}, { ask: ask(undefined) });
    assert.match(textOf(refused.content), /declined/);
    assert.match(textOf((await call(opened, request, {})).content), /cancel/);
  });
});

Deno.test("everything, stdio: prompts are listed and filled in", async () => {
  await withEverything(async ({ prompts }) => {
    const list = await prompts!.list();
    const wanted = list.find(({ name }) => name === "args-prompt")!.arguments;
    assert.deepEqual(wanted.map(({ name, required }) => [name, required]), [
      ["city", true],
      ["state", false],
    ]);
    const [message] = await prompts!.fill("args-prompt", { city: "Ulm" });
    assert.equal(message!.role, "user");
    assert.match(textOf([message!.content]), /Ulm/);
    await assert.rejects(prompts!.fill("no-prompt", {}), { code: "unavailable" });
  });
});
