import assert from "node:assert/strict";
import { ChatRequest, CompletionRequest, EmbeddingRequest } from "../../store/api/openai/schema.ts";
import { openQuietStore } from "./quiet_store.ts";

const HELLO = [{ role: "user", content: "Hello" }];
const CHAT = "/v1/chat/completions";

/** Posts a chat request with these fields; returns status, param and message of the refusal. */
async function refusal(fields: Record<string, unknown>, path = CHAT) {
  await using store = await openQuietStore();
  const response = await store.app.request(path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-anything" },
    body: JSON.stringify({
      model: "tiny",
      ...(path === CHAT ? { messages: HELLO } : {}),
      ...fields,
    }),
  });
  const { error } = await response.json();
  return { status: response.status, param: error.param, message: error.message, code: error.code };
}

Deno.test("chat request: each wrong field is a 400 that names it", async () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "user" }] }, "messages[0].content"],
    [{ messages: [{ role: "robot", content: "x" }] }, "messages[0].role"],
    [{ messages: [{ role: "assistant" }] }, "messages[0].content"],
    [{ temperature: "hot" }, "temperature"],
    [{ temperature: 3 }, "temperature"],
    [{ top_p: -0.1 }, "top_p"],
    [{ n: 5 }, "n"],
    [{ n: 1.5 }, "n"],
    [{ seed: "x" }, "seed"],
    [{ stop: ["a", "b", "c", "d", "e"] }, "stop"],
    [{ stop: [""] }, "stop[0]"],
    [{ max_tokens: 0 }, "max_tokens"],
    [{ logit_bias: { hello: 1 } }, "logit_bias.hello"],
    [{ logit_bias: { 5: 101 } }, "logit_bias.5"],
    [{ top_logprobs: 3 }, "top_logprobs"],
    [{ logprobs: true, top_logprobs: 21 }, "top_logprobs"],
    [{ response_format: { type: "xml" } }, "response_format.type"],
    [{ response_format: { type: "json_schema" } }, "response_format.json_schema"],
    [{ stream: "yes" }, "stream"],
    [{ tools: [{ type: "function", function: { name: "a b" } }] }, "tools[0].function.name"],
    [{ tools: [{ type: "function", function: { name: "f" } }], n: 2 }, "n"],
    [{ tool_choice: "required" }, "tool_choice"],
  ];
  for (const [fields, param] of wrong) {
    const got = await refusal(fields);
    assert.deepEqual(
      [got.status, got.param],
      [400, param],
      `${JSON.stringify(fields)}: ${got.message}`,
    );
  }
});

Deno.test("chat request: images are refused in words", async () => {
  const content = [{ type: "image_url", image_url: { url: "data:," } }];
  const { status, message } = await refusal({ messages: [{ role: "user", content }] });
  assert.equal(status, 400);
  assert.match(message, /"image_url" are not read yet; send text/);
});

Deno.test("chat request: what OpenAI knows and Flint ignores passes", () => {
  const request = {
    model: "tiny",
    messages: [
      { role: "developer", content: [{ type: "text", text: "Be brief." }] },
      { role: "user", content: "Hello", name: "ann" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", content: "3", tool_call_id: "1" },
    ],
    metadata: { a: "b" },
    store: false,
    parallel_tool_calls: true,
    reasoning_effort: "low",
    temperature: null,
    stop: null,
    tools: [{ type: "function", function: { name: "f" } }],
    tool_choice: "none",
    a_field_of_next_year: 1,
  };
  assert.ok(ChatRequest.safeParse(request).success);
});

Deno.test("chat request: while no model answers, 503 says what is going on and when to retry", async () => {
  const { status, code, message } = await refusal({});
  assert.deepEqual([status, code], [503, "model_not_ready"]);
  assert.match(message, /being pulled/);
});

Deno.test("completion request: prompts in all four forms; echo, suffix and best_of are refused", async () => {
  for (const prompt of ["a", ["a", "b"], [1, 2], [[1], [2, 3]]]) {
    assert.ok(CompletionRequest.safeParse({ model: "tiny", prompt }).success);
  }
  for (const field of [{ echo: true }, { suffix: "x" }, { best_of: 2 }]) {
    const got = await refusal({ prompt: "a", ...field }, "/v1/completions");
    assert.deepEqual([got.status, got.param], [400, Object.keys(field)[0]]);
  }
  const many = await refusal({ prompt: Array(5).fill("a"), n: 4 }, "/v1/completions");
  assert.deepEqual([many.status, many.param], [400, "prompt"]);
});

Deno.test("embedding request: token ids and other dimensions are refused in words", async () => {
  assert.ok(EmbeddingRequest.safeParse({ model: "minilm", input: "a", dimensions: 384 }).success);
  const tokens = await refusal({ input: [1, 2] }, "/v1/embeddings");
  assert.equal(tokens.status, 400);
  assert.match(tokens.message, /send text/);
  const wide = await refusal({ input: "a", dimensions: 1536 }, "/v1/embeddings");
  assert.deepEqual([wide.status, wide.param], [400, "dimensions"]);
  const other = await refusal({ input: "a", model: "ada" }, "/v1/embeddings");
  assert.deepEqual([other.status, other.code], [404, "model_not_found"]);
});

Deno.test("models: assistants and the embedding model are listed before any engine answers", async () => {
  await using store = await openQuietStore();
  await store.post("/api/assistants", JSON.stringify({ name: "Dice", instructions: "Roll." }));
  const { data } = await (await store.app.request("/v1/models")).json();
  assert.deepEqual(data.map((model: { id: string }) => model.id), ["minilm", "dice"]);
  const dice = await (await store.app.request("/v1/models/dice")).json();
  assert.equal(dice.object, "model");
  assert.equal((await store.app.request("/v1/models/nobody")).status, 404);
});
