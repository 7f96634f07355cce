/** A client's own tools over /v1, as OpenAI's client sees them: whatever the model says, it is a valid call. */
import assert from "node:assert/strict";
import OpenAI from "openai";
import { tinyParts } from "../tiny_model.ts";
import { writeGguf } from "../gguf_writer.ts";
import { openLiveStore } from "./live_store.ts";

const WEATHER = {
  type: "function" as const,
  function: {
    name: "get_weather",
    description: "Weather of a city now",
    parameters: {
      type: "object",
      properties: { city: { enum: ["Bern", "Lyon"] }, days: { type: "integer", maximum: 9 } },
      required: ["city"],
      additionalProperties: false,
    },
  },
};
const CLOCK = { type: "function" as const, function: { name: "clock" } };
const ASK = {
  model: "tiny",
  messages: [{ role: "user" as const, content: "Will it rain in Bern?" }],
  tools: [WEATHER, CLOCK],
  max_completion_tokens: 8,
  temperature: 0,
};

/** The arguments of a call, checked against the tool's schema. */
function checked(call: OpenAI.Chat.Completions.ChatCompletionMessageToolCall): unknown {
  assert(call.type === "function");
  assert.match(call.id, /^call_\w{10,}$/);
  const values = JSON.parse(call.function.arguments);
  if (call.function.name === "clock") assert.deepEqual(values, {});
  else {
    assert.equal(call.function.name, "get_weather");
    assert.ok(["Bern", "Lyon"].includes(values.city), values.city);
    assert.ok(values.days === undefined || (Number.isInteger(values.days) && values.days <= 9));
  }
  return values;
}

const STEPS: Record<string, (openai: OpenAI) => Promise<void>> = {
  async "required: a valid call, and nothing said beside it"(openai) {
    const { choices, usage } = await openai.chat.completions.create({
      ...ASK,
      tool_choice: "required",
    });
    assert.equal(choices[0]!.finish_reason, "tool_calls");
    assert.equal(choices[0]!.message.content, null);
    assert.equal(choices[0]!.message.tool_calls!.length, 1);
    checked(choices[0]!.message.tool_calls![0]!);
    assert.ok(usage!.completion_tokens > 0);
  },

  async "named: that tool and no other; an unknown name is refused"(openai) {
    for (const { function: { name } } of ASK.tools) {
      const wish = { type: "function" as const, function: { name } };
      const { choices } = await openai.chat.completions.create({ ...ASK, tool_choice: wish });
      const call = choices[0]!.message.tool_calls![0]!;
      checked(call);
      assert(call.type === "function");
      assert.equal(call.function.name, name);
    }
    const unknown = { type: "function" as const, function: { name: "nothing" } };
    await assert.rejects(openai.chat.completions.create({ ...ASK, tool_choice: unknown }), {
      status: 400,
    });
  },

  async "auto: a valid call or words, the same when asked again"(openai) {
    const [one, two] = [
      await openai.chat.completions.create(ASK),
      await openai.chat.completions.create(ASK),
    ];
    const { message, finish_reason } = one.choices[0]!;
    if (finish_reason === "tool_calls") checked(message.tool_calls![0]!);
    else assert.equal(typeof message.content, "string");
    assert.equal(two.choices[0]!.finish_reason, finish_reason);
    assert.equal(two.choices[0]!.message.content, message.content);
  },

  async "none: words"(openai) {
    const { choices } = await openai.chat.completions.create({ ...ASK, tool_choice: "none" });
    assert.notEqual(choices[0]!.finish_reason, "tool_calls");
  },

  async "parallel: some valid calls"(openai) {
    const { choices } = await openai.chat.completions.create({
      ...ASK,
      tool_choice: "required",
      parallel_tool_calls: true,
    });
    const calls = choices[0]!.message.tool_calls!;
    assert.ok(calls.length >= 1 && calls.length <= 4);
    calls.forEach(checked);
    assert.equal(new Set(calls.map(({ id }) => id)).size, calls.length);
  },

  async "streamed: the client puts the same call together"(openai) {
    const stream = openai.chat.completions.stream({ ...ASK, tool_choice: "required" });
    const { choices } = await stream.finalChatCompletion();
    assert.equal(choices[0]!.finish_reason, "tool_calls");
    const whole = await openai.chat.completions.create({ ...ASK, tool_choice: "required" });
    const values = checked(choices[0]!.message.tool_calls![0]!);
    assert.deepEqual(values, checked(whole.choices[0]!.message.tool_calls![0]!));
  },

  async "a tool's answer goes back, and the chat goes on"(openai) {
    const call = {
      id: "call_1",
      type: "function" as const,
      function: { name: "clock", arguments: "{}" },
    };
    const messages = [
      ...ASK.messages,
      { role: "assistant" as const, content: null, tool_calls: [call] },
      { role: "tool" as const, tool_call_id: "call_1", content: "12:30" },
    ];
    const { choices } = await openai.chat.completions.create({
      ...ASK,
      messages,
      tool_choice: "none",
    });
    assert.equal(typeof choices[0]!.message.content, "string");
  },

  async "a schema that can't be followed is a 400 that says so"(openai) {
    const parameters = { type: "object", properties: { a: { type: "colour" } } };
    const tools = [{ type: "function" as const, function: { name: "paint", parameters } }];
    await assert.rejects(openai.chat.completions.create({ ...ASK, tools }), { status: 400 });
  },
};

Deno.test("tools: over /v1", async (t) => {
  const { metadata, tensors } = tinyParts({ contextTokens: 4096 });
  await using store = await openLiveStore({}, writeGguf({ metadata, tensors }));
  const openai = new OpenAI({ baseURL: `${store.origin}/v1`, apiKey: "none", maxRetries: 0 });
  for (const [name, step] of Object.entries(STEPS)) await t.step(name, () => step(openai));
});
