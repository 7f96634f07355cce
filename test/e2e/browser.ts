/** A real Chromium that tells what went wrong on a page: errors, and requests that leave the origin. */
import assert from "node:assert/strict";
import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import axe from "axe-core";

/** Where a browser is looked for; CI names its own. */
const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";
/** The browser's own calls home stay off, so that each request seen is the page's. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** When panels have slid; what turns for ever is not waited for. */
const SLID = `Promise.all(
  document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().endTime < Infinity)
    .map(({ finished }) => finished.catch(() => {})),
).then(() => {})`;
const UNDRAWN = "figure[data-chart]:empty";
const SCREENS = new URL("../../.artifacts/screens/", import.meta.url);

/** Why browser tests do not run here; undefined where they do. */
export const noBrowser: string | undefined = await Deno.stat(CHROMIUM).then(
  () => undefined,
  () => `no Chromium at ${CHROMIUM}; name one with CHROMIUM`,
);

/** The screens that pages are looked at on. */
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const DESK = { viewport: { width: 1440, height: 900 } };

/** One tab of one reader. */
export interface Tab extends AsyncDisposable {
  readonly page: Page;
  /** Console errors, uncaught errors and refused or foreign requests so far. */
  readonly faults: string[];
  /** Goes to a path and waits until its islands are awake. */
  visit(path: string): Promise<void>;
  /** Saves what is seen to .artifacts/screens/. */
  shoot(name: string): Promise<void>;
  /** What axe finds against WCAG 2.2 AA, as one line each. */
  axe(): Promise<string[]>;
  /** Shoots what is seen, and asserts that axe finds nothing and nothing is wider than the screen. */
  look(name: string): Promise<void>;
}

/** Opens a browser; `await using` closes it and its tabs. */
export async function openBrowser(origin: string) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
  return {
    async open(options: BrowserContextOptions = {}): Promise<Tab> {
      // A service worker would answer before a test's own routes do.
      const context = await browser.newContext({ serviceWorkers: "block", ...options });
      return await openTab(context, origin);
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Opens tabs as `Browser.open` does. */
type Open = (options: BrowserContextOptions) => Promise<Tab>;

/** Looks around on a phone and a desk, each light in English and dark in Chinese; nothing may go wrong on any. */
export async function onScreens(
  open: Open,
  look: (tab: Tab, variant: string) => Promise<void>,
): Promise<void> {
  for (const [name, size] of Object.entries({ phone: PHONE, desk: DESK })) {
    for (const [colorScheme, locale] of [["light", "en"], ["dark", "zh"]] as const) {
      await using tab = await open({ ...size, colorScheme, locale });
      await look(tab, `${name}-${colorScheme}-${locale}`);
      assert.deepEqual(tab.faults, []);
    }
  }
}

async function openTab(context: BrowserContext, origin: string): Promise<Tab> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`uncaught ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console ${message.text()}`);
  });
  page.on("request", (request) => {
    const { protocol } = new URL(request.url());
    if (protocol.startsWith("http") && !request.url().startsWith(`${origin}/`)) {
      faults.push(`request ${request.url()}`);
    }
  });
  const tab: Tab = {
    page,
    faults,
    async visit(path) {
      await page.goto(origin + path);
      await page.waitForSelector("[data-awake]", { state: "attached" });
    },
    async shoot(name) {
      await page.screenshot({ path: new URL(`${name}.png`, SCREENS).pathname });
    },
    async axe() {
      await page.evaluate(axe.source);
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
      const { violations } = await page.evaluate(
        `axe.run({ runOnly: ${JSON.stringify(tags)} })`,
      ) as axe.AxeResults;
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id} ${html}`));
    },
    async look(name) {
      await page.evaluate(SLID);
      await until(async () => await page.locator(UNDRAWN).count() === 0);
      await tab.shoot(name);
      assert.deepEqual(await tab.axe(), [], name);
      assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name);
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
  return tab;
}

/** Asks again until the answer is yes. (The page's policy forbids the driver's own way, eval.) */
export async function until(condition: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("waited 20 s in vain");
}
