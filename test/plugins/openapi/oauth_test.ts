/** Signing in by code with PKCE, renewing, and a program's own credentials, at a server that checks. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { serve } from "../tools/bait.ts";
import { openApis } from "./open_apis.ts";

const CLIENT = { clientId: "flint", clientSecret: "cl1ent-s3cret" };
const BACK = "http://127.0.0.1:7077/api/plugins/signed-in";

/** A server of tokens and of the one thing they open. It checks all that the standard asks it to. */
function tokenServer(secondsValid: number) {
  const codes = new Map<string, URLSearchParams>(), valid = new Set<string>();
  let given = 0, refresh = "";
  const log: string[] = [];
  const refuse = (error: string) => Response.json({ error }, { status: 400 });
  const grant = (type: string) => {
    log.push(type);
    valid.clear();
    valid.add(`access-${++given}`);
    refresh = `refresh-${given}`;
    return Response.json({
      access_token: `access-${given}`,
      token_type: "Bearer",
      expires_in: secondsValid,
      id_token: "not.a.token",
      ...(type === "client_credentials" ? {} : { refresh_token: refresh }),
    });
  };
  const server = serve(async (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/authorize") {
      const code = `code-${codes.size}`;
      codes.set(code, url.searchParams);
      const back = new URL(url.searchParams.get("redirect_uri")!);
      back.searchParams.set("code", code);
      back.searchParams.set("state", url.searchParams.get("state")!);
      return new Response(null, { status: 302, headers: { location: back.href } });
    }
    if (url.pathname === "/token") {
      const form = new URLSearchParams(await request.text());
      if (form.get("client_secret") !== CLIENT.clientSecret) return refuse("invalid_client");
      const type = form.get("grant_type")!;
      if (type === "refresh_token" && form.get("refresh_token") !== refresh) {
        return refuse("invalid_grant");
      }
      if (type !== "authorization_code") return grant(type);
      const asked = codes.get(form.get("code")!);
      codes.delete(form.get("code")!);
      const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest(
        "base64url",
      );
      const right = asked?.get("code_challenge") === challenge &&
        asked.get("code_challenge_method") === "S256" &&
        asked.get("redirect_uri") === form.get("redirect_uri");
      return right ? grant(type) : refuse("invalid_grant");
    }
    const shown = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    return valid.has(shown) ? Response.json("open") : Response.json(shown, { status: 401 });
  });
  return Object.assign(server, { log });
}

const documentFor = (host: string, flow: string) =>
  JSON.stringify({
    openapi: "3.1.0",
    info: { title: "Vault" },
    servers: [{ url: `http://${host}` }],
    security: [{ Sign: ["read"] }],
    paths: { "/thing": { get: { operationId: "thing" } } },
    components: {
      securitySchemes: {
        Sign: {
          type: "oauth2",
          flows: {
            [flow]: {
              authorizationUrl: `http://${host}/authorize?audience=x`,
              tokenUrl: `http://${host}/token`,
              scopes: { read: "Read" },
            },
          },
        },
      },
    },
  });

/** Follows the way to the API's page and back, as a browser does. */
async function walk(address: string): Promise<URL> {
  const { headers, body } = await fetch(address, { redirect: "manual" });
  await body?.cancel();
  return new URL(headers.get("location")!);
}

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
