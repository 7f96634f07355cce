/** Someone publishes an assistant, finds it, tries and installs it: every page of the store, in both languages. */
import assert from "node:assert/strict";
import { type LiveStore, openLiveStore } from "../store/live_store.ts";
import { PAYLOADS } from "../store/web/payloads.ts";
import { DESK, noBrowser, onScreens, openBrowser, PHONE, type Tab } from "./browser.ts";

Deno.test({
  name: `store: journey${noBrowser ? ` (skipped: ${noBrowser})` : ""}`,
  ignore: noBrowser !== undefined,
  async fn(t) {
    await using live = await openLiveStore();
    await fill(live);
    await using browser = await openBrowser(live.origin);
    await t.step("publish, find, install, update, withdraw", async () => {
      await using tab = await browser.open({ ...DESK, locale: "en" });
      await publish(tab);
      await find(tab);
      await update(tab);
      assert.deepEqual(tab.faults, []);
    });
    await t.step("without scripts it is found as well", async () => {
      await using tab = await browser.open({ ...PHONE, locale: "en", javaScriptEnabled: false });
      await tab.page.goto(`${live.origin}/store`);
      await tab.page.getByRole("combobox", { name: "Search assistants" }).fill("tides");
      await tab.page.getByRole("button", { name: "Search" }).click();
      assert.match(await tab.page.locator(".cards").innerText(), /Tide Table/);
    });
    await t.step("hostile names and texts do nothing", async () => {
      await using tab = await browser.open(DESK);
      await hostile(tab);
    });
    await t.step("axe finds nothing, and nothing is wider than a phone or a desk", async () => {
      await onScreens(browser.open, async (tab, variant) => {
        for (const [page, path] of Object.entries(PAGES)) {
          await tab.visit(path);
          await tab.look(`store-${page}-${variant}`);
        }
      });
    });
  },
});

const PAGES = {
  front: "/store",
  search: "/store/search?q=sea",
  board: "/store/boards/installed?period=week",
  collection: "/store/c/sea",
  builder: "/store/b/owner",
  listing: "/store/l/shell-guide",
  publish: "/store/publish/tide-table",
  signin: "/sign-in",
  wallet: "/wallet",
  analytics: "/analytics",
  use: "/analytics/shell-guide",
  account: "/account",
  admin: "/admin",
};

/** Some listings, one of them hostile in every text it has. */
async function fill(
  { registry, parts: { listings, installs, catalog } }: LiveStore,
): Promise<void> {
  const make = async (id: string, fields: object) => {
    await registry.create({ id, instructions: "Answer.", ...fields });
    return await listings.publish("owner", { assistantId: id, visibility: "everyone" });
  };
  await make("shell-guide", {
    name: "Shell Guide",
    description: "Names the shells you find at the sea, and tells how they grow.",
    category: "education",
    starters: ["What is this spiral one?", "How old is a cockle?"],
    tags: ["sea", "shells"],
  });
  await make("harbour-cook", {
    name: "Harbour Cook",
    description: "Cooks with what the sea gave today.",
    category: "lifestyle",
    avatar: "🐟",
  });
  const script = PAYLOADS.find((each) => each.includes("<img"))!.slice(0, 60);
  await make("hostile", {
    name: script.slice(0, 40),
    description: PAYLOADS.join(" ").slice(0, 500),
    starters: PAYLOADS.slice(0, 3).map((each) => each.slice(0, 100)),
  });
  await registry.create({
    ...{ id: "tide-table", name: "Tide Table", instructions: "Tell the tides." },
    ...{ description: "Tells when the tides turn.", category: "lifestyle" },
  });
  await installs.install("owner", "shell-guide");
  await catalog.collections.put("sea", { title: "By the sea", listings: ["harbour-cook"] });
  await catalog.collections.put("featured", { title: "Featured", listings: ["shell-guide"] });
}

async function publish({ page, visit }: Tab): Promise<void> {
  await visit("/a/tide-table");
  await page.getByRole("button", { name: "Assistant menu" }).click();
  await page.getByRole("link", { name: "Publish" }).click();
  await page.waitForURL("**/store/publish/tide-table");
  assert.match(await page.locator(".checks .weak").first().innerText(), /Offers ways to begin/);
  await page.getByLabel("What is new").fill("First <b>release</b>");
  await page.getByRole("button", { name: "Publish now" }).click();
  await page.waitForURL("**/store/l/tide-table");
  assert.match(await page.locator(".releases").innerText(), /First <b>release<\/b>/);
}

async function find({ page, visit }: Tab): Promise<void> {
  await visit("/store");
  await page.getByRole("combobox", { name: "Search assistants" }).pressSequentially("tide ta");
  await page.waitForSelector("#suggestions li:has-text('Tide Table')");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/store/l/tide-table");
  await page.getByRole("button", { name: "Install" }).click();
  await page.getByRole("button", { name: "Uninstall" }).waitFor();
  assert.match(await page.locator(".listing-figures").innerText(), /1 installed/);
  await page.getByText("Why is this here?").click();
  assert.match(await page.locator(".why table").innerText(), /Most installed\s+\d+\s+1/);
}

async function update({ page, visit }: Tab): Promise<void> {
  await visit("/store/publish/tide-table");
  await page.getByLabel("What is new").fill("Springs and neaps");
  await page.getByRole("button", { name: "Publish release 2" }).click();
  await page.getByRole("button", { name: "Update to release 2" }).click();
  await page.getByRole("button", { name: "Update" }).waitFor({ state: "detached" });
  assert.match(await page.locator(".releases").innerText(), /Release 2[\s\S]*Release 1/);
}

async function hostile({ page, visit, faults }: Tab): Promise<void> {
  await page.addInitScript("globalThis.hits = 0; globalThis.hit = () => hits++");
  for (const path of ["/store", "/store/l/hostile", "/store/search?q=%3Cimg%20onerror=hit()%3E"]) {
    await visit(path);
    assert.equal(await page.locator("main :is(script, img, iframe, style)").count(), 0, path);
    for (const link of await page.locator("main a").all()) {
      assert.match(
        await link.evaluate((a) => (a as unknown as { protocol: string }).protocol),
        /^http:/,
      );
    }
    assert.equal(await page.evaluate("hits"), 0, path);
  }
  assert.deepEqual(faults, []);
}
