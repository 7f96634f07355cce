/** Reviews over HTTP: the same rules, and who may see what each counts for. */
import assert from "node:assert/strict";
import { openUse } from "../../store/market/use.ts";
import { openQuietStore } from "./quiet_store.ts";

Deno.test("reviews API: used, rated, read, judged, reported, decided", async () => {
  await using store = await openQuietStore();
  const { app, kv, listings, registry } = store, use = openUse(kv);
  await registry.create({ id: "dice", name: "Dice", instructions: "Roll." });
  const { manifest, ...listing } = await listings.publish("owner", {
    assistantId: "dice",
    visibility: "everyone",
  });
  await listings.putAll([{ ...listing, manifest, publisher: "builder" }]);
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await app.request(`/api/${path}`, {
      method,
      ...(body
        ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } }
        : {}),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  const mine = "listings/dice/reviews/mine";
  const early = await call("PUT", mine, { stars: 5 });
  assert.deepEqual([early.status, early.body.detail.includes("5 to go")], [403, true]);
  await kv.transaction((transaction) => {
    for (let i = 0; i < 5; i++) {
      use.record(transaction, { account: "owner", listing: "dice", at: new Date() });
    }
  });
  assert.equal((await call("PUT", mine, { stars: 4, text: "Fair." })).status, 200);
  assert.equal((await call("PUT", mine, { stars: 9 })).status, 400);
  const { body } = await call("GET", "listings/dice/reviews");
  assert.deepEqual(
    [body.items[0].text, body.summary.histogram, body.summary.counted, body.summary.mean],
    ["Fair.", [0, 0, 0, 1, 0], [0, 0, 0, 0, 0], null],
  );
  const judged = await call("GET", "listings/dice/reviews/judgements");
  assert.equal(judged.body.items[0].ground, "early");
  assert.equal(
    (await call("PUT", "listings/dice/reviews/owner/answer", { text: "Hi" })).status,
    403,
  );
  assert.equal(
    (await call("PUT", "listings/dice/reviews/owner/report", { reason: "rude" })).status,
    204,
  );
  assert.equal((await call("GET", "moderation/reviews/reports")).body.items[0].reason, "rude");
  const decision = { counts: false, why: "rude" };
  assert.equal((await call("PUT", "moderation/reviews/dice/owner", decision)).status, 204);
  assert.deepEqual((await call("GET", "listings/dice/reviews")).body.items, []);
  assert.equal((await call("GET", "moderation/reviews/judgements")).body.items[0].why, "rude");
  assert.equal((await call("DELETE", mine)).status, 204);
  assert.equal((await call("DELETE", mine)).status, 404);
  assert.equal((await call("GET", "listings/nobody/reviews")).status, 404);
});
