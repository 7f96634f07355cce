/** Tools and the plugins they come from, over a real store. */
import assert from "node:assert/strict";
import { z } from "zod";
import { FlintError, openKv } from "@flint/core";
import {
  callTool,
  openSecrets,
  openToolbox,
  type PluginType,
  textResult,
  type Tool,
  type Toolbox,
  type ToolContext,
} from "@flint/plugins";

const context = (signal = new AbortController().signal): ToolContext => ({
  assistant: "owl",
  user: "owner",
  signal,
  depth: 0,
});

const tool = (more: Partial<Tool> = {}): Tool => ({
  name: "repeat",
  description: "Says a text again.",
  parameters: {
    type: "object",
    properties: { text: { type: "string", maxLength: 5 }, times: { type: "integer", default: 1 } },
    required: ["text"],
    additionalProperties: false,
  },
  effect: "none",
  call: ({ text, times }) => Promise.resolve(textResult(String(text).repeat(Number(times)))),
  ...more,
});

const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;

Deno.test("tool: values are checked, given their defaults and their types", async () => {
  assert.deepEqual(await callTool(tool(), { text: "ha", times: "3" }, context()), {
    content: [{ type: "text", text: "hahaha" }],
  });
  assert.deepEqual(await callTool(tool(), { text: "ha" }, context()), {
    content: [{ type: "text", text: "ha" }],
  });
  const wrong = [
    { text: "too long" },
    {},
    undefined,
    { text: "ha", more: 1 },
    JSON.parse('{"text":"ha","__proto__":{}}'),
  ];
  for (const values of wrong) {
    await assert.rejects(callTool(tool(), values, context()), code("bad_input"));
  }
});

Deno.test("tool: what fails, takes too long or answers nonsense is a result; a bug is not", async () => {
  const failing = (call: Tool["call"], msMax = 20) =>
    callTool(tool({ call, msMax }), { text: "ha" }, context());
  const gone = await failing(() => Promise.reject(new FlintError("unavailable", "no such host")));
  assert.deepEqual(gone, { content: [{ type: "text", text: "no such host" }], failed: true });
  assert.match(JSON.stringify(await failing(() => new Promise(() => {}))), /took too long/);
  const nonsense = { content: [{ type: "video" }] } as unknown as ReturnType<typeof textResult>;
  assert.match(JSON.stringify(await failing(() => Promise.resolve(nonsense))), /no result/);
  await assert.rejects(
    failing(() => Promise.reject(new TypeError("x is not a function"))),
    TypeError,
  );
});

Deno.test("tool: the caller's cancelling ends a call at once", async () => {
  const stop = new AbortController();
  const called = callTool(
    tool({ call: () => new Promise(() => {}) }),
    { text: "ha" },
    context(stop.signal),
  );
  stop.abort();
  await assert.rejects(called, code("cancelled"));
});

Deno.test("tool: a schema of others that makes no sense is refused", async () => {
  const odd = tool({ parameters: { type: "object", properties: { a: { $ref: "#/nowhere" } } } });
  await assert.rejects(callTool(odd, {}, context()), /schema of repeat is not understood/);
});

/** A kind whose plugins open as their config says, and count. */
function counting() {
  const counts = { opened: 0, closed: 0 };
  const type: PluginType = {
    config: z.strictObject({ opens: z.boolean().default(true) }),
    open: ({ config }) => {
      if (!config.opens) return Promise.reject(new FlintError("unavailable", "it does not open"));
      counts.opened++;
      const close = () => Promise.resolve(void counts.closed++);
      return Promise.resolve({
        tools: [tool(), tool({ name: "send", effect: "writes" })],
        close,
      });
    },
  };
  return { counts, type };
}

async function withToolbox(
  use: (toolbox: Toolbox, counts: { opened: number; closed: number }) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  const { counts, type } = counting();
  const toolbox = openToolbox({
    kv,
    types: { counting: type },
    secrets: openSecrets({ kv, keyFile: `${folder}/secrets.key` }),
  });
  try {
    await use(toolbox, counts);
  } finally {
    await toolbox.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
  assert.equal(counts.closed, counts.opened);
}

Deno.test("toolbox: a plugin is opened before it is kept, once, and closed in the end", async () => {
  await withToolbox(async (toolbox, counts) => {
    await toolbox.add({ id: "echo", type: "counting", name: "Echo" });
    await toolbox.tools("echo");
    await toolbox.tools("echo");
    assert.equal(counts.opened, 1);
    const refused = { id: "mute", type: "counting", name: "Mute", config: { opens: false } };
    await assert.rejects(toolbox.add(refused), /does not open/);
    assert.deepEqual(toolbox.list().map(({ id }) => id), ["echo"]);
    await assert.rejects(toolbox.add({ ...refused, id: "echo", config: {} }), code("conflict"));
    await assert.rejects(toolbox.add({ ...refused, type: "magic" }), /must be one of counting/);
    await assert.rejects(toolbox.configure("echo", { opens: false }), /does not open/);
    assert.deepEqual(toolbox.get("echo").config, { opens: true });
    await toolbox.remove("echo");
    await assert.rejects(toolbox.tools("echo"), code("not_found"));
  });
});

Deno.test("toolbox: grants choose tools, tell equal names apart, and say when to ask", async () => {
  await withToolbox(async (toolbox) => {
    await toolbox.add({ id: "a", type: "counting", name: "A" });
    await toolbox.add({ id: "b", type: "counting", name: "B" });
    const { tools, missing } = await toolbox.granted([
      { plugin: "a" },
      { plugin: "b", tools: ["repeat"], ask: "once" },
      { plugin: "gone" },
    ]);
    assert.deepEqual(tools.map(({ name, ask }) => [name, ask]), [
      ["a_repeat", "never"],
      ["send", "always"],
      ["b_repeat", "once"],
    ]);
    assert.deepEqual(missing, ["gone"]);
  });
});
