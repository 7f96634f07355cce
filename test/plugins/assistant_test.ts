/** Replies from the real engine over a tiny model with random weights: what is said and what is kept. */
import assert from "node:assert/strict";
import { type Engine, FlintError, openKv } from "@flint/core";
import {
  type AssistantNeeds,
  type Assistants,
  type ChatEvent,
  type Conversations,
  createAssistants,
  type Memory,
  openConversations,
  openEmbedder,
  openMemory,
  openRegistry,
  openSecrets,
  openToolbox,
  type Registry,
} from "@flint/plugins";
import { openEngine } from "../../core/engine.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { importGguf } from "../../core/gguf/import.ts";
import { writeTinyModel } from "../tiny_model.ts";

interface Bench {
  readonly engine: Engine;
  /** All that assistants need but the engine. */
  readonly needs: Omit<AssistantNeeds, "engine">;
  readonly registry: Registry;
  readonly conversations: Conversations;
  readonly memory: Memory;
  readonly assistants: Assistants;
  /** A conversation with an assistant of these instructions. */
  begin(maxTokens?: number, instructions?: string): Promise<string>;
}

async function withAssistants(use: (bench: Bench) => Promise<void>, contextTokens?: number) {
  const folder = await Deno.makeTempDir();
  const source = writeTinyModel(`${folder}/tiny.gguf`, contextTokens ? { contextTokens } : {});
  await importGguf({ source, target: `${folder}/tiny`, name: "tiny" });
  const store = await openFlashStore(`${folder}/tiny`);
  const engine = await openEngine({ store, memoryBytes: 64 << 20, threads: 1 });
  const kv = openKv(`${folder}/kv`);
  const registry = openRegistry(kv), conversations = openConversations(kv);
  const memory = openMemory(kv);
  const embedder = openEmbedder(`${folder}/minilm`); // not there
  const needs = {
    registry,
    conversations,
    memory,
    embedder,
    toolbox: openToolbox({
      kv,
      types: {},
      secrets: openSecrets({ kv, keyFile: `${folder}/secrets.key` }),
    }),
  };
  const assistants = createAssistants({ ...needs, engine: () => engine });
  let count = 0;
  const begin = async (maxTokens = 12, instructions = "the answer is in the stone") => {
    // Seeded by nothing: greedy, so that the same prompt gives the same answer.
    const draft = {
      id: `a-${count++}`,
      name: "A",
      instructions,
      sampling: { temperature: 0, maxTokens },
    };
    return (await conversations.create((await registry.create(draft)).id)).id;
  };
  try {
    await use({ engine, needs, registry, conversations, memory, assistants, begin });
  } finally {
    await assistants.close();
    await engine.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function all(events: AsyncIterable<ChatEvent>): Promise<ChatEvent[]> {
  return await Array.fromAsync(events);
}

const said = (events: readonly ChatEvent[]) =>
  events.map((event) => event.type === "token" ? event.text : "").join("");
const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;

Deno.test("assistant: a reply streams tokens, then stats, then the message it saved", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin();
    const events = await all(assistants.reply(id, "hello"));
    assert.deepEqual(events.map(({ type }) => type).slice(-3), ["token", "stats", "done"]);
    const [question, answer] = conversations.messages(id);
    assert.deepEqual([question!.role, question!.content], ["user", "hello"]);
    assert.equal(answer!.content, said(events));
    assert.equal(answer!.end, "length");
    assert.equal(answer!.stats!.completionTokens, 12);
    assert.equal(answer!.stats!.model, "tiny");
    assert.deepEqual(events.at(-1), { type: "done", message: answer });
  }));

Deno.test("assistant: what was said before reaches the model, the instructions too", () =>
  withAssistants(async ({ assistants, engine, begin, conversations }) => {
    const id = await begin();
    await all(assistants.reply(id, "hello"));
    const first = said(await all(assistants.reply(id, "hello")));
    const fresh = said(await all(assistants.reply(await begin(), "hello")));
    assert.notEqual(first, fresh);
    const [, , , last] = conversations.messages(id);
    const prompt = engine.text.chat([
      { role: "system", content: "the answer is in the stone" },
      ...conversations.messages(id).slice(0, 3),
    ]);
    assert.equal(last!.stats!.promptTokens, prompt.length);
  }));

Deno.test("assistant: a stop keeps what was said and frees the engine", () =>
  withAssistants(async ({ assistants, conversations, engine, begin }) => {
    const id = await begin(200);
    const stop = new AbortController();
    let text = "";
    const types = [];
    for await (const event of assistants.reply(id, "hello", stop.signal)) {
      types.push(event.type);
      if (event.type === "token") text += event.text;
      if (types.length === 5) stop.abort();
    }
    const answer = conversations.messages(id)[1]!;
    assert.deepEqual([answer.content, answer.end], [text, "cancelled"]);
    assert.deepEqual(types.slice(-2), ["stats", "done"]);
    assert.deepEqual([engine.report().running, engine.report().waiting], [0, 0]);
  }));

Deno.test("assistant: a reader who leaves keeps what was said and frees the engine", () =>
  withAssistants(async ({ assistants, conversations, engine, begin }) => {
    const id = await begin(200);
    let text = "";
    for await (const event of assistants.reply(id, "hello")) {
      if (event.type === "token") text += event.text;
      if (text.length > 10) break;
    }
    const answer = conversations.messages(id)[1]!;
    assert.deepEqual([answer.content, answer.end], [text, "cancelled"]);
    assert.equal(engine.report().running, 0);
    await all(assistants.reply(id, "and now")); // nor is the conversation left locked
    assert.equal(conversations.get(id).messages, 4);
  }));

Deno.test("assistant: a stop before the first word keeps only the question", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin();
    const events = await all(assistants.reply(id, "hello", AbortSignal.abort()));
    assert.equal(events.at(-1)!.type, "error");
    assert.deepEqual(conversations.messages(id).map(({ role }) => role), ["user"]);
  }));

Deno.test("assistant: regenerate takes the answer back and answers the same question", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin();
    await all(assistants.reply(id, "hello"));
    const [question, first] = conversations.messages(id);
    const events = await all(assistants.regenerate(id));
    const messages = conversations.messages(id);
    assert.deepEqual(messages[0], question);
    assert.equal(messages.length, 2);
    assert.equal(messages[1]!.content, first!.content); // greedy
    assert.deepEqual(events.at(-1), { type: "done", message: messages[1]! });
  }));

Deno.test("assistant: the old answer stays until there is a new one", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin();
    await all(assistants.reply(id, "hello"));
    const before = conversations.messages(id);
    await all(assistants.regenerate(id, AbortSignal.abort()));
    assert.deepEqual(conversations.messages(id), before);
    for await (const event of assistants.regenerate(id)) {
      if (event.type === "token") break;
    }
    const [, cut, ...more] = conversations.messages(id);
    assert.deepEqual([cut!.end, more.length], ["cancelled", 0]);
  }));

Deno.test("assistant: regenerate answers a question that was never answered", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin();
    await assert.rejects(all(assistants.regenerate(id)), code("bad_input"));
    await conversations.append(id, { role: "user", content: "hello" });
    await all(assistants.regenerate(id));
    assert.equal(conversations.messages(id).length, 2);
  }));

Deno.test("assistant: a second reply while one is under way is refused and saves nothing", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin(30);
    const first = all(assistants.reply(id, "hello"));
    await assert.rejects(all(assistants.reply(id, "again")), code("busy"));
    await first;
    assert.equal(conversations.messages(id).length, 2);
  }));

Deno.test("assistant: two conversations are answered side by side, each as if alone", () =>
  withAssistants(async ({ assistants, begin }) => {
    const questions = ["hello", "a stone is a stone"];
    const alone = [];
    for (const question of questions) {
      alone.push(said(await all(assistants.reply(await begin(), question))));
    }
    const ids = [await begin(), await begin()];
    const both = await Promise.all(ids.map((id, i) => all(assistants.reply(id, questions[i]!))));
    assert.deepEqual(both.map(said), alone);
  }));

const refusals: [what: string, message: unknown, words: RegExp][] = [
  ["a blank message", " \n", /message is empty/],
  ["a number", 5, /message must be a text/],
  ["a message beyond the limit", "x".repeat(32_001), /message is too long/],
  ["half a character", "\ud83d", /half a character/],
];
Deno.test("assistant: a message that is none is refused before anything is saved", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin();
    for (const [, message, words] of refusals) {
      await assert.rejects(all(assistants.reply(id, message)), words);
    }
    assert.equal(conversations.get(id).messages, 0);
    await assert.rejects(all(assistants.reply(crypto.randomUUID(), "hi")), code("not_found"));
  }));

Deno.test("assistant: a message that cannot fit the context is refused before it is saved", () =>
  withAssistants(async ({ assistants, conversations, engine, begin }) => {
    const id = await begin();
    const long = "stone ".repeat(Math.min(5000, engine.limits.contextTokens));
    await assert.rejects(all(assistants.reply(id, long)), code("over_budget"));
    assert.equal(conversations.get(id).messages, 0);
  }));

Deno.test("assistant: a long conversation drops its oldest turns and says how many", () =>
  withAssistants(async ({ assistants, conversations, engine, begin }) => {
    const id = await begin(4);
    const turn = "z".repeat(Math.ceil(engine.limits.contextTokens / 6));
    for (let i = 0; i < 8; i++) {
      await conversations.append(id, { role: i % 2 ? "assistant" : "user", content: turn });
    }
    await all(assistants.reply(id, "hello"));
    const { droppedMessages, promptTokens } = conversations.messages(id).at(-1)!.stats!;
    assert(droppedMessages > 0 && droppedMessages % 2 === 0, `${droppedMessages}`);
    assert(promptTokens <= engine.limits.contextTokens - 4);
  }));

Deno.test("assistant: once turns crowd, notes stand in for the oldest, and each answer accounts for it", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin(8);
    let [notes, last] = [conversations.summary(id), 0];
    for (let i = 0; i < 12 && !notes; i++) {
      await all(assistants.reply(id, "stone upon stone. " + "the answer is in it ".repeat(12)));
      await assistants.close(); // what is done behind an answer is done by then
      notes = conversations.summary(id);
      last = conversations.messages(id).length;
    }
    assert.equal(notes!.by, "extract");
    assert(notes!.until > 0 && notes!.until < last, `${notes!.until} of ${last}`);
    assert.match(notes!.text, /^(User|Assistant): ./);
    await all(assistants.reply(id, "go on"));
    const { layers, droppedMessages } = conversations.messages(id).at(-1)!.stats!;
    assert.equal(droppedMessages, 0);
    const earlier = layers!.find(({ layer }) => layer === "earlier")!;
    assert.deepEqual([earlier.shown, earlier.cut], [notes!.until, 0]);
    await conversations.append(id, { role: "user", content: "another beginning" }, 1);
    assert.equal(conversations.summary(id), undefined);
  }, 2048));

Deno.test("assistant: a failure in mid-answer keeps what was said and is the last event", () =>
  withAssistants(async ({ needs, engine, conversations, begin }) => {
    const id = await begin(50);
    const failing: Engine = {
      ...engineFace(engine),
      async *generate(request, signal) {
        let tokens = 0;
        for await (const event of engine.generate(request, signal)) {
          if (++tokens === 6) throw new FlintError("unavailable", "the disk went away");
          yield event;
        }
      },
    };
    const assistants = createAssistants({ ...needs, engine: () => failing });
    const events = await all(assistants.reply(id, "hello"));
    assert.deepEqual(events.at(-1), {
      type: "error",
      code: "unavailable",
      message: "the disk went away",
    });
    const answer = conversations.messages(id)[1]!;
    assert.deepEqual([answer.end, answer.content], ["failed", said(events)]);
    assert.equal(engine.report().running, 0);
  }));

Deno.test("assistant: a conversation removed in mid-answer ends with that as its last event", () =>
  withAssistants(async ({ assistants, conversations, begin }) => {
    const id = await begin();
    const events: ChatEvent[] = [];
    for await (const event of assistants.reply(id, "hello")) {
      if (events.push(event) === 3) await conversations.remove(id);
    }
    const last = events.at(-1)!;
    assert(last.type === "error" && last.code === "not_found", JSON.stringify(last));
  }));

Deno.test("assistant: a turn for /v1 has the instructions first and the assistant's sampling", () =>
  withAssistants(async ({ assistants, engine, registry, begin }) => {
    await begin(7, "be kind");
    const request = assistants.turn("a-0", [{ role: "user", content: "hello" }]);
    const messages = [{ role: "system", content: "be kind" }, {
      role: "user",
      content: "hello",
    }] as const;
    assert.deepEqual(request.prompt, engine.text.chat(messages));
    assert.deepEqual([request.sampling, request.maxTokens, request.assistant], [
      { temperature: 0 },
      7,
      "a-0",
    ]);
    assert.deepEqual(
      request.prompt.slice(0, request.prefixTokens),
      engine.text.chat([messages[0]], { open: false }),
    );
    await registry.remove("a-0", 1);
    assert.throws(() => assistants.turn("a-0", []), code("not_found"));
  }));

/** The engine's fields as plain ones, to replace one of them. */
function engineFace(engine: Engine): Engine {
  const { card, text, fidelity, choice, limits } = engine;
  return {
    card,
    text,
    fidelity,
    choice,
    limits,
    generate: (request, signal) => engine.generate(request, signal),
    score: (tokens, signal) => engine.score(tokens, signal),
    trace: (run) => engine.trace(run),
    report: () => engine.report(),
    close: () => engine.close(),
  };
}

Deno.test("assistant: the model is shown facts only while memory is on, behind the shared prefix", () =>
  withAssistants(async ({ assistants, conversations, memory, engine, begin }) => {
    const id = await begin(4);
    const key = { assistant: conversations.get(id).assistantId, user: "owner" };
    const prompts: number[][] = [];
    const prefixes: number[] = [];
    const generate = engine.generate.bind(engine);
    engine.generate = (request, signal) => {
      prompts.push([...request.prompt]);
      prefixes.push(request.prefixTokens!);
      return generate(request, signal);
    };
    const ask = async (on: boolean) => {
      await memory.turn(key, on);
      await all(assistants.regenerate(id));
    };
    await all(assistants.reply(id, "hello"));
    await memory.turn(key, true);
    await memory.add(key, { text: "the user has a stone" });
    const guest = { ...key, user: "guest" };
    await memory.turn(guest, true);
    await memory.add(guest, { text: "the guest is a secret" });
    await ask(true);
    await ask(false);
    assert.deepEqual(prompts[2], prompts[0]);
    assert(prompts[1]!.length > prompts[0]!.length);
    assert(prefixes[1]! > 3 && prefixes[1]! <= prefixes[0]!);
    assert.deepEqual(prompts[1]!.slice(0, prefixes[1]), prompts[0]!.slice(0, prefixes[1]));
    const shown = engine.text.decode(prompts[1]!);
    assert.match(shown, /<notes>\n- the user has a stone\n<\/notes>/);
  }, 2048)); // an eighth of it holds the notes, a letter a token
