/** Someone opens the page, chooses an assistant, asks, stops, reloads: real browser, server, engine. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { writeGguf } from "../gguf_writer.ts";
import { type LiveStore, openLiveStore } from "../store/live_store.ts";
import { PAYLOADS } from "../store/web/payloads.ts";
import { tinyParts } from "../tiny_model.ts";
import { DESK, noBrowser, onScreens, openBrowser, PHONE, type Tab, until } from "./browser.ts";

type Open = Awaited<ReturnType<typeof openBrowser>>["open"];
type Steps = (live: LiveStore, open: Open) => Promise<void>;

const journeys: (readonly [name: string, steps: Steps])[] = [];
const journey = (name: string, steps: Steps) => journeys.push([name, steps]);

Deno.test({
  name: `page: journeys${noBrowser ? ` (skipped: ${noBrowser})` : ""}`,
  ignore: noBrowser !== undefined,
  async fn(t) {
    await using live = await openLiveStore({}, endlessModel());
    await live.registry.create({ ...SPEAKER, id: "speaker", name: "Speaker" });
    const rambler = {
      id: "rambler",
      name: "Rambler",
      sampling: { temperature: 0, maxTokens: 3000 },
    };
    await live.registry.create({ ...SPEAKER, ...rambler });
    await using browser = await openBrowser(live.origin);
    for (const [name, steps] of journeys) await t.step(name, () => steps(live, browser.open));
  },
});

/** A tiny model that knows no end of text, so that answers are as long as they are asked to be. */
function endlessModel(): Uint8Array {
  const { metadata, tensors } = tinyParts({ contextTokens: 4096 });
  const endings = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.token_type"];
  return writeGguf({ metadata: metadata.filter(([key]) => !endings.includes(key)), tensors });
}

/** Greedy, so that the tiny model says the same in each run: enough to be seen growing. */
const SPEAKER = {
  description: "Says what comes to mind.",
  instructions: "Talk.",
  starters: ["Tell me of the sea.", "Count to ten."],
  avatar: "🐚",
  sampling: { temperature: 0, maxTokens: 400 },
};

journey("choose, ask, watch the answer grow, reload, find it again", async (_, open) => {
  await using tab = await open(DESK);
  const { page } = tab;
  await page.addInitScript(WATCH_SHIFTS);
  await tab.visit("/");
  await page.getByRole("link", { name: "Speaker" }).last().click();
  await page.waitForURL("**/a/speaker");
  await page.getByRole("textbox", { name: "Ask Speaker" }).fill("hello");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/chat/*");
  const early = await lengthOf(page, ".live .prose", 1);
  assert.ok(await lengthOf(page, ".live .prose", early + 1) > early);
  await page.waitForSelector(".answer[data-index='1']");
  await page.waitForSelector("#title:text('hello')");
  const answer = await page.locator(".answer .prose").innerText();
  assert.match(await page.locator(".stats summary").innerText(), /tok\/s.*from memory/s);
  assert.ok(await page.evaluate<number>("shifted") < SHIFT_MAX);

  await tab.visit(new URL(page.url()).pathname);
  assert.equal(await page.locator(".answer .prose").innerText(), answer);
  assert.equal(await page.locator("#conversations [aria-current]").innerText(), "hello");
  assert.deepEqual(tab.faults, []);
});

/** Adds up what moved on the page without the reader's doing. */
const WATCH_SHIFTS = `globalThis.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });`;
/** A tenth of what counts as a good page elsewhere. */
const SHIFT_MAX = 0.01;

journey("stop an answer, keep its part, have it answered again", async (live, open) => {
  await using tab = await open(DESK);
  const { page } = tab;
  await tab.visit("/a/rambler");
  await page.getByRole("link", { name: "Count to ten." }).click();
  await page.waitForURL("**/chat/*");
  await lengthOf(page, ".live .prose", 20);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.waitForSelector(".answer[data-index='1'] .note:text('You stopped')");
  const part = await page.locator(".answer .prose").innerText();
  assert.ok(part.length >= 20);
  while (live.engine.report().running > 0) await page.waitForTimeout(20);

  await page.getByRole("button", { name: "Answer again" }).click();
  await lengthOf(page, ".live .prose", 20);
  await page.reload(); // in the middle of the answer: its part is found again
  await page.waitForSelector(".answer[data-index='1'] .note:text('You stopped')");
  assert.equal(await page.locator(".turn").count(), 2);
  assert.deepEqual(tab.faults, []);
});

journey("the view follows the answer until the reader scrolls away", async (_, open) => {
  await using tab = await open(PHONE);
  const { page } = tab;
  await tab.visit("/a/rambler?ask=hello");
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL("**/chat/*");
  await until(() => page.evaluate("scrollY > 200"));
  assert.equal(await page.locator(".jump").isHidden(), true);
  await page.evaluate("scrollTo(0, 0)");
  const before = await lengthOf(page, ".live .prose", 1);
  await lengthOf(page, ".live .prose", before + 200);
  assert.equal(await page.evaluate("scrollY"), 0);
  await page.getByRole("button", { name: "Jump to the latest" }).click();
  await until(() => page.evaluate("scrollY > 200"));
  await page.getByRole("button", { name: "Stop" }).click();
  await page.waitForSelector(".answer[data-index='1']");
  assert.deepEqual(tab.faults, []);
});

journey("rename and delete a conversation", async (live, open) => {
  const id = await talk(live);
  await using tab = await open(DESK);
  const { page } = tab;
  await tab.visit(`/chat/${id}`);
  await page.getByRole("button", { name: "Conversation menu" }).click();
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Title" }).fill("About <shells>");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#conversations a:has-text('About <shells>')");
  await page.getByRole("button", { name: "Conversation menu" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.waitForURL(`${live.origin}/`);
  assert.equal(await page.locator("#conversations a:has-text('About <shells>')").count(), 0);
  assert.deepEqual(tab.faults, []);
});

journey("a refused question stays on the page until it is sent again", async (_, open) => {
  await using tab = await open(DESK);
  const { page } = tab;
  const refusal = { title: "Not ready yet", detail: "the model is being fetched" };
  await page.route("**/messages", (route) => route.fulfill({ status: 503, json: refusal }));
  await tab.visit("/a/speaker?ask=hello");
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForSelector(".no-answer:has-text('the model is being fetched')");
  await page.unroute("**/messages");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForSelector(".answer[data-index='1']");
  assert.equal(await page.locator(".question").innerText(), "You said\nhello");
});

journey("Enter that ends a composition does not send", async (_, open) => {
  await using tab = await open(DESK);
  const { page } = tab;
  await tab.visit("/a/speaker");
  const box = page.getByRole("textbox", { name: "Ask Speaker" });
  await box.focus();
  const session = await page.context().newCDPSession(page);
  await session.send("Input.imeSetComposition", { text: "ni", selectionStart: 2, selectionEnd: 2 });
  await session.send("Input.dispatchKeyEvent", {
    type: "keyDown",
    key: "Enter",
    windowsVirtualKeyCode: 229,
  });
  await session.send("Input.insertText", { text: "你" });
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("好");
  assert.equal(await box.inputValue(), "你\n好");
  assert.equal(new URL(page.url()).pathname, "/a/speaker");
});

journey("hostile words do nothing, kept or streamed", async (live, open) => {
  const id = await talk(live, PAYLOADS);
  await using tab = await open(DESK);
  const { page } = tab;
  await page.addInitScript("globalThis.hits = 0; globalThis.hit = () => hits++");
  await tab.visit(`/chat/${id}`);
  const streamed = PAYLOADS.map((text) => event({ type: "token", text: `${text}\n\n` }));
  await page.route("**/messages", (route) =>
    route.fulfill({
      contentType: "text/event-stream",
      body: streamed.join("") + event({ type: "error", code: "x", message: "<img onerror=hit()>" }),
    }));
  await page.getByRole("textbox").fill("<img src=x onerror=hit()>");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".no-answer:has-text('<img onerror=hit()>')");
  for (const link of await page.locator(".prose a").all()) {
    assert.match(await link.evaluate((a) => (a as unknown as { protocol: string }).protocol), SAFE);
  }
  assert.equal(await page.locator(".prose :is(script, img, svg, iframe, style, form)").count(), 0);
  assert.equal(await page.evaluate("hits"), 0);
  assert.deepEqual(tab.faults, []);
});

const SAFE = /^(https?|mailto):$/;
const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;

journey(
  "a call that waits is found again after a reload, and refused by touch",
  async (live, open) => {
    await using tab = await open({ ...PHONE, colorScheme: "dark" });
    const { page } = tab;
    const { id } = await live.conversations.create("speaker");
    await live.conversations.append(id, { role: "user", content: "book a table" });
    const call = {
      ...{ id: "call_0123456789abcdef01234567", plugin: "kit", tool: "book", name: "book" },
      ...{ arguments: { city: "Bern" }, step: 0, ask: "once" as const },
    };
    const waiting = { role: "assistant" as const, content: "", end: "waiting" as const };
    await live.conversations.append(id, { ...waiting, calls: [call] });
    await tab.visit(`/chat/${id}`);
    await page.reload();
    await page.waitForSelector("[data-awake]", { state: "attached" });
    assert.match(await page.locator(".call pre").first().innerText(), /Bern/);
    assert.deepEqual(await tab.axe(), []);
    await tab.shoot("tool_waits_phone_dark");
    await page.getByRole("button", { name: "Do not allow" }).tap();
    await page.waitForSelector(".answer:not(.live)[data-index='1'] .prose > *");
    assert.match(await page.locator(".call-state").innerText(), /not allowed/);
    assert.equal(await page.locator(".turn").count(), 2);
    assert.deepEqual(tab.faults, []);
  },
);

journey("theme and language are chosen, and kept by the server", async (_, open) => {
  await using tab = await open({ ...DESK, colorScheme: "light" });
  const { page } = tab;
  await tab.visit("/");
  await page.getByRole("radio", { name: "Dark" }).check();
  assert.equal(await page.evaluate(BACKGROUND), "dark");
  await page.getByRole("combobox", { name: "Language" }).selectOption("zh");
  await page.waitForSelector("html[lang=zh][data-awake]", { state: "attached" });
  assert.equal(await page.locator("h1").innerText(), "在想什么？");
  assert.equal(await page.evaluate(BACKGROUND), "dark");
  assert.deepEqual(tab.faults, []);
});

journey("the core's page shows what a chat costs while it goes on", async (live, open) => {
  await using tab = await open(DESK);
  const { page } = tab;
  await tab.visit("/core/window");
  const figures = page.locator(".tiles");
  const shown = await figures.count() > 0 ? await figures.innerText() : "";
  const said = await fetch(`${live.origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "speaker", messages: [{ role: "user", content: "hello" }] }),
  });
  assert.equal(said.status, 200, await said.text());
  await until(async () => await figures.count() > 0 && await figures.innerText() !== shown);
  assert.match(await figures.innerText(), /Tokens per second/); // drawn without a reload
  assert.deepEqual(tab.faults, []);
});

const BACKGROUND =
  "Number(getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/)[0]) < 0.5 ? 'dark' : 'light'";

journey("axe finds nothing, and nothing is wider than a phone or a desk", async (live, open) => {
  const id = await talk(live, [EXAMPLE]);
  await onScreens(open, (tab, variant) => inspect(tab, id, variant));
});

/** Looks at each page, closed and opened, saves what it sees and asks axe. */
async function inspect(tab: Tab, id: string, variant: string): Promise<void> {
  const { page } = tab;
  const opened = {
    core: ".meter-chip",
    menu: ".top [popovertarget=menu]",
    figures: ".stats summary",
  };
  const pages = { home: "/", fresh: "/a/speaker", chat: `/chat/${id}`, window: "/core/window" };
  for (const [name, path] of Object.entries(pages)) {
    await tab.visit(path);
    await tab.look(`${name}-${variant}`);
  }
  for (const [name, opener] of Object.entries(opened)) {
    await tab.visit(`/chat/${id}`);
    await page.locator(opener).last().click();
    await tab.look(`${name}-${variant}`);
  }
}

/** Waits until an element holds at least so many characters; returns how many it holds then. */
async function lengthOf(page: Page, selector: string, characters: number): Promise<number> {
  const length = `document.querySelector("${selector}")?.textContent.length ?? 0`;
  let found = 0;
  await until(async () => (found = await page.evaluate(length)) >= characters);
  return found;
}

/** A kept conversation with these answers. */
async function talk(
  live: LiveStore,
  answers: readonly string[] = ["By the sea."],
): Promise<string> {
  const { id } = await live.conversations.create("speaker");
  for (const content of answers) {
    await live.conversations.append(id, { role: "user", content: "Where do shells come from?" });
    await live.conversations.append(id, { role: "assistant", content, end: "stop", stats: STATS });
  }
  return id;
}

const STATS = {
  model: "tiny",
  fidelity: "exact",
  promptTokens: 31,
  cachedTokens: 0,
  completionTokens: 400,
  droppedMessages: 0,
  firstTokenMs: 172,
  tokensPerSecond: 14.2,
  hitRate: 0.914,
  bytesReadPerToken: 34_200_000,
} as const;

const EXAMPLE = `A shell is **grown**, not found. See [the museum](https://shells.example/).

## How it grows

1. The mantle lays down *aragonite*.
2. A new rim is added each season.
   - in summer a wide one
   - in winter a thin one

\`\`\`python
def rim(season: str) -> float:
    return 1.4 if season == "summer" else 0.6  # millimetres, and a comment that is rather long
\`\`\`

| Shell | Turns |
|---|--:|
| Whelk | 6 |
| Cowrie | 2 |

> The sea keeps the rest. 大海保管其余的。
`;
