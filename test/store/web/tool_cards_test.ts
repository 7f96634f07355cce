/** Calls of tools on a conversation's page: what they asked and answered, and the reader's leave. */
import assert from "node:assert/strict";
import type { ToolUse } from "@flint/plugins";
import { openQuietStore, type QuietStore } from "../quiet_store.ts";

const CALL: ToolUse = {
  id: "call_0123456789abcdef01234567",
  plugin: "kit",
  tool: "book",
  name: "book",
  arguments: { city: "<b>Bern</b>" },
  step: 0,
};

/** The page of a conversation whose answer made these calls. */
async function pageOf(
  store: QuietStore,
  calls: ToolUse[],
  more: { end?: "waiting" | "stop"; said?: string } = {},
  language = "en",
): Promise<string> {
  const { id: assistantId } = await store.registry.create({ name: "A", instructions: "help" });
  const { id } = await store.conversations.create(assistantId);
  await store.conversations.append(id, { role: "user", content: "hello" });
  const end = more.end ?? "stop";
  await store.conversations.append(id, { role: "assistant", content: "", end, calls });
  if (more.said) await store.conversations.append(id, { role: "user", content: more.said });
  const headers = { accept: "text/html", "accept-language": language };
  return await (await store.app.request(`/chat/${id}`, { headers })).text();
}

Deno.test("cards: a call that waits offers what may be decided, until something else is said", async () => {
  await using store = await openQuietStore();
  const waiting = { end: "waiting" } as const;
  const always = await pageOf(store, [{ ...CALL, ask: "always" }], waiting);
  assert.match(always, /May book be called with this\?/);
  assert.match(always, /data-decide="allow".*data-decide="deny"/s);
  assert.doesNotMatch(always, /data-decide="allow_conversation"/);
  const once = await pageOf(store, [{ ...CALL, ask: "once" }], waiting, "zh");
  assert.match(once, /data-decide="allow_conversation">本次对话中都允许/);
  const passed = await pageOf(store, [{ ...CALL, ask: "once" }], { ...waiting, said: "no" });
  assert.doesNotMatch(passed, /data-decide/);
  assert.match(passed, /not allowed in time/);
});

Deno.test("cards: what tools get and give is shown as text, pictures as pictures, charts as a hook", async () => {
  await using store = await openQuietStore();
  const html = await pageOf(store, [{
    ...CALL,
    result: {
      content: [
        { type: "text", text: "</pre><script>alert(1)</script>" },
        { type: "json", value: { rain: [1, 2] } },
        { type: "image", mimeType: "image/png", data: "iVBORw0KGgo=" },
        { type: "chart", spec: { mark: "bar", title: '"><script>' } },
      ],
    },
  }]);
  assert.doesNotMatch(html, /<b>Bern|<script>alert|"><script>/);
  assert.match(html, /&lt;\/pre&gt;&lt;script&gt;alert/);
  assert.match(html, /&quot;rain&quot;: \[\n/);
  assert.match(html, /<img class="call-image" src="data:image\/png;base64,iVBORw0KGgo="/);
  assert.match(html, /<figure class="call-chart" data-chart="\{&quot;mark&quot;:&quot;bar/);
});

Deno.test("cards: how a call stands is said in words", async () => {
  await using store = await openQuietStore();
  const failed = { content: [{ type: "text" as const, text: "no" }], failed: true };
  for (
    const [more, words] of [
      [{ result: { content: [] } }, "done"],
      [{ result: failed }, "failed"],
      [{ ask: "once", decision: "deny" }, "not allowed"],
      [{ ask: "once", decision: "expired" }, "not allowed in time"],
      [{}, "called"],
    ] as const
  ) {
    const html = await pageOf(store, [{ ...CALL, ...more } as ToolUse]);
    assert.match(html, new RegExp(`<span class="call-state">${words}</span>`), words);
  }
});
