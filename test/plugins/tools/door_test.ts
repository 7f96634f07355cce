/** The process that reaches the web: refuses what must be refused, ends, is replaced, and is bounded. */
import assert from "node:assert/strict";
import { FlintError } from "@flint/core";
import { Door } from "@flint/plugins";
import { encodeFrame, readFrames } from "../../../plugins/tools/frames.ts";
import { LITERALS, serve } from "./bait.ts";

/** A door that ends with its test. */
function opened(...allowed: readonly { readonly host: string }[]) {
  const door = new Door({ allowed: allowed.map(({ host }) => host) });
  return Object.assign(door, { [Symbol.asyncDispose]: () => door.close() });
}

const text = (body: Uint8Array) => new TextDecoder().decode(body);

Deno.test("door: every private address stays shut, also behind a redirect", async () => {
  await using bait = serve(() => new Response("the secret"));
  let where = "";
  await using first = serve(() =>
    new Response(null, { status: 307, headers: { location: where } })
  );
  await using door = opened(first);
  const codes = ["denied", "bad_input"];
  const refused = (error: unknown) => error instanceof FlintError && codes.includes(error.code);
  for (const form of [...LITERALS, "http://localhost:PORT/", "http://localhost.:PORT/"]) {
    if (form.includes("\\")) continue; // means another host, which the system's resolver knows not
    where = form.replaceAll("PORT", String(bait.port));
    await assert.rejects(door.send({ url: where }), refused, form);
    if (!/^http:/.test(form) || form.includes("①") || form.includes("。")) continue; // no header has these
    await assert.rejects(door.send({ url: `http://${first.host}/` }), refused, `to ${form}`);
  }
  assert.equal(bait.seen.length, 0);
  assert(first.seen.length > 40);
});

Deno.test("door: an opened host gets the request and its answer comes whole", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  await using server = serve(async (request) =>
    Response.json({ a: 1 }, {
      headers: { "x-length": String((await request.arrayBuffer()).byteLength) },
    })
  );
  await using door = opened(server);
  const { status, headers, body } = await door.send({
    url: `http://${server.host}/`,
    method: "POST",
    headers: { "x-key": "k" },
    body: bytes,
  });
  assert.deepEqual([status, headers["x-length"], text(body)], [200, "60000", '{"a":1}']);
  assert.deepEqual([server.seen[0]!.method, server.seen[0]!.headers.get("x-key")], ["POST", "k"]);
});

Deno.test("door: many at once are answered apart", async () => {
  await using server = serve(({ url }) => new Response(url.slice(-3)));
  await using door = opened(server);
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => door.send({ url: `http://${server.host}/${100 + i}` })),
  );
  assert.deepEqual(
    answers.map(({ body }) => text(body)),
    answers.map((_, i) => String(100 + i)),
  );
});

Deno.test("door: a stream is read as it comes, and breaking off ends it", async () => {
  let say!: (piece: string) => void;
  const gone = Promise.withResolvers<void>();
  await using server = serve(() =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          say = (piece) => controller.enqueue(new TextEncoder().encode(piece));
          say("one");
        },
        cancel: () => gone.resolve(),
      }),
    )
  );
  await using door = opened(server);
  const { body } = await door.stream({ url: `http://${server.host}/` });
  const heard: string[] = [];
  for await (const piece of body) {
    heard.push(text(piece));
    if (heard.length === 2) break;
    say("two");
  }
  assert.deepEqual(heard, ["one", "two"]);
  await gone.promise;
});

Deno.test("door: a request that is cancelled or takes too long ends", async () => {
  const never = Promise.withResolvers<Response>();
  await using server = serve(() => never.promise);
  await using door = opened(server);
  const url = `http://${server.host}/`;
  const stop = new AbortController();
  const asked = door.send({ url, signal: stop.signal });
  stop.abort();
  await assert.rejects(asked, { code: "cancelled" });
  await assert.rejects(door.send({ url, signal: AbortSignal.abort() }), { code: "cancelled" });
  await assert.rejects(door.send({ url, msMax: 100 }), { message: /took too long/ });
  never.resolve(new Response());
});

Deno.test("door: answers and requests are bounded", async () => {
  await using server = serve(() => new Response(new Uint8Array(50_000)));
  await using door = opened(server);
  const url = `http://${server.host}/`;
  await assert.rejects(door.send({ url, bytesMax: 40_000 }), { code: "over_budget" });
  const long = { url, method: "POST", body: new Uint8Array((32 << 20) + 1) };
  await assert.rejects(door.send(long), { code: "over_budget" });
  const { body } = await door.stream({ url, bytesMax: 40_000 });
  await assert.rejects(Array.fromAsync(body), { code: "over_budget" });
});

Deno.test("door: a process that ends takes what is under way with it, and another follows", async () => {
  const never = Promise.withResolvers<Response>(), came = Promise.withResolvers<void>();
  await using server = serve(({ url }) => {
    if (url.endsWith("/ok")) return new Response("ok");
    came.resolve();
    return never.promise;
  });
  await using door = opened(server);
  const under = door.send({ url: `http://${server.host}/never` });
  const fails = assert.rejects(under, { code: "unavailable", message: /process .* ended/ });
  await came.promise;
  await door.close();
  await fails;
  assert.equal(text((await door.send({ url: `http://${server.host}/ok` })).body), "ok");
  never.resolve(new Response());
});

Deno.test("door: the process may reach the net and nothing else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flint_door_" });
  const probe = `${folder}/probe.ts`;
  const kinds = ["read", "write", "env", "run", "ffi", "sys", "import", "net"];
  await Deno.writeTextFile(
    probe,
    `console.log(JSON.stringify(${JSON.stringify(kinds)}.map((name) =>
      Deno.permissions.querySync({ name }).state)));`,
  );
  const source = await Deno.readTextFile("plugins/tools/door_process.ts");
  const flags = JSON.parse(/const flags = (\[.*\]);/.exec(source)![1]!);
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["run", ...flags, probe] })
    .output();
  const states: string[] = JSON.parse(text(stdout));
  assert.deepEqual(kinds.filter((_, i) => states[i] === "granted"), ["net"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("frames: come out as they went in, however the pipe cuts them", async () => {
  const sent = [{ a: "é" }, [], 7].map((head, i) => encodeFrame(head, new Uint8Array(i * 5)));
  const all = new Uint8Array(await new Blob(sent as BlobPart[]).arrayBuffer());
  for (const size of [1, 3, 7, all.length]) {
    const cut = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < all.length; at += size) controller.enqueue(all.slice(at, at + size));
        controller.enqueue(new Uint8Array([9])); // amid a message the pipe ends
        controller.close();
      },
    });
    const got = await Array.fromAsync(readFrames(cut, 100));
    assert.deepEqual(got.map(({ head, body }) => [head, body.length]), [
      [{ a: "é" }, 0],
      [[], 5],
      [7, 10],
    ]);
  }
  const long = ReadableStream.from([encodeFrame({}, new Uint8Array(101))]);
  await assert.rejects(Array.fromAsync(readFrames(long, 100)), RangeError);
});
