/** Conversations over a real store. */
import assert from "node:assert/strict";
import { FlintError, openKv } from "@flint/core";
import { type Conversations, MESSAGES_MAX, openConversations } from "@flint/plugins";

async function withConversations(use: (conversations: Conversations) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  let second = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1, 0, 0, second++));
  try {
    await use(openConversations(kv, { now }));
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;
const user = (content: string) => ({ role: "user", content }) as const;

Deno.test("conversation: messages come back in order, numbered", () =>
  withConversations(async (conversations) => {
    const { id } = await conversations.create("owl");
    for (let i = 0; i < 12; i++) await conversations.append(id, user(`m${i}`));
    const messages = conversations.messages(id);
    assert.deepEqual(messages.map(({ index }) => index), [...Array(12).keys()]);
    assert.deepEqual(messages.map(({ content }) => content).slice(9), ["m9", "m10", "m11"]);
    assert.equal(conversations.get(id).messages, 12);
  }));

Deno.test("conversation: appends at once keep their own places", () =>
  withConversations(async (conversations) => {
    const { id } = await conversations.create("owl");
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => conversations.append(id, user(`m${i}`))),
    );
    assert.deepEqual(conversations.messages(id).map(({ index }) => index), [...Array(20).keys()]);
  }));

const titles: [what: string, message: string, title: string][] = [
  ["the whole of a short message", "Why is the sky blue?", "Why is the sky blue?"],
  ["one line of several", "  Fix\n\n\tthis\u0000 ", "Fix this"],
  [
    "whole words of a long one",
    "Please explain to me in simple words how a refrigerator makes things cold",
    "Please explain to me in simple words how a refrigerator…",
  ],
  ["so many signs of one without spaces", "中".repeat(200), "中".repeat(59) + "…"],
  ["no half emoji", "x".repeat(58) + "🦉🦉🦉", "x".repeat(58) + "…"],
];
for (const [what, message, title] of titles) {
  Deno.test(`conversation: a title is ${what}`, () =>
    withConversations(async (conversations) => {
      const { id } = await conversations.create("owl");
      await conversations.append(id, user(message));
      await conversations.append(id, user("something else"));
      assert.equal(conversations.get(id).title, title);
    }));
}

Deno.test("conversation: a chosen title stays, an empty or long one is refused", () =>
  withConversations(async (conversations) => {
    const { id } = await conversations.create("owl");
    assert.equal((await conversations.rename(id, " Mine ")).title, "Mine");
    await conversations.append(id, user("hello"));
    assert.equal(conversations.get(id).title, "Mine");
    await assert.rejects(conversations.rename(id, " "), /title is empty/);
    await assert.rejects(conversations.rename(id, "x".repeat(121)), /title is too long/);
  }));

Deno.test("conversation: the list is by last change and pages without a gap", () =>
  withConversations(async (conversations) => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.push((await conversations.create("owl")).id);
    await conversations.append(ids[2]!, user("again"));
    const order = [ids[2], ...[6, 5, 4, 3, 1, 0].map((i) => ids[i])];
    const first = conversations.list({ limit: 4 });
    const rest = conversations.list({ limit: 4, cursor: first.next! });
    const seen = [...first.conversations, ...rest.conversations].map(({ id }) => id);
    assert.deepEqual(seen, order);
    assert.equal(rest.next, undefined);
    assert.throws(() => conversations.list({ limit: 0 }), code("bad_input"));
    assert.throws(() => conversations.list({ cursor: "%%" }), code("bad_input"));
  }));

Deno.test("conversation: a message put in an earlier place replaces all behind it", () =>
  withConversations(async (conversations) => {
    const { id } = await conversations.create("owl");
    for (let i = 0; i < 4; i++) await conversations.append(id, user(`m${i}`));
    assert.equal((await conversations.append(id, user("new"), 1)).index, 1);
    assert.deepEqual(conversations.messages(id).map(({ content }) => content), ["m0", "new"]);
    assert.equal(conversations.get(id).messages, 2);
    await assert.rejects(conversations.append(id, user("gap"), 3), code("bad_input"));
  }));

Deno.test("conversation: removing leaves nothing, not even for its neighbours", () =>
  withConversations(async (conversations) => {
    const [gone, kept] = [await conversations.create("owl"), await conversations.create("owl")];
    for (const { id } of [gone, kept]) await conversations.append(id, user("hi"));
    await conversations.remove(gone.id);
    assert.throws(() => conversations.get(gone.id), code("not_found"));
    assert.throws(() => conversations.messages(gone.id), code("not_found"));
    await assert.rejects(conversations.append(gone.id, user("hi")), code("not_found"));
    assert.deepEqual(conversations.list().conversations.map(({ id }) => id), [kept.id]);
    assert.equal(conversations.messages(kept.id).length, 1);
  }));

Deno.test("conversation: a full one takes no more", () =>
  withConversations(async (conversations) => {
    const { id } = await conversations.create("owl");
    const all = Array.from({ length: MESSAGES_MAX }, () => conversations.append(id, user("hi")));
    await Promise.all(all);
    await assert.rejects(conversations.append(id, user("hi")), code("over_budget"));
    assert.equal(conversations.messages(id).length, MESSAGES_MAX);
  }));

Deno.test("conversation: found by all words of any message, the last one as it is typed", () =>
  withConversations(async (conversations) => {
    const sea = await conversations.create("owl"), tea = await conversations.create("owl");
    await conversations.append(sea.id, user("How do shells grow?"));
    await conversations.append(sea.id, user("The mantle lays down aragonite."));
    await conversations.append(tea.id, user("How is 乌龙茶 dried?"));
    const ids = (query: string) =>
      conversations.find(query).map(({ conversation }) => conversation.id);
    assert.deepEqual(ids("shell mant"), [sea.id]);
    assert.deepEqual(ids("乌龙"), [tea.id]);
    assert.deepEqual(ids("how"), [tea.id, sea.id]);
    assert.deepEqual([ids("shells dried"), ids(""), ids("!!")], [[], [], []]);
    assert.equal(conversations.find("aragonite")[0]!.message!.index, 1);
    await conversations.rename(sea.id, "Molluscs");
    assert.deepEqual(ids("mollusc"), [sea.id]);
    await conversations.append(sea.id, user("Forget it."), 1);
    assert.deepEqual(ids("aragonite"), []);
    await conversations.remove(sea.id);
    assert.deepEqual([ids("mollusc"), ids("shells")], [[], []]);
  }));

Deno.test("conversation: pins and folders keep their order by recency as it is", () =>
  withConversations(async (conversations) => {
    const [a, b, c] = [
      await conversations.create("owl"),
      await conversations.create("owl"),
      await conversations.create("owl"),
    ];
    await conversations.shelve(a.id, { pinned: true });
    await conversations.shelve(b.id, { folder: "Sea" });
    await conversations.shelve(b.id, { pinned: true });
    const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);
    const { pinned, folders } = conversations.shelves();
    assert.deepEqual(ids(pinned), [b.id, a.id]);
    assert.deepEqual([folders[0]!.name, ids(folders[0]!.conversations)], ["Sea", [b.id]]);
    assert.deepEqual(ids(conversations.list().conversations), [c.id, b.id, a.id]);
    await conversations.shelve(b.id, { pinned: false, folder: null });
    await conversations.remove(a.id);
    assert.deepEqual(conversations.shelves(), { pinned: [], folders: [] });
    await assert.rejects(conversations.shelve(c.id, { folder: "" }), code("bad_input"));
  }));

Deno.test("conversation: a branch begins with the first messages and leaves the other as it is", () =>
  withConversations(async (conversations) => {
    const { id } = await conversations.create("owl");
    for (const text of ["one", "two", "three"]) await conversations.append(id, user(text));
    const branch = await conversations.branch(id, 2);
    assert.deepEqual(branch.branchOf, { id, messages: 2 });
    await conversations.append(branch.id, user("other"));
    const said = (id: string) => conversations.messages(id).map(({ content }) => content);
    assert.deepEqual(said(branch.id), ["one", "two", "other"]);
    assert.deepEqual(said(id), ["one", "two", "three"]);
    await assert.rejects(conversations.branch(id, 4), code("bad_input"));
  }));
