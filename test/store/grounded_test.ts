/** Replies of an assistant with knowledge, from the real engine: what is shown to it, and what is kept of it. */
import assert from "node:assert/strict";
import { openLiveStore } from "./live_store.ts";

/** A collection and an assistant that answers from it, and what it says to a question. */
async function answerOf(grounding: string, question: string) {
  await using store = await openLiveStore();
  const post = (path: string, body: unknown, type = "application/json") =>
    fetch(`${store.origin}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  await (await post("/api/knowledge", { id: "coast", name: "Coast" })).body?.cancel();
  const text = "High water is at noon. The lamp of Skarn burns whale oil.";
  const added = "/api/knowledge/coast/documents?name=tides.txt";
  assert.match(await (await post(added, text, "application/octet-stream")).text(), /added/);
  const draft = {
    ...{ id: "keeper", name: "Keeper", instructions: "Be brief.", knowledge: ["coast"], grounding },
    sampling: { temperature: 0, maxTokens: 8 },
  };
  await (await post("/api/assistants", draft)).body?.cancel();
  const begun = await post("/api/conversations", { assistantId: "keeper" });
  const { id } = await begun.json();
  const said = await post(`/api/conversations/${id}/messages`, { content: question });
  await said.text();
  const page = await (await fetch(`${store.origin}/chat/${id}`)).text();
  const asked = { model: "keeper", messages: [{ role: "user", content: question }] };
  const completion = await (await post("/v1/chat/completions", asked)).json();
  const streamed = await (await post("/v1/chat/completions", { ...asked, stream: true })).text();
  return { completion, streamed, answer: store.conversations.messages(id)[1]!, page };
}

Deno.test("grounded: clients of /v1 get the same answers, with annotations", async () => {
  const { completion, streamed } = await answerOf("withhold", "What does the lamp burn?");
  const { message } = completion.choices[0];
  assert.deepEqual([message.content, message.annotations], ["Not in the sources.", []]);
  assert.match(streamed, /"content":"Not in the sources\."/);
});

Deno.test("grounded: what nothing supports is left unsaid where the assistant withholds", async () => {
  // Of random weights: whatever it says, no source does.
  const { answer, page } = await answerOf("withhold", "What does the lamp burn?");
  assert.equal(answer.content, "Not in the sources.");
  assert.deepEqual(answer.citations?.map(({ verdict }) => verdict), ["refusal"]);
  assert.doesNotMatch(page, /class="citations"/);
});

Deno.test("grounded: where it only marks, all is said, and each sentence has its verdict", async () => {
  const { answer } = await answerOf("mark", "What does the lamp burn?");
  assert.notEqual(answer.content, "Not in the sources.");
  assert(answer.citations!.every(({ verdict }) => verdict === "unsupported"), answer.content);
});
