/** The options that mean the same in every command, and how their values are read. */
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Fidelity, HouseOptions, Hub } from "@flint/core";

/** What the common options give; each command has those it asks for. */
export interface CommonOptions {
  readonly data: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** Which model, in how much memory, from where. */
export interface ModelOptions extends CommonOptions {
  readonly model?: string;
  readonly memory?: number;
  readonly fidelity: Fidelity;
  readonly from?: string;
  readonly keepSource?: boolean;
}

const UNITS = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };
const SIZE = new RegExp(`^(\\d+(?:\\.\\d+)?) ?(${Object.keys(UNITS).join("|")})$`, "i");

/** "560MB", "1.5GB", "512MiB" to bytes. */
export function parseSize(text: string): number {
  const [, count, unit] = SIZE.exec(text.trim()) ?? [];
  if (count === undefined || unit === undefined) {
    const hint = /^\d+$/.test(text.trim()) ? `Did you mean ${text.trim()}MB?` : "Examples:";
    throw new InvalidArgumentError(`${hint} 560MB, 1.5GB, 512MiB.`);
  }
  const bytes = Math.round(Number(count) * UNITS[unit.toUpperCase() as keyof typeof UNITS]);
  if (!Number.isSafeInteger(bytes) || bytes === 0) {
    throw new InvalidArgumentError("It must be more than nothing and less than 9 PB.");
  }
  return bytes;
}

/** A TCP port; 0 lets the system choose. */
export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("It must be a number from 0 (any free one) to 65535.");
}

/** A path as the user means it: `deno task` moves to the project's folder before it runs us. */
export function parsePath(text: string): string {
  return resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), text);
}

/** The hub that HF_ENDPOINT names, if it does. */
export function hubFromEnv(): Hub | undefined {
  const endpoint = Deno.env.get("HF_ENDPOINT")?.replace(/\/+$/, "");
  if (!endpoint) return undefined;
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new InvalidArgumentError(`HF_ENDPOINT must be an http(s) URL, got ${endpoint}`);
  }
  const token = Deno.env.get("HF_TOKEN");
  return { endpoint, ...(token ? { token } : {}) };
}

/** The house these options ask for. */
export function houseOptions(options: ModelOptions): HouseOptions {
  const { data, model, memory, fidelity, from, keepSource } = options;
  const hub = hubFromEnv();
  return {
    dataDir: data,
    fidelity,
    ...(model === undefined ? {} : { model }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(from === undefined ? {} : { from }),
    ...(hub === undefined ? {} : { hub }),
    ...(keepSource === undefined ? {} : { keepSource }),
  };
}

/** Adds --data, --json and --debug. `dataDir` is where data lies unless told otherwise. */
export function withCommon(command: Command, dataDir: string): Command {
  return command
    .addOption(
      new Option("--data <dir>", "folder of models and app data").env("FLINT_DATA")
        .argParser(parsePath).default(dataDir, ".flint beside deno.json"),
    )
    .option("--json", "print JSON, one value a line, for programs")
    .option("--debug", "print the stack of a failure");
}

/** Private hosts that may be reached, which else stay shut to what comes from plugins and links. */
export interface HostOptions {
  readonly allowHost: readonly string[];
}

/** Adds --allow-host. */
export function withHosts(command: Command): Command {
  const some = (text: string, before: readonly string[] = []) => [
    ...before,
    ...text.split(",").map((host) => host.trim().toLowerCase()).filter(Boolean),
  ];
  return command.addOption(
    new Option(
      "--allow-host <host>",
      "private host, name or name:port, that links and plugins may lead to; may be repeated",
    )
      .env("FLINT_ALLOW_HOSTS").argParser(some).default([], "none"),
  );
}

/** Adds --model, --memory, --fidelity, --from and --keep-source. */
export function withModel(command: Command): Command {
  return withSource(command)
    .addOption(new Option("--model <name>", "name in `flint models`").env("FLINT_MODEL"))
    .addOption(
      new Option("--memory <size>", "hard DRAM budget: 560MB, 1.5GB, 512MiB (default: by model)")
        .env("FLINT_MEMORY").argParser(parseSize),
    )
    .addOption(
      new Option("--fidelity <kind>", "how faithful answers must be").env("FLINT_FIDELITY")
        .choices(["exact", "balanced", "fast"]).default("exact"),
    );
}

/** Adds --from and --keep-source. */
export function withSource(command: Command): Command {
  return command
    .addOption(
      new Option("--from <path>", "file or folder to take a model from before any network")
        .env("FLINT_SOURCES").argParser(parsePath),
    )
    .option("--keep-source", "keep the fetched file beside the imported model");
}
