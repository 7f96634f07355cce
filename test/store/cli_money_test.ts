/** Money from the terminal, with the permissions of its task. */
import assert from "node:assert/strict";
import { flint, temporary } from "./flint_process.ts";

Deno.test("flint wallet, ledger: paying in is off at first; the books can be checked", async () => {
  await using folder = await temporary();
  const { path } = folder;
  const off = await flint(path, "wallet", "add", "5");
  assert.deepEqual([off.code, /flint wallet terms/.test(off.stderr)], [1, true]);
  const terms = ["--provider", "manual", "--currency", "EUR", "--share", "12.5", "--json"];
  const { stdout } = await flint(path, "wallet", "terms", ...terms);
  assert.deepEqual(JSON.parse(stdout), {
    ...{ currency: "EUR", shareBps: 1250, payoutMin: 10_000_000, provider: "manual" },
  });
  const paid = await flint(path, "wallet", "add", "5.25", "--account", "ann");
  assert.match(paid.stdout, /ann: 5\.25 EUR, of which 0\.00 are held/);
  const audit = await flint(path, "ledger", "audit", "--json");
  assert.equal(JSON.parse(audit.stdout).entries, 1, audit.stderr);
});
