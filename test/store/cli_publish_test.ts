import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { sharedData } from "../shared_data.ts";
import { flint, temporary } from "./flint_process.ts";

const data = sharedData();
const agents = data && join(data, "lobe-agents");

Deno.test("cli: an assistant is published, installed, forked, reported, judged and withdrawn", async () => {
  await using folder = await temporary();
  const run = (...args: string[]) => flint(folder.path, ...args);
  assert.match((await run("account", "new", "ann")).stdout, /\/sign-in\?link=/);
  assert.match(
    (await run("publish", "spell-coach", "--notes", "First.")).stdout,
    /listed, release 1/,
  );
  assert.match((await run("publish", "spell-coach")).stdout, /release 2/);
  assert.match((await run("install", "spell-coach", "--account", "ann")).stdout, /release 2/);
  assert.match((await run("fork", "spell-coach", "--account", "ann")).stdout, /spell-coach-2/);
  await run("report", "spell-coach", "too kind", "--account", "ann");
  assert.match(
    (await run("review", "list")).stdout,
    /spell-coach {2}report: too kind \(1 reports\)/,
  );
  assert.match((await run("review", "accept", "spell-coach", "it is fine")).stdout, /listed/);
  assert.match((await run("withdraw", "spell-coach")).stdout, /withdrawn/);
  const refused = await run("install", "spell-coach", "--account", "ben");
  assert.deepEqual([refused.code, /no account "ben"/.test(refused.stderr)], [1, true]);
});

Deno.test("cli: a key is shown once, listed without what opens, and revoked", async () => {
  await using folder = await temporary();
  const secret = (await flint(folder.path, "key", "new", "script")).stdout.trim();
  assert.match(secret, /^flint_[\w-]{43}$/);
  const { stdout } = await flint(folder.path, "key", "list", "--json");
  assert.equal(stdout.includes(secret), false);
  const { code } = await flint(folder.path, "key", "revoke", JSON.parse(stdout).id);
  assert.equal(code, 0);
  assert.equal((await flint(folder.path, "key", "list")).stdout, "");
});

Deno.test({
  name: "cli: a whole folder of agents is published",
  ignore: !agents || !existsSync(agents),
  fn: async () => {
    await using folder = await temporary();
    const { stderr, stdout } = await flint(folder.path, "publish", agents!);
    const [, done] = /(\d+) published, (\d+) files refused/.exec(stderr)!;
    assert.ok(Number(done) > 160, stderr.slice(-2000));
    assert.ok(stdout.split("\n").filter((line) => line.includes("listed")).length > 150);
  },
});
