/** Flint as a process of its own, with the permissions of its task. */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { writeTinyModel } from "../tiny_model.ts";

const ROOT = resolve(import.meta.dirname!, "../..");
/** `deno run` and its permissions, as deno.json has them. */
const FLAGS: string[] = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")))
  .tasks.flint.command.split(" ").slice(1, -2);

/** What `deno` is given to run a command line of Flint. */
export const denoArguments = (dataDir: string, args: readonly string[]): string[] => [
  ...FLAGS,
  `--allow-write=${dataDir}`,
  join(ROOT, "main.ts"),
  ...args,
];

/** A command line of Flint, not yet running. */
export function command(
  dataDir: string,
  args: readonly string[],
  stdin: "null" | "piped" = "null",
  env: Readonly<Record<string, string>> = {},
) {
  return new Deno.Command(Deno.execPath(), {
    args: denoArguments(dataDir, args),
    cwd: ROOT,
    // What would be fetched is not there; a test asks no network.
    env: { FLINT_DATA: dataDir, PIP_NO_INDEX: "1", PIP_FIND_LINKS: "", ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs to the end. */
export async function flint(dataDir: string, ...args: string[]) {
  const { code, stdout, stderr } = await command(dataDir, args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A folder that goes when its user does. */
export async function temporary() {
  const path = await Deno.makeTempDir({ prefix: "flint_cli_" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** A data folder in which a tiny model is imported, by the command itself. */
export async function withTiny() {
  const folder = await temporary();
  const file = writeTinyModel(`${folder.path}/tiny.gguf`, { contextTokens: 1536 });
  const imported = await flint(folder.path, "import", file, "--name", "tiny", "--json");
  assert.equal(imported.code, 0, imported.stderr);
  return folder;
}
