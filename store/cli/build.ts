/** `flint build`: make an assistant by talk, at the terminal or from a pipe. */
import { createInterface } from "node:readline";
import process from "node:process";
import type { Command } from "commander";
import { FlintError } from "@flint/core";
import type { BuilderEvent, BuilderTurn, ChatEvent } from "@flint/plugins";
import { type Flint, openFlint } from "../serve.ts";
import { houseOptions, type ModelOptions, withCommon, withModel } from "./options.ts";
import { needWrite } from "./permission.ts";
import { Stop } from "./stop.ts";
import { print, remark, write } from "./terminal.ts";

interface BuildOptions extends ModelOptions {
  readonly edit?: string;
  readonly save?: boolean;
}

const HELP = "Say what to change. /undo, /redo, /try TEXT, /show, /save, /exit";

/** Adds the command. */
export function addBuild(program: Command, dataDir: string, args: readonly string[]): void {
  withModel(withCommon(program.command("build"), dataDir))
    .description("make an assistant by saying what it is to be, then what to change")
    .argument("[wish...]", "what the assistant is to do")
    .option("--edit <id>", "change this assistant instead of making a new one")
    .option("--save", "save at the end of what is piped in")
    .action(async (wish: string[], options: BuildOptions) => {
      await needWrite(options.data, args);
      await build(wish.join(" "), options);
    });
}

async function build(wish: string, options: BuildOptions): Promise<void> {
  using stop = new Stop();
  const flint = await openFlint(houseOptions(options));
  try {
    await awaitModel(flint, stop.signal);
    const { id } = await flint.builder.create({ assistantId: options.edit });
    const talk = { flint, id, options };
    if (wish !== "") await hear(talk, wish, stop.signal);
    if (!process.stdin.isTTY) await eachLine(talk, stop.signal);
    else await converse(talk);
    if (options.save && !flint.builder.get(id).saved) await save(talk);
  } finally {
    await flint.close();
  }
}

/** A talk under way. */
interface Talk {
  readonly flint: Flint;
  readonly id: string;
  readonly options: BuildOptions;
}

/** The first model that opens will do; without any, rules and templates make the draft. */
async function awaitModel({ house }: Flint, signal: AbortSignal): Promise<void> {
  for await (const { serving, progress } of house.watch(signal)) {
    if (serving || progress.stage === "failed") break;
  }
}

/** Does what one line says. Returns whether the talk goes on. */
async function hear(talk: Talk, line: string, signal: AbortSignal): Promise<boolean> {
  const { flint: { builder }, id, options } = talk;
  const [, command, rest = ""] = /^\/(\w+)\s*(.*)$/s.exec(line) ?? [];
  if (command === undefined) await show(builder.say(id, line, signal), options);
  else if (command === "exit") return false;
  else if (command === "save") await save(talk);
  else if (command === "undo" || command === "redo") showTurn(await builder[command](id), options);
  else if (command === "try") await showAnswer(builder.preview.reply(id, rest, signal), options);
  else if (command === "show") print(JSON.stringify(builder.get(id).draft, null, 2));
  else remark(HELP);
  return true;
}

async function save({ flint: { builder }, id, options }: Talk): Promise<void> {
  const saved = await builder.save(id);
  if (options.json) print(JSON.stringify({ type: "saved", id: saved.id, version: saved.version }));
  else print(`saved as ${saved.id}, version ${saved.version}: flint chat ${saved.id}`);
}

async function show(events: AsyncIterable<BuilderEvent>, options: BuildOptions): Promise<void> {
  let failure: FlintError | undefined;
  for await (const event of events) {
    if (options.json) print(JSON.stringify(event));
    else if (event.type === "field") showField(event.field, event.value);
    else if (event.type === "done") showTurn(event.turn, options);
    if (event.type === "error") failure = new FlintError("unavailable", event.message);
  }
  if (failure) throw failure;
}

function showTurn(
  { operation, changes, reply, question }: BuilderTurn,
  options: BuildOptions,
): void {
  if (options.json) return;
  if (operation.kind !== "create") {
    for (const { field, before, after } of changes) {
      print(`  ${field}`);
      if (before !== undefined) print(`  - ${shown(before)}`);
      if (after !== undefined) print(`  + ${shown(after)}`);
    }
  }
  print(reply);
  if (question && question.text !== reply) print(question.text);
}

function showField(field: string, value: unknown): void {
  print(`  ${field}: ${shown(value)}`);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join(" | ");
  return typeof value === "string" ? value.replaceAll("\n", "\n    ") : JSON.stringify(value);
}

async function showAnswer(events: AsyncIterable<ChatEvent>, options: BuildOptions): Promise<void> {
  let failure: FlintError | undefined;
  for await (const event of events) {
    if (options.json) print(JSON.stringify(event));
    else if (event.type === "token") write(Deno.stdout, event.text);
    else if (event.type === "done") write(Deno.stdout, "\n");
    if (event.type === "error") failure = new FlintError("unavailable", event.message);
  }
  if (failure) throw failure;
}

/** A talk from a pipe: each line that is not empty is said. */
async function eachLine(talk: Talk, signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  for await (const line of lines) {
    if (signal.aborted) break;
    if (line.trim() !== "" && !await hear(talk, line.trim(), signal)) break;
  }
  lines.close();
}

/** A talk at a terminal: what fails or is stopped ends nothing. */
async function converse(talk: Talk): Promise<void> {
  remark(talk.flint.builder.get(talk.id).draft ? HELP : "What shall the assistant do?");
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
  let hearing: AbortController | undefined;
  lines.on("SIGINT", () => hearing ? hearing.abort() : lines.close());
  lines.prompt();
  for await (const line of lines) {
    hearing = new AbortController();
    const goesOn = line.trim() === "" || await hear(talk, line.trim(), hearing.signal).catch(tell);
    hearing = undefined;
    if (!goesOn) break;
    lines.prompt();
  }
  lines.close();
}

function tell(error: unknown): true {
  if (!(error instanceof FlintError)) throw error;
  remark(error.message);
  return true;
}
