/** `flint plugin` and `flint secrets`, as processes with the task's own permissions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { command, flint, temporary } from "./flint_process.ts";

const SECRET = "s3cret-key-92";

/** A command that reads `text` from its standard input. */
async function fed(dataDir: string, text: string, ...args: string[]) {
  const child = command(dataDir, args, "piped").spawn();
  await new Blob([text]).stream().pipeTo(child.stdin);
  const { code, stderr } = await child.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("cli: an API is added, given its key, tried and removed, and its key shows nowhere", async () => {
  await using folder = await temporary();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) =>
      Response.json({ heard: request.headers.get("x-key"), path: new URL(request.url).pathname }),
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const api = join(folder.path, "Pets API.json");
  await Deno.writeTextFile(
    api,
    JSON.stringify({
      openapi: "3.1.0",
      info: { title: "Pets" },
      security: [{ Key: [] }],
      servers: [{ url: `http://${host}` }],
      paths: { "/pets/{id}": { get: { operationId: "pet", summary: "One pet." } } },
      components: { securitySchemes: { Key: { type: "apiKey", in: "header", name: "x-key" } } },
    }),
  );
  const added = await flint(folder.path, "plugin", "add", api);
  assert.equal(added.stdout, "pets-api  (1 tools)\n", added.stderr);
  const listed = await flint(folder.path, "plugin", "try", "pets-api");
  assert.equal(listed.stdout, "pet  (reads) One pet.\n", listed.stderr);
  const set = await fed(folder.path, `{"key":"${SECRET}"}`, "secrets", "set", "pets-api/Key");
  assert.equal(set.code, 0, set.stderr);

  const asked = ["plugin", "try", "pets-api", "pet", '{"id": "7"}'];
  const shut = await flint(folder.path, ...asked);
  assert.match(shut.stdout, /is this machine: plugins reach public addresses only/);
  const tried = await flint(folder.path, ...asked, "--allow-host", host);
  assert.equal(tried.code, 0, tried.stderr);
  assert.match(tried.stderr, /^GET http:\/\/127\.0\.0\.1:\d+\/pets\/7\n[^]*x-key: •••/);
  assert.match(tried.stdout, /"heard": "•••"/);

  const data = await flint(folder.path, ...asked, "--allow-host", host, "--json");
  assert.equal(JSON.parse(data.stdout).result.content[0].value.heard, "•••", data.stderr);

  const rotated = await flint(folder.path, "secrets", "rotate", "--json");
  assert.equal(rotated.stdout, '{"rotated":1}\n', rotated.stderr);
  const names = await flint(folder.path, "secrets", "list");
  assert.match(names.stdout, /^pets-api\/Key {2}\(key; /);
  const said = [added, listed, shut, tried, data, rotated, names].map((one) =>
    one.stdout + one.stderr
  );
  assert(!said.join("").includes(SECRET));
  await flint(folder.path, "plugin", "remove", "pets-api");
  assert.equal((await flint(folder.path, "secrets", "list")).stdout, "");
});
