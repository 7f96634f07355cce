import assert from "node:assert/strict";
import OpenAI from "openai";
import { type LiveStore, minilmFolder, openLiveStore } from "./live_store.ts";

const clientOf = ({ origin }: LiveStore) =>
  new OpenAI({ baseURL: `${origin}/v1`, apiKey: "sk-not-needed", maxRetries: 0 });

const HELLO = [{ role: "user" as const, content: "hello there" }];
const ASK = { model: "tiny", messages: HELLO, max_completion_tokens: 8, temperature: 0 };

/** What the client must see, on one server. */
const STEPS: Record<string, (openai: OpenAI, store: LiveStore) => Promise<void>> = {
  async "chat: an answer with its count and fingerprint"(openai) {
    const answer = await openai.chat.completions.create(ASK);
    const [choice] = answer.choices;
    assert.equal(choice!.message.role, "assistant");
    assert.ok(["stop", "length"].includes(choice!.finish_reason));
    assert.ok(answer.usage!.prompt_tokens > 0);
    assert.ok(answer.usage!.completion_tokens <= 8);
    assert.equal(
      answer.usage!.total_tokens,
      answer.usage!.prompt_tokens + answer.usage!.completion_tokens,
    );
    assert.match(answer.system_fingerprint!, /^fp_[0-9a-f]{12}_/);
  },

  async "stream: the same text in pieces, one role, one end, then the count"(openai) {
    const whole = await openai.chat.completions.create(ASK);
    const stream = await openai.chat.completions.create({
      ...ASK,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "", roles = 0, usage;
    const ends: string[] = [];
    for await (const chunk of stream) {
      const [choice] = chunk.choices;
      text += choice?.delta.content ?? "";
      if (choice?.delta.role) roles++;
      if (choice?.finish_reason) ends.push(choice.finish_reason);
      usage = chunk.usage;
    }
    assert.equal(text, whole.choices[0]!.message.content);
    assert.equal(roles, 1);
    assert.deepEqual(ends, [whole.choices[0]!.finish_reason]);
    assert.equal(usage!.completion_tokens, whole.usage!.completion_tokens);
  },

  async "n and seed: different answers, and the same ones again"(openai) {
    const ask = () =>
      openai.chat.completions.create({ ...ASK, temperature: 1, n: 3, seed: 7, max_tokens: 12 });
    const [first, second] = [await ask(), await ask()];
    const texts = first.choices.map((choice) => choice.message.content);
    assert.deepEqual(first.choices.map((choice) => choice.index), [0, 1, 2]);
    assert.ok(new Set(texts).size > 1);
    assert.deepEqual(second.choices.map((choice) => choice.message.content), texts);
  },

  async "logprobs: every token with its alternatives, likeliest first"(openai) {
    const { choices } = await openai.chat.completions.create({
      ...ASK,
      logprobs: true,
      top_logprobs: 3,
    });
    const content = choices[0]!.logprobs!.content!;
    assert.ok(content.length > 0);
    for (const { logprob, top_logprobs, bytes } of content) {
      assert.ok(logprob <= 0 && bytes!.every((byte) => byte >= 0 && byte < 256));
      assert.equal(top_logprobs.length, 3);
      assert.equal(logprob, top_logprobs[0]!.logprob); // greedy
    }
  },

  async "stop and max_tokens: the answer ends where it was told to"(openai) {
    const short = await openai.chat.completions.create({ ...ASK, max_completion_tokens: 2 });
    assert.equal(short.choices[0]!.finish_reason, "length");
    const whole = await openai.chat.completions.create({ ...ASK, max_completion_tokens: 24 });
    const text = whole.choices[0]!.message.content!;
    const stop = text.slice(3, 6);
    const cut = await openai.chat.completions.create({ ...ASK, max_completion_tokens: 24, stop });
    assert.equal(cut.choices[0]!.message.content, text.slice(0, text.indexOf(stop)));
    assert.equal(cut.choices[0]!.finish_reason, "stop");
  },

  async "logit_bias: a forced token is all that is said"(openai, store) {
    const [a] = store.engine.text.encode("a");
    const { choices } = await openai.chat.completions.create({
      ...ASK,
      max_completion_tokens: 4,
      logit_bias: { [String(a)]: 100 },
    });
    assert.equal(choices[0]!.message.content, "aaaa");
  },

  async "JSON schema: what comes out is what was asked for"(openai) {
    const schema = {
      type: "object",
      properties: { mood: { enum: ["calm", "wild"] }, level: { type: "integer" } },
      required: ["mood", "level"],
      additionalProperties: false,
    };
    const { choices } = await openai.chat.completions.create({
      ...ASK,
      max_completion_tokens: 60,
      response_format: { type: "json_schema", json_schema: { name: "mood", schema } },
    });
    const { mood, level, ...rest } = JSON.parse(choices[0]!.message.content!);
    assert.ok(["calm", "wild"].includes(mood));
    assert.ok(Number.isInteger(level));
    assert.deepEqual(rest, {});
  },

  async "completions: several prompts, one of them as tokens"(openai, store) {
    const tokens = store.engine.text.encode("hello");
    const asked = { model: "tiny", max_tokens: 4, temperature: 0, logprobs: 2 };
    const both = await openai.completions.create({ ...asked, prompt: ["hello", "user"] });
    const ids = await openai.completions.create({ ...asked, prompt: tokens });
    assert.deepEqual(both.choices.map((choice) => choice.index), [0, 1]);
    assert.equal(ids.choices[0]!.text, both.choices[0]!.text);
    const { text_offset, tokens: said } = both.choices[0]!.logprobs!;
    assert.equal(text_offset!.length, said!.length);
    assert.equal(said!.join(""), both.choices[0]!.text);
  },

  async "completions stream: the same text in pieces"(openai) {
    const asked = { model: "tiny", prompt: "hello", max_tokens: 6, temperature: 0 };
    const whole = await openai.completions.create(asked);
    let text = "";
    for await (const chunk of await openai.completions.create({ ...asked, stream: true })) {
      text += chunk.choices[0]!.text;
    }
    assert.equal(text, whole.choices[0]!.text);
  },

  async "models: assistants stand beside the model and answer by their ids"(openai, store) {
    await store.registry.create({ name: "Dice", instructions: "hello" });
    const ids = (await openai.models.list()).data.map((model) => model.id);
    assert.deepEqual(ids, ["minilm", "tiny", "dice"]);
    assert.equal((await openai.models.retrieve("dice")).owned_by, "flint");
    const answer = await openai.chat.completions.create({ ...ASK, model: "dice" });
    const bare = await openai.chat.completions.create(ASK);
    assert.ok(answer.usage!.prompt_tokens > bare.usage!.prompt_tokens); // its instructions
  },

  async "errors: the client's own classes, with param and code"(openai) {
    const unknown = openai.chat.completions.create({ ...ASK, model: "nobody" });
    await assert.rejects(unknown, (error: unknown) => {
      assert.ok(error instanceof OpenAI.NotFoundError);
      assert.deepEqual([error.code, error.param], ["model_not_found", "model"]);
      return true;
    });
    const wrong = openai.chat.completions.create({ ...ASK, temperature: 9 });
    await assert.rejects(wrong, (error: unknown) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, "temperature");
      return true;
    });
    const long = [{ role: "user" as const, content: "hello ".repeat(5000) }];
    await assert.rejects(openai.chat.completions.create({ ...ASK, messages: long }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.code, "context_length_exceeded");
      return true;
    });
  },
};

Deno.test("openai client", async (t) => {
  await using store = await openLiveStore();
  for (const [name, step] of Object.entries(STEPS)) {
    await t.step(name, () => step(clientOf(store), store));
  }
});

Deno.test({
  name: `openai client: embeddings${minilmFolder() ? "" : " (skipped: no MiniLM, see flint pull)"}`,
  ignore: minilmFolder() === undefined,
  async fn() {
    await using store = await openLiveStore();
    const input = ["a cat sleeps", "a kitten naps", "the stock market fell"];
    const asked = { model: "minilm", input };
    const { data, usage } = await clientOf(store).embeddings.create(asked); // asks for base64
    const [cat, kitten, market] = data.map((one) => one.embedding);
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
    assert.equal(cat!.length, 384);
    assert.ok(Math.abs(dot(cat!, cat!) - 1) < 1e-4);
    assert.ok(dot(cat!, kitten!) > dot(cat!, market!) + 0.2);
    assert.ok(usage.prompt_tokens > 9);
    const floats = await clientOf(store).embeddings.create({ ...asked, encoding_format: "float" });
    assert.deepEqual(floats.data[0]!.embedding, cat);
  },
});

Deno.test("disconnect: a client that leaves frees its place at once", async () => {
  await using store = await openLiveStore();
  const openai = clientOf(store);
  const stream = await openai.chat.completions.create({
    ...ASK,
    max_completion_tokens: 400,
    stream: true,
    logit_bias: { 0: -100, 2: -100 }, // never ends by itself
  });
  for await (const _ of stream) break; // leaves
  while (store.engine.report().running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(store.engine.report().kvBlocksUsed, 0);
});
