/** Charts in a real browser, under the pages' own policy. */
import assert from "node:assert/strict";
import { chartTool } from "../../plugins/builtin/chart.ts";
import { openQuietStore } from "../store/quiet_store.ts";
import { noBrowser, openBrowser } from "./browser.ts";

Deno.test({
  name: `charts: drawn as pictures with a table, without eval and without requests${
    noBrowser ? ` (skipped: ${noBrowser})` : ""
  }`,
  ignore: noBrowser !== undefined,
  async fn() {
    await using store = await openQuietStore();
    const { id } = await store.conversations.create("code-companion");
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, store.app.fetch);
    const origin = `http://127.0.0.1:${server.addr.port}`;
    const chart = async (kind: string) => {
      const data = [{ x: "Mon", y: 3 }, { x: "Tue", y: 5 }, { x: "Wed", y: 2 }];
      const values = { kind, title: "Owls seen", y_title: "owls", data };
      const context = { assistant: "a", user: "o", depth: 0, signal: new AbortController().signal };
      const [piece] = (await chartTool.call(values, context)).content;
      return piece?.type === "chart" ? JSON.stringify(piece.spec) : "";
    };
    const bad = JSON.stringify({ mark: "bar", data: { url: `${origin}/api/assistants` } });
    const specs = [
      ...await Promise.all(["bar", "line", "point", "area", "pie"].map(chart)),
      bad,
      "{",
    ];
    try {
      await using browser = await openBrowser(origin);
      await using tab = await browser.open({ viewport: { width: 390, height: 844 } });
      const fetched: string[] = [];
      tab.page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
      await tab.visit(`/chat/${id}`);
      assert.ok(!fetched.some((path) => path.startsWith("/assets/chart")));
      await tab.page.evaluate(`for (const spec of ${JSON.stringify(specs)}) {
        const figure = document.createElement("figure");
        figure.className = "call-chart";
        figure.dataset.chart = spec;
        const turn = document.createElement("li");
        turn.append(figure);
        document.getElementById("turns").append(turn);
      }`);
      await tab.page.waitForSelector(`li:nth-of-type(${specs.length}) figure:not(:empty)`);
      const seen = await tab.page.evaluate(
        `[...document.querySelectorAll("figure[data-chart]")].map(
        (figure) => { const img = figure.querySelector("img"); return {
          alt: img?.alt, drawn: (img?.naturalWidth ?? 0) > 200, fits: figure.scrollWidth <= innerWidth,
          cells: figure.querySelectorAll("td").length, text: figure.textContent }; })`,
      ) as {
        alt?: string;
        drawn: boolean;
        fits: boolean;
        cells: number;
        text: string;
      }[];
      for (const [i, kind] of ["bar", "line", "point", "area", "pie"].entries()) {
        assert.equal(seen[i]!.alt, `${kind} chart: Owls seen`);
        assert.ok(seen[i]!.drawn && seen[i]!.fits && seen[i]!.cells === 6, kind);
      }
      assert.match(seen.at(-1)!.text, /can't be drawn/);
      assert.ok(!fetched.includes("/api/assistants"));
      await tab.shoot("charts");
      assert.deepEqual(tab.faults, []);
      assert.deepEqual(await tab.axe(), []);
    } finally {
      await server.shutdown();
    }
  },
});
