/** The knowledge pages: plain forms that fill a collection, and a document at a cited place. */
import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { openQuietStore } from "../quiet_store.ts";

const draw = async (response: Response) => parseHTML(await response.text()).document;

Deno.test("knowledge pages: files sent by a form are listed, searched, shown at their place, removed", async () => {
  await using store = await openQuietStore();
  const { app } = store;
  const form = (fields: Record<string, string | File>) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    return { method: "POST", body };
  };
  const made = await app.request("/knowledge", form({ name: "Old coast" }));
  assert.equal(made.headers.get("location"), "/knowledge/old-coast");
  const tides = new File(["# Tides\n\nHigh water is at noon. <b>Bring a lamp.</b>\n"], "tides.md");
  const added = await draw(await app.request("/knowledge/old-coast/files", form({ files: tides })));
  assert.match(added.querySelector(".outcome")!.textContent, /tides\.md/);
  const bad = await draw(
    await app.request("/knowledge/old-coast/files", form({ files: new File(["{"], "a.json") })),
  );
  assert.match(bad.querySelector(".outcome.failed")!.textContent, /not JSON/);

  const found = await draw(await app.request("/knowledge/old-coast?q=high+water"));
  const link = found.querySelector(".passages a")!.getAttribute("href")!;
  const page = await draw(await app.request(link.replace("#cited", "")));
  assert.match(page.querySelector("#cited")!.textContent, /^High water is at noon\./);
  assert.equal(page.querySelector(".document-text b"), null, "a document's text is text");

  const action = found.querySelector(".rows form")!.getAttribute("action")!;
  await app.request(action, { method: "POST" });
  const empty = await draw(await app.request("/knowledge/old-coast"));
  assert.equal(empty.querySelectorAll(".rows li").length, 0);
  assert.equal(
    (await app.request("/knowledge/none", { headers: { accept: "text/html" } })).status,
    404,
  );
});
