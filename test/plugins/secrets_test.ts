/** Secrets are sealed on disk, rotated whole, and masked wherever they would show. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openKv } from "@flint/core";
import { MASK, openSecrets } from "@flint/plugins";

const TOKEN = "tok-7f3a91c2/+ü";

async function opened() {
  const folder = await Deno.makeTempDir({ prefix: "flint_secrets_" });
  const keyFile = join(folder, "secrets.key");
  const kv = openKv(join(folder, "app"));
  return {
    folder,
    keyFile,
    kv,
    secrets: openSecrets({ kv, keyFile }),
    async [Symbol.asyncDispose]() {
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

Deno.test("secrets: come back, and lie on disk sealed under a key that is the owner's alone", async () => {
  await using at = await opened();
  assert.equal(await Deno.stat(at.keyFile).catch(() => "absent"), "absent");
  await at.secrets.put("pets/token", { token: TOKEN });
  assert.deepEqual(at.secrets.get("pets/token"), { token: TOKEN });
  assert.deepEqual(at.secrets.list().map(({ name, parts }) => [name, parts]), [
    ["pets/token", ["token"]],
  ]);
  assert.equal((await Deno.stat(at.keyFile)).mode! & 0o777, 0o600);
  const disk = await Deno.readFile(join(at.folder, "app", "data.mdb"));
  assert(!new TextDecoder("latin1").decode(disk).includes(TOKEN.slice(0, 8)));
  assert.equal(await at.secrets.remove("pets/token"), true);
  assert.equal(at.secrets.get("pets/token"), undefined);
});

Deno.test("secrets: rotation seals all anew, also for who had them open", async () => {
  await using at = await opened();
  const other = openSecrets({ kv: at.kv, keyFile: at.keyFile });
  for (const name of ["a/x", "b/y"]) await at.secrets.put(name, { token: name + TOKEN });
  const before = await Deno.readTextFile(at.keyFile);
  const sealed = () => at.kv.collection<{ sealed: string }>("secrets").get("a/x")!.sealed;
  const first = sealed();
  assert.equal(await other.rotate(), 2);
  assert.notEqual(sealed(), first);
  const after = await Deno.readTextFile(at.keyFile);
  assert(!after.includes(before.trim()));
  assert.equal((await Deno.stat(at.keyFile)).mode! & 0o777, 0o600);
  assert.deepEqual(at.secrets.get("b/y"), { token: "b/y" + TOKEN });
});

Deno.test("secrets: another key, another name or a changed byte opens nothing", async () => {
  await using at = await opened();
  await at.secrets.put("a/x", { token: TOKEN });
  const stored = at.kv.collection<Record<string, string>>("secrets");
  const entry = stored.get("a/x")!;
  await stored.put("a/moved", entry);
  assert.throws(() => at.secrets.get("a/moved"), { code: "unavailable" });
  const bytes = Uint8Array.fromBase64(entry.sealed!);
  bytes[20]! ^= 1;
  await stored.put("a/x", { ...entry, sealed: bytes.toBase64() });
  assert.throws(() => at.secrets.get("a/x"), { code: "unavailable", message: /changed on disk/ });
  await Deno.remove(at.keyFile);
  assert.throws(() => at.secrets.get("a/x"), { code: "unavailable", message: /set it anew/ });
  await Deno.writeTextFile(at.keyFile, "something else");
  assert.throws(() => at.secrets.get("a/x"), { message: /not a key file/ });
});

Deno.test("secrets: what is known is masked in every form, and names of users are not", async () => {
  await using at = await opened();
  await at.secrets.put("a/x", { user: "alice", password: 'pa ss"word' });
  await at.secrets.put("a/y", { token: TOKEN });
  const text = `${TOKEN} ${encodeURIComponent(TOKEN)} alice ${JSON.stringify('pa ss"word')}`;
  assert.equal(at.secrets.mask(text), `${MASK} ${MASK} alice "${MASK}"`);
  const basic = new TextEncoder().encode('alice:pa ss"word').toBase64();
  assert.deepEqual(at.secrets.mask({ [TOKEN]: [`Basic ${basic}`, 7, null] }), {
    [MASK]: [`Basic ${MASK}`, 7, null],
  });
});
