/** What hostile plugins try, and what each attempt must come to. */

/** What each attempt must be answered with; FILE, FOLDER and PORT are the bait's. */
export const REFUSED: readonly (readonly [name: string, code: string, answer: RegExp])[] = [
  ["read a file", `export default Deno.readTextFileSync("FILE")`, /read access/],
  [
    "read it by node",
    `import fs from "node:fs"; export default fs.readFileSync("FILE", "utf8")`,
    /read access/,
  ],
  ["read a link", `export default Deno.readLinkSync("FOLDER/link")`, /read access/],
  ["make a link", `Deno.symlinkSync("FILE", "FOLDER/new"); export default 1`, /--allow-read/],
  ["list a folder", `export default [...Deno.readDirSync("FOLDER")]`, /read access/],
  ["read /proc", `export default Deno.readTextFileSync("/proc/self/environ")`, /access/],
  ["read /dev/fd", `export default Deno.readTextFileSync("/dev/fd/0")`, /access/],
  ["write a file", `Deno.writeTextFileSync("FOLDER/new", "x"); export default 1`, /write access/],
  [
    "write by node",
    `import fs from "node:fs"; fs.writeFileSync("FOLDER/new", "x"); export default 1`,
    /write access/,
  ],
  ["make a temporary file", `export default Deno.makeTempFileSync()`, /write access/],
  ["remove a file", `Deno.removeSync("FILE"); export default 1`, /write access/],
  ["keep something", `localStorage.setItem("a", "b"); export default 1`, /Not a directory/],
  [
    "keep a response",
    `const c = await caches.open("a"); await c.put("http://a.b/", new Response("x")); export default 1`,
    /cache storage|directory/,
  ],
  ["open a database", `export default await Deno.openKv()`, /not a function/],
  [
    "open SQLite",
    `import { DatabaseSync } from "node:sqlite"; export default new DatabaseSync("FOLDER/new") && 1`,
    /access/,
  ],
  ["read the environment", `export default Deno.env.toObject()`, /env access/],
  [
    "read it by node",
    `import process from "node:process"; export default process.env.HOME`,
    /env access|null/,
  ],
  ["connect", `await Deno.connect({ hostname: "127.0.0.1", port: PORT }); export default 1`, /net/],
  ["fetch by itself", `export default await (await fetch("http://127.0.0.1:PORT/")).text()`, /net/],
  [
    "open a WebSocket",
    `const s = new WebSocket("ws://127.0.0.1:PORT/"); export default await new Promise((done, no) => { s.onopen = done; s.onerror = no; })`,
    /net/,
  ],
  [
    "connect by node",
    `import net from "node:net"; export default await new Promise((done, no) => net.connect(PORT, "127.0.0.1", done).on("error", no))`,
    /net access|NotCapable/,
  ],
  ["ask a name server", `export default await Deno.resolveDns("example.com", "A")`, /net access/],
  [
    "ask it by node",
    `import dns from "node:dns/promises"; export default await dns.lookup("example.com")`,
    /net access|EPERM/,
  ],
  [
    "connect to a socket",
    `await Deno.connect({ transport: "unix", path: "FOLDER/socket" }); export default 1`,
    /access|unix/,
  ],
  ["listen", `Deno.listen({ port: 0 }); export default 1`, /net access/],
  ["serve", `Deno.serve({ port: 0 }, () => new Response("")); export default 1`, /net access/],
  [
    "run a program",
    `export default new Deno.Command("/usr/bin/id").outputSync().code`,
    /run access/,
  ],
  [
    "run it by node",
    `import c from "node:child_process"; export default c.execFileSync("/usr/bin/id", { env: {} }).toString()`,
    /(run|env) access/,
  ],
  [
    "run Deno with all",
    `export default await new Deno.Command(Deno.execPath(), { args: ["eval", "-A", "1"] }).output()`,
    /run access/,
  ],
  [
    "open a library",
    `Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }); export default 1`,
    /ffi|access/,
  ],
  ["make a pointer", `export default Deno.UnsafePointer.create(4096n) !== null`, /ffi access/],
  [
    "import a file",
    `export default (await import("file://FILE", { with: { type: "text" } })).default`,
    /read access/,
  ],
  [
    "import it statically",
    `import text from "file://FILE" with { type: "text" }; export default text`,
    /read access/,
  ],
  [
    "import it by data",
    `export default (await import("data:text/javascript," + encodeURIComponent('export { default } from "file://FILE" with { type: "text" }'))).default`,
    /read access|syntax|with/i,
  ],
  ["import Flint", `export default Object.keys(await import("@flint/core"))`, /read access/],
  [
    "import from the web",
    `export default (await import("http://127.0.0.1:PORT/a.js")).default`,
    /remote specifier/,
  ],
  ["import from npm", `export default (await import("npm:left-pad@1.3.0")).default`, /npm|package/],
  ["import from JSR", `export default await import("jsr:@std/assert")`, /remote/],
  [
    "require a file",
    `import { createRequire } from "node:module"; export default createRequire("file:///")("FOLDER/data.json")`,
    /read access/,
  ],
  [
    "load a native package",
    `const { open } = await import("npm:lmdb@3.5.6"); export default open("FOLDER/db", {})`,
    /access/,
  ],
  [
    "ask for leave",
    `const s = await Deno.permissions.request({ name: "read" }); if (s.state !== "granted") throw new Error("leave " + s.state); export default 1`,
    /leave denied/,
  ],
  [
    "a worker with more",
    `new Worker("data:text/javascript,1", { type: "module", deno: { permissions: { read: true, net: true } } }); export default 1`,
    /permission|escalat|worker/i,
  ],
  [
    "a worker with all",
    `new Worker("data:text/javascript,1", { type: "module", deno: { permissions: "all" } }); export default 1`,
    /permission|invalid|worker/i,
  ],
  ["signal its parent", `Deno.kill(Deno.ppid, "SIGTERM"); export default 1`, /run access/],
  [
    "signal it by node",
    `import process from "node:process"; process.kill(process.ppid, "SIGTERM"); export default 1`,
    /run access|NotCapable/,
  ],
  [
    "be inspected",
    `import { Session } from "node:inspector"; new Session().connect(); export default 1`,
    /sys access/,
  ],
  [
    "write a heap snapshot",
    `import v8 from "node:v8"; export default v8.writeHeapSnapshot("FOLDER/new")`,
    /access/,
  ],
  [
    "ask who it is",
    `export default Deno.hostname() + Deno.uid() + Deno.networkInterfaces()`,
    /sys access/,
  ],
  ["change its folder", `Deno.chdir("FOLDER"); export default 1`, /read access/],
  [
    "fetch what was not granted",
    `export default await (await context.fetch("http://127.0.0.1:PORT/")).text()`,
    /not granted to fetch/,
  ],
  ["read a secret", `export default await context.secret("API_KEY")`, /no secret "API_KEY"/],
];

/** What takes too much or breaks the process: each ends it, and the next call finds a new one. */
export const BREAKING: readonly (readonly [name: string, code: string, answer: RegExp])[] = [
  ["an endless loop", `for (;;);`, /computed for longer/],
  [
    "endless microtasks",
    `const on = () => Promise.resolve().then(on); await on(); await new Promise(() => {});`,
    /computed for longer/,
  ],
  [
    "endless timers",
    `setInterval(() => { for (let i = 0; i < 1e8; i++); }); await new Promise(() => {})`,
    /computed for longer/,
  ],
  [
    "an endless regular expression",
    `/^(a+)+$/.test("a".repeat(60) + "b")`,
    /computed for longer/,
  ],
  [
    "workers that loop",
    `for (let i = 0; i < 2; i++) new Worker("data:text/javascript,for(;;);", { type: "module" }); await new Promise(() => {})`,
    /more memory/,
  ],
  [
    "a worker that reads",
    `await new Promise((done, no) => {
      const w = new Worker("data:text/javascript," + encodeURIComponent('try { postMessage(Deno.readTextFileSync("FILE")) } catch (e) { postMessage("!" + e.message) }'), { type: "module" });
      w.onmessage = ({ data }) => data.startsWith("!") ? no(new Error(data)) : done(data);
    })`,
    /more memory/,
  ],
  [
    "a heap that grows",
    `const a = []; for (;;) a.push(new Array(1000).fill(a.length))`,
    /more memory|computed for longer/,
  ],
  ["print without end", `for (;;) console.log("x".repeat(10000))`, /says more than plugins may/],
  ["errors without end", `for (;;) console.error("x".repeat(10000))`, /says more than plugins may/],
  ["messages without end", `for (;;) context.progress("on")`, /says more than plugins may/],
  ["leaving", `Deno.exit(0)`, /ended with code 0/],
  [
    "leaving by node",
    `import process from "node:process"; process.reallyExit?.(3); process.exit(3)`,
    /ended with code 3/,
  ],
  [
    "an unhandled rejection",
    `Promise.reject(new Error("nobody minds")); await new Promise((r) => setTimeout(r, 500))`,
    /nobody minds/,
  ],
  [
    "an error out of a timer",
    `setTimeout(() => { throw new Error("thrown late") }); await new Promise((r) => setTimeout(r, 500))`,
    /thrown late/,
  ],
  ["closing the pipe", `Deno.stdout.close()`, /Bad resource/],
];
