/**
 * The soak's process: several people at once, short and long prompts, some of whom leave in the
 * middle and ask again. Greedy answers must not depend on who else is there: each is compared with
 * what the same prompt was answered before.
 */
import { openEngine } from "../../core/engine.ts";
import type { Engine } from "../../core/run/api.ts";
import { randomInts } from "../random.ts";
import { assistantCases, type BenchCase, type Prompt, promptOf } from "./cases.ts";
import { HANDBOOK } from "./handbook.ts";

/** What the process is told. */
export interface SoakTask {
  readonly model: string;
  readonly memoryBytes: number;
  readonly minutes: number;
}

/** What happened so far. */
export interface SoakCount {
  minutes: number;
  answers: number;
  cancelled: number;
  tokens: number;
  errors: number;
  /** Answers that were not what the same prompt was answered before. */
  changed: number;
}

const PEOPLE = 5;
const TOKENS_MAX = 48;
const MINUTE = 60_000;

const task: SoakTask = JSON.parse(Deno.args[0]!);
const start = performance.now();
const count: SoakCount = { minutes: 0, answers: 0, cancelled: 0, tokens: 0, errors: 0, changed: 0 };
const before = new Map<string, readonly number[]>();

/** Twenty assistants, and some who answer from longer and longer parts of the handbook. */
function promptsFor(engine: Engine): Prompt[] {
  const paragraphs = HANDBOOK.split("\n\n");
  const readers = paragraphs.map((_, i): BenchCase => ({
    name: `reader of ${i + 1}`,
    messages: [
      { role: "system", content: paragraphs.slice(0, i + 1).join("\n\n") },
      { role: "user", content: "Say in your own words what is asked of me here." },
    ],
  }));
  const all = [...assistantCases(20), ...readers].map((one) => promptOf(engine.text, one));
  return all.filter(({ ids }) => ids.length + TOKENS_MAX <= engine.limits.contextTokens);
}

/** One answer, left after `patience` tokens. */
async function ask(engine: Engine, prompt: Prompt, patience: number): Promise<void> {
  const leave = new AbortController();
  const said: number[] = [];
  const request = {
    prompt: prompt.ids,
    assistant: prompt.assistant,
    prefixTokens: prompt.prefixTokens,
    sampling: { temperature: 0, repetitionPenalty: 1 },
    maxTokens: TOKENS_MAX,
  };
  for await (const event of engine.generate(request, leave.signal)) {
    if (event.type !== "token") break;
    said.push(event.id);
    count.tokens++;
    if (said.length === patience) leave.abort();
  }
  if (leave.signal.aborted) count.cancelled++;
  else count.answers++;
  compare(prompt.assistant, said);
}

function compare(name: string, said: readonly number[]): void {
  const known = before.get(name) ?? [];
  if (said.some((id, i) => i < known.length && id !== known[i])) {
    count.changed++;
    console.error(`${name} said ${said.join(" ")} after ${known.join(" ")}`);
  }
  if (said.length > known.length) before.set(name, said);
}

/** One person, until the time is up. */
async function person(engine: Engine, prompts: readonly Prompt[], seed: number): Promise<void> {
  const below = randomInts(seed);
  while (performance.now() - start < task.minutes * MINUTE) {
    const prompt = prompts[below(prompts.length)]!;
    const patience = below(4) === 0 ? 1 + below(TOKENS_MAX) : Infinity;
    await ask(engine, prompt, patience).catch((error) => {
      count.errors++;
      console.error(String(error));
    });
  }
}

function tell(): void {
  count.minutes = Math.round((performance.now() - start) / MINUTE * 10) / 10;
  console.log(JSON.stringify(count));
}

const engine = await openEngine({ folder: task.model, memoryBytes: task.memoryBytes });
const prompts = promptsFor(engine);
const telling = setInterval(tell, MINUTE);
await Promise.all(Array.from({ length: PEOPLE }, (_, seed) => person(engine, prompts, seed + 1)));
clearInterval(telling);
tell();
await engine.close();
