/** `flint add` and `flint export`, as processes with their own permissions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { sharedData } from "../shared_data.ts";
import { command, flint, temporary } from "./flint_process.ts";

const OWL = { name: "Owl", instructions: "Be wise.", conversation_starters: ["Who?"] };

Deno.test("cli: an assistant goes out as a PNG and comes back as it was", async () => {
  await using folder = await temporary();
  const file = join(folder.path, "owl.json");
  await Deno.writeTextFile(file, JSON.stringify(OWL));
  const added = await flint(folder.path, "add", file, "--json");
  assert.equal(added.stdout, '{"id":"owl","name":"Owl","format":"gpt"}\n', added.stderr);

  const picture = join(folder.path, "owl.png");
  const out = await flint(folder.path, "export", "owl", "--as", "png", "--out", picture);
  assert.equal(out.code, 0, out.stderr);
  const back = await flint(folder.path, "add", picture);
  assert.equal(back.stdout, "owl-2  (Owl, from png)\n", back.stderr);
  const gpt = await flint(folder.path, "export", "owl", "--as", "gpt");
  assert.deepEqual(JSON.parse(gpt.stdout), OWL);
  const asked = ["export", "owl", "--as", "png", "--picture", picture];
  const { stdout } = await command(folder.path, asked).output(); // bytes, to a pipe
  assert.deepEqual(stdout, await Deno.readFile(picture));
});

Deno.test("cli: of a folder, what is bad is told and the rest is added", async () => {
  await using folder = await temporary();
  const agents = join(folder.path, "agents");
  await Deno.mkdir(join(agents, "more"), { recursive: true });
  await Deno.writeTextFile(join(agents, "a.json"), JSON.stringify(OWL));
  await Deno.writeTextFile(join(agents, "more", "Modelfile"), "FROM a\nSYSTEM Arr");
  await Deno.writeTextFile(join(agents, "bad.json"), '{"__proto__":{}}');
  await Deno.writeTextFile(join(agents, "LICENSE"), "none of ours");
  const { code, stdout, stderr } = await flint(folder.path, "add", agents);
  assert.equal(code, 1);
  assert.match(stdout, /^owl {2}\(Owl, from gpt\)\nmodelfile {2}\(Modelfile, from modelfile\)\n$/);
  assert.match(stderr, /bad\.json: "__proto__" is not allowed/);
  assert.match(stderr, /2 of 3 files added\nflint: 1 files were refused/);
});

const agents = sharedData() && join(sharedData()!, "lobe-agents");
Deno.test({
  name: "cli: a folder of real Lobe agents is added whole",
  ignore: agents === undefined,
  async fn() {
    await using folder = await temporary();
    const { code, stdout, stderr } = await flint(folder.path, "add", agents!, "--json");
    assert.equal(code, 0, stderr);
    assert(stdout.trim().split("\n").length > 100);
  },
});

Deno.test("cli: a URL on this machine is fetched only if its host was allowed, and no further", async () => {
  await using folder = await temporary();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/owl.json") return Response.json(OWL);
    if (pathname === "/away") return Response.redirect("http://localhost/owl.json");
    if (pathname === "/huge") return new Response(new Uint8Array(17 * 2 ** 20));
    return new Response(null, { status: 404 });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  const add = (path: string, ...more: string[]) =>
    flint(folder.path, "add", `http://${host}${path}`, ...more);
  const allow = ["--allow-host", host];
  const results = await Promise.all([
    add("/owl.json"),
    add("/owl.json", "--allow-host", "example.org"),
    add("/owl.json", ...allow),
    add("/away", ...allow),
    add("/huge", ...allow),
    add("/none", ...allow),
    flint(folder.path, "add", "https://nowhere.invalid/x.json"),
    flint(folder.path, "add", "file:///etc/passwd", "--allow-host", ""),
  ]);
  assert.deepEqual(results.map(({ code }) => code), [1, 1, 0, 1, 1, 1, 1, 1]);
  const said = results.map(({ stderr }) => stderr);
  assert.match(said[0]!, /127\.0\.0\.1 is this machine: plugins reach public addresses only/);
  assert.match(said[1]!, /is this machine/);
  assert.match(said[3]!, /localhost leads to 127\.0\.0\.1, this machine/);
  assert.match(said[4]!, /more than 16777216 bytes/);
  assert.match(said[5]!, /answers 404/);
  assert.match(said[6]!, /there is no host nowhere\.invalid/);
  assert.match(said[7]!, /is no http\(s\) URL/);
});

Deno.test("cli: what can't be added or exported is refused by name", async () => {
  await using folder = await temporary();
  const none = await flint(folder.path, "add", join(folder.path, "no.json"));
  assert.match(none.stderr, /^flint: .*no\.json can't be read/);
  const cat = await flint(folder.path, "export", "cat", "--as", "card");
  assert.match(cat.stderr, /^flint: there is no assistant "cat"/);
  const docx = await flint(folder.path, "export", "spell-coach", "--as", "docx");
  assert.deepEqual([docx.code, /Allowed choices are card, /.test(docx.stderr)], [2, true]);
});
