import fc from "fast-check";
import assert from "node:assert/strict";
import { type HostileRequest, hostileRequests, operations } from "./hostile.ts";
import { type LiveStore, minilmFolder, openLiveStore } from "./live_store.ts";

/** FUZZ_RUNS and FUZZ_SEED make a longer or another run. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 1000);
const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 4);

Deno.test(`fuzz: ${RUNS} hostile requests are refused with a reason or answered (seed ${SEED})`, async (t) => {
  const bugs: string[] = [];
  await using store = await openLiveStore({ onBug: (report) => bugs.push(report) });
  const known = await furnish(store);
  const document = await (await fetch(`${store.origin}/openapi.json`)).json();
  const world = { schemas: document.components.schemas, known };
  const all = operations(document).filter(({ parameters, body }) => body || parameters.length > 0);
  const perOperation = Math.ceil(RUNS / all.length);

  for (const operation of all) {
    await t.step(`${operation.method} ${operation.path}`, async () => {
      const requests = hostileRequests(operation, world);
      for (const request of fc.sample(requests, { numRuns: perOperation, seed: SEED })) {
        await check(store, request);
      }
    });
  }

  assert.deepEqual(bugs, []);
  assert.equal((Object.prototype as Record<string, unknown>).polluted, undefined);
  assert.equal((await (await fetch(`${store.origin}/readyz`)).json()).status, "ok");
  assert.equal(store.engine.report().running + store.engine.report().waiting, 0);
});

/** Things for valid requests to reach: an assistant of short answers, and a conversation with it. */
async function furnish({ origin, registry }: LiveStore): Promise<string[]> {
  await registry.create({ name: "Fuzz", instructions: "hello", sampling: { maxTokens: 1 } });
  const begun = await fetch(`${origin}/api/conversations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ assistantId: "fuzz" }),
  });
  const models = minilmFolder() ? ["tiny", "minilm"] : ["tiny"];
  return [...models, "fuzz", (await begun.json()).id];
}

/** One request: never a 5xx, always a reason. */
async function check({ origin }: LiveStore, request: HostileRequest): Promise<void> {
  const { method, path, headers, body } = request;
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  const response = await fetch(origin + path, init);
  const text = await response.text();
  const what = () =>
    `${response.status} ${JSON.stringify(request).slice(0, 500)} -> ${text.slice(0, 500)}`;
  assert.ok(response.status < 500, what());
  if (response.status < 400) return;
  const answer = JSON.parse(text);
  const reason = path.startsWith("/v1/") ? answer.error.message : answer.detail;
  assert.ok(typeof reason === "string" && reason.length > 5, what());
}
