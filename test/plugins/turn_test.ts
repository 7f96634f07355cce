/** The loop of calls: what runs when, what waits, what is told; the choice is a script. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { FlintError } from "@flint/core";
import { type ChatEvent, textResult, type Tool, type ToolUse } from "@flint/plugins";
import type { ToolCall } from "../../plugins/tools/choice.ts";
import type { GrantedTool } from "../../plugins/tools/toolbox.ts";
import { type Turn, useTools } from "../../plugins/turn.ts";

const never = new AbortController().signal;

function granted(name: string, more: Partial<Tool> & { ask?: GrantedTool["ask"] } = {}) {
  const { ask = "never", ...rest } = more;
  const tool: Tool = {
    name,
    description: name,
    parameters: { type: "object" },
    effect: "none",
    call: (values) => Promise.resolve(textResult(`${name} ${JSON.stringify(values)}`)),
    ...rest,
  };
  return { name, plugin: "kit", tool, ask } satisfies GrantedTool;
}

const call = (name: string, values: ToolCall["arguments"] = {}): ToolCall => (
  { name, arguments: values }
);

/** A turn over these tools that wants these calls, round by round. */
function turnOf(tools: GrantedTool[], rounds: ToolCall[][], more: Partial<Turn> = {}): Turn {
  return {
    tools,
    choose: () => Promise.resolve(rounds.shift() ?? []),
    allowed: () => false,
    context: { assistant: "a", user: "u", depth: 0 },
    keep: () => Promise.resolve(),
    ...more,
  };
}

/** Runs a turn: its events, and how it ended. */
async function ran(turn: Turn, uses: ToolUse[] = [], signal = never) {
  const events: ChatEvent[] = [];
  const loop = useTools(turn, uses, signal);
  for (;;) {
    const { done, value } = await loop.next();
    if (done) return { events, uses, end: value, types: events.map(({ type }) => type) };
    events.push(value);
  }
}

const textOf = (use: ToolUse) => {
  const [piece] = use.result!.content;
  assert(piece?.type === "text");
  return piece.text;
};

Deno.test("turn: rounds of calls run until the model would rather speak", async () => {
  const seen: number[] = [];
  const rounds = [[call("a", { x: 1 })], [call("b")]];
  const turn = turnOf([granted("a"), granted("b")], rounds);
  const choose: Turn["choose"] = (uses) => {
    seen.push(uses.filter(({ result }) => result).length);
    return turn.choose(uses);
  };
  const { types, uses, end } = await ran({ ...turn, choose });
  assert.deepEqual(types, ["tool_call", "tool_result", "tool_call", "tool_result"]);
  assert.deepEqual(uses.map(({ name, step }) => [name, step]), [["a", 0], ["b", 1]]);
  assert.deepEqual([textOf(uses[0]!), end, seen], ['a {"x":1}', "speak", [0, 1, 2]]);
});

Deno.test("turn: calls of one round run at once unless they change something", async () => {
  const log: string[] = [];
  const slow = (name: string, effect: Tool["effect"]) =>
    granted(name, {
      effect,
      async call() {
        log.push(`${name} begins`);
        await delay(5);
        log.push(`${name} ends`);
        return textResult("");
      },
    });
  const tools = [
    slow("w1", "writes"),
    slow("r1", "reads"),
    slow("w2", "writes"),
    slow("r2", "none"),
  ];
  const { uses } = await ran(turnOf(tools, [tools.map(({ name }) => call(name))]));
  assert.deepEqual(log.slice(0, 2), ["r1 begins", "r2 begins"]);
  assert.deepEqual(log.slice(4), ["w1 begins", "w1 ends", "w2 begins", "w2 ends"]);
  assert.deepEqual(uses.map(({ name }) => name), ["w1", "r1", "w2", "r2"]);
});

Deno.test("turn: the same call again, or too many rounds, end it", async () => {
  const twice = await ran(turnOf([granted("a")], [[call("a")], [call("a")], [call("a")]]));
  assert.deepEqual([twice.uses.length, twice.end], [1, "speak"]);
  const rounds = Array.from({ length: 9 }, (_, x) => [call("a", { x })]);
  const many = await ran(turnOf([granted("a")], rounds));
  assert.deepEqual([many.uses.length, many.end], [5, "speak"]);
});

Deno.test("turn: a failure, and arguments that do not fit, are results the model reads", async () => {
  const strict = granted("strict", {
    parameters: { type: "object", properties: { n: { type: "integer", multipleOf: 7 } } },
  });
  const failing = granted("failing", {
    call: () => Promise.reject(new FlintError("unavailable", "the disk went away")),
  });
  const rounds = [[call("strict", { n: 6 }), call("failing")]];
  const { uses } = await ran(turnOf([strict, failing], rounds));
  assert.match(textOf(uses[0]!), /multiple of 7/);
  assert.equal(textOf(uses[1]!), "the disk went away");
  assert.ok(uses.every(({ result }) => result!.failed));
});

Deno.test("turn: what needs leave waits while the rest runs, and goes on once decided", async () => {
  const tools = [granted("free"), granted("asks", { ask: "always" })];
  const turn = turnOf(tools, [[call("free"), call("asks")]]);
  const { types, uses, end } = await ran(turn);
  assert.deepEqual(types, ["approval", "tool_call", "tool_result"]);
  assert.deepEqual([end, uses[1]!.ask, uses[1]!.result], ["wait", "always", undefined]);

  const allowed = uses.map((use) => use.ask ? { ...use, decision: "allow" as const } : use);
  const on = await ran(turnOf(tools, []), allowed);
  assert.deepEqual([on.types, on.end], [["tool_call", "tool_result"], "speak"]);

  const denied = uses.map((use) => use.ask ? { ...use, decision: "deny" as const } : use);
  const off = await ran(turnOf(tools, []), denied);
  assert.deepEqual([off.types, off.end, off.uses[1]!.result], [[], "speak", undefined]);
});

Deno.test("turn: leave for a whole conversation counts where it may be given, and there alone", async () => {
  const allowed = () => true;
  for (const [ask, waits] of [["once", false], ["always", true]] as const) {
    const turn = turnOf([granted("a", { ask })], [[call("a")]], { allowed });
    const { end } = await ran(turn);
    assert.equal(end === "wait", waits);
  }
});

Deno.test("turn: calls are kept before they run, and after", async () => {
  const kept: unknown[] = [];
  const uses: ToolUse[] = [];
  const keep = () => {
    kept.push(uses.map(({ name, result }) => [name, result !== undefined]));
    return Promise.resolve();
  };
  await ran(turnOf([granted("a")], [[call("a")]], { keep }), uses);
  assert.deepEqual(kept, [[["a", false]], [["a", true]]]);
});

Deno.test("turn: a call tells how far it is, and asks the user", async () => {
  const curious = granted("curious", {
    async call(_, { progress, ask }) {
      progress!("half");
      const values = await ask!("Which city?", { type: "object" });
      return textResult(JSON.stringify(values));
    },
  });
  const ask = () => ({ id: crypto.randomUUID(), answer: Promise.resolve({ city: "Bern" }) });
  const { types, events, uses } = await ran(turnOf([curious], [[call("curious")]], { ask }));
  assert.deepEqual(types, ["tool_call", "progress", "question", "tool_result"]);
  assert.equal(events[2]!.type === "question" && events[2]!.text, "Which city?");
  assert.equal(textOf(uses[0]!), '{"city":"Bern"}');
});

Deno.test("turn: a reader who leaves, or a stop, aborts what runs", async () => {
  for (const how of ["leave", "stop"]) {
    const stop = new AbortController(), gone = Promise.withResolvers<string>();
    const endless = granted("endless", {
      call: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            gone.resolve("aborted");
            reject(signal.reason);
          });
        }),
    });
    const uses: ToolUse[] = [];
    const loop = useTools(turnOf([endless], [[call("endless")]]), uses, stop.signal);
    assert.equal((await loop.next()).value && uses.length, 1);
    if (how === "leave") await loop.return("speak");
    else {
      stop.abort();
      await assert.rejects(
        loop.next(),
        (error) => error instanceof FlintError && error.code === "cancelled",
      );
    }
    assert.equal(await gone.promise, "aborted");
    assert.equal(uses[0]!.result, undefined);
  }
});

Deno.test("turn: pictures beyond what is kept become words", async () => {
  const data = "A".repeat(5 << 20);
  const painter = granted("painter", {
    call: () => Promise.resolve({ content: [{ type: "image", mimeType: "image/png", data }] }),
  });
  const rounds = [[call("painter", { n: 1 })], [call("painter", { n: 2 })]];
  const { uses } = await ran(turnOf([painter], rounds));
  assert.deepEqual(uses.map(({ result }) => result!.content[0]!.type), ["image", "text"]);
});
