import assert from "node:assert/strict";
import { type Listing, Listing as ListingSchema } from "../../store/market/listing.ts";
import { openMarketStore } from "./market_store.ts";

const DICE = { assistantId: "dice", visibility: "everyone" } as const;

Deno.test("listings: a listing is frozen; what changes later is offered as a release", async () => {
  await using store = await openMarketStore();
  const { listings, registry } = store;
  const first = await listings.publish("owner", { ...DICE, notes: "First." });
  ListingSchema.parse(first);
  await registry.update("dice", { instructions: "Roll two dice." }, 1);
  assert.equal(listings.get("dice").manifest.instructions, "Roll dice.");
  const second = await listings.release("owner", "dice", { from: 1, notes: "Two dice." });
  assert.equal(second.manifest.instructions, "Roll two dice.");
  assert.equal(listings.releaseOf("dice", 1).manifest.instructions, "Roll dice.");
  assert.deepEqual(listings.releases("dice").map(({ notes }) => notes), ["First."]);
});

Deno.test("listings: of two releases at once one is told to look again", async () => {
  await using store = await openMarketStore();
  const { listings } = store;
  await listings.publish("owner", DICE);
  const both = ["One.", "Two."].map((notes) =>
    listings.release("owner", "dice", { from: 1, notes })
  );
  const done = await Promise.allSettled(both);
  assert.deepEqual(done.map(({ status }) => status), ["fulfilled", "rejected"]);
  assert.match(String((done[1] as PromiseRejectedResult).reason), /at release 2, not 1/);
});

Deno.test("listings: nobody changes another's listing", async () => {
  await using store = await openMarketStore();
  const { listings } = store;
  await listings.publish("owner", DICE);
  await assert.rejects(listings.withdraw("eve", "dice"), { code: "not_found" });
  await assert.rejects(listings.release("eve", "dice", { from: 1 }), { code: "not_found" });
  await assert.rejects(listings.publish("eve", DICE), { code: "not_found" });
});

Deno.test("listings: followers are told within the transaction, and can undo it", async () => {
  await using store = await openMarketStore();
  const { listings } = store;
  const told: [string | undefined, string][] = [];
  listings.onChange((_, { before, after }) => {
    if (after.notes === "no") throw new Error("no");
    told.push([before?.state, after.state]);
  });
  await listings.publish("owner", DICE);
  await assert.rejects(listings.release("owner", "dice", { from: 1, notes: "no" }), /no/);
  await listings.withdraw("owner", "dice");
  assert.deepEqual(told, [[undefined, "listed"], ["listed", "withdrawn"]]);
  assert.equal(listings.get("dice").release, 1);
});

Deno.test("listings: many are written in batches, each told and found by its publisher", async () => {
  await using store = await openMarketStore();
  const { listings } = store;
  const dice = await listings.publish("owner", DICE);
  let told = 0;
  listings.onChange(() => told++);
  const many = Array.from({ length: 1201 }, (_, i): Listing => ({
    ...dice,
    ...{ id: `dice-${i}`, assistantId: `dice-${i}`, publisher: "ann" },
  }));
  assert.equal(await listings.putAll(many), 1201);
  assert.equal(told, 1201);
  const { listings: found, next } = listings.list("ann", { limit: 100 });
  assert.equal(found.length, 100);
  assert.notEqual(next, undefined);
  await assert.rejects(listings.putAll([{ ...dice, release: 0 }]), { code: "bad_input" });
});

Deno.test("installs: one account counts once, keeps its release, and takes an update", async () => {
  await using store = await openMarketStore();
  const { listings, installs, boards } = store;
  await listings.publish("owner", DICE);
  await installs.install("ann", "dice");
  await installs.install("ann", "dice");
  await installs.install("ben", "dice");
  assert.equal(boards.top({ board: "installed", category: "games" })[0]!.score, 2);
  await listings.release("owner", "dice", { from: 1 });
  assert.equal(installs.get("ann", "dice")!.release, 1);
  assert.equal((await installs.install("ann", "dice")).release, 2);
  assert.equal(await installs.uninstall("ben", "dice"), true);
  assert.equal(await installs.uninstall("ben", "dice"), false);
  assert.equal(boards.top({ board: "installed" })[0]!.score, 1);
});

Deno.test("installs: what is not public is on no board, also while its installs change", async () => {
  await using store = await openMarketStore();
  const { listings, installs, boards } = store;
  await listings.publish("owner", DICE);
  await installs.install("ann", "dice");
  await installs.install("ben", "dice");
  await listings.withdraw("owner", "dice");
  await assert.rejects(installs.install("cid", "dice"), { code: "denied" });
  await installs.uninstall("ben", "dice");
  assert.deepEqual(boards.top({ board: "installed" }), []);
  await listings.release("owner", "dice", { from: 1 });
  assert.equal(boards.top({ board: "installed" })[0]!.score, 1);
});
