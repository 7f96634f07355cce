/** Plugins reach public addresses and nothing else: a real server on this machine is the bait. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { FlintError } from "@flint/core";
import type { Address } from "../../../plugins/tools/address.ts";
import { Egress, type EgressPolicy } from "../../../plugins/tools/egress.ts";
import { LITERALS, serve } from "./bait.ts";

const secret = () => new Response("the secret");
const v4 = (address: string): Address => ({ address, family: 4 });
const v6 = (address: string): Address => ({ address, family: 6 });

for (const form of LITERALS) {
  Deno.test(`egress: refuses ${form}`, async () => {
    await using bait = serve(secret);
    const egress = new Egress({ resolve: () => Promise.resolve([v4("127.0.0.1")]) });
    await assert.rejects(
      egress.send({ url: form.replaceAll("PORT", String(bait.port)) }),
      (error) => error instanceof FlintError && ["denied", "bad_input"].includes(error.code),
    );
    assert.equal(bait.seen.length, 0);
  });
}

/** Names whose addresses are not what they seem. */
const NAMES: Readonly<Record<string, readonly Address[]>> = {
  "localhost": [v4("127.0.0.1")],
  "localhost.": [v4("127.0.0.1")],
  "LOCALHOST": [v6("::1")],
  "app.localhost": [v4("127.0.0.1")],
  "metadata.google.internal": [v4("169.254.169.254")],
  "127.0.0.1.nip.example": [v4("127.0.0.1")],
  "one-of-two.example": [v4("93.184.215.14"), v4("127.0.0.1")],
  "mapped.example": [v6("::ffff:127.0.0.1")],
  "router.lan": [v4("192.168.0.1")],
};

for (const [host, addresses] of Object.entries(NAMES)) {
  Deno.test(`egress: refuses the name ${host}`, async () => {
    await using bait = serve(secret);
    const egress = new Egress({ resolve: () => Promise.resolve(addresses) });
    await assert.rejects(egress.send({ url: `http://${host}:${bait.port}/` }), { code: "denied" });
    assert.equal(bait.seen.length, 0);
  });
}

Deno.test("egress: a name that changes its mind is looked up once and pinned", async () => {
  await using bait = serve(secret);
  let asked = 0;
  const resolve = () => Promise.resolve([asked++ === 0 ? v4("93.184.215.14") : v4("127.0.0.1")]);
  const egress = new Egress({ resolve, msMax: 300 });
  const request = { url: `http://rebind.example:${bait.port}/`, method: "POST" };
  // Without leave for the whole net the runtime refuses, with it nobody answers in time.
  await assert.rejects(egress.send(request), FlintError);
  assert.equal(asked, 1);
  assert.equal(bait.seen.length, 0);
});

Deno.test("egress: ports of other services are refused", async () => {
  const egress = new Egress({ resolve: () => Promise.resolve([v4("93.184.215.14")]) });
  for (const port of [22, 25, 445, 631]) {
    await assert.rejects(egress.send({ url: `http://a.example:${port}/` }), { code: "denied" });
  }
});

/** A door whose operator opened the given servers. */
const open = (servers: readonly { host: string }[], more: EgressPolicy = {}) =>
  new Egress({ allowed: servers.map(({ host }) => host), ...more });

Deno.test("egress: a redirect is checked like an address of its own", async () => {
  await using bait = serve(secret);
  for (
    const where of [`http://127.0.0.1:${bait.port}/`, `//localhost:${bait.port}/`, "file:///x"]
  ) {
    await using first = serve(() =>
      new Response(null, { status: 302, headers: { location: where } })
    );
    await assert.rejects(
      open([first]).send({ url: `http://${first.host}/` }),
      (error) => error instanceof FlintError && ["denied", "bad_input"].includes(error.code),
    );
    assert.equal(bait.seen.length, 0);
  }
});

Deno.test("egress: another server is told no secrets, and a POST becomes a GET", async () => {
  await using second = serve(() => new Response("here"));
  await using first = serve(() => Response.redirect(`http://${second.host}/there`, 302));
  const headers = { authorization: "Bearer s3cret", "x-api-key": "s3cret", accept: "text/plain" };
  const response = await open([first, second]).send({
    url: `http://${first.host}/`,
    method: "POST",
    headers,
    body: new TextEncoder().encode("hello"),
  });
  assert.equal(first.seen[0]!.headers.get("authorization"), "Bearer s3cret");
  assert.equal(second.seen[0]!.method, "GET");
  assert.equal(second.seen[0]!.headers.get("accept"), "text/plain");
  assert.equal(second.seen[0]!.headers.get("authorization"), null);
  assert.equal(second.seen[0]!.headers.get("x-api-key"), null);
  assert.equal(new TextDecoder().decode(response.body), "here");
  assert.equal(response.url, `http://${second.host}/there`);
});

Deno.test("egress: endless redirects end", async () => {
  await using round = serve(({ url }) => Response.redirect(`${url}x`, 307));
  await assert.rejects(open([round]).send({ url: `http://${round.host}/` }), { code: "denied" });
  assert.equal(round.seen.length, 6);
});

Deno.test("egress: an answer is bounded, packed or not", async () => {
  const long = new Uint8Array(100_000);
  await using plain = serve(() => new Response(long));
  await using bomb = serve(() =>
    new Response(new Uint8Array(gzipSync(long)), { headers: { "content-encoding": "gzip" } })
  );
  for (const server of [plain, bomb]) {
    const url = `http://${server.host}/`;
    await assert.rejects(open([server], { bytesMax: 50_000 }).send({ url }), {
      code: "over_budget",
    });
    assert.equal((await open([server]).send({ url })).body.length, long.length);
  }
});

Deno.test("egress: a server that never answers is left after its time", async () => {
  const waiting = Promise.withResolvers<Response>();
  await using slow = serve(() => waiting.promise);
  const late = open([slow], { msMax: 200 }).send({ url: `http://${slow.host}/` });
  await assert.rejects(late, { code: "unavailable", message: /took too long/ });
  waiting.resolve(new Response());
});

Deno.test("egress: what is safe is tried again, what is not is sent once", async () => {
  let failures = 0;
  await using shaky = serve(() => new Response("ok", { status: failures++ % 2 === 0 ? 503 : 200 }));
  const egress = open([shaky]), url = `http://${shaky.host}/`;
  assert.equal((await egress.send({ url })).status, 200);
  assert.equal(shaky.seen.length, 2);
  assert.equal((await egress.send({ url, method: "POST" })).status, 503);
  assert.equal(shaky.seen.length, 3);
});

Deno.test("egress: a host that keeps failing is left alone", async () => {
  await using broken = serve(() => new Response("", { status: 503 }));
  const egress = open([broken]), url = `http://${broken.host}/`;
  for (let i = 0; i < 5; i++) await egress.send({ url, method: "POST" });
  await assert.rejects(egress.send({ url, method: "POST" }), { code: "unavailable" });
  assert.equal(broken.seen.length, 5);
});
