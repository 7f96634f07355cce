import assert from "node:assert/strict";
import { openQuietStore } from "../store/quiet_store.ts";
import { noBrowser, openBrowser } from "./browser.ts";

Deno.test({
  name: `docs: the page draws the routes from our own files, under our own policy${
    noBrowser ? ` (skipped: ${noBrowser})` : ""
  }`,
  ignore: noBrowser !== undefined,
  async fn() {
    await using store = await openQuietStore();
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, store.app.fetch);
    const origin = `http://127.0.0.1:${server.addr.port}`;
    try {
      await using browser = await openBrowser(origin);
      await using tab = await browser.open();
      await tab.page.goto(`${origin}/docs`);
      await tab.page.getByText("/v1/chat/completions").first().click();
      await tab.page.getByText("Try it out").first().click();
      assert.deepEqual(tab.faults, []);
    } finally {
      await server.shutdown();
    }
  },
});
