/** Bundles: whole or refused, by a key that stays the same or is refused loudly. */
import assert from "node:assert/strict";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { openBundle, packBundle, UNPACKED_BYTES_MAX } from "../../store/share/bundle.ts";
import { openPublisherKeys, type Signer } from "../../store/share/keys.ts";
import { openQuietStore, type QuietStore } from "./quiet_store.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** Keys that nothing keeps. */
function passingKeys() {
  const kept = new Map<string, Record<string, string>>();
  return openPublisherKeys({
    get: (name) => kept.get(name),
    put: (name, secret) => Promise.resolve(void kept.set(name, { ...secret })),
  });
}

const signer = (): Promise<Signer> => passingKeys().signer("ada");

Deno.test("bundle: what was packed comes out; the same makes the same bytes", async () => {
  const by = await signer();
  const members = [{ path: "about.json", bytes: text("{}") }, {
    path: "a/b.txt",
    bytes: text("hi"),
  }];
  const file = await packBundle(members, by);
  assert.deepEqual(await packBundle(members, by), file);
  const opened = await openBundle(file);
  assert.deepEqual(opened.publicKey, by.publicKey);
  assert.deepEqual([...opened.members], members.map(({ path, bytes }) => [path, bytes]));
});

Deno.test("bundle: every changed byte is refused, and every byte that is missing or too many", async () => {
  const file = await packBundle([{ path: "about.json", bytes: text("{}") }], await signer());
  for (let at = 0; at < file.length; at++) {
    const changed = file.slice();
    changed[at]! ^= 1 << (at % 8);
    await assert.rejects(openBundle(changed), /no bundle that can be trusted/, `byte ${at}`);
  }
  for (
    const cut of [file.slice(1), file.slice(0, -1), file.slice(0, 40), new Uint8Array([...file, 0])]
  ) {
    await assert.rejects(openBundle(cut), /no bundle that can be trusted/);
  }
});

Deno.test("bundle: signed zips that lie about what is in them are refused", async () => {
  const by = await signer();
  const sign = async (members: [string, Uint8Array<ArrayBuffer>][]) => {
    const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
    for (const [path, bytes] of members) await zip.add(path, new Uint8ArrayReader(bytes));
    const file = await zip.close(new Uint8Array(104)) as Uint8Array<ArrayBuffer>;
    file.set(text("FLINTB1\n"), file.length - 104);
    file.set(by.publicKey, file.length - 96);
    const body = file.subarray(0, -64);
    file.set(await by.sign(body), body.length);
    return file;
  };
  const sha256 = "0".repeat(64);
  const table = (members: unknown[]) =>
    text(JSON.stringify({ format: "flint-bundle", version: 1, members }));
  const about = { path: "about.json", bytes: 2, sha256 };
  const bomb = new Uint8Array(UNPACKED_BYTES_MAX + 1);
  const cases: [string, [string, Uint8Array<ArrayBuffer>][]][] = [
    ["is not as listed", [["bundle.json", table([about])], ["about.json", text("{}")]]],
    ["are missing", [["bundle.json", table([about])]]],
    ["is not listed", [["bundle.json", table([])], ["about.json", text("{}")]]],
    ["does not begin", [["about.json", text("{}")]]],
    ["unpacks to more", [["bundle.json", table([about])], ["about.json", bomb]]],
    ["unpacks to more", [["bundle.json", bomb]]],
    ["no member's name", [["bundle.json", table([{ ...about, path: "../../etc/passwd" }])]]],
  ];
  for (const [why, members] of cases) {
    await assert.rejects(openBundle(await sign(members)), new RegExp(why), why);
  }
});

/** An assistant with documents and a plugin of one file. */
async function shelf({ parts, registry, toolbox }: QuietStore) {
  await parts.library.create({ id: "rules", name: "Rules of dice" });
  const bytes = () => Promise.resolve(text("# Rules\n\nSix faces, no more."));
  await Array.fromAsync(parts.library.add("rules", [{ name: "rules.md", bytes }]));
  await toolbox.add({
    ...{ id: "notes", type: "mcp", name: "Notes" },
    config: { command: "notes-server", args: ["--quiet"], env: { TOKEN: "hunter2-secret" } },
  }).catch(() => {});
  return await registry.create({
    ...{ id: "dice", name: "Dice", instructions: "Roll.", knowledge: ["rules"] },
    tools: [{ plugin: "calculator" }],
  });
}

Deno.test("sharing: an assistant goes to another Flint with its documents, and is updated there", async () => {
  await using here = await openQuietStore();
  await using there = await openQuietStore();
  const dice = await shelf(here);
  const pack = { handle: "ada", licence: "CC-BY-4.0", withKnowledge: true };
  const file = await here.parts.sharing.pack(dice, pack);
  const seen = await there.parts.sharing.inspect(file);
  assert.deepEqual([seen.name, seen.key, seen.about.licence], ["Dice", "new", "CC-BY-4.0"]);
  assert.deepEqual(seen.permissions.knowledge, [{ name: "Rules of dice", documents: 1 }]);
  assert.match(seen.fingerprint, /^([0-9a-f]{4}-){7}[0-9a-f]{4}$/);
  assert.deepEqual(there.registry.list().assistants.length, 0, "looking installs nothing");

  const { assistant } = await there.parts.sharing.install(file);
  assert.deepEqual([assistant.id, assistant.knowledge], ["dice", ["rules"]]);
  const [document] = there.parts.library.documents("rules");
  assert.match(there.parts.library.text("rules", document!.id), /Six faces/);

  const changed = await here.registry.update("dice", { instructions: "Roll twice." }, 1);
  const next = await here.parts.sharing.pack(changed, { ...pack, withKnowledge: false });
  const updated = (await there.parts.sharing.install(next)).assistant;
  assert.deepEqual([updated.id, updated.version, updated.instructions], ["dice", 2, "Roll twice."]);

  await there.registry.remove("dice", 2);
  assert.equal((await there.parts.sharing.install(next)).assistant.id, "dice-2", "an id is kept");
});

Deno.test("sharing: a bundle with a document that cannot be read leaves no collection behind", async () => {
  await using store = await openQuietStore();
  const { library, sharing } = store.parts;
  const json = (path: string, value: object) => ({ path, bytes: text(JSON.stringify(value)) });
  const documents = [{ name: "rules.exe", path: "knowledge/0/0.txt" }];
  const file = await packBundle([
    json("about.json", { handle: "ada", release: 1, madeAt: "2026-11-01T00:00:00.000Z" }),
    json("assistant.json", { id: "dice", name: "Dice", instructions: "Roll." }),
    json("knowledge/0.json", { id: "rules", name: "Rules of dice", documents }),
    { path: "knowledge/0/0.txt", bytes: text("Six faces.") },
  ], await signer());
  await assert.rejects(sharing.install(file), /rules\.exe/);
  assert.deepEqual([library.list(), store.registry.list().assistants], [[], []]);
});

Deno.test("sharing: another key under the same name is refused until its fingerprint is given", async () => {
  await using here = await openQuietStore();
  await using impostor = await openQuietStore();
  await using there = await openQuietStore();
  const pack = { handle: "ada" };
  const true_ = await here.parts.sharing.pack(await shelf(here), pack);
  const false_ = await impostor.parts.sharing.pack(await shelf(impostor), pack);
  await there.parts.sharing.install(true_);
  const { key, fingerprint } = await there.parts.sharing.inspect(false_);
  assert.equal(key, "changed");
  await assert.rejects(there.parts.sharing.install(false_), /THE KEY OF ada\/dice CHANGED/);
  await assert.rejects(there.parts.sharing.install(false_, { trust: "0000" }), /CHANGED/);
  assert.equal(there.registry.get("dice").version, 1);
  await there.parts.sharing.install(false_, { trust: fingerprint });
  await assert.rejects(there.parts.sharing.install(true_), /CHANGED/);
});

Deno.test("sharing API: a listing has a link, a QR code and a bundle that can be looked into", async () => {
  await using store = await openQuietStore();
  await store.registry.create({ id: "dice", name: "Dice", instructions: "Roll." });
  await store.listings.publish("owner", { assistantId: "dice", visibility: "everyone" });
  const get = (path: string) => store.app.request(path);
  const { url, qr, bundle } = await (await get("/api/share/dice")).json();
  assert.equal(new URL(url).pathname, "/store/l/dice");
  assert.match(await (await get(new URL(qr).pathname)).text(), /^<svg /);
  const file = await (await get(new URL(bundle).pathname)).arrayBuffer();
  const headers = { "content-type": "application/zip" };
  const post = (path: string) =>
    store.app.request(`/api/share/${path}`, { method: "POST", headers, body: file });
  const seen = await (await post("inspect")).json();
  assert.deepEqual([seen.id, seen.key, seen.about.handle], ["dice", "new", "owner"]);
  const { assistant } = await (await post("install")).json();
  assert.equal(assistant.id, "dice-2");
  assert.equal((await get("/api/share/nothing")).status, 404);
});
