/** `flint start`: fetch, import, serve on loopback, until told to stop. */
import type { Command } from "commander";
import { FlintError, type ModelHouse } from "@flint/core";
import { type FlintServer, startFlint } from "../serve.ts";
import { houseOptions, type ModelOptions, parsePort, withCommon, withModel } from "./options.ts";
import { needWrite } from "./permission.ts";
import { follow } from "./progress.ts";
import { Stop } from "./stop.ts";
import { formatBytes, print, remark } from "./terminal.ts";

const PORT = 7077;
/** Ports tried after the usual one when nobody asked for a certain one. */
const PORTS_MORE = 9;

interface StartOptions extends ModelOptions {
  readonly port: number;
  readonly log?: boolean;
}

/** Adds the command. */
export function addStart(program: Command, dataDir: string, args: readonly string[]): void {
  withModel(withCommon(program.command("start"), dataDir))
    .description("fetch and import the model if need be, then serve pages and API on this machine")
    .option("--port <number>", "TCP port; 0 = any free one", parsePort, PORT)
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
  if (options.json) print(JSON.stringify({ event: "listening", url: flint.url }));
  else print(`Flint is at ${flint.url}  (Ctrl-C stops it)`);
  const shown = follow(flint.house.watch(stop.signal), options);
  const failed = report(flint.house, options).catch((error) => error);
  const error = await Promise.race([stop.asked, failed.then((found) => found ?? stop.asked)]);
  if (!options.json) remark("stopping: answers under way may end");
  await flint.close();
  await shown;
  if (error !== undefined) throw error;
}

/** Serves at `port` or, if it is taken, at one of the `more` after it. */
async function startAt(options: StartOptions, port: number, more: number): Promise<FlintServer> {
  const log = options.log ? { log: remark } : {};
  try {
    return await startFlint({ ...houseOptions(options), port, ...log });
  } catch (error) {
    if (more === 0 || !(error instanceof FlintError && error.code === "conflict")) throw error;
    remark(`port ${port} is taken: trying ${port + 1}`);
    return await startAt(options, port + 1, more - 1);
  }
}

/** Tells which model answers and how. Throws if none ever will. */
async function report(house: ModelHouse, { json, fidelity }: StartOptions): Promise<void> {
  try {
    const engine = await house.ready();
    const { model, budget, fidelity: given } = engine.report();
    if (json) print(JSON.stringify({ event: "ready", model, fidelity: given, budget }));
    else remark(`${model} answers in ${formatBytes(budget.limit)} of memory, fidelity ${given}`);
    if (given !== fidelity) {
      remark(`(asked for ${fidelity}; this version keeps every weight exact)`);
    }
  } catch (error) {
    if (error instanceof FlintError && error.code === "cancelled") return;
    const { serving } = house.status();
    if (serving === undefined) throw error;
    remark(`${error instanceof Error ? error.message : error}\n${serving} goes on answering`);
  }
}
