/// <reference lib="dom" />
/**
 * The service worker, bundled into ../worker.js: keeps one page for when Flint is not running. All
 * else comes from the server each time, so that no page is ever stale.
 */

/** The part of a service worker's scope that is used here; the DOM's own types have none. */
interface Scope {
  skipWaiting(): Promise<void>;
  addEventListener(
    type: "install",
    listen: (event: { waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(
    type: "fetch",
    listen: (event: { request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void;
}

const scope = globalThis as unknown as Scope;
const OFFLINE = "/offline";

/** Keeps the page and what it is drawn with. */
async function keep(): Promise<void> {
  await caches.delete("flint");
  const cache = await caches.open("flint");
  const page = await fetch(OFFLINE);
  const assets = (await page.clone().text()).match(/\/assets\/(?:style|font|icon)-\w+/g) ?? [];
  await cache.put(OFFLINE, page);
  await cache.addAll([...new Set(assets)]);
  await scope.skipWaiting();
}

scope.addEventListener("install", (event) => event.waitUntil(keep()));

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const isAsset = new URL(request.url).pathname.startsWith("/assets/");
  if (request.mode !== "navigate" && !isAsset) return;
  event.respondWith(
    fetch(request).catch(async (error) => {
      const kept = await caches.match(isAsset ? request : OFFLINE);
      if (!kept) throw error;
      return kept;
    }),
  );
});
