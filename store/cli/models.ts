/** `flint models`, `flint pull` and `flint import`: what is there, and how more comes. */
import type { Command } from "commander";
import { type ModelEntry, nameOf, Shelf } from "@flint/core";
import { type CommonOptions, hubFromEnv, parsePath, withCommon, withSource } from "./options.ts";
import { needWrite } from "./permission.ts";
import { ProgressLine, type Shown } from "./progress.ts";
import { Stop } from "./stop.ts";
import { formatBytes, print, remark, table } from "./terminal.ts";

interface BringOptions extends CommonOptions {
  readonly from?: string;
  readonly keepSource?: boolean;
}

/** Adds `flint models`. */
export function addModels(program: Command, dataDir: string): void {
  withCommon(program.command("models"), dataDir)
    .description("list the models there are and those that can be fetched by name")
    .action(async (options: CommonOptions) => {
      const shelf = await Shelf.open(options.data);
      if (options.json) shelf.list().forEach((entry) => print(JSON.stringify(entry)));
      else table([HEADINGS, ...shelf.list().map(row)]).forEach(print);
    });
}

const HEADINGS = ["name", "state", "file", "store", "memory", "licence", "title"];

function row(entry: ModelEntry): string[] {
  const size = (bytes: number) => bytes > 0 ? formatBytes(bytes) : "-";
  const { name, stage, sourceBytes, storeBytes, memoryBytes, license, title } = entry;
  const sizes = [sourceBytes, storeBytes, memoryBytes].map(size);
  return [name, stage, ...sizes, license, title];
}

/** Adds `flint pull`. */
export function addPull(program: Command, dataDir: string, args: readonly string[]): void {
  withSource(withCommon(program.command("pull"), dataDir))
    .description("fetch and import models by name; goes on where an earlier pull stopped")
    .argument("<names...>", "names in `flint models`")
    .action(async (names: string[], options: BringOptions) => {
      await needWrite(options.data, args);
      const shelf = await Shelf.open(options.data);
      for (const name of names) await bring((show) => pull(shelf, name, options, show));
    });
}

type Show = { readonly signal: AbortSignal; readonly onProgress: (progress: Shown) => void };

async function pull(shelf: Shelf, name: string, options: BringOptions, show: Show): Promise<void> {
  const hub = hubFromEnv();
  const { from, keepSource = false } = options;
  await shelf.bring(name, {
    ...show,
    keepSource,
    ...(from === undefined ? {} : { from }),
    ...(hub === undefined ? {} : { hub }),
  });
  say(options, shelf, name);
}

/** Adds `flint import`. */
export function addImport(program: Command, dataDir: string, args: readonly string[]): void {
  withCommon(program.command("import"), dataDir)
    .description(
      "import a GGUF file of yours (llama, qwen2, arcee, olmoe, qwen2moe or qwen3moe architecture)",
    )
    .argument("<file>", "path of the .gguf file", parsePath)
    .option("--name <name>", "name to call it by (default: that of the file)")
    .action(async (file: string, options: CommonOptions & { readonly name?: string }) => {
      await needWrite(options.data, args);
      const shelf = await Shelf.open(options.data);
      const name = options.name ?? nameOf(file);
      await bring(async (show) => {
        await shelf.import(name, file, {}, show);
        say(options, shelf, name);
      });
    });
}

/** Adds `flint calibrate`. */
export function addCalibrate(program: Command, dataDir: string, args: readonly string[]): void {
  withCommon(program.command("calibrate"), dataDir)
    .description("prepare coarser weights for --fidelity balanced and fast; takes minutes, once")
    .argument("<name>", "name in `flint models`")
    .action(async (name: string, options: CommonOptions) => {
      await needWrite(options.data, args);
      const shelf = await Shelf.open(options.data);
      await bring(async ({ signal, onProgress }) => {
        const progress = { model: name, stage: "calibrating", unit: "units" } as const;
        await shelf.calibrate(name, {
          signal,
          onProgress: (done, total) => onProgress({ ...progress, done, total }),
        });
        say(options, shelf, name);
      });
    });
}

/** Runs something long with progress, stoppable by Ctrl-C. */
async function bring(work: (show: Show) => Promise<void>): Promise<void> {
  using stop = new Stop();
  const line = new ProgressLine();
  try {
    await work({ signal: stop.signal, onProgress: (progress) => line.show(progress) });
  } finally {
    line.clear();
  }
}

function say({ json }: CommonOptions, shelf: Shelf, name: string): void {
  const entry = shelf.list().find((one) => one.name === name)!;
  if (json) print(JSON.stringify(entry));
  else {remark(
      `${name} is ready: ${entry.title}, ${formatBytes(entry.storeBytes || entry.sourceBytes)}`,
    );}
}
