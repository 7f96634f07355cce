import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { openQuietStore } from "./quiet_store.ts";

/** Where distributions put it; CHROMIUM names another place. */
const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

Deno.test("openapi: the document is 3.1 and knows every route that answers JSON", async () => {
  await using store = await openQuietStore();
  const document = await (await store.app.request("/openapi.json")).json();
  assert.match(document.openapi, /^3\.1/);
  const described = new Set(Object.keys(document.paths));
  const served = store.app.routes
    .filter(({ path, method }) => method !== "ALL" && /^\/(v1|api|healthz|readyz)/.test(path))
    .map(({ path }) => path.replaceAll(/:(\w+)/g, "{$1}"));
  assert.ok(served.length > 15);
  assert.deepEqual(served.filter((path) => !described.has(path)), []);
});

Deno.test("openapi: its patterns are patterns, without a RegExp's slashes and flags", async () => {
  await using store = await openQuietStore();
  const text = await (await store.app.request("/openapi.json")).text();
  const patterns = [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map((m) =>
    JSON.parse(m[1]!)
  );
  assert.ok(patterns.length > 2);
  for (const pattern of patterns) {
    assert.doesNotMatch(pattern, /\/[a-z]*$/);
    new RegExp(pattern, "u"); // throws if it is none
  }
});

Deno.test({
  name: "docs: the page draws the routes from our own files, under our own policy",
  ignore: !existsSync(CHROMIUM),
  async fn() {
    await using store = await openQuietStore();
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, store.app.fetch);
    const origin = `http://127.0.0.1:${server.addr.port}`;
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      const complaints: string[] = [], foreign: string[] = [];
      page.on("console", (said) => said.type() === "error" && complaints.push(said.text()));
      page.on("request", (sent) => {
        if (!/^(data|blob):/.test(sent.url()) && !sent.url().startsWith(origin)) {
          foreign.push(sent.url());
        }
      });
      await page.goto(`${origin}/docs`);
      await page.getByText("/v1/chat/completions").first().waitFor();
      await page.getByText("/v1/chat/completions").first().click();
      await page.getByText("Try it out").first().click();
      assert.deepEqual(foreign, []);
      assert.deepEqual(complaints, []);
    } finally {
      await browser.close();
      await server.shutdown();
    }
  },
});
