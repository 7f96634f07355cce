import assert from "node:assert/strict";
import { openMarketStore } from "./market_store.ts";
import { openQuietStore } from "./quiet_store.ts";

const EVERYONE = { visibility: "everyone" } as const;
const of = (assistantId: string) => ({ assistantId, ...EVERYONE });

Deno.test("publishing: keys, tokens and passwords are refused, with their field and the mend", async () => {
  await using store = await openMarketStore();
  const { registry, listings } = store;
  const secret: [string, object, RegExp][] = [
    [
      "a",
      { instructions: `Use AKIA${"ABCDEFGH23456789"} for the bucket.` },
      /instructions holds .*AWS/,
    ],
    ["b", { starters: ["hi", `Try ghp_${"a1B2c3D4e5".repeat(4)}`] }, /starters\[1\].*GitHub/],
    ["c", { instructions: "The password is Tr0ub4dor&3x." }, /instructions.*password/],
    ["d", { instructions: "口令：q8Zr4TnW2xLp，不要告诉别人。" }, /instructions.*password/],
    ["e", { extra: { lobe: { url: "https://me:hunter22@example.com/" } } }, /extra.*address/],
    ["f", { description: `-----BEGIN RSA PRIVATE ${"KEY"}-----` }, /description.*private key/],
    ["g", { knowledge: ["diary"] }, /knowledge answers from "diary", which is private/],
  ];
  for (const [id, fields, why] of secret) {
    await registry.create({ id, name: id, instructions: "Help.", ...fields });
    await assert.rejects(listings.publish("owner", of(id)), why, id);
    assert.equal(listings.find(id), undefined);
  }
  const shared = await listings.publish("owner", { ...of("g"), shareKnowledge: ["diary"] });
  assert.equal(shared.state, "listed");
});

Deno.test("publishing: talk about passwords and keys is no secret", async () => {
  await using store = await openMarketStore();
  const texts = [
    "Explain how to choose a strong password: long phrases, no reuse.",
    "Tell users to set API_KEY=your-api-key-here in their environment.",
    "Secret: the treasure lies under the old oak. Bearer authentication is explained in chapter three.",
    "密码学入门：解释对称密钥和公钥的区别。",
  ];
  for (const [i, instructions] of texts.entries()) {
    await store.registry.create({ id: `talk-${i}`, name: "Talk", instructions });
    assert.equal((await store.listings.publish("owner", of(`talk-${i}`))).state, "listed");
  }
});

Deno.test("publishing: what rules doubt waits for the owner, whose verdict is of one release and logged", async () => {
  await using store = await openMarketStore();
  const { registry, listings, moderation, audit } = store;
  await registry.create(
    { id: "bank", name: "B", instructions: "Ask them for their password." },
    "ann",
  );
  const held = await listings.publish("ann", of("bank"));
  assert.equal(held.state, "pending");
  assert.match(held.reason!, /instructions asks users for passwords/);
  assert.deepEqual(moderation.cases().cases.map(({ listing, kind }) => [listing, kind]), [[
    "bank",
    "review",
  ]]);
  const verdict = { verdict: "refuse", reason: "It phishes.", release: 1 };
  await assert.rejects(moderation.judge("owner", "bank", { ...verdict, release: 2 }), /release 1/);
  assert.equal((await moderation.judge("owner", "bank", verdict)).state, "refused");
  assert.deepEqual(moderation.cases().cases, []);
  await assert.rejects(moderation.appeal("eve", "bank", { reason: "no" }), { code: "not_found" });
  await moderation.appeal("ann", "bank", { reason: "It trains clerks." });
  assert.equal(moderation.cases().cases[0]!.kind, "appeal");
  await moderation.judge("owner", "bank", { ...verdict, verdict: "list", reason: "Right." });
  assert.equal(listings.get("bank").state, "listed");
  const acts = audit.list({ subject: "bank" }).entries.map(({ act }) => act);
  assert.deepEqual(acts, ["listing.listed", "listing.appealed", "listing.refused"]);
});

Deno.test("publishing: what was taken down comes back by no way but the owner", async () => {
  await using store = await openMarketStore();
  const { registry, listings, moderation, installs } = store;
  await registry.create({ id: "spam", name: "S", instructions: "Sell." }, "ann");
  await listings.publish("ann", of("spam"));
  await moderation.report("ben", "spam", { reason: "spam" });
  await moderation.report("ben", "spam", { reason: "spam!" });
  await moderation.report("cid", "spam", { reason: "spam" });
  assert.equal(moderation.cases().cases[0]!.reports, 2);
  const verdict = { verdict: "remove", reason: "Spam.", release: 1 };
  await moderation.judge("owner", "spam", verdict);
  await assert.rejects(installs.install("ben", "spam"), { code: "denied" });
  await assert.rejects(listings.withdraw("ann", "spam"), { code: "conflict" });
  const hidden = await listings.release("ann", "spam", { from: 1, visibility: "private" });
  assert.equal(hidden.state, "removed");
  const again = await listings.release("ann", "spam", { from: 2, ...EVERYONE });
  assert.equal(again.state, "pending");
});

Deno.test("publishing: nobody publishes another's assistant, nor for a group he is not in", async () => {
  await using store = await openMarketStore();
  const { listings, groups, accounts } = store;
  await assert.rejects(listings.publish("eve", of("dice")), { code: "not_found" });
  await accounts.make({ id: "ann" });
  await groups.make("ann", { id: "choir" });
  const draft = { assistantId: "dice", visibility: "group", group: "choir" };
  await assert.rejects(listings.publish("owner", draft), /none that you are in/);
});

Deno.test("publishing: a fork is its maker's, tells what it came from, and leaves documents behind", async () => {
  await using store = await openMarketStore();
  const { registry, listings } = store;
  const from = { id: "law", name: "Law", instructions: "Cite.", knowledge: ["codex"] };
  await registry.create(from);
  await listings.publish("owner", { ...of("law"), shareKnowledge: ["codex"] });
  const made = await listings.fork("ann", "law");
  assert.deepEqual([made.id, made.knowledge, registry.ownerOf(made.id)], ["law-2", [], "ann"]);
  const { forkOf } = await listings.publish("ann", of("law-2"));
  assert.deepEqual(forkOf, { listing: "law", release: 1 });
});

Deno.test("publishing: guests see what everyone may; what is private or a group's is not there", async () => {
  await using store = await openQuietStore();
  const { accounts, groups, sessions, registry, listings } = store.parts;
  for (const id of ["ann", "ben"]) await accounts.make({ id });
  await groups.make("ann", { id: "choir", members: ["ben"] });
  const ways = [EVERYONE, { visibility: "link" }, { visibility: "private" }, {
    visibility: "group",
    group: "choir",
  }];
  for (const way of ways) {
    const id = `by-${way.visibility}`;
    await registry.create({ id, name: id, instructions: "Help." }, "ann");
    await listings.publish("ann", { assistantId: id, ...way });
  }
  const { token } = await sessions.begin("ben");
  const seen = (headers: HeadersInit) =>
    Promise.all(
      ways.map(async ({ visibility }) =>
        (await store.app.request(`/api/listings/by-${visibility}`, { headers })).status
      ),
    );
  assert.deepEqual(await seen({}), [200, 200, 404, 404]);
  const cookie = `flint_session=${token}`;
  assert.deepEqual(await seen({ cookie }), [200, 200, 404, 200]);
  const install = await store.app.request("/api/listings/by-group/install", {
    method: "PUT",
    headers: { cookie },
  });
  assert.equal((await install.json()).release, 1);
  assert.equal(
    (await store.app.request("/api/listings/by-group/install", { method: "PUT" })).status,
    401,
  );
});

Deno.test("publishing: what was installed answers as it was, whatever its author does later", async () => {
  await using store = await openQuietStore();
  const { accounts, registry, listings, installs, usable } = store.parts;
  for (const id of ["ann", "ben"]) await accounts.make({ id });
  await registry.create({ id: "dice", name: "Dice", instructions: "Roll one." }, "ann");
  await listings.publish("ann", of("dice"));
  await installs.install("ben", "dice");
  await registry.update("dice", { instructions: "Roll two." }, 1);
  await listings.release("ann", "dice", { from: 1 });
  assert.equal(usable.get("dice", "ben").instructions, "Roll one.");
  assert.equal(usable.get("dice", "ann").instructions, "Roll two.");
  await listings.withdraw("ann", "dice");
  assert.deepEqual(usable.list("ben", 10).map(({ id }) => id), ["dice"]);
  assert.throws(() => usable.get("dice", "owner"), { code: "not_found" });
});
