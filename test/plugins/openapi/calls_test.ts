/** Each way to write a value, to show who calls, and to answer, on the wire of a real server. */
import assert from "node:assert/strict";
import { MASK } from "@flint/plugins";
import { serve } from "../tools/bait.ts";
import { openApis } from "./open_apis.ts";
import { ZOO } from "./zoo.ts";

const SECRET = "s3cret/+key ü";
const PNG = Uint8Array.fromBase64("iVBORw0KGgo=");

/** The zoo behind a real server that tells what it heard. */
async function openZoo(answer?: (request: Request) => Response | Promise<Response>) {
  const heard: { line: string; headers: Headers; body: string }[] = [];
  const server = serve(async (request) => {
    const copy = request.clone();
    const { pathname, search } = new URL(request.url);
    const line = `${request.method} ${pathname}${search}`;
    heard.push({ line, headers: request.headers, body: await request.text() });
    return await answer?.(copy) ?? Response.json({ ok: true });
  });
  const flint = await openApis(server);
  const document = JSON.stringify(ZOO).replaceAll("HOST", server.host);
  await flint.add("zoo", { document, variables: { host: server.host, base: "v2" } });
  return {
    ...flint,
    host: server.host,
    heard,
    call: (name: string, values: Record<string, unknown>) => flint.call("zoo", name, values),
    secret: (scheme: string, parts: Record<string, string>) =>
      flint.secrets.put(`zoo/${scheme}`, parts),
    async [Symbol.asyncDispose]() {
      await flint[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("openapi: names are plain and each there once; effects follow the method", async () => {
  await using zoo = await openZoo();
  const tools = await zoo.toolbox.tools("zoo");
  assert.deepEqual(tools.map(({ name, effect }) => [name, effect]), [
    ["find_animal", "reads"],
    ["put_animals", "writes"],
    ["add", "writes"],
    ["Add_2", "writes"],
  ]);
});

Deno.test("openapi: every style of parameter is written as the specification has it", async () => {
  await using zoo = await openZoo();
  const result = await zoo.call("find_animal", {
    id: "../a b?",
    coords: { x: 1, y: "ü" },
    tags: ["big", "wild"],
    filter: { age: 3, names: ["a", "b"] },
    ids: [1, 2],
    piped: ["p", "q"],
    where: "a/b?c=d&e",
    query: { deep: [1] },
    "X-Trace": "t1",
    session: "s;1",
  });
  assert.equal(result.failed, undefined, JSON.stringify(result));
  const [{ line, headers }] = zoo.heard as [typeof zoo.heard[0]];
  const query = [
    "filter%5Bage%5D=3",
    "filter%5Bnames%5D%5B%5D=a",
    "filter%5Bnames%5D%5B%5D=b",
    "ids=1,2",
    "piped=p|q",
    "where=a/b?c=d%26e",
    "query=%7B%22deep%22%3A%5B1%5D%7D",
    "limit=20", // the document's default
  ];
  assert.equal(line, `GET /v2/animals/..%2Fa%20b%3F;x=1;y=%C3%BC.big,wild?${query.join("&")}`);
  assert.equal(headers.get("x-trace"), "t1");
  assert.equal(headers.get("cookie"), "session=s%3B1");
});

Deno.test("openapi: bodies are JSON, forms and multipart", async () => {
  await using zoo = await openZoo();
  await zoo.secret("Query", { key: "k" });
  await zoo.call("Add_2", { why: "a&b", list: ["x", "y"] });
  const photo = `data:image/gif;base64,${btoa("GIF89a")}`;
  await zoo.call("put_animals", { name: "Tom", meta: { a: 1 }, photo });
  const [form, multipart] = zoo.heard;
  assert.equal(form!.body, "why=a%26b&list=x&list=y");
  assert.equal(form!.line, "DELETE /v2/animals?key=k");
  const type = multipart!.headers.get("content-type")!;
  const fields = await new Response(multipart!.body, { headers: { "content-type": type } })
    .formData();
  assert.equal(fields.get("name"), "Tom");
  assert.equal(await (fields.get("meta") as File).text(), '{"a":1}');
  const { name, type: kind } = fields.get("photo") as File;
  assert.deepEqual([name, kind], ["photo", "image/gif"]);
  assert.equal(await (fields.get("photo") as File).text(), "GIF89a");
});

Deno.test("openapi: what the simple schema lets through, the whole one refuses", async () => {
  await using zoo = await openZoo();
  await zoo.secret("Key", { key: "k1" });
  await zoo.secret("Basic", { user: "u", password: "pw" });
  const short = await zoo.call("add", { body: { kind: "cat", name: "T" } });
  assert.match(JSON.stringify(short), /failed.*|must NOT have fewer than 2 characters/);
  assert.equal(short.failed, true);
  await assert.rejects(zoo.call("add", { body: { name: "Tom" } }), { code: "bad_input" });
  assert.equal(zoo.heard.length, 0);
});

Deno.test("openapi: a set of schemes is shown together, and none is a failure that says so", async () => {
  await using zoo = await openZoo();
  const body = { kind: "cat", name: "Tom" };
  const bare = await zoo.call("add", { body });
  assert.match(JSON.stringify(bare), /authentication that is not set up: Key and Basic, or OAuth/);
  await zoo.secret("Key", { key: "k1" });
  await zoo.secret("Basic", { user: "ü", password: "pw" });
  await zoo.call("add", { body });
  assert.equal(zoo.heard[0]!.headers.get("x-key"), "k1");
  assert.equal(zoo.heard[0]!.headers.get("authorization"), `Basic ${btoa("\xc3\xbc:pw")}`);
});

Deno.test("openapi: answers are JSON, text or pictures; statuses from 400 on are failures", async () => {
  const answers = [
    Response.json([1]),
    new Response("plain"),
    new Response(PNG, { headers: { "content-type": "image/png" } }),
    new Response(new Uint8Array([0xff, 0xfe])),
    new Response(null, { status: 204 }),
    Response.json({ error: "no such animal" }, { status: 404 }),
    new Response("x".repeat(30_000)),
  ];
  await using zoo = await openZoo(() => answers.shift()!);
  const ask = () => zoo.call("find_animal", { id: "1", coords: {}, tags: [] });
  assert.deepEqual(await ask(), { content: [{ type: "json", value: [1] }] });
  assert.deepEqual(await ask(), { content: [{ type: "text", text: "plain" }] });
  assert.deepEqual((await ask()).content, [{
    type: "image",
    mimeType: "image/png",
    data: PNG.toBase64(),
  }]);
  assert.match(JSON.stringify(await ask()), /2 bytes of no type/);
  assert.match(JSON.stringify(await ask()), /done \(status 204\)/);
  const missing = await ask();
  assert.equal(missing.failed, true);
  assert.match(JSON.stringify(missing), /answers 404.*no such animal/);
  assert.match(JSON.stringify(await ask()), /10000 characters more/);
});

Deno.test("openapi: no secret shows in results, errors, previews or progress, whatever a server echoes", async () => {
  await using zoo = await openZoo((request) =>
    Response.json({ url: request.url, key: new URL(request.url).searchParams.get("key") })
  );
  await zoo.secret("Query", { key: SECRET });
  const tool = (await zoo.toolbox.tools("zoo")).find(({ name }) => name === "Add_2")!;
  const said: string[] = [];
  const { signal } = new AbortController();
  const context = {
    assistant: "a",
    user: "u",
    signal,
    depth: 0,
    progress: (text: string) => said.push(text),
  };
  const shown = [await tool.call({}, context), await tool.preview!({}), said];
  assert.equal(
    new URL(zoo.heard[0]!.line.split(" ")[1]!, "http://a").searchParams.get("key"),
    SECRET,
  );
  const text = JSON.stringify(shown);
  assert(text.includes(MASK));
  for (const form of [SECRET, encodeURIComponent(SECRET), "s3cret"]) {
    assert(!text.includes(form), form);
  }
});

Deno.test("openapi: a removed plugin takes its document and its secrets along", async () => {
  await using zoo = await openZoo();
  await zoo.secret("Query", { key: SECRET });
  const plugin = zoo.toolbox.get("zoo");
  await zoo.toolbox.remove("zoo");
  assert.deepEqual(zoo.secrets.list(), []);
  assert.throws(() => zoo.apis.reading(plugin), { code: "not_found" });
});

Deno.test("openapi: a document comes by URL, through a legacy manifest too, and only through the door", async () => {
  const small = {
    openapi: "3.1.0",
    info: { title: "S" },
    servers: [{ url: "/api" }],
    paths: { "/hi": { get: { operationId: "hi" } } },
  };
  await using server = serve((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/docs/openapi.json") return Response.json(small);
    if (pathname === "/.well-known/ai-plugin.json") {
      return Response.json({
        schema_version: "v1",
        api: { type: "openapi", url: "/docs/openapi.json" },
      });
    }
    return Response.json(pathname);
  });
  await using flint = await openApis(server);
  const added = await flint.add("a", { url: `http://${server.host}/.well-known/ai-plugin.json` });
  assert.equal(added.config.url, `http://${server.host}/docs/openapi.json`);
  assert.deepEqual(await flint.call("a", "hi", {}), {
    content: [{ type: "json", value: "/api/hi" }],
  });
  await using shut = await openApis();
  await assert.rejects(shut.add("b", { url: `http://${server.host}/docs/openapi.json` }), {
    code: "denied",
  });
  await assert.rejects(shut.add("c", {}), { message: /give the API's document/ });
  await shut.add("d", { document: JSON.stringify(small) });
  assert.match(JSON.stringify(await shut.call("d", "hi", {})), /set the plugin's server/);
});
