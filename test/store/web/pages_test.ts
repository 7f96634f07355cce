import assert from "node:assert/strict";
import { openQuietStore, type QuietStore } from "../quiet_store.ts";

const DRAFT = {
  name: "Spell Coach",
  instructions: "Correct the spelling of what you are sent.",
  description: "Corrects & teaches",
  starters: ["Their going <home>"],
};

/** A page as a browser asks for it. */
async function open(store: QuietStore, path: string, headers: Record<string, string> = {}) {
  const response = await store.app.request(path, { headers: { accept: "text/html", ...headers } });
  return { status: response.status, html: await response.text(), response };
}

Deno.test("home: shows each assistant, and says so when there is none", async () => {
  await using store = await openQuietStore();
  assert.match((await open(store, "/")).html, /No assistant yet/);
  await store.registry.create(DRAFT);
  const { html } = await open(store, "/");
  assert.match(html, /<!doctype html>/);
  assert.match(html, /<a href="\/a\/spell-coach">Spell Coach<\/a>/);
  assert.match(html, /Corrects &amp; teaches/);
});

Deno.test("home: tells how far the first model is", async () => {
  await using store = await openQuietStore();
  const { html } = await open(store, "/");
  assert.match(html, /smollm2-135m is being downloaded · 3 % · 3 B \/ 98 B/);
  assert.match(html, /No model is open yet/);
});

Deno.test("pages: speak the browser's language until the reader chooses another", async () => {
  await using store = await openQuietStore();
  const chinese = { "accept-language": "zh-CN,zh;q=0.9,en;q=0.8" };
  assert.match((await open(store, "/", chinese)).html, /<html lang="zh"/);
  assert.match((await open(store, "/", { "accept-language": "fr" })).html, /<html lang="en"/);
  const both = { ...chinese, cookie: "language=en; theme=dark" };
  assert.match((await open(store, "/", both)).html, /<html lang="en" data-theme="dark"/);
  const wrong = { cookie: 'language=xx; theme="><script>' };
  assert.match((await open(store, "/", wrong)).html, /<html lang="en" data-theme="system"/);
});

Deno.test("settings: a choice is kept in a cookie, and the form leads back where it was", async () => {
  await using store = await openQuietStore();
  const post = (fields: Record<string, string>) =>
    store.app.request("/settings", { method: "POST", body: new URLSearchParams(fields) });
  const kept = await post({ theme: "dark", language: "zh", back: "/a/x" });
  assert.deepEqual([kept.status, kept.headers.get("location")], [303, "/a/x"]);
  const cookies = kept.headers.getSetCookie().join("\n");
  assert.match(cookies, /theme=dark;.*HttpOnly; SameSite=Lax/);
  assert.match(cookies, /language=zh;/);
  for (const back of ["//evil.example", "https://evil.example", "/\\evil.example", "x"]) {
    assert.equal((await post({ back })).headers.get("location"), "/");
  }
  assert.deepEqual((await post({ theme: "pink", language: "fr" })).headers.getSetCookie(), []);
});

Deno.test("a/{assistant}: starters are links that fill the composer", async () => {
  await using store = await openQuietStore();
  await store.registry.create(DRAFT);
  const { html } = await open(store, "/a/spell-coach");
  const link = /href="(\/a\/spell-coach\?ask=[^"]+)"/.exec(html)![1]!;
  assert.match(
    (await open(store, link)).html,
    /<textarea[^>]*>Their going &lt;home&gt;<\/textarea>/,
  );
});

Deno.test("chat/{conversation}: reads without scripts, with figures and endings", async () => {
  await using store = await openQuietStore();
  const { id } = await begin(store);
  await store.conversations.append(id, { role: "user", content: "<b>How?</b>" });
  await store.conversations.append(id, {
    role: "assistant",
    content: "With **care**.",
    end: "cancelled",
    stats: STATS,
  });
  const { html } = await open(store, `/chat/${id}`);
  assert.match(html, /<div class="bubble">&lt;b&gt;How\?&lt;\/b&gt;<\/div>/);
  assert.match(html, /<p>With <strong>care<\/strong>\.<\/p>/);
  assert.match(html, /You stopped this answer/);
  assert.match(html, /14\.2 tok\/s.*91 % from memory/);
  assert.match(html, /<dd>34 MB<\/dd>/);
  assert.match(html, /aria-current="page"/);
});

Deno.test("chat/{conversation}: an unanswered question offers to ask again", async () => {
  await using store = await openQuietStore();
  const { id } = await begin(store);
  await store.conversations.append(id, { role: "user", content: "How?" });
  const [turns] = /<ol id="turns".*?<\/ol>/s.exec((await open(store, `/chat/${id}`)).html)!;
  assert.match(turns, /No answer came\..*data-regenerate/s);
});

Deno.test("chat/{conversation}: stays readable when its assistant was removed", async () => {
  await using store = await openQuietStore();
  const { id, assistant } = await begin(store);
  await store.conversations.append(id, { role: "user", content: "How?" });
  await store.registry.remove(assistant.id, assistant.version);
  const { status, html } = await open(store, `/chat/${id}`);
  assert.equal(status, 200);
  assert.match(html, /spell-coach was removed/);
  assert.doesNotMatch(html, /<textarea/);
});

Deno.test("conversations: all of them are reached from the sidebar, page by page", async () => {
  await using store = await openQuietStore();
  const { assistant } = await begin(store);
  for (let n = 0; n < 60; n++) {
    const { id } = await store.conversations.create(assistant.id);
    await store.conversations.append(id, { role: "user", content: `Question ${n}` });
  }
  assert.match((await open(store, "/")).html, /href="\/conversations"/);
  const first = (await open(store, "/conversations")).html;
  const next = /href="(\/conversations\?cursor=[^"]+)"/.exec(first)![1]!.replaceAll("&amp;", "&");
  const [list] = /<ul class="recent">.*?<\/ul>/s.exec((await open(store, next)).html)!;
  assert.match(list, /Question 0</);
  assert.doesNotMatch(list, /Question 59</);
  assert.equal((await open(store, "/conversations?cursor=nonsense")).status, 404);
});

Deno.test("core/window: says so until a model answers", async () => {
  await using store = await openQuietStore();
  assert.match((await open(store, "/core/window")).html, /No model is open yet/);
});

Deno.test("pages: what is not there is a page to people and a problem to programs", async () => {
  await using store = await openQuietStore();
  for (const path of ["/chat/nope", "/a/nope", "/nope"]) {
    const page = await open(store, path);
    assert.equal(page.status, 404, path);
    assert.match(page.html, /This page is not here/);
  }
  const problem = await store.app.request("/nope");
  assert.equal(problem.headers.get("content-type"), "application/problem+json");
});

Deno.test("pages: hold no inline script or style, and every asset answers", async () => {
  await using store = await openQuietStore();
  const { id } = await begin(store);
  await store.conversations.append(id, { role: "user", content: "How?" });
  for (const path of ["/", "/a/spell-coach", `/chat/${id}`]) {
    const { html, response } = await open(store, path);
    assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]* src="\/)/);
    assert.match(response.headers.get("content-security-policy")!, /default-src 'self'/);
    for (
      const [, address] of html.matchAll(/(?:href|src|data-code|data-answer)="(\/assets\/[^"]+)"/g)
    ) {
      const asset = await store.app.request(address!);
      assert.equal(asset.status, 200, address!);
      assert.match(asset.headers.get("cache-control")!, /immutable/);
      await asset.body!.cancel();
    }
  }
});

const STATS = {
  model: "tiny",
  fidelity: "exact",
  promptTokens: 9,
  cachedTokens: 0,
  completionTokens: 3,
  droppedMessages: 0,
  firstTokenMs: 412,
  tokensPerSecond: 14.23,
  hitRate: 0.914,
  bytesReadPerToken: 34_200_000,
} as const;

async function begin(store: QuietStore) {
  const assistant = await store.registry.create(DRAFT);
  return { assistant, ...await store.conversations.create(assistant.id) };
}
