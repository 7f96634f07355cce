/** The plugins' pages in a real browser: an API is pasted, given its key, and one call tried. */
import assert from "node:assert/strict";
import { openQuietStore } from "../store/quiet_store.ts";
import { noBrowser, openBrowser } from "./browser.ts";

const SECRET = "s3cret-key-92";

const documentFor = (host: string) =>
  JSON.stringify({
    openapi: "3.1.0",
    info: { title: "Pets" },
    security: [{ Key: [] }],
    servers: [{ url: `http://${host}` }],
    paths: {
      "/pets/{id}": {
        get: {
          operationId: "pet",
          summary: "One pet.",
          parameters: [
            {
              name: "kind",
              in: "query",
              description: "Its kind",
              schema: { enum: ["cat", "dog"] },
            },
            { name: "loud", in: "query", schema: { type: "boolean" } },
            { name: "near", in: "query", style: "deepObject", schema: { type: "object" } },
          ],
        },
      },
    },
    components: { securitySchemes: { Key: { type: "apiKey", in: "header", name: "x-key" } } },
  });

const ignore = noBrowser !== undefined;

Deno.test({
  name: "e2e: an API is added, given its key, tried; axe finds nothing at 390 and 1440 px",
  ignore,
  async fn() {
    await using api = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => Response.json({ heard: request.headers.get("x-key"), url: request.url }),
    );
    const host = `127.0.0.1:${api.addr.port}`;
    await using store = await openQuietStore({}, [host]);
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      store.app.fetch,
    );
    await using browser = await openBrowser(`http://127.0.0.1:${server.addr.port}`);
    await setUp(browser, host);
    for (
      const [width, colorScheme, locale] of [[390, "dark", "zh"], [1440, "light", "en"]] as const
    ) {
      await using tab = await browser.open({
        viewport: { width, height: 900 },
        colorScheme,
        locale,
      });
      for (const path of ["/plugins", "/plugins/pets", "/plugins/pets/tools/pet"]) {
        await tab.visit(path);
        await tab.shoot(`plugins-${path.split("/").length}-${width}`);
        assert.deepEqual(await tab.axe(), [], `${path} ${width}`);
        assert(await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path);
      }
    }
  },
});

/** Adds the API, sets its server and key, tries its one call; all as a person does. */
async function setUp(
  browser: Awaited<ReturnType<typeof openBrowser>>,
  host: string,
): Promise<void> {
  await using tab = await browser.open();
  const { page } = tab;
  await tab.visit("/plugins");
  await page.fill("#add-api [name=name]", "Pets");
  await page.fill("[name=document]", "no document");
  await page.click("#add-api [type=submit]");
  assert.match(await page.innerText("[role=alert]"), /the document/);
  await page.fill("#add-api [name=name]", "Pets");
  await page.fill("[name=document]", documentFor(host));
  await page.click("#add-api [type=submit]");
  await page.waitForURL("**/plugins/pets");
  await page.fill("[name=server]", `http://${host}/v2`);
  await page.click("text=Save >> nth=0");
  await page.waitForURL("**/plugins/pets");
  await page.fill("[name=key]", SECRET);
  await page.click(".access [type=submit]");
  await page.waitForSelector(".access:not([open])");
  await page.click("text=One pet.");
  await page.fill("[name='v.id']", "7");
  await page.selectOption("[name='v.kind']", "dog");
  await page.selectOption("[name='v.loud']", "true");
  await page.fill("[name='v.near']", '{"x": 1}');
  await page.click("main [type=submit]");
  const said = await page.innerText(".tried");
  assert.match(
    said,
    /GET http:\/\/127\.0\.0\.1:\d+\/v2\/pets\/7\?kind=dog&loud=true&near%5Bx%5D=1/,
  );
  assert.match(said, /"heard": "•••"/);
  assert(!(await page.content()).includes(SECRET));
  assert.deepEqual(tab.faults.filter((fault) => !fault.includes("400")), []);
}

Deno.test({
  name:
    "e2e: an MCP server's command, then its tools are shown before it is there; a file's needs too",
  ignore,
  async fn() {
    await using store = await openQuietStore();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      store.app.fetch,
    );
    await using browser = await openBrowser(`http://127.0.0.1:${server.addr.port}`);
    for (
      const [width, colorScheme, locale] of [[390, "dark", "zh"], [1440, "light", "en"]] as const
    ) {
      await using tab = await browser.open({
        viewport: { width, height: 900 },
        colorScheme,
        locale,
      });
      const { page } = tab;
      await tab.visit("/plugins");
      await page.fill("#add-server [name=name]", `Tools ${width}`);
      await page.fill("#add-server [name=command]", "deno");
      await page.fill("#add-server [name=args]", `run\n--quiet\n${MCP_SERVER}\nit's`);
      await page.click("#add-server [type=submit]");
      assert.equal(await page.innerText(".shown"), `deno run --quiet ${MCP_SERVER} 'it'\\''s'`);
      await tab.look(`plugins-start-${width}`);
      await page.click("main [type=submit]");
      assert.match(await page.innerText(".shown-tools"), /parrot/);
      assert.equal(store.toolbox.list().some(({ type }) => type === "mcp"), width === 1440);
      await tab.look(`plugins-tools-${width}`);
      await page.click("main [type=submit]");
      await page.waitForURL(`**/plugins/tools-${width}`);

      await tab.visit("/plugins");
      await page.fill("[name=source]", FILE.replace("NAME", `File ${width}`));
      await page.click("#add-file [type=submit]");
      assert.match(await page.innerText(".needs"), /api\.example\.com[^]*KEY/);
      await tab.look(`plugins-needs-${width}`);
      await page.click("main [type=submit]");
      await page.waitForURL(`**/plugins/file-${width}`);
      const { config } = store.toolbox.get(`file-${width}`);
      assert.deepEqual([config.hosts, config.secrets], [["api.example.com"], ["KEY"]]);
      assert.deepEqual(tab.faults, []);
    }
  },
});

const MCP_SERVER = new URL("../plugins/tools/mcp/hostile_server.ts", import.meta.url).pathname;
const FILE = `import { definePlugin, tool } from "@flint/plugin";
import { z } from "zod";
export default definePlugin({
  name: "NAME", description: "Looks something up.",
  needs: { hosts: ["api.example.com"], secrets: ["KEY"] },
  tools: [tool({ name: "look", description: "Looks.", input: z.object({}), run: () => 1 })],
});`;
