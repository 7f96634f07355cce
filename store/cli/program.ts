/** The command line: `deno task flint <command>`. Exit codes: 0 done, 1 failed, 2 used wrongly. */
import { Command, CommanderError } from "commander";
import { FlintError } from "@flint/core";
import { addAccount, addKey } from "./account.ts";
import { addAdd, addExport } from "./assistants.ts";
import { addBench } from "./bench.ts";
import { addBuild } from "./build.ts";
import { addChat } from "./chat.ts";
import { addDoctor } from "./doctor.ts";
import { addEval } from "./eval.ts";
import { addKnowledge } from "./knowledge.ts";
import { addListings, addPublish, addReview } from "./listings.ts";
import { addMcp } from "./mcp.ts";
import { addLedger, addPayout, addWallet } from "./money.ts";
import { addCalibrate, addImport, addModels, addPull } from "./models.ts";
import { addPlugins } from "./plugins.ts";
import { addSecrets } from "./secrets.ts";
import { addShare } from "./share.ts";
import { addStart } from "./start.ts";
import { addSearch, addStore } from "./store.ts";
import { remark } from "./terminal.ts";

const DONE = 0;
const FAILED = 1;
const MISUSED = 2;

/** In the order that --help lists them. */
const COMMANDS = [
  addStart,
  addChat,
  addBuild,
  addAdd,
  addExport,
  addShare,
  addSearch,
  addStore,
  addPlugins,
  addSecrets,
  addKnowledge,
  addEval,
  addMcp,
  addPublish,
  addListings,
  addReview,
  addAccount,
  addKey,
  addWallet,
  addPayout,
  addLedger,
  addPull,
  addModels,
  addImport,
  addCalibrate,
  addDoctor,
  addBench,
];

/** Runs one command line; resolves to its exit code. `dataDir` is where data lies by default. */
export async function runCli(args: readonly string[], dataDir: string): Promise<number> {
  const program = new Command("flint")
    .description("Assistants of your own, from a model larger than its memory.")
    .configureOutput({ writeErr: (text) => remark(text.trimEnd()) })
    .showHelpAfterError("(--help tells more)")
    .exitOverride();
  for (const add of COMMANDS) add(program, dataDir, args);
  try {
    await program.parseAsync([...args], { from: "user" });
    return DONE;
  } catch (error) {
    return explain(error, args.includes("--debug"));
  }
}

function explain(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) {
    // It has printed what is to be said; asking for help is no failure.
    const asked = error.code === "commander.helpDisplayed" || error.code === "commander.help";
    return asked || error.exitCode === 0 ? DONE : MISUSED;
  }
  if (debug) console.error(error);
  else if (error instanceof FlintError) remark(`flint: ${error.message}`);
  else if (error instanceof DOMException && error.name === "AbortError") {
    remark("flint: stopped; the same command goes on from here");
  } else remark(`flint: this is a bug: ${error}\n(--debug prints where)`);
  return FAILED;
}
