/** Money over HTTP, with a real engine: answers that cost, refusals that tell, and whose figures are whose. */
import assert from "node:assert/strict";
import { openLiveStore } from "./live_store.ts";

const RATES = { prompt: 1000, cached: 500, completion: 2000, turn: 100, toolCall: 0 };

/** A store with an owner, a builder who published "owl", and a user; what asks as each of them. */
async function openStore() {
  const store = await openLiveStore();
  const { accounts, sessions, listings, registry } = store.parts;
  await registry.create(
    { name: "Owl", instructions: "Be wise.", sampling: { maxTokens: 4 } },
    "bob",
  );
  const cookies: Record<string, string> = {};
  for (const id of ["bob", "ann"]) await accounts.make({ id });
  for (const id of ["owner", "bob", "ann"]) {
    cookies[id] = `flint_session=${(await sessions.begin(id)).token}`;
  }
  await listings.publish("bob", { assistantId: "owl", visibility: "everyone" });
  const ask = async (who: string, method: string, path: string, body?: unknown) => {
    const headers = new Headers({ cookie: cookies[who] ?? "" });
    if (body !== undefined) headers.set("content-type", "application/json");
    const sent = body === undefined ? null : JSON.stringify(body);
    const response = await fetch(`${store.origin}${path}`, { method, headers, body: sent });
    const text = await response.text();
    return {
      status: response.status,
      text,
      answer: text.startsWith("{") ? JSON.parse(text) : text,
    };
  };
  const chat = (who: string) =>
    ask(who, "POST", "/v1/chat/completions", {
      model: "owl",
      messages: [{ role: "user", content: "hello" }],
    });
  return { store, ask, chat };
}

Deno.test("money api: an answer that costs is refused with price and mend, then paid, and free for its builder", async () => {
  const { store, ask, chat } = await openStore();
  await using _ = store;
  const price = { price: { kind: "use", rates: RATES } };
  assert.equal((await ask("ann", "POST", "/api/money/prices/owl", price)).status, 403);
  assert.equal((await ask("bob", "POST", "/api/money/prices/owl", price)).status, 201);
  const refused = await chat("ann");
  assert.deepEqual([refused.status, refused.answer.error.code], [402, "insufficient_quota"]);
  assert.match(refused.answer.error.message, /owl may cost up to .* add .* at \/wallet/);
  assert.equal((await chat("bob")).status, 200);

  const off = await ask("ann", "POST", "/api/money/top-ups", { amount: 5_000_000 });
  assert.deepEqual([off.status, /owner turns them on/.test(off.answer.detail)], [503, true]);
  assert.equal((await ask("ann", "PATCH", "/api/money/terms", {})).status, 403);
  await ask("owner", "PATCH", "/api/money/terms", { provider: "manual" });
  const { answer: topUp } = await ask("ann", "POST", "/api/money/top-ups", { amount: 5_000_000 });
  const confirm = `/api/money/top-ups/${topUp.id}/confirm`;
  assert.equal((await ask("ann", "POST", confirm)).status, 403);
  assert.equal((await ask("owner", "POST", confirm)).status, 200);

  const paid = await chat("ann");
  assert.equal(paid.status, 200);
  const { usage } = paid.answer;
  const cached = usage.prompt_tokens_details.cached_tokens;
  const fresh = usage.prompt_tokens - cached;
  const cost = 100 +
    Math.floor((fresh * 1000 + cached * 500 + usage.completion_tokens * 2000) / 1000);
  const { answer: wallet } = await ask("ann", "GET", "/api/money/wallet");
  assert.deepEqual([wallet.balance, wallet.held], [5_000_000 - cost, 0]);
  const { answer: list } = await ask("ann", "GET", "/api/money/wallet/entries");
  assert.deepEqual(list.entries.map(({ kind }: { kind: string }) => kind), ["usage", "deposit"]);
  const month = new Date().toISOString().slice(0, 7);
  const { answer: earned } = await ask("bob", "GET", `/api/money/earnings/${month}`);
  assert.deepEqual([earned.lines[0].gross, earned.state], [cost, "open"]);
  assert.equal((await ask("owner", "GET", "/api/money/ledger/audit")).answer.entries, 2);
});

Deno.test("money api: kept conversations are metered, too; their events say what is missing", async () => {
  const { store, ask } = await openStore();
  await using _ = store;
  const monthly = { kind: "subscription", amount: 3_000_000, every: "month", trialDays: 7 };
  await ask("bob", "POST", "/api/money/prices/owl", { price: monthly });
  const { answer: talk } = await ask("ann", "POST", "/api/conversations", { assistantId: "owl" });
  const say = () => ask("ann", "POST", `/api/conversations/${talk.id}/messages`, { content: "hi" });
  const refused = await say();
  assert.deepEqual([refused.status, refused.answer.title], [402, "It has a price"]);
  assert.match(refused.answer.detail, /3\.00 a month, the first 7 days free: subscribe/);
  const begun = await ask("ann", "POST", "/api/money/subscriptions", { plan: "owl" });
  assert.deepEqual([begun.status, begun.answer.state], [201, "trial"]);
  assert.match((await say()).text, /event: done/);
  const ended = await ask("ann", "DELETE", "/api/money/subscriptions/owl");
  assert.equal(ended.answer.cancelled, true);
});

Deno.test("analytics api: a builder sees counts of his listings, others see nothing", async () => {
  const { store, ask, chat } = await openStore();
  await using _ = store;
  await chat("ann");
  await chat("ann");
  const { answer } = await ask("bob", "GET", "/api/analytics/owl");
  const today = answer.points.at(-1);
  assert.deepEqual([answer.points.length, today.turns, today.conversations, today.users], [
    ...[30, 2, 2, 1],
  ]);
  assert.deepEqual(answer.rating, { mean: null, weight: 0 });
  for (const [who, status] of [["ann", 403], ["owner", 200], ["nobody", 401]] as const) {
    assert.equal((await ask(who, "GET", "/api/analytics/owl")).status, status, who);
  }
  const { text } = await ask("bob", "GET", "/api/analytics/owl/csv?step=hour");
  const rows = text.trim().split("\n");
  assert.deepEqual([rows.length, rows[0]!.split(",").slice(0, 3).join()], [
    31,
    "at,conversations,turns",
  ]);
  const cohorts = JSON.parse((await ask("bob", "GET", "/api/analytics/owl/retention")).text);
  assert.deepEqual([cohorts.length, cohorts.at(-1).size], [12, 1]);
  const { answer: all } = await ask("bob", "GET", "/api/analytics");
  assert.deepEqual([all.listings[0].listing, all.listings[0].turns], ["owl", 2]);
  assert.equal(
    (await ask("bob", "GET", "/api/analytics/owl?from=1999-01-01T00:00:00Z")).status,
    400,
  );
  await store.registry.create({ name: "Draft", instructions: "Try." }, "bob");
  for (const [who, status] of [["bob", 200], ["ann", 403], ["owner", 200]] as const) {
    assert.equal((await ask(who, "GET", "/api/analytics/draft")).status, status, who);
  }
  const [place] = store.parts.boards.top({ board: "used" });
  assert.deepEqual([place?.listing, place?.score], ["owl", 2]);
});
