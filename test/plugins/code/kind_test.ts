/** Plugins of one file at work: values, results, what they are granted, their process. */
import assert from "node:assert/strict";
import { sha256Of } from "../../../plugins/code/kind.ts";
import { Egress } from "../../../plugins/tools/egress.ts";
import { call, fileOf, openCode, textOf, toolOf } from "./opened.ts";

Deno.test("code: values are checked by the plugin's own schema, results are text or JSON", async () => {
  const source = fileOf(`
    tool({ name: "add", description: "Adds.", input: z.object({
        a: z.number().describe("first"), b: z.number().default(2) }),
      run: ({ a, b }) => ({ sum: a + b }) }),
    tool({ name: "shout", description: "Shouts.", input: z.object({
        text: z.string().regex(/^[a-z]+$/) }), run: ({ text }) => text.toUpperCase() }),
    ${toolOf("fail", '() => { throw new Error("no milk left") }')},
    ${toolOf("nothing", "() => {}")}`);
  const plugin = await openCode(source);
  try {
    const [add] = plugin.tools;
    assert.deepEqual(add?.parameters, {
      type: "object",
      properties: {
        a: { type: "number", description: "first" },
        b: { default: 2, type: "number" },
      },
      required: ["a"],
    });
    assert.equal(add.effect, "none");
    const sum = { content: [{ type: "json", value: { sum: 3.5 } }] };
    assert.deepEqual(await call(plugin, "add", { a: 1.5 }), sum);
    assert.equal(textOf(await call(plugin, "shout", { text: "abc" })), "ABC");
    const refused = await call(plugin, "shout", { text: "a1" });
    assert.ok(refused.failed && /pattern/.test(textOf(refused)));
    assert.deepEqual(await call(plugin, "fail"), {
      content: [{ type: "text", text: "no milk left" }],
      failed: true,
    });
    assert.deepEqual((await call(plugin, "nothing")).content, [{ type: "json", value: null }]);
  } finally {
    await plugin.close();
  }
});

Deno.test("code: it fetches from the hosts it was granted, as its tool's effect allows", async () => {
  const seen: string[] = [];
  const answer = async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/away") {
      return Response.redirect(`http://localhost:${new URL(request.url).port}/there`);
    }
    seen.push(`${request.method} ${pathname} ${request.headers.get("x-key")}`);
    return Response.json({ body: await request.text(), host: request.headers.get("host") });
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const get = (path: string, init = "{}") =>
    `async (_, { fetch, secret }) => (await fetch("${origin}${path}", ${init})).json()`;
  const post = `{ method: "POST", body: "hello", headers: {
    host: "elsewhere.example", "x-key": await secret("KEY") } }`;
  const source = fileOf(
    [
      toolOf("read", get("/a")),
      toolOf("write", get("/b", post), `effect: "writes",`),
      toolOf("sly", get("/c", post)),
      toolOf("quiet", get("/d"), `effect: "none",`),
      toolOf("away", get("/away")),
      toolOf("other", `async (_, { secret }) => secret("OTHER")`),
    ].join(","),
    `needs: { hosts: ["127.0.0.1"], secrets: ["KEY"] },`,
  );
  const egress = new Egress({ allowed: ["127.0.0.1", "localhost"] });
  const secrets = {
    get: (name: string) => name === "tried/KEY" ? { token: "k1" } : { token: "no" },
  };
  const granted = { hosts: ["127.0.0.1"], secrets: ["KEY"] };
  const plugin = await openCode(source, { egress, secrets }, granted);
  try {
    const { host } = new URL(origin);
    const json = (value: object) => JSON.stringify({ type: "json", value });
    assert.equal(textOf(await call(plugin, "read")), json({ body: "", host }));
    assert.equal(textOf(await call(plugin, "write")), json({ body: "hello", host }));
    assert.match(textOf(await call(plugin, "sly")), /effect "reads" may not POST/);
    assert.match(textOf(await call(plugin, "quiet")), /effect "none" may not GET/);
    assert.match(textOf(await call(plugin, "away")), /redirects to localhost: not granted/);
    assert.match(textOf(await call(plugin, "other")), /no secret "OTHER"/);
    assert.deepEqual(seen, ["GET /a null", "POST /b k1"]);
    await assert.rejects(openCode(source), /needs 127.0.0.1, KEY/);
  } finally {
    await plugin.close();
    await server.shutdown();
  }
});

Deno.test("code: one process serves calls at once, and a new one when it was idle", async () => {
  const source = fileOf(`
    ${toolOf("count", "() => globalThis.count = (globalThis.count ?? 0) + 1")},
    ${toolOf("wait", "() => new Promise((done) => globalThis.done = done)")},
    ${toolOf("wake", "() => { globalThis.done('woken'); return 1; }")}`);
  const plugin = await openCode(source, { bounds: { idleMs: 1000 } });
  try {
    const waiting = call(plugin, "wait");
    await call(plugin, "wake");
    assert.equal(textOf(await waiting), "woken");
    const count = async () => textOf(await call(plugin, "count"));
    assert.match(await count(), /1/);
    assert.match(await count(), /2/);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.match(await count(), /1/);
  } finally {
    await plugin.close();
  }
});

Deno.test("code: a source is run as it was shown, or not at all", () => {
  const source = fileOf(toolOf("a", "() => 1"));
  assert.throws(() => openCode(source, {}, { sha256: sha256Of(`${source} `) }), /was changed/);
});
