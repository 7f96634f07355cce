/**
 * Does the model choose the right tool, with the right arguments? The set was written before any
 * tuning: 42 turns, a third of which need none, with 3 and with 30 tools on offer.
 *
 *   deno task bench tools [--model NAME]
 */
import { openEngine } from "../../core/engine.ts";
import type { ChatMessage, Engine } from "../../core/run/api.ts";
import { chooseTools, type ToolFunction } from "@flint/plugins";
import set from "../plugins/tools/choice_set.json" with { type: "json" };
import { modelStore, type TestModel } from "../models.ts";

/** Any of the catalog's models lies in DRAM whole: it is choice that is measured here. */
const RESIDENT_BYTES = 1.5e9;

type Turn = typeof set.turns[number];

/** Whether a value is the wanted one; "~x" wants x somewhere in a text. */
function fits(wanted: unknown, got: unknown): boolean {
  if (typeof wanted === "string" && wanted.startsWith("~")) {
    return typeof got === "string" && got.toLowerCase().includes(wanted.slice(1).toLowerCase());
  }
  return typeof wanted === "string" && typeof got === "string"
    ? wanted.toLowerCase() === got.toLowerCase()
    : wanted === got;
}

interface Tally {
  right: number;
  calls: number;
  argumentsRight: number;
  turns: number;
}

async function judge(engine: Engine, turn: Turn, tools: readonly ToolFunction[], tally: Tally) {
  const messages = [...(turn.history ?? []), { role: "user", content: turn.user }];
  const choice = {
    messages: messages as ChatMessage[],
    tools,
    wish: "auto",
    parallel: false,
  } as const;
  const asked = (all: readonly ChatMessage[]) => ({ prompt: engine.text.chat(all) });
  const { calls: [call] } = await chooseTools(engine, choice, asked);
  tally.turns++;
  const right = (call?.name ?? null) === turn.tool;
  if (right) tally.right++;
  if (turn.tool === null) return report(turn, right, call);
  tally.calls++;
  const values = right &&
    Object.entries(turn.arguments).every(([name, wanted]) => fits(wanted, call!.arguments[name]));
  if (values) tally.argumentsRight++;
  report(turn, values, call);
}

function report(turn: Turn, right: boolean, call: unknown): void {
  if (!right) console.log(`  ${turn.user}\n    wanted ${turn.tool}, got ${JSON.stringify(call)}`);
}

/** Judges one model on the set, or on the half of it that tuning leaves alone. */
export async function benchTools(model: TestModel): Promise<void> {
  const folder = await modelStore(model);
  const engine = await openEngine({ folder, memoryBytes: RESIDENT_BYTES });
  for (const half of ["tuning", "test"] as const) {
    for (const count of [3, 30]) await benchHalf(engine, half, count);
  }
  await engine.close();
}

async function benchHalf(engine: Engine, half: "tuning" | "test", count: number) {
  const turns = set.turns.filter((_, i) => (i % 2 === 0) === (half === "tuning"));
  const tally: Tally = { right: 0, calls: 0, argumentsRight: 0, turns: 0 };
  const start = performance.now();
  for (const turn of turns) {
    const few = set.tools.filter(({ name }) => turn.three.includes(name));
    await judge(engine, turn, (count === 3 ? few : set.tools) as unknown as ToolFunction[], tally);
  }
  const share = (part: number, all: number) =>
    `${part}/${all} (${(part / all * 100).toFixed(0)} %)`;
  console.log(
    `${half} half, ${count} tools: right tool ${
      share(tally.right, tally.turns)
    }, right arguments ` +
      `${share(tally.argumentsRight, tally.calls)}, ` +
      `${((performance.now() - start) / tally.turns).toFixed(0)} ms a turn`,
  );
}
