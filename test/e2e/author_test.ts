/** Someone makes an assistant by talk, tries it, changes it, saves it, looks into its past and memory. */
import assert from "node:assert/strict";
import { writeGguf } from "../gguf_writer.ts";
import { openLiveStore } from "../store/live_store.ts";
import { tinyParts } from "../tiny_model.ts";
import { DESK, noBrowser, onScreens, openBrowser, type Tab, until } from "./browser.ts";

const SLOW_MS = 20_000;

Deno.test({
  name: `author: journey${noBrowser ? ` (skipped: ${noBrowser})` : ""}`,
  ignore: noBrowser !== undefined,
  async fn(t) {
    const model = writeGguf(tinyParts({ contextTokens: 4096 })); // instructions are some 600 tokens
    await using live = await openLiveStore({}, model);
    await using browser = await openBrowser(live.origin);
    let build = "";
    await t.step(
      "a wish becomes a draft, changes by talk and by hand, is undone and saved",
      async () => {
        await using tab = await browser.open({ ...DESK, locale: "en" });
        build = await author(tab);
        assert.deepEqual(tab.faults, []);
      },
    );
    await t.step("versions are compared and restored", async () => {
      await using tab = await browser.open({ ...DESK, locale: "en" });
      await versions(tab);
      assert.equal(live.registry.get("spell-coach").version, 3);
      assert.deepEqual(tab.faults, []);
    });
    await t.step("facts are turned on, added, edited and forgotten", async () => {
      await using tab = await browser.open({ ...DESK, locale: "en" });
      await remember(tab);
      assert.deepEqual(tab.faults, []);
    });
    await t.step("without scripts all of it can be read", async () => {
      await using tab = await browser.open({ ...DESK, locale: "en", javaScriptEnabled: false });
      await tab.page.goto(live.origin + build);
      const text = await tab.page.locator("#build-turns").innerText();
      assert.match(text, /It is called Spell Coach now/);
      assert.equal(await tab.page.locator("#draft-name").inputValue(), "Spell Coach");
    });
    await t.step("axe finds nothing, and nothing is wider than a phone or a desk", async () => {
      await onScreens(browser.open, (tab, variant) => inspect(tab, build, variant));
    });
  },
});

/** Returns the path of the session. */
async function author({ page, visit }: Tab): Promise<string> {
  const said = (text: string) => page.waitForSelector(`#build-turns :text('${text}')`);
  const say = async (text: string) => {
    await page.locator("#wish textarea").fill(text);
    await page.keyboard.press("Enter");
  };
  await visit("/build");
  await page.locator("textarea").fill("A spelling coach who never gives the answer at once");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/build/*");
  await said("Here is a draft of");
  const { pathname } = new URL(page.url());

  await say("call it Spell Coach");
  await said("It is called Spell Coach now");
  assert.equal(await page.locator("#draft-name").inputValue(), "Spell Coach");
  assert.match(await page.locator(".diff ins").last().innerText(), /Spell Coach/);

  await page.locator("label.pane-preview").click();
  await page.locator(".preview .starters button").first().click();
  await page.waitForSelector(".preview .answer[data-index='1']", { timeout: SLOW_MS });
  await say("be stricter");
  await page.waitForSelector("[data-compare]");
  await page.locator("[data-compare]").click();
  await page.waitForSelector(".before-change");
  await page.waitForSelector(".stale", { state: "detached" });
  await page.waitForSelector("#composer:not([data-busy])", { timeout: SLOW_MS });

  await page.locator("label.pane-form").click();
  await page.locator("#draft-description").fill("Helps with spelling.");
  await page.locator("#draft-description").blur();
  await said("You changed description");
  await page.getByRole("button", { name: "Undo" }).first().click();
  await said("I took the last change back");
  assert.notEqual(await page.locator("#draft-description").inputValue(), "Helps with spelling.");
  await page.getByRole("button", { name: "Redo" }).click();
  await until(async () =>
    await page.locator("#draft-description").inputValue() === "Helps with spelling."
  );

  await visit(pathname); // a reload loses nothing
  await said("It is called Spell Coach now");
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForSelector(".build-title .saved");
  await page.getByRole("link", { name: "Open", exact: true }).click();
  await page.waitForURL("**/a/spell-coach");
  await page.getByRole("button", { name: "Assistant menu" }).click();
  await page.getByRole("button", { name: "Edit" }).click();
  await page.waitForURL("**/build/*");
  await say("add a tag: school");
  await said("I added the tag school");
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForSelector(".build-title .saved");
  return pathname;
}

async function versions({ page, visit }: Tab): Promise<void> {
  await visit("/a/spell-coach/versions");
  await page.getByRole("link", { name: "What changed" }).first().click();
  assert.match(await page.locator(".compared ins").innerText(), /school/);
  await page.getByRole("button", { name: "Restore" }).click();
  await page.waitForSelector(".versions strong:text('Version 3')");
}

async function remember({ page, visit }: Tab): Promise<void> {
  await visit("/a/spell-coach/memory");
  assert.equal(await page.locator("#new-fact").count(), 0);
  await page.getByRole("switch").check();
  await page.locator("#new-fact").fill("I am nine years old");
  await page.keyboard.press("Enter");
  const fact = page.getByRole("textbox", { name: "Something to remember", exact: true });
  await fact.waitFor();
  await fact.fill("I am ten years old");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#memory input[value='I am ten years old']");
  await page.getByRole("button", { name: "Forget everything" }).click();
  await page.waitForSelector("#memory input[value]", { state: "detached" });
}

/** Looks at each page, saves what it sees and asks axe. */
async function inspect(tab: Tab, build: string, variant: string): Promise<void> {
  const { page } = tab;
  const pages = {
    start: "/build",
    build,
    versions: "/a/spell-coach/versions?from=1&to=2",
    memory: "/a/spell-coach/memory",
  };
  for (const [name, path] of Object.entries(pages)) {
    await tab.visit(path);
    await tab.look(`${name}-${variant}`);
  }
  await tab.visit(build);
  for (const pane of ["form", "preview"]) {
    await page.locator(`label.pane-${pane}`).click();
    await tab.look(`build-${pane}-${variant}`);
  }
  await tab.visit("/a/spell-coach");
  await page.locator(".top [popovertarget=menu]").click();
  await tab.look(`assistant-menu-${variant}`);
}
