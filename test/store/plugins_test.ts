/** /api/plugins: any plugin added, configured, tried and removed; and no trace of a secret anywhere. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as tokens from "../plugins/openapi/token_server.ts";
import { serve } from "../plugins/tools/bait.ts";
import { openQuietStore } from "./quiet_store.ts";

const SECRET = "s3cret/+key 92", PASSWORD = 'pa55 w"rd';

const documentFor = (host: string) => ({
  openapi: "3.1.0",
  info: { title: "Pets" },
  servers: [{ url: `http://${host}` }],
  security: [{ Key: [], Who: [] }],
  paths: {
    "/pets/{id}": {
      get: { operationId: "pet", parameters: [{ $ref: "#/components/parameters/id" }] },
    },
    "/echo": { post: { operationId: "echo" } },
  },
  components: {
    parameters: { id: { name: "id", in: "path", required: true, schema: { type: "integer" } } },
    securitySchemes: {
      Key: { type: "apiKey", in: "query", name: "key" },
      Who: { type: "http", scheme: "basic" },
    },
  },
});

/** A store whose plugins reach the API, and all that it said so far. */
async function opened(answer: (request: Request) => Response | Promise<Response>) {
  const api = serve(answer);
  const said: string[] = [];
  const keep = (line: string) => said.push(line);
  const store = await openQuietStore({ log: keep, onBug: keep }, [api.host]);
  return {
    store,
    api,
    said,
    async ask(method: string, path: string, body?: unknown) {
      const response = await store.app.request(`http://127.0.0.1/api/plugins${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      const text = await response.text();
      said.push(text, JSON.stringify([...response.headers]));
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

Deno.test("plugins: an API is added, read, configured, tried and removed over HTTP", async () => {
  await using at = await opened((request) => Response.json(new URL(request.url).pathname));
  const draft = { id: "pets", type: "openapi", name: "Pets" };
  const config = { document: JSON.stringify(documentFor(at.api.host)) };
  const none = await at.ask("POST", "", { ...draft, config: {} });
  assert.deepEqual([none.status, /give the API's document/.test(none.body.detail)], [400, true]);
  const added = await at.ask("POST", "", { ...draft, config });
  assert.equal(added.status, 201);
  assert.deepEqual(Object.keys(added.body.config), ["reading"]);
  assert.equal((await at.ask("POST", "", { ...draft, config })).status, 409);
  assert.equal((await at.ask("GET", "")).body.plugins.at(-1).id, "pets");

  const { body: { tools } } = await at.ask("GET", "/pets/tools");
  assert.deepEqual(tools.map(({ name }: { name: string }) => name), ["pet", "echo"]);
  const { body: { schemes } } = await at.ask("GET", "/pets/access");
  assert.deepEqual(schemes.map(({ ready }: { ready: boolean }) => ready), [false, false]);
  assert.equal((await at.ask("PUT", "/pets/access/Key", { key: "k" })).status, 204);
  assert.equal((await at.ask("PUT", "/pets/access/Who", { user: "u", password: "p" })).status, 204);
  assert.equal((await at.ask("PUT", "/pets/access/None", { key: "k" })).status, 404);

  const tried = await at.ask("POST", "/pets/tools/pet/try", { id: "7" });
  assert.deepEqual(tried.body.result, { content: [{ type: "json", value: "/pets/7" }] });
  assert.match(tried.body.request, /^GET http:\/\/127\.0\.0\.1:\d+\/pets\/7\?key=/);
  assert.equal((await at.ask("POST", "/pets/tools/pet/try", { id: "x" })).status, 400);
  assert.equal((await at.ask("POST", "/pets/tools/none/try", {})).status, 404);

  const fewer = { ...added.body.config, operations: ["echo"] };
  assert.equal((await at.ask("PUT", "/pets/config", fewer)).status, 200);
  assert.equal((await at.ask("GET", "/pets/tools")).body.tools.length, 1);
  assert.equal((await at.ask("DELETE", "/pets/access/Key")).status, 204);
  assert.equal((await at.ask("DELETE", "/pets")).status, 204);
  assert.equal((await at.ask("GET", "/pets")).status, 404);
});

Deno.test("plugins: an errand leaves no trace of its secrets: answers, errors, logs, pages, disk", async () => {
  await using at = await opened(async (request) => {
    if (request.method === "GET") return new Response(request.url, { status: 500 });
    const all = { url: request.url, headers: [...request.headers], text: await request.text() };
    return new Response(
      `${JSON.stringify(all)} ${atob(request.headers.get("authorization")!.slice(6))}`,
    );
  });
  const config = { document: JSON.stringify(documentFor(at.api.host)) };
  await at.ask("POST", "", { id: "pets", type: "openapi", name: "Pets", config });
  await at.ask("PUT", "/pets/access/Key", { key: SECRET });
  await at.ask("PUT", "/pets/access/Who", { user: "alice", password: PASSWORD });
  const echoed = await at.ask("POST", "/pets/tools/echo/try", {});
  assert.match(echoed.body.result.content[0].text, /alice.*•••|•••/); // it did come back
  await at.ask("POST", "/pets/tools/pet/try", { id: 1 });
  await at.ask("POST", "/pets/tools/pet/try", { id: [SECRET] }); // as a mistaken argument
  for (const path of ["", "/pets", "/pets/tools", "/pets/access"]) await at.ask("GET", path);
  for (const path of ["/plugins", "/plugins/pets", "/plugins/pets/tools/echo"]) {
    const page = await at.store.app.request(`http://127.0.0.1${path}`);
    at.said.push(await page.text());
  }
  for await (const { name } of Deno.readDir(at.store.folder)) {
    const bytes = await Deno.readFile(join(at.store.folder, name));
    at.said.push(new TextDecoder("latin1").decode(bytes));
  }
  const basic = btoa(`alice:${PASSWORD}`);
  for (const text of [SECRET, encodeURIComponent(SECRET), PASSWORD, basic, "s3cret", "pa55"]) {
    const found = at.said.filter((line) => line.includes(text));
    assert.deepEqual(found.map((line) => line.slice(0, 200)), [], text);
  }
});

Deno.test("plugins: a user is sent to sign in and comes back to the plugin's page", async () => {
  await using vault = tokens.tokenServer(3600);
  await using store = await openQuietStore({}, [vault.host]);
  const document = tokens.documentFor(vault.host, "authorizationCode");
  await store.toolbox.add({ id: "vault", type: "openapi", name: "Vault", config: { document } });
  await store.secrets.put("vault/Sign", tokens.CLIENT);
  const get = (path: string) => store.app.request(`http://127.0.0.1:7077/api/plugins${path}`);
  const away = await get("/vault/access/Sign/sign-in");
  assert.equal(away.status, 302);
  const came = await tokens.walk(away.headers.get("location")!);
  assert.equal(came.pathname, "/api/plugins/signed-in");
  const home = await get(`/signed-in${came.search}`);
  assert.deepEqual([home.status, home.headers.get("location")], [302, "/plugins/vault"]);
  assert.equal((await get(`/signed-in${came.search}`)).status, 403); // once
  const { schemes } = await (await get("/vault/access")).json();
  assert.equal(schemes[0].ready, true);
});
