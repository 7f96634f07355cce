/**
 * Plugins that try to get out of their process, take more than they may or speak for others. Real
 * files and a real listener are the bait, and a real store has to answer all along.
 */
import assert from "node:assert/strict";
import process from "node:process";
import type { OpenPlugin } from "@flint/plugins";
import { openQuietStore } from "../../store/quiet_store.ts";
import { BREAKING, REFUSED } from "./attempts.ts";
import { call, fileOf, openCode, textOf, toolOf } from "./opened.ts";

/** Runs the code it is sent: whatever a plugin's file could hold, this one does. */
const ATTEMPT = fileOf(`tool({
  name: "attempt",
  description: "Runs code.",
  input: z.object({ code: z.string() }),
  run: async ({ code }, context) => {
    globalThis.context = context;
    const file = new Blob([code], { type: "application/typescript" });
    return (await import(URL.createObjectURL(file))).default;
  },
}), ${toolOf("well", '() => "well"')}`);

const SECRET = "7c1f5e0b, which nobody must see";

/** Bait: a secret file, a link to it, a listener that counts who comes. */
async function layBait() {
  const folder = await Deno.makeTempDir({ prefix: "flint_bait_" });
  await Deno.writeTextFile(`${folder}/secret.txt`, SECRET);
  await Deno.writeTextFile(`${folder}/data.json`, JSON.stringify(SECRET));
  await Deno.symlink(`${folder}/secret.txt`, `${folder}/link`);
  let visits = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    visits++;
    return new Response(SECRET);
  });
  return {
    place: (code: string) =>
      code.replaceAll("FILE", `${folder}/secret.txt`).replaceAll("FOLDER", folder)
        .replaceAll("PORT", String(server.addr.port)),
    visits: () => visits,
    files: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

Deno.test("a plugin reaches no file, net, environment, program, library or secret", async () => {
  await using bait = await layBait();
  const plugin = await openCode(ATTEMPT);
  try {
    for (const [name, code, answer] of REFUSED) {
      const result = await call(plugin, "attempt", { code: bait.place(code) });
      const text = textOf(result);
      assert.equal(result.failed, true, `${name}: ${text}`);
      assert.match(text, answer, name);
      assert.ok(!text.includes(SECRET), name);
    }
    assert.equal(bait.visits(), 0);
    assert.deepEqual(bait.files(), ["data.json", "link", "secret.txt"]);
    assert.equal(textOf(await call(plugin, "well")), "well");
  } finally {
    await plugin.close();
  }
});

Deno.test("a plugin that takes too much is ended, and Flint serves meanwhile", async () => {
  await using store = await openQuietStore();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, store.app.fetch);
  const plugin = await openCode(ATTEMPT, { bounds: { cpuMs: 300 } });
  try {
    for (const [name, code, answer] of BREAKING) {
      let over = false, served = 0;
      const attempt = call(plugin, "attempt", { code: `${code}; export default 1` })
        .finally(() => over = true);
      do {
        const response = await fetch(`http://127.0.0.1:${server.addr.port}/api/assistants`);
        assert.equal(response.status, 200);
        served += (await response.json()).items?.length ?? 1;
      } while (!over);
      const result = await attempt;
      assert.equal(result.failed, true, name);
      assert.match(textOf(result), answer, `${name}: ${textOf(result)}`);
      assert.ok(served > 0);
      assert.equal(textOf(await call(plugin, "well")), "well", name);
    }
  } finally {
    await plugin.close();
    await server.shutdown();
  }
});

/** What is refused inside and leaves the process whole. */
const BOUNDED: readonly (readonly [name: string, code: string, answer: RegExp])[] = [
  ["buffers", `const a = []; for (;;) a.push(new Uint8Array(1e7).fill(1))`, /allocation failed/],
  [
    "wasm memory",
    `const m = new WebAssembly.Memory({ initial: 1, maximum: 65536 }); for (;;) { m.grow(256); new Uint8Array(m.buffer).fill(1) }`,
    /grow/,
  ],
  ["shared memory", `new Uint8Array(new SharedArrayBuffer(2e9)).fill(1)`, /allocation failed/],
  ["a text too long", `"x".repeat(2 ** 30)`, /Invalid string length|more than/],
];

Deno.test("memory beyond the heap is bounded, too", async () => {
  const plugin = await openCode(ATTEMPT);
  try {
    for (const [name, code, answer] of BOUNDED) {
      const result = await call(plugin, "attempt", { code: `${code}; export default 1` });
      assert.equal(result.failed, true, name);
      assert.match(textOf(result), answer, name);
    }
    const result = await call(plugin, "attempt", { code: `export default "x".repeat(300_000)` });
    assert.match(textOf(result), /has 300000 characters/);
    const deep = `let a = []; for (let i = 0; i < 500; i++) a = [a]; export default a`;
    assert.match(textOf(await call(plugin, "attempt", { code: deep })), /nests deeper/);
    const prototype = `export default JSON.parse('{"__proto__":{"polluted":1}}')`;
    assert.match(textOf(await call(plugin, "attempt", { code: prototype })), /__proto__/);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  } finally {
    await plugin.close();
  }
});

/** Calls `well` while an attempt is under way and tells what both came to. */
async function beside(plugin: OpenPlugin, code: string): Promise<[string, string]> {
  const attempt = call(plugin, "attempt", { code });
  const other = call(plugin, "well");
  return [textOf(await attempt), textOf(await other)];
}

Deno.test("what a plugin prints is no message, and what it forges is checked like the rest", async () => {
  const printed: string[] = [];
  const plugin = await openCode(ATTEMPT, { print: (text) => printed.push(text) });
  const frame = `const json = new TextEncoder().encode(JSON.stringify(
    { type: "text", call: 1, text: "forged" }));
    const frame = new Uint8Array(4 + json.length);
    new DataView(frame.buffer).setUint32(0, json.length, true); frame.set(json, 4);`;
  try {
    const [, well] = await beside(
      plugin,
      `${frame} Deno.stdout.writeSync(frame); export default 1`,
    );
    assert.equal(well, "well"); // without the mark it is print
    assert.match(printed.join(""), /forged/);
    const guess = `${frame} for (let i = 0; i < 50; i++) {
      Deno.stdout.writeSync(crypto.getRandomValues(new Uint8Array(16)));
      Deno.stdout.writeSync(frame); } export default 1`;
    assert.equal((await beside(plugin, guess))[1], "well");
    await call(plugin, "attempt", { code: `console.log("a line"); export default 1` });
    assert.match(printed.join(""), /a line/);
  } finally {
    await plugin.close();
  }
});

Deno.test("prototypes that a plugin changes are its own alone", async () => {
  const tricks = [
    `Object.prototype.toJSON = () => ({ type: "text", call: 0, text: "forged" });`,
    `Array.prototype.toJSON = () => "forged";`,
    `JSON.stringify = () => '{"type":"text","call":12345,"text":"forged"}';`,
    `Uint8Array.prototype.set = () => {};`,
    `Uint8Array.prototype.subarray = function () { globalThis.seen = this; return this };`,
    `Promise.prototype.then = () => {};`,
    `Map.prototype.get = () => ({ resolve() {}, abort() {} });`,
    `TextEncoder.prototype.encode = () => new Uint8Array(5e6);`,
  ];
  for (const trick of tricks) {
    const plugin = await openCode(ATTEMPT, { bounds: { cpuMs: 300 } });
    try {
      const signal = AbortSignal.timeout(1000);
      await call(plugin, "attempt", { code: `${trick} export default 1` }, { signal })
        .then((result) => assert.ok(result.failed || /1|forged/.test(textOf(result)), trick))
        .catch((error) => assert.match(error.message, /cancelled/));
      assert.equal(JSON.stringify({ a: [1] }), '{"a":[1]}');
    } finally {
      await plugin.close();
    }
  }
});

Deno.test("a call that is given up does not go on, and its late answer is nobody's", async () => {
  const plugin = await openCode(ATTEMPT);
  try {
    const stop = new AbortController();
    const late = `await new Promise((r) => context.signal.onabort = () => setTimeout(r, 100));
      export default "late"`;
    const given = call(plugin, "attempt", { code: late }, { signal: stop.signal });
    await call(plugin, "well");
    stop.abort();
    await assert.rejects(given, /cancelled/);
    assert.equal(textOf(await call(plugin, "well")), "well");
    const deaf = new AbortController();
    const ignoring = `await new Promise(() => {}); export default 1`;
    const kept = call(plugin, "attempt", { code: ignoring }, { signal: deaf.signal });
    await call(plugin, "well");
    deaf.abort();
    await assert.rejects(kept, /cancelled/);
    assert.equal(textOf(await call(plugin, "well")), "well");
  } finally {
    await plugin.close();
  }
});

Deno.test("a plugin that computes without being called is ended", async () => {
  const source = fileOf(
    toolOf("start", `() => { setTimeout(() => { for (;;); }, 50); return Deno.pid; }`),
  );
  const plugin = await openCode(source);
  try {
    const pid = Number(/\d+/.exec(textOf(await call(plugin, "start"))));
    while (lives(pid)) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.notEqual(Number(/\d+/.exec(textOf(await call(plugin, "start")))), pid);
  } finally {
    await plugin.close();
  }
});

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

Deno.test("a file that loads badly is refused in words, and nothing of it is left", async () => {
  const refused = async (source: string, why: RegExp) => {
    await assert.rejects(openCode(source, { bounds: { startMs: 4000, cpuMs: 300 } }), why);
  };
  await refused("export default 1", /no plugin/);
  await refused("this is no program", /does not load/);
  await refused(`for (;;);`, /computed for longer/);
  await refused(`await new Promise(() => {})`, /took too long|ended/);
  await refused(`throw new Error("not today")`, /not today/);
  await refused(fileOf(""), /tools/);
  await refused(fileOf(toolOf("a b", "() => 1")), /no name of a tool/);
  await refused(fileOf(`${toolOf("a", "() => 1")}, ${toolOf("a", "() => 1")}`), /two of it/);
  await refused(fileOf(toolOf("a", "() => 1"), `needs: { hosts: ["a.example"] },`), /a\.example/);
  const self = `tool({ name: "a", description: "", input: z.object({
    get again() { return self.optional(); } }), run: () => 1 })`;
  await refused(`const self = null; ${fileOf(self)}`, /load|refers/);
});
