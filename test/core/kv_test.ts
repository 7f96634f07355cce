import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Kv, openKv } from "../../core/kv.ts";

const code = (code: string) => ({ name: "FlintError", code });

async function withKv(run: (kv: Kv, folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  try {
    await run(kv, folder);
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("kv: a value survives closing and opening", async () => {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  await kv.collection("notes").put(["a", 1], { text: "héllo", list: [1, null, true, 1.5] });
  await kv.close();
  const again = openKv(folder);
  assert.deepEqual(again.collection("notes").get(["a", 1]), {
    text: "héllo",
    list: [1, null, true, 1.5],
  });
  await again.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("kv: a write under a stale version is a conflict and changes nothing", () =>
  withKv(async (kv) => {
    const notes = kv.collection<string>("notes");
    const first = await notes.put("k", "one", { ifVersion: 0 });
    await assert.rejects(notes.put("k", "other", { ifVersion: 0 }), code("conflict"));
    const second = await notes.put("k", "two", { ifVersion: first });
    assert.ok(second > first);
    await assert.rejects(notes.put("k", "late", { ifVersion: first }), code("conflict"));
    await assert.rejects(notes.remove("k", { ifVersion: first }), code("conflict"));
    assert.deepEqual(notes.entry("k"), { key: "k", value: "two", version: second });
  }));

Deno.test("kv: a removed and rewritten key does not return to an old version", () =>
  withKv(async (kv) => {
    const notes = kv.collection<string>("notes");
    const first = await notes.put("k", "one");
    assert.equal(await notes.remove("k"), true);
    assert.equal(await notes.remove("k"), false);
    await notes.put("k", "new");
    await assert.rejects(notes.put("k", "old owner", { ifVersion: first }), code("conflict"));
  }));

Deno.test("kv: of racing writers under one version exactly one wins", () =>
  withKv(async (kv) => {
    const notes = kv.collection<number>("notes");
    const version = await notes.put("k", -1);
    const races = [0, 1, 2, 3].map((n) => notes.put("k", n, { ifVersion: version }));
    const won = (await Promise.allSettled(races)).filter((race) => race.status === "fulfilled");
    assert.equal(won.length, 1);
  }));

Deno.test("kv: a transaction is over all collections or over none", () =>
  withKv(async (kv) => {
    const from = kv.collection<number>("from_accounts"), to = kv.collection<number>("to_accounts");
    await from.put("a", 10);
    const move = (amount: number) =>
      kv.transaction((change) => {
        change.put(to, "b", (to.get("b") ?? 0) + amount);
        const rest = from.get("a")! - amount;
        change.put(from, "a", rest);
        if (rest < 0) throw new Error(`${from.get("a")} left`);
        return rest;
      });
    assert.equal(await move(4), 6);
    await assert.rejects(move(7), /-1 left/);
    assert.deepEqual([from.get("a"), to.get("b")], [6, 4]);
    const waits = kv.transaction((change) => {
      change.remove(from, "a");
      return Promise.resolve();
    });
    await assert.rejects(waits, /may not await/);
    assert.equal(from.get("a"), 6);
  }));

Deno.test("kv: pages cover a prefix once, in order, forwards and backwards", () =>
  withKv(async (kv) => {
    const notes = kv.collection<number>("notes");
    for (let n = 0; n < 25; n++) await notes.put(["chat", n, "m"], n);
    await notes.put("chat", 100);
    await notes.put(["chats", 1], 101);
    await notes.put(["cha", 1], 102);
    const all = (reverse: boolean) => {
      const values: number[] = [];
      let cursor: string | undefined;
      do {
        const page = notes.list({
          prefix: ["chat"],
          limit: 7,
          reverse,
          ...(cursor ? { cursor } : {}),
        });
        assert.ok(page.entries.length <= 7);
        values.push(...page.entries.map((entry) => entry.value));
        cursor = page.next;
      } while (cursor);
      return values;
    };
    const expected = [100, ...Array.from({ length: 25 }, (_, n) => n)];
    assert.deepEqual(all(false), expected);
    assert.deepEqual(all(true), expected.toReversed());
  }));

Deno.test("kv: a range includes its start and stops before its end", () =>
  withKv(async (kv) => {
    const notes = kv.collection<number>("notes");
    for (const n of [-5, 1, 2, 10, 11]) await notes.put(n, n);
    const keys = (options: Parameters<typeof notes.list>[0]) =>
      notes.list(options).entries.map((entry) => entry.key);
    assert.deepEqual(keys({ start: 1, end: 11 }), [1, 2, 10]);
    assert.deepEqual(keys({ start: 1, end: 11, reverse: true }), [10, 2, 1]);
    assert.deepEqual(keys({ reverse: true }), [11, 10, 2, 1, -5]);
    await notes.put("user/ann", 1);
    await notes.put("user/bob", 2);
    await notes.put("users", 3);
    assert.deepEqual(keys({ prefix: "user/" }), ["user/ann", "user/bob"]);
    assert.deepEqual(keys({ prefix: "user/", reverse: true }), ["user/bob", "user/ann"]);
  }));

Deno.test("kv: hostile keys, cursors and limits are refused with words", () =>
  withKv(async (kv) => {
    const notes = kv.collection<number>("notes");
    const bad = ["", "a\0b", "\ud800", [], ["a", ""], NaN, Infinity, "x".repeat(2000)];
    for (const key of bad) assert.throws(() => notes.get(key), code("bad_input"));
    for (const key of bad) await assert.rejects(notes.put(key, 1), code("bad_input"));
    for (const cursor of ["%", "{}", "null", '["a",null]', "[[]]"]) {
      assert.throws(() => notes.list({ cursor }), code("bad_input"));
    }
    for (const limit of [0, -1, 1.5, 1e9]) {
      assert.throws(() => notes.list({ limit }), code("bad_input"));
    }
    await notes.put("é".repeat(479), 1);
    assert.equal(notes.list().entries.length, 1);
  }));

Deno.test("kv: stored names cannot reach a prototype", () =>
  withKv(async (kv) => {
    const notes = kv.collection<Record<string, unknown>>("notes");
    await notes.put("__proto__", JSON.parse('{"__proto__": {"evil": 1}, "constructor": {"a": 2}}'));
    const back = notes.get("__proto__")!;
    assert.equal(Object.getPrototypeOf(back), Object.prototype);
    assert.equal(back.evil, undefined);
    assert.equal(({} as Record<string, unknown>).evil, undefined);
    assert.deepEqual(back.constructor, { a: 2 });
  }));

Deno.test("kv: parse guards what goes in and what comes out", () =>
  withKv(async (kv) => {
    const parse = (value: unknown) => {
      if (typeof value !== "number") throw new Error(`not a number: ${value}`);
      return value;
    };
    const counts = kv.collection("counts", { parse });
    await assert.rejects(counts.put("a", "x" as unknown as number), /not a number: x/);
    await counts.put("a", 1);
    assert.equal(counts.get("a"), 1);
    await kv.collection<unknown>("counts").put("a", "from an older version");
    assert.throws(() => counts.get("a"), /not a number: from an older version/);
    assert.throws(() => counts.list(), /not a number/);
  }));

Deno.test("kv: bytes in a transaction are taken at once, or not at all", () =>
  withKv(async (kv) => {
    const blobs = kv.blobs("blobs");
    const one = new Uint8Array(900_000);
    await kv.transaction(({ putBytes }) => {
      for (let i = 1; i < 4; i++) putBytes(blobs, i, one.fill(i));
    });
    for (let i = 1; i < 4; i++) assert.ok(blobs.borrow(i)!.every((byte) => byte === i));
    const failing = kv.transaction(({ putBytes, removeBytes }) => {
      putBytes(blobs, 4, one);
      removeBytes(blobs, 1);
      throw new Error("no");
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual([blobs.borrow(1)?.length, blobs.borrow(4)], [900_000, undefined]);
  }));

Deno.test("kv: blobs come back byte for byte, large and small", () =>
  withKv(async (kv) => {
    const blobs = kv.blobs("blobs");
    for (const bytes of [0, 1, 100, 5000, 1 << 20]) {
      const value = Uint8Array.from({ length: bytes }, (_, i) => (i * 7 + bytes) & 255);
      await blobs.put(["b", bytes], value);
      const back = blobs.borrow(["b", bytes])!;
      assert.equal(back.byteLength, bytes);
      assert.equal(Buffer.compare(back, value), 0);
    }
    assert.equal(await blobs.remove(["b", 1]), true);
    assert.equal(blobs.borrow(["b", 1]), undefined);
    await assert.rejects(
      blobs.put("s", new Uint8Array(new SharedArrayBuffer(8)) as never),
      /not shared/,
    );
  }));
