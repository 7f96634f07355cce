/** Around the chats: search, pins, folders, branches, palette, keys, and a page while Flint is not running. */
import assert from "node:assert/strict";
import { type LiveStore, openLiveStore } from "../store/live_store.ts";
import { DESK, noBrowser, openBrowser, PHONE, type Tab } from "./browser.ts";

Deno.test({
  name: `shell: journey${noBrowser ? ` (skipped: ${noBrowser})` : ""}`,
  ignore: noBrowser !== undefined,
  async fn(t) {
    await using live = await openLiveStore();
    const id = await talk(live);
    await using browser = await openBrowser(live.origin);
    await t.step("a conversation is pinned, laid into a folder and branched", async () => {
      await using tab = await browser.open(DESK);
      await shelve(tab, id);
      await branch(tab, id);
      assert.deepEqual(tab.faults, []);
    });
    await t.step("the palette leads to pages and to what was said", async () => {
      await using tab = await browser.open({ ...DESK, colorScheme: "dark", locale: "zh" });
      await palette(tab, id);
      assert.deepEqual(tab.faults, []);
    });
    await t.step("search works without scripts, on a phone", async () => {
      await using tab = await browser.open({ ...PHONE, javaScriptEnabled: false });
      await tab.page.goto(`${live.origin}/conversations?q=mantl`);
      assert.match(await tab.page.locator(".found").innerText(), /lays down/);
    });
    await t.step("what is not running says so; what runs is never a kept page", async () => {
      await using tab = await browser.open({ ...DESK, serviceWorkers: "allow" });
      await offline(tab);
    });
  },
});

async function talk({ registry, conversations }: LiveStore): Promise<string> {
  await registry.create({ id: "speaker", name: "Speaker", instructions: "Talk." });
  const { id } = await conversations.create("speaker");
  await conversations.append(id, { role: "user", content: "Where do shells come from?" });
  const content = "The mantle lays down aragonite.";
  await conversations.append(id, { role: "assistant", content, end: "stop" });
  return id;
}

async function shelve({ page, visit, look }: Tab, id: string): Promise<void> {
  await visit(`/chat/${id}`);
  const menu = page.getByRole("button", { name: "Conversation menu" });
  await menu.click();
  await page.getByRole("button", { name: "Pin" }).click();
  await page.waitForSelector("#conversations h2:text('Pinned')");
  await menu.click();
  await page.getByRole("button", { name: "Move to folder" }).click();
  await page.getByRole("combobox", { name: "Folder" }).fill("Sea");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#conversations summary:has-text('Sea')");
  await look("shell-folders-desk");
}

async function branch({ page, look }: Tab, id: string): Promise<void> {
  await page.locator(".question").hover();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await look("shell-edit-desk");
  await page.getByRole("textbox", { name: "Message" }).fill("And pearls?");
  await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/chat/") && !url.pathname.endsWith(id));
  await page.waitForSelector(".question .bubble:text('And pearls?')");
  await page.waitForSelector(".branched");
}

async function palette({ page, visit, look }: Tab, id: string): Promise<void> {
  await visit("/");
  await page.keyboard.press("Control+/");
  await look("shell-keys-desk-dark");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("speak");
  await page.waitForSelector("#palette-list li[aria-selected=true]:text('Speaker')");
  await look("shell-palette-desk-dark");
  await page.getByRole("combobox", { name: "搜索页面、助手和对话" }).fill("aragonite");
  await page.waitForSelector("#palette-list li[aria-selected=true]:text('shells')");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/chat/${id}`);
}

async function offline({ page, visit }: Tab): Promise<void> {
  await visit("/");
  await page.evaluate("navigator.serviceWorker.ready.then(() => 1)");
  await page.reload();
  assert.equal(await page.locator("h1").innerText(), "What is on your mind?");
  await page.context().setOffline(true);
  await page.goto(page.url());
  assert.equal(await page.locator("h1").innerText(), "Flint is not running");
  await page.context().setOffline(false);
  await page.getByRole("link", { name: "Try again" }).click();
  await page.waitForSelector("h1:text('What is on your mind?')");
}
