import assert from "node:assert/strict";
import type { ChatEvent } from "@flint/plugins";
import { type LiveStore, openLiveStore } from "./live_store.ts";

const JSON_TYPE = { "content-type": "application/json" };
/** Tokens 0 and 2 end an answer of the tiny model: without its control tokens only a limit does. */
const ENDLESS = { logit_bias: { 0: -100, 1: -100, 2: -100 }, max_completion_tokens: 400 };

const post = (url: string, body: unknown, signal?: AbortSignal) =>
  fetch(url, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });

/** Begins a conversation with an assistant whose answers are this long; returns its address. */
async function begin({ origin, registry }: LiveStore, maxTokens: number): Promise<string> {
  const sampling = { maxTokens, temperature: 0 }; // greedy, the tiny model goes on and on
  const { id } = await registry.create({ name: "Echo", instructions: "hello", sampling });
  const begun = await post(`${origin}/api/conversations`, { assistantId: id });
  return `${origin}/api/conversations/${(await begun.json()).id}`;
}

/** The events of a whole stream; every frame must be whole. */
async function eventsOf(response: Response): Promise<ChatEvent[]> {
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.ok(text.endsWith("\n\n"));
  return text.slice(0, -2).split("\n\n").map((frame) => {
    const [, name, data] = /^event: (\w+)\ndata: (.+)$/.exec(frame)!;
    const event = JSON.parse(data!) as ChatEvent;
    assert.equal(event.type, name);
    return event;
  });
}

const said = (events: ChatEvent[]) =>
  events.map((event) => event.type === "token" ? event.text : "").join("");

async function idle({ engine }: LiveStore): Promise<void> {
  while (engine.report().running + engine.report().waiting > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("conversation: an answer streams as tokens, stats and done, and is kept", async () => {
  await using store = await openLiveStore();
  const talk = await begin(store, 12);
  const events = await eventsOf(await post(`${talk}/messages`, { content: "hello" }));
  assert.deepEqual(events.slice(-2).map((event) => event.type), ["stats", "done"]);
  const { messages } = await (await fetch(talk)).json();
  assert.deepEqual(messages.map((m: { role: string }) => m.role), ["user", "assistant"]);
  assert.equal(messages[1].content, said(events));
});

Deno.test("conversation: regenerate answers the same message anew in place of the old answer", async () => {
  await using store = await openLiveStore();
  const talk = await begin(store, 12);
  await eventsOf(await post(`${talk}/messages`, { content: "hello" }));
  const events = await eventsOf(await fetch(`${talk}/regenerate`, { method: "POST" }));
  const { messages } = await (await fetch(talk)).json();
  assert.equal(messages.length, 2);
  assert.equal(messages[1].content, said(events));
});

Deno.test("conversation: a second message meanwhile is refused as busy, with a time to retry", async () => {
  await using store = await openLiveStore();
  const talk = await begin(store, 300);
  const leave = new AbortController();
  const first = await post(`${talk}/messages`, { content: "hello" }, leave.signal);
  const second = await post(`${talk}/messages`, { content: "and?" });
  assert.deepEqual([second.status, second.headers.get("retry-after")], [429, "5"]);
  await second.body!.cancel();
  leave.abort();
  await assert.rejects(first.text());
  await idle(store);
});

Deno.test("conversation: who leaves stops the answer, and what was said is kept", async () => {
  await using store = await openLiveStore();
  const talk = await begin(store, 400);
  const leave = new AbortController();
  const response = await post(`${talk}/messages`, { content: "hello" }, leave.signal);
  const reader = response.body!.getReader();
  await reader.read();
  leave.abort();
  await assert.rejects(reader.read());
  await idle(store);
  for (;;) {
    const { messages } = await (await fetch(talk)).json();
    if (messages.length < 2) continue;
    assert.equal(messages[1].end, "cancelled");
    break;
  }
});

Deno.test("chat stream: who leaves before the first token leaves nothing behind", async () => {
  await using store = await openLiveStore();
  const content = "hello ".repeat(400); // a long prefill
  for (let i = 0; i < 5; i++) {
    const leave = new AbortController();
    const asked = { model: "tiny", messages: [{ role: "user", content }], stream: true };
    const sent = post(`${store.origin}/v1/chat/completions`, asked, leave.signal);
    setTimeout(() => leave.abort(), i);
    await sent.then((response) => response.text()).catch(() => {});
  }
  await idle(store);
  assert.equal(store.engine.report().kvBlocksUsed, 0);
});

Deno.test("stop: a stopping server lets answers end and watchers go", async () => {
  const stop = new AbortController();
  const store = await openLiveStore({ stopping: stop.signal });
  const messages = [{ role: "user", content: "hello" }];
  const asked = { model: "tiny", messages, stream: true, ...ENDLESS, max_completion_tokens: 60 };
  const answer = await post(`${store.origin}/v1/chat/completions`, asked);
  const watcher = await fetch(`${store.origin}/api/core/events`);
  const whole = answer.text(), watched = watcher.text();
  stop.abort();
  await store[Symbol.asyncDispose](); // shuts the server down before anything else
  assert.match(await whole, /"finish_reason":"length".*\n\ndata: \[DONE\]\n\n$/s);
  assert.match(await watched, /^event: core\ndata: .*\n\n$/s);
});

Deno.test("chat stream: choices side by side are told apart and each ends once", async () => {
  await using store = await openLiveStore();
  const messages = [{ role: "user", content: "hello" }];
  const asked = { model: "tiny", messages, stream: true, n: 3, seed: 1, ...ENDLESS };
  const response = await post(`${store.origin}/v1/chat/completions`, {
    ...asked,
    max_completion_tokens: 20,
  });
  const frames = (await response.text()).trimEnd().split("\n\n");
  assert.equal(frames.pop(), "data: [DONE]");
  const ends = frames.map((frame) => JSON.parse(frame.slice("data: ".length)).choices[0])
    .filter((choice) => choice.finish_reason !== null);
  assert.deepEqual(ends.map((choice) => choice.index).sort(), [0, 1, 2]);
});
