/**
 * Does the model choose the right tool, with the right arguments? The set was written before any
 * tuning: 42 turns, a third of which need none, with 3 and with 30 tools on offer. Of 30, MiniLM
 * shows the model 8.
 *
 *   deno task bench tools [--model NAME] [--half tuning|test]
 */
import type { ChatMessage, Engine } from "../../core/run/api.ts";
import {
  chooseTools,
  openEmbedder,
  questioned,
  type ToolCall,
  type ToolFunction,
  withTools,
} from "@flint/plugins";
import { openEngine } from "../../core/engine.ts";
import { Shortlist } from "../../plugins/tools/shortlist.ts";
import { fitting } from "../../plugins/tools/tool.ts";
import set from "../plugins/tools/choice_set.json" with { type: "json" };
import { modelStore, type TestModel } from "../models.ts";

/** Any of the catalog's models lies in DRAM whole: it is choice that is measured here. */
const RESIDENT_BYTES = 1.5e9;
const MINILM = new URL("../../.flint/models/minilm", import.meta.url).pathname;
const TOOLS: Tools = set.tools as unknown as Tools;

type Turn = typeof set.turns[number];
type Tools = readonly ToolFunction[];

/** Who is judged. */
interface Judged {
  readonly engine: Engine;
  readonly shortlist: Shortlist;
}

/** What one half of the set came to. */
class Tally {
  turns = 0;
  /** Turns whose tool, or none, was right. */
  right = 0;
  /** Turns that need a tool, and those whose arguments were right too. */
  needed = 0;
  argumentsRight = 0;
  /** Calls, and those that fit their tool's schema. */
  called = 0;
  valid = 0;
  readonly #start = performance.now();

  add(turn: Turn, call: ToolCall | undefined): void {
    const right = (call?.name ?? null) === turn.tool;
    const values = right && Object.entries(turn.arguments)
      .every(([name, wanted]) => fits(wanted, call!.arguments[name]));
    this.turns++;
    if (right) this.right++;
    if (turn.tool !== null) this.needed++;
    if (turn.tool !== null && values) this.argumentsRight++;
    if (call) this.called++;
    if (call && isValid(call)) this.valid++;
    if (right && values) return;
    console.log(`  ${turn.user}\n    wanted ${turn.tool}, got ${JSON.stringify(call)}`);
  }

  toString(): string {
    const share = (part: number, all: number) =>
      `${part}/${all} (${(part / all * 100).toFixed(0)} %)`;
    const ms = (performance.now() - this.#start) / this.turns;
    return `right tool ${share(this.right, this.turns)}, right arguments ` +
      `${share(this.argumentsRight, this.needed)}, valid calls ${this.valid}/${this.called}, ` +
      `${ms.toFixed(0)} ms a turn`;
  }
}

/** Whether a value is the wanted one; "~x" wants x somewhere in a text. */
function fits(wanted: unknown, got: unknown): boolean {
  if (typeof wanted === "string" && wanted.startsWith("~")) {
    return typeof got === "string" && got.toLowerCase().includes(wanted.slice(1).toLowerCase());
  }
  return typeof wanted === "string" && typeof got === "string"
    ? wanted.toLowerCase() === got.toLowerCase()
    : wanted === got;
}

function isValid(call: ToolCall): boolean {
  try {
    fitting(call.name, TOOLS.find(({ name }) => name === call.name)!.parameters!, call.arguments);
    return true;
  } catch {
    return false;
  }
}

/** Judges one model on one half of the set; the other is left alone. */
export async function benchTools(model: TestModel, half: "tuning" | "test"): Promise<void> {
  const engine = await openEngine({
    folder: await modelStore(model),
    memoryBytes: RESIDENT_BYTES,
  });
  const embedder = openEmbedder(MINILM);
  const judged = { engine, shortlist: new Shortlist(embedder) };
  const turns = set.turns.filter((_, i) => (i % 2 === 0) === (half === "tuning"));
  try {
    for (const count of [3, 30]) {
      const tally = new Tally();
      for (const turn of turns) {
        const few = TOOLS.filter(({ name }) => turn.three.includes(name));
        tally.add(turn, await chosen(judged, turn, count === 3 ? few : TOOLS));
      }
      console.log(`${model}, ${half} half, ${count} tools: ${tally}`);
    }
  } finally {
    embedder.close();
    await engine.close();
  }
}

/** What the model wants to call, asked as a reply asks. */
async function chosen({ engine, shortlist }: Judged, turn: Turn, all: Tools) {
  const history = [...turn.history, { role: "user", content: turn.user }] as ChatMessage[];
  const tools = await shortlist.choose(all, turn.user, new Set());
  const messages = withTools(history, tools);
  const { calls: [call] } = await chooseTools(
    engine,
    { tools, wish: "auto", parallel: false },
    (question) => ({ prompt: engine.text.chat(questioned(messages, question, engine.text)) }),
  );
  return call;
}
