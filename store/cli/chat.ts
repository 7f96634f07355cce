/** `flint chat`: talk to an assistant at the terminal, from a pipe, or for one answer. */
import { createInterface, type Interface } from "node:readline";
import process from "node:process";
import type { Command } from "commander";
import { FlintError } from "@flint/core";
import {
  type Assistant,
  type ChatEvent,
  isWaiting,
  MESSAGE_CHARS_MAX,
  type ToolUse,
} from "@flint/plugins";
import { type Flint, openFlint } from "../serve.ts";
import { type Ask, decisionOn, valuesOf } from "./consent.ts";
import { houseOptions, type ModelOptions, withCommon, withModel } from "./options.ts";
import { needWrite } from "./permission.ts";
import { untilServing } from "./progress.ts";
import { Stop } from "./stop.ts";
import { formatBytes, print, remark, write } from "./terminal.ts";

interface ChatOptions extends ModelOptions {
  readonly once?: string;
  readonly stats?: boolean;
}

const DEFAULT_ASSISTANT = "code-companion";

/** Adds the command. */
export function addChat(program: Command, dataDir: string, args: readonly string[]): void {
  withModel(withCommon(program.command("chat"), dataDir))
    .description("talk to an assistant; each line is a message, /exit or Ctrl-D leaves")
    .argument("[assistant]", "id of the assistant", DEFAULT_ASSISTANT)
    .option("--once <text>", "answer one message and leave; - reads it from stdin")
    .option("--stats", "tell the speed of each answer")
    .action(async (assistant: string, options: ChatOptions) => {
      await needWrite(options.data, args);
      await chat(assistant, options);
    });
}

async function chat(assistantId: string, options: ChatOptions): Promise<void> {
  using stop = new Stop();
  const flint = await openFlint(houseOptions(options));
  try {
    const { name } = find(flint, assistantId);
    const early = options.once === undefined && process.stdin.isTTY;
    await untilServing(flint.house, stop.signal, { early });
    const { id } = await flint.conversations.create(assistantId);
    const answer: Answer = (text, signal, ask) => reply(flint, id, text, { signal, ask, options });
    if (options.once !== undefined) {
      return await answer(options.once === "-" ? await readAll() : options.once, stop.signal);
    }
    if (!process.stdin.isTTY) return await eachLine(answer, stop.signal);
    remark(`${name} listens. Ctrl-C stops an answer, Ctrl-D leaves.`);
    await converse(flint, answer);
  } finally {
    await flint.close();
  }
}

function find({ registry }: Flint, id: string): Assistant {
  try {
    return registry.get(id);
  } catch (error) {
    if (!(error instanceof FlintError && error.code === "not_found")) throw error;
    const ids = registry.list().assistants.map((one) => one.id).join(", ");
    throw new FlintError("not_found", `${error.message}; there are ${ids}`, { cause: error });
  }
}

type Answer = (text: string, signal: AbortSignal, ask?: Ask) => Promise<void>;

/** How a reply is shown, and who is asked what it needs. */
interface Showing {
  readonly signal: AbortSignal;
  readonly ask: Ask | undefined;
  readonly options: ChatOptions;
}

/** One message and all of its answer, decisions included. */
async function reply(
  flint: Flint,
  conversation: string,
  text: string,
  showing: Showing,
): Promise<void> {
  const { assistants } = flint, { signal, ask } = showing;
  const give = async (question: Extract<ChatEvent, { type: "question" }>) =>
    assistants.answerQuestion(conversation, question.question, await valuesOf(question, ask));
  let waiting = await show(assistants.reply(conversation, text, signal), showing, give);
  while (waiting) {
    const decision = await decisionOn(waiting, ask);
    const rest = assistants.decide(conversation, waiting.id, decision, signal);
    waiting = await show(rest, showing, give);
  }
}

/** At a terminal the stand-in may begin; a program gets the model it asked for. */
/** Prints an answer as it comes; throws what ended it early, returns a call that waits for a decision. */
async function show(
  events: AsyncIterable<ChatEvent>,
  { options }: Showing,
  give: (question: Extract<ChatEvent, { type: "question" }>) => Promise<void>,
): Promise<ToolUse | undefined> {
  let failure: FlintError | undefined, waiting: ToolUse | undefined;
  for await (const event of events) {
    if (options.json) print(JSON.stringify(event));
    else if (event.type === "token") write(Deno.stdout, event.text);
    else if (event.type === "stats" && options.stats) remark(`\n${figures(event.stats)}`);
    else remarkOn(event);
    if (event.type === "question") await give(event);
    if (event.type === "error") failure = new FlintError("unavailable", event.message);
    if (event.type === "done") {
      waiting = event.message.calls?.find(isWaiting);
      if (!waiting && !options.json) write(Deno.stdout, "\n");
    }
  }
  if (failure) throw failure;
  return waiting;
}

/** What tools do, told beside the answer. */
function remarkOn(event: ChatEvent): void {
  if (event.type === "missing") remark(`(not there now: ${event.plugins.join(", ")})`);
  if (event.type === "progress") remark(`  ${event.text}`);
  if (event.type === "tool_call") {
    remark(`[${event.call.name} ${JSON.stringify(event.call.arguments)}]`);
  }
  if (event.type !== "tool_result") return;
  const { name, result } = event.call;
  remark(`[${name} ${result ? result.failed ? "failed" : "answered" : "was not called"}]`);
}

function figures(stats: Extract<ChatEvent, { type: "stats" }>["stats"]): string {
  return `${stats.model} (${stats.fidelity}): ${stats.tokensPerSecond.toFixed(1)} tokens/s, ` +
    `first after ${Math.round(stats.firstTokenMs)} ms, ` +
    `${formatBytes(stats.bytesReadPerToken)} read from flash a token`;
}

/** A conversation from a pipe: each line that is not empty is a message. */
async function eachLine(answer: Answer, signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  for await (const line of lines) {
    if (line === "/exit" || signal.aborted) break;
    if (line.trim() !== "") await answer(line, signal);
  }
  lines.close();
}

/** A conversation at a terminal: an answer that fails or is stopped ends nothing. */
async function converse({ house }: Flint, answer: Answer): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
  let answering: AbortController | undefined;
  lines.on("SIGINT", () => answering ? answering.abort() : lines.close());
  let told: string | undefined;
  const ask = () => {
    const { serving } = house.status();
    if (serving !== told) remark(`(${serving ?? "no model for a moment"} answers)`);
    told = serving;
    lines.prompt();
  };
  ask();
  for await (const line of lines) {
    if (line.trim() === "/exit") break;
    if (line.trim() !== "") {
      answering = new AbortController();
      await answer(line, answering.signal, asker(lines, answering.signal)).catch(tell);
      answering = undefined;
    }
    ask();
  }
  lines.close();
}

/** Asks at the same terminal; a stop is no answer. */
const asker = (lines: Interface, signal: AbortSignal): Ask => (question) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve("");
    signal.addEventListener("abort", () => resolve(""), { once: true });
    lines.question(question, { signal }, resolve);
  });

function tell(error: unknown): void {
  if (!(error instanceof FlintError)) throw error;
  remark(`\n${error.message}`);
}

/** All of stdin as one message; what is longer than an assistant reads is refused there. */
async function readAll(): Promise<string> {
  let text = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.length > MESSAGE_CHARS_MAX) break;
  }
  return text;
}
