/** `flint start`: fetch, import, serve on loopback, until told to stop. */
import { type Command, Option } from "commander";
import { FlintError, type ModelHouse } from "@flint/core";
import { OWNER } from "@flint/plugins";
import { signInUrl } from "../api/accounts.ts";
import { type FlintServer, startFlint } from "../serve.ts";
import {
  type HostOptions,
  houseOptions,
  type ModelOptions,
  parsePort,
  withCommon,
  withHosts,
  withModel,
} from "./options.ts";
import { needWrite } from "./permission.ts";
import { follow, ProgressLine } from "./progress.ts";
import { Stop } from "./stop.ts";
import { formatBytes, print, remark } from "./terminal.ts";

const PORT = 7077;
/** Ports tried after the usual one when nobody asked for a certain one. */
const PORTS_MORE = 9;

interface StartOptions extends ModelOptions, HostOptions {
  readonly port: number;
  readonly log?: boolean;
}

/** Adds the command. */
export function addStart(program: Command, dataDir: string, args: readonly string[]): void {
  withHosts(withModel(withCommon(program.command("start"), dataDir)))
    .description("fetch and import the model if need be, then serve pages and API on this machine")
    .addOption(
      new Option("--port <number>", "TCP port; 0 = any free one").env("FLINT_PORT")
        .argParser(parsePort).default(PORT),
    )
    .option("--log", "print a line for each request")
    .action(async (options: StartOptions, command: Command) => {
      await needWrite(options.data, args);
      const asked = command.getOptionValueSource("port") !== "default";
      await start(options, asked ? 0 : PORTS_MORE);
    });
}

async function start(options: StartOptions, more: number): Promise<void> {
  using stop = new Stop();
  const flint = await startAt(options, options.port, more);
  const signIn = signInUrl(flint.url, await flint.sessions.link(OWNER));
  if (options.json) print(JSON.stringify({ event: "listening", url: flint.url, signIn }));
  else print(`Flint is at ${flint.url}  (Ctrl-C stops it)\nSign in as its owner: ${signIn}`);
  const line = new ProgressLine();
  const shown = follow(flint.house.watch(stop.signal), line, options);
  const failed = report(flint.house, line, options).catch((error) => error);
  const error = await Promise.race([stop.asked, failed.then((found) => found ?? stop.asked)]);
  if (!options.json) line.say("stopping: answers under way may end");
  await flint.close();
  await shown;
  if (error !== undefined) throw error;
}

/** Serves at `port` or, if it is taken, at one of the `more` after it. */
async function startAt(options: StartOptions, port: number, more: number): Promise<FlintServer> {
  const log = options.log ? { log: remark } : {};
  try {
    const allowedHosts = options.allowHost;
    return await startFlint({ ...houseOptions(options), allowedHosts, port, ...log });
  } catch (error) {
    if (more === 0 || !(error instanceof FlintError && error.code === "conflict")) throw error;
    remark(`port ${port} is taken: trying ${port + 1}`);
    return await startAt(options, port + 1, more - 1);
  }
}

/** Tells which model answers and how. Throws if none ever will. */
async function report(
  house: ModelHouse,
  line: ProgressLine,
  { json, fidelity }: StartOptions,
): Promise<void> {
  try {
    const engine = await house.ready();
    const { model, budget, fidelity: given } = engine.report();
    if (json) print(JSON.stringify({ event: "ready", model, fidelity: given, budget }));
    else line.say(`${model} answers in ${formatBytes(budget.limit)} of memory, fidelity ${given}`);
    if (given !== fidelity) line.say(whyExact(model, fidelity));
  } catch (error) {
    if (error instanceof FlintError && error.code === "cancelled") return;
    const { serving } = house.status();
    if (serving === undefined || !(error instanceof FlintError)) throw error;
    line.say(`${error.message}\n${serving} goes on answering`);
  }
}

function whyExact(model: string, asked: string): string {
  return `(${asked} was asked for: every weight is exact, because all fit in memory or ` +
    `\`flint calibrate ${model}\` was never run)`;
}
