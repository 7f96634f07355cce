/** Signing in by code with PKCE, renewing, and a program's own credentials, at a server that checks. */
import assert from "node:assert/strict";
import { openApis } from "./open_apis.ts";
import { CLIENT, documentFor, tokenServer, walk } from "./token_server.ts";

const BACK = "http://127.0.0.1:7077/api/plugins/signed-in";

Deno.test("oauth: a user signs in by code, calls work, and tokens are renewed before they end", async () => {
  await using vault = tokenServer(20); // within the margin: renewed with each call
  await using flint = await openApis(vault);
  await flint.add("vault", { document: documentFor(vault.host, "authorizationCode") });
  const plugin = flint.toolbox.get("vault");
  await assert.rejects(flint.apis.signIn(plugin, "Sign", BACK), { code: "denied" });
  await flint.secrets.put("vault/Sign", CLIENT);
  assert.match(JSON.stringify(await flint.call("vault", "thing", {})), /not set up: Sign/);

  const address = await flint.apis.signIn(plugin, "Sign", BACK);
  const asked = new URL(address).searchParams;
  assert.deepEqual([asked.get("scope"), asked.get("audience")], ["read", "x"]);
  const came = await walk(address);
  assert.equal(came.href.split("?")[0], BACK);
  assert.equal(flint.apis.access(plugin)[0]!.ready, false);
  assert.equal(await flint.apis.signedIn(came), "vault");
  assert.equal(flint.apis.access(plugin)[0]!.ready, true);
  const answers = await Promise.all([1, 2].map(() => flint.call("vault", "thing", {})));
  for (const { content } of answers) assert.deepEqual(content, [{ type: "json", value: "open" }]);
  assert.deepEqual(vault.log, ["authorization_code", "refresh_token"]); // once for both
});

Deno.test("oauth: a state is good once, and a code from elsewhere for nothing", async () => {
  await using vault = tokenServer(3600);
  await using flint = await openApis(vault);
  await flint.add("vault", { document: documentFor(vault.host, "authorizationCode") });
  const plugin = flint.toolbox.get("vault");
  await flint.secrets.put("vault/Sign", CLIENT);
  const came = await walk(await flint.apis.signIn(plugin, "Sign", BACK));
  const forged = new URL(came);
  forged.searchParams.set("state", "guessed");
  await assert.rejects(flint.apis.signedIn(forged), { code: "denied", message: /nobody began/ });
  await flint.apis.signedIn(came);
  await assert.rejects(flint.apis.signedIn(came), { code: "denied" });

  const stolen = await walk(await flint.apis.signIn(plugin, "Sign", BACK));
  const mine = await walk(await flint.apis.signIn(plugin, "Sign", BACK));
  mine.searchParams.set("code", stolen.searchParams.get("code")!); // PKCE: another verifier
  await assert.rejects(flint.apis.signedIn(mine), { code: "denied", message: /invalid_grant/ });
  const other = await walk(await flint.apis.signIn(plugin, "Sign", BACK));
  other.searchParams.set("iss", "https://evil.example");
  await assert.rejects(flint.apis.signedIn(other), { message: /another server/ });
});

Deno.test("oauth: a program shows its own credentials, and wrong ones are refused without being told", async () => {
  await using vault = tokenServer(3600);
  await using flint = await openApis(vault);
  await flint.add("vault", { document: documentFor(vault.host, "clientCredentials") });
  await flint.secrets.put("vault/Sign", { ...CLIENT, clientSecret: "wr0ng-one" });
  const refused = await flint.call("vault", "thing", {});
  assert.match(JSON.stringify(refused), /signing in at the API failed: invalid_client/);
  assert(!JSON.stringify(refused).includes("wr0ng"));
  await flint.secrets.put("vault/Sign", CLIENT);
  for (let i = 0; i < 2; i++) await flint.call("vault", "thing", {});
  assert.deepEqual(vault.log, ["client_credentials"]);
});
