import assert from "node:assert/strict";
import { openMarketStore } from "./market_store.ts";

Deno.test("accounts: the owner is there from the beginning, and alone until somebody is let in", async () => {
  await using store = await openMarketStore();
  const { accounts } = store;
  assert.equal(accounts.get("owner").role, "owner");
  await accounts.found();
  assert.equal(accounts.alone(), true);
  assert.equal((await accounts.make({ id: "ann" })).role, "member");
  assert.equal(accounts.alone(), false);
  assert.deepEqual(accounts.list().accounts.map(({ id }) => id), ["ann", "owner"]);
});

Deno.test("accounts: an id is taken once, and nobody makes an owner", async () => {
  await using store = await openMarketStore();
  const { accounts } = store;
  await accounts.make({ id: "ann", name: "Ann" });
  await assert.rejects(accounts.make({ id: "ann" }), { code: "conflict" });
  await assert.rejects(accounts.make({ id: "owner" }), { code: "conflict" });
  await assert.rejects(accounts.make({ id: "eve", role: "owner" }), /role is not a field/);
  assert.throws(() => accounts.get("eve"), { code: "not_found" });
});
