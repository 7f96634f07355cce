/**
 * Replies with tools: what is called, asked, kept and shown to the model. The engine is real, over a
 * tiny model; only what it is asked under a schema, which a random model can't choose, is a script.
 */
import assert from "node:assert/strict";
import { type Engine, FlintError, type GenerateRequest, openKv } from "@flint/core";
import {
  type Assistants,
  type ChatEvent,
  type Conversations,
  createAssistants,
  openConversations,
  openEmbedder,
  openMemory,
  openRegistry,
  openSecrets,
  openToolbox,
  type Plugin,
  type PluginType,
  textResult,
  type Tool,
  type ToolGrant,
  type TurnAsked,
  type TurnUse,
} from "@flint/plugins";
import { z } from "zod";
import { openEngine } from "../../core/engine.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { writeTinyModel } from "../tiny_model.ts";

interface Bench {
  readonly assistants: Assistants;
  readonly conversations: Conversations;
  readonly engine: Engine;
  /** Answers to what the model is asked under a schema, in order; beyond them it calls nothing. */
  readonly script: unknown[];
  /** Every request the engine got. */
  readonly requests: GenerateRequest[];
  /** Answers that passed the turnstile, and what they took once they ended. */
  readonly visits: (TurnAsked & { use?: TurnUse })[];
  /** The text of a request's prompt. */
  read(request: GenerateRequest): string;
  /** A conversation with an assistant of these grants. */
  begin(...tools: ToolGrant[]): Promise<string>;
  /** Time for conversations, milliseconds. */
  now: number;
}

const tool = (name: string, effect: Tool["effect"], call: Tool["call"]): Tool => ({
  name,
  description: `Does ${name}.`,
  parameters: { type: "object", properties: { city: { type: "string" } } },
  effect,
  call,
});
const TOOLS: Tool[] = [
  tool("weather", "none", ({ city }) => Promise.resolve(textResult(`rain in ${city}`))),
  tool("lookup", "reads", ({ city }) => Promise.resolve(textResult(`facts of ${city}`))),
  tool("book", "writes", () => Promise.resolve(textResult("booked"))),
  tool("ask_back", "none", async (_, { ask }) => {
    const values = await ask?.("Which day?", { type: "object", required: ["day"] });
    return textResult(`for ${values?.day}`);
  }),
];
const KIT: Plugin = {
  ...{ id: "kit", type: "kit", name: "Kit", description: "", config: {} },
  addedAt: "2026-01-01T00:00:00.000Z",
};
const kind: PluginType = {
  config: z.record(z.string(), z.unknown()),
  open: () => Promise.resolve({ tools: TOOLS, close: () => Promise.resolve() }),
};

async function withTools(use: (bench: Bench) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const source = writeTinyModel(`${folder}/tiny.gguf`, { contextTokens: 4096 });
  await importGguf({ source, target: `${folder}/tiny`, name: "tiny" });
  const store = await openFlashStore(`${folder}/tiny`);
  const engine = await openEngine({ store, memoryBytes: 64 << 20, threads: 1 });
  const kv = openKv(`${folder}/kv`);
  const registry = openRegistry(kv), script: unknown[] = [], requests: GenerateRequest[] = [];
  const bench = { now: Date.now() }, visits: Bench["visits"] = [];
  const conversations = openConversations(kv, { now: () => new Date(bench.now) });
  const assistants = createAssistants({
    ...{ registry, conversations, memory: openMemory(kv) },
    engine: () => scripted(engine, script, requests),
    embedder: openEmbedder(`${folder}/minilm`),
    turnstile: {
      enter: (asked) => {
        const visit: Bench["visits"][number] = { ...asked };
        visits.push(visit);
        return Promise.resolve((use) => Promise.resolve(void (visit.use = use)));
      },
    },
    toolbox: openToolbox({
      kv,
      types: { kit: kind },
      builtin: [KIT],
      secrets: openSecrets({ kv, keyFile: `${folder}/secrets.key` }),
    }),
  });
  const begin = async (...tools: ToolGrant[]) => {
    const sampling = { temperature: 0, maxTokens: 8 };
    const draft = { name: "A", instructions: "help", sampling, tools };
    return (await conversations.create((await registry.create(draft)).id)).id;
  };
  const read = ({ prompt }: GenerateRequest) => engine.text.decode(prompt);
  try {
    await use(Object.assign(bench, {
      ...{ assistants, conversations, engine, script, requests, visits, read, begin },
    }));
  } finally {
    await engine.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function scripted(engine: Engine, script: unknown[], requests: GenerateRequest[]): Engine {
  const { card, text, fidelity, choice, limits } = engine;
  return {
    ...{ card, text, fidelity, choice, limits },
    async *generate(request, signal) {
      requests.push(request);
      for await (const event of engine.generate(request, signal)) {
        if (!request.jsonSchema) yield event;
        else if (event.type === "done") {
          yield { type: "token", id: 0, text: JSON.stringify(script.shift() ?? { tool: "none" }) };
          yield { ...event, reason: "stop" };
        }
      }
    },
    score: (tokens, signal) => engine.score(tokens, signal),
    trace: (run) => engine.trace(run),
    report: () => engine.report(),
    close: () => engine.close(),
  };
}

const all = (events: AsyncIterable<ChatEvent>) => Array.fromAsync(events);
const kinds = (events: readonly ChatEvent[]) =>
  events.map(({ type }) => type).filter((type) => type !== "token");
const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;
/** The model wants this tool for Bern. */
const wants = (name: string) => [{ tool: name }, { city: "Bern" }];
const ENDS = ["stats", "done"];

Deno.test("tools: a call runs, the answer reads it, and both are kept", () =>
  withTools(async ({ assistants, conversations, script, requests, read, begin }) => {
    const id = await begin({ plugin: "kit" });
    script.push(...wants("weather"));
    const events = await all(assistants.reply(id, "rain?"));
    assert.deepEqual(kinds(events), ["tool_call", "tool_result", ...ENDS]);
    const [, answer] = conversations.messages(id);
    const [use] = answer!.calls!;
    assert.deepEqual([use!.name, use!.arguments, use!.step], ["weather", { city: "Bern" }, 0]);
    assert.deepEqual(use!.result, textResult("rain in Bern"));
    const words = requests.at(-1)!;
    assert.equal(words.jsonSchema, undefined);
    assert.match(read(words), /weather answered.*\n\| rain in Bern/);
    assert.match(read(words), /You have these tools:\n- weather\(city\?: string\): Does weather/);

    await all(assistants.reply(id, "and tomorrow?"));
    assert.match(read(requests.at(-1)!), /\| rain in Bern.*and tomorrow/s);
  }));

Deno.test("tools: choosing and answering share all KV but the question", () =>
  withTools(async ({ assistants, script, requests, begin }) => {
    const id = await begin({ plugin: "kit" });
    script.push(...wants("weather"));
    const events = await all(assistants.reply(id, "rain?"));
    const stats = events.find((event) => event.type === "stats")!.stats;
    const [words, choice] = [requests.at(-1)!, requests.at(-2)!];
    let shared = 0;
    while (words.prompt[shared] === choice.prompt[shared]) shared++;
    assert.ok(words.prompt.length - shared < 12, "only the speaker's mark differs");
    assert.ok(stats.cachedTokens >= shared - 1, `${stats.cachedTokens} of ${shared}`);
  }));

Deno.test("tools: a call that needs leave waits, and runs once allowed", () =>
  withTools(async ({ assistants, conversations, script, requests, read, begin }) => {
    const id = await begin({ plugin: "kit" });
    script.push(...wants("book"));
    const events = await all(assistants.reply(id, "book it"));
    assert.deepEqual(kinds(events), ["approval", "done"]);
    const waiting = conversations.messages(id)[1]!;
    assert.deepEqual([waiting.end, waiting.content, waiting.calls!.length], ["waiting", "", 1]);
    const { id: call } = waiting.calls![0]!;
    const decide = (decision: unknown, callId = call) =>
      all(assistants.decide(id, callId, decision));
    await assert.rejects(decide("allow", "call_0"), code("not_found"));
    await assert.rejects(decide("perhaps"), code("bad_input"));
    await assert.rejects(decide("expired"), code("bad_input"));
    await assert.rejects(decide("allow_conversation"), code("bad_input")); // it is asked each time
    assert.equal(conversations.messages(id)[1]!.calls![0]!.decision, undefined);

    assert.deepEqual(kinds(await decide("allow")), ["tool_call", "tool_result", ...ENDS]);
    const answer = conversations.messages(id)[1]!;
    assert.equal(answer.calls![0]!.decision, "allow");
    assert.deepEqual(answer.calls![0]!.result, textResult("booked"));
    assert.match(read(requests.at(-1)!), /\| booked/);
    await assert.rejects(decide("allow"), code("not_found")); // it ran: nothing runs twice
  }));

Deno.test("tools: what is denied, comes too late or is passed over does not run, and is told", () =>
  withTools(async (bench) => {
    const { assistants, conversations, script, requests, read, begin } = bench;
    const waits = async () => {
      const id = await begin({ plugin: "kit" });
      script.push(...wants("book"));
      await all(assistants.reply(id, "book it"));
      return { id, call: conversations.messages(id)[1]!.calls![0]!.id };
    };
    const denied = await waits();
    const events = await all(assistants.decide(denied.id, denied.call, "deny"));
    assert.deepEqual(kinds(events), ["tool_result", ...ENDS]);
    assert.match(read(requests.at(-1)!), /The user did not allow book/);

    bench.now = Date.now() - 16 * 60_000;
    const late = await waits();
    await all(assistants.decide(late.id, late.call, "allow"));
    const [use] = conversations.messages(late.id)[1]!.calls!;
    assert.deepEqual([use!.decision, use!.result], ["expired", undefined]);

    bench.now = Date.now();
    const passed = await waits();
    await all(assistants.reply(passed.id, "never mind"));
    assert.equal(conversations.messages(passed.id)[1]!.calls![0]!.decision, "expired");
    assert.match(read(requests.at(-1)!), /book was not called.*never mind/s);
    assert.equal(conversations.messages(passed.id).length, 4);
  }));

Deno.test("tools: leave for a conversation holds there, and nowhere else", () =>
  withTools(async ({ assistants, conversations, script, begin }) => {
    const id = await begin({ plugin: "kit" });
    script.push(...wants("lookup"));
    await all(assistants.reply(id, "look"));
    const { id: call } = conversations.messages(id)[1]!.calls![0]!;
    await all(assistants.decide(id, call, "allow_conversation"));
    script.push(...wants("lookup"));
    assert.deepEqual(kinds(await all(assistants.reply(id, "again"))), [
      ...["tool_call", "tool_result", ...ENDS],
    ]);
    const other = await begin({ plugin: "kit" });
    script.push(...wants("lookup"));
    assert.deepEqual(kinds(await all(assistants.reply(other, "look"))), ["approval", "done"]);
  }));

Deno.test("tools: a running call's question is answered, or refused when the reader stops", () =>
  withTools(async ({ assistants, conversations, script, begin }) => {
    const id = await begin({ plugin: "kit" });
    script.push(...wants("ask_back"));
    for await (const event of assistants.reply(id, "ask me")) {
      if (event.type !== "question") continue;
      const answer = (values: unknown, conversation = id) =>
        assistants.answerQuestion(conversation, event.question, values);
      assert.throws(() => answer({ day: "Monday" }, crypto.randomUUID()), code("not_found"));
      assert.throws(() => answer({}), code("bad_input"));
      answer({ day: "Monday" });
    }
    const [use] = conversations.messages(id)[1]!.calls!;
    assert.deepEqual(use!.result, textResult("for Monday"));

    script.push(...wants("ask_back"));
    const stop = new AbortController();
    for await (const event of assistants.reply(id, "ask me", stop.signal)) {
      if (event.type === "question") stop.abort();
    }
    assert.equal(conversations.messages(id)[3]!.end, "cancelled");
  }));

Deno.test("tools: plugins that are gone are told, and the answer comes without them", () =>
  withTools(async ({ assistants, begin }) => {
    const id = await begin({ plugin: "gone" });
    const events = await all(assistants.reply(id, "hello"));
    assert.deepEqual(events[0], { type: "missing", plugins: ["gone"] });
    assert.deepEqual(kinds(events), ["missing", ...ENDS]);
  }));

Deno.test("tools: for clients only what needs no leave is offered, and runs before the words", () =>
  withTools(async ({ assistants, conversations, script, requests, read, begin }) => {
    const id = await begin({ plugin: "kit" });
    const { assistantId } = conversations.get(id);
    script.push(...wants("weather"));
    const { signal } = new AbortController();
    const messages = [{ role: "user" as const, content: "rain?" }];
    const { request, calls } = await assistants.prepare(assistantId, messages, { signal });
    assert.deepEqual(calls.map(({ name }) => name), ["weather"]);
    assert.match(read(request), /\| rain in Bern/);
    assert.doesNotMatch(read(requests[0]!), /Does (book|lookup)/);
  }));

Deno.test("turnstile: an answer is one visit, and all passes of the model count for it", () =>
  withTools(async ({ assistants, script, requests, visits, begin }) => {
    const id = await begin({ plugin: "kit" });
    script.push(...wants("weather"));
    const events = await all(assistants.reply(id, "rain?", undefined, "ann"));
    const { stats } = events.find((event) => event.type === "stats")!;
    const [visit] = visits;
    assert.deepEqual([visits.length, visit!.user, visit!.begins, visit!.goesOn], [
      ...[1, "ann", true, false],
    ]);
    const prompts = requests.reduce((sum, { prompt }) => sum + prompt.length, 0);
    assert.equal(visit!.use!.promptTokens, prompts);
    assert.equal(visit!.use!.toolCalls, 1);
    assert(visit!.use!.completionTokens > stats.completionTokens, "choosing is work, too");
  }));

Deno.test("turnstile: an answer that waited goes on as the same one, and its call counts once", () =>
  withTools(async ({ assistants, conversations, script, visits, begin }) => {
    const id = await begin({ plugin: "kit" });
    script.push(...wants("book"));
    await all(assistants.reply(id, "book it"));
    const { id: call } = conversations.messages(id)[1]!.calls![0]!;
    await all(assistants.decide(id, call, "allow"));
    const seen = visits.map(({ begins, goesOn, use }) => [begins, goesOn, use!.toolCalls]);
    assert.deepEqual(seen, [[true, false, 0], [false, true, 1]]);
  }));

Deno.test("turnstile: who leaves early has had what was said until then; who is refused has had nothing", () =>
  withTools(async ({ assistants, conversations, visits, begin }) => {
    const id = await begin();
    for await (const event of assistants.reply(id, "hello")) if (event.type === "token") break;
    const { use } = visits[0]!;
    assert(use!.completionTokens >= 1 && use!.promptTokens > 0);
    await assert.rejects(all(assistants.reply(id, "x".repeat(32_000))), code("over_budget"));
    assert.deepEqual([visits[1]!.use!.completionTokens, conversations.messages(id).length], [0, 2]);
  }));
