import assert from "node:assert/strict";
import { Tries } from "../../store/people/tries.ts";
import { openQuietStore, type QuietStore } from "./quiet_store.ts";

const PASSWORD = "correct horse battery";

/** Asks; `cookie` and `key` say who does. */
async function ask(
  { app }: QuietStore,
  method: string,
  path: string,
  { body, cookie, key }: { body?: unknown; cookie?: string; key?: string } = {},
) {
  const headers = new Headers();
  if (body !== undefined) headers.set("content-type", "application/json");
  if (cookie) headers.set("cookie", cookie);
  if (key) headers.set("authorization", `Bearer ${key}`);
  const sent = body === undefined ? null : JSON.stringify(body);
  const response = await app.request(path, { method, headers, body: sent });
  const set = response.headers.get("set-cookie");
  const text = await response.text();
  return {
    ...{ status: response.status, headers: response.headers, set: set?.split(";")[0], cookie: set },
    answer: text.startsWith("{") ? JSON.parse(text) : text,
  };
}

/** A member with a password, signed in. */
async function member(store: QuietStore, id: string) {
  await store.parts.accounts.make({ id });
  const { token } = await store.parts.sessions.begin(id);
  return `flint_session=${token}`;
}

Deno.test("identity: alone on his machine the owner needs no credentials, afterwards strangers are guests", async () => {
  await using store = await openQuietStore();
  assert.equal((await ask(store, "GET", "/api/account")).answer.id, "owner");
  await store.parts.accounts.make({ id: "ann" });
  const refused = await ask(store, "GET", "/api/account");
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get("www-authenticate"), "Bearer");
  for (const path of ["/healthz", "/openapi.json"]) {
    assert.equal((await ask(store, "GET", path)).status, 200, path);
  }
  for (const path of ["/api/conversations", "/v1/models", "/api/plugins", "/api/accounts"]) {
    assert.equal((await ask(store, "GET", path)).status, 401, path);
  }
});

Deno.test("identity: who reaches the server by another name is a guest from the beginning", async () => {
  await using store = await openQuietStore({ hosts: ["flint.example"] });
  assert.equal((await ask(store, "GET", "/api/account")).status, 401);
});

Deno.test("identity: a one-time link lets in once, by a cookie that no script reads", async () => {
  await using store = await openQuietStore();
  await store.parts.accounts.make({ id: "ann" });
  const link = await store.parts.sessions.link("owner");
  const entered = await ask(store, "POST", "/api/account/session", { body: { link } });
  assert.equal(entered.answer.id, "owner");
  assert.match(entered.cookie!, /HttpOnly/);
  assert.match(entered.cookie!, /SameSite=Lax/);
  const cookie = entered.set!;
  assert.equal((await ask(store, "GET", "/api/accounts", { cookie })).status, 200);
  const again = await ask(store, "POST", "/api/account/session", { body: { link } });
  assert.equal(again.status, 403);
  assert.equal((await ask(store, "DELETE", "/api/account/session", { cookie })).status, 204);
  assert.equal((await ask(store, "GET", "/api/accounts", { cookie })).status, 401);
});

Deno.test("identity: a password lets in, a wrong one does not, and a new one ends all sessions", async () => {
  await using store = await openQuietStore();
  const cookie = await member(store, "ann");
  const body = { password: PASSWORD };
  const set = await ask(store, "PUT", "/api/account/password", { cookie, body });
  assert.equal(set.status, 204);
  assert.equal((await ask(store, "GET", "/api/account", { cookie })).status, 401);
  const enter = (password: string) =>
    ask(store, "POST", "/api/account/session", { body: { account: "ann", password } });
  assert.equal((await enter(PASSWORD)).answer.id, "ann");
  assert.equal((await enter("wrong")).status, 401);
});

Deno.test("tries: after eight wrong ones in a row somebody waits, others do not", () => {
  let now = 0;
  const tries = new Tries(() => now);
  for (let i = 0; i < 8; i++) tries.take("ann");
  assert.throws(() => tries.take("ann"), /wait 15 minutes/);
  tries.take("ben");
  now += 16 * 60_000;
  tries.take("ann");
  tries.clear("ann");
  for (let i = 0; i < 8; i++) tries.take("ann");
});

Deno.test("identity: a key does what its scopes say, until it is revoked", async () => {
  await using store = await openQuietStore();
  const cookie = await member(store, "ann");
  const made = await ask(store, "POST", "/api/account/keys", { cookie, body: { name: "script" } });
  const { key: { id }, secret: key } = made.answer;
  assert.equal((await ask(store, "GET", "/v1/models", { key })).status, 200);
  const read = await ask(store, "GET", "/api/account", { key });
  assert.deepEqual([read.status, /needs read/.test(read.answer.detail)], [403, true]);
  const listed = await ask(store, "GET", "/api/account/keys", { cookie });
  assert.equal(JSON.stringify(listed.answer).includes(key), false);
  assert.ok(listed.answer.keys[0].usedAt);
  await ask(store, "DELETE", `/api/account/keys/${id}`, { cookie });
  assert.equal((await ask(store, "GET", "/v1/models", { key })).status, 401);
});

Deno.test("identity: a member is no owner, nor does a key make him one", async () => {
  await using store = await openQuietStore();
  const cookie = await member(store, "ann");
  for (const path of ["/api/accounts", "/api/audit", "/api/plugins", "/api/knowledge"]) {
    assert.equal((await ask(store, "GET", path, { cookie })).status, 403, path);
  }
  const body = { name: "all", scopes: ["admin"] };
  assert.equal((await ask(store, "POST", "/api/account/keys", { cookie, body })).status, 403);
});

Deno.test("identity: another site's page does nothing with a reader's cookie", async () => {
  await using store = await openQuietStore();
  const cookie = await member(store, "ann");
  for (const origin of ["https://evil.example", "http://localhost:9999", "null"]) {
    const { status } = await store.app.request("/api/account/session", {
      method: "DELETE",
      headers: { cookie, origin },
    });
    assert.equal(status, 403, origin);
  }
  assert.equal((await ask(store, "GET", "/api/account", { cookie })).answer.id, "ann");
});

Deno.test("identity: nothing kept of tokens, keys and passwords opens anything", async () => {
  await using store = await openQuietStore();
  const { sessions, keys, passwords } = store.parts;
  const link = await sessions.link("owner"), { token } = await sessions.begin("owner");
  const { secret } = await keys.make("owner", { name: "a" });
  await passwords.set("owner", PASSWORD);
  const kept = new TextDecoder("latin1").decode(await Deno.readFile(`${store.folder}/data.mdb`));
  for (const shown of [link, token, secret, PASSWORD]) assert.equal(kept.includes(shown), false);
});

Deno.test("audit: what is done to accounts is told to the owner, newest first, of one thing or all", async () => {
  await using store = await openQuietStore();
  const body = { id: "ann", name: "Ann" };
  await ask(store, "POST", "/api/accounts", { body });
  const cookie = `flint_session=${(await store.parts.sessions.begin("owner")).token}`;
  await ask(store, "POST", "/api/accounts/ann/link", { cookie });
  const { entries } = (await ask(store, "GET", "/api/audit?subject=ann", { cookie })).answer;
  const acts = entries.map(({ actor, act }: Record<string, string>) => [actor, act]);
  assert.deepEqual(acts, [["owner", "account.link_made"], ["owner", "account.made"]]);
});

Deno.test("audit: a key's making and revocation are told with it, by whoever did it", async () => {
  await using store = await openQuietStore();
  const { keys, accounts, audit } = store.parts;
  await accounts.make({ id: "ann" });
  const { key } = await keys.make("ann", { name: "a" });
  await keys.revoke("ann", key.id, "owner");
  await assert.rejects(keys.revoke("ann", key.id), { code: "not_found" });
  const told = audit.list({ subject: "ann" }).entries.map(({ actor, act }) => [actor, act]);
  assert.deepEqual(told, [
    ["owner", "key.revoked"],
    ["ann", "key.made"],
    ["owner", "account.made"],
  ]);
});

Deno.test("groups: only members know of a group, and only its founder changes it", async () => {
  await using store = await openQuietStore();
  const { groups, accounts } = store.parts;
  for (const id of ["ann", "ben", "eve"]) await accounts.make({ id });
  await groups.make("ann", { id: "choir", members: ["ben"] });
  assert.deepEqual(groups.get("ben", "choir").members, ["ann", "ben"]);
  assert.throws(() => groups.get("eve", "choir"), { code: "not_found" });
  await assert.rejects(groups.setMembers("ben", "choir", ["eve"]), { code: "denied" });
  await assert.rejects(groups.make("eve", { id: "choir" }), { code: "conflict" });
  await assert.rejects(groups.setMembers("ann", "choir", ["nobody"]), { code: "not_found" });
  await groups.setMembers("ann", "choir", []);
  assert.deepEqual(groups.list("ben"), []);
});
