/** `flint plugin new | check`, and the files that `flint plugin add` takes: plugins of one file of TypeScript. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline/promises";
import process from "node:process";
import type { Command } from "commander";
import { FlintError } from "@flint/core";
import { describeCode, type Ready, sha256Of, SOURCE_CHARS_MAX, type Toolbox } from "@flint/plugins";
import { type CommonOptions, parsePath } from "./options.ts";
import { needWrite } from "./permission.ts";
import { print, remark } from "./terminal.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What a plugin's file may import. */
const IMPORTS = ["@flint/plugin", "zod"];
const IMPORT = /^\s*(?:import|export)\s+(?:[\w*{}\s,$]+\s+from\s+)?["']([^"']+)["']/gm;

/** Adds `new` and `check` to `flint plugin`. */
export function addPluginFiles(plugin: Command, args: readonly string[]): void {
  plugin.command("new").description("write a plugin of one file that works, to start from")
    .argument("<name>", "its name, such as dice")
    .action((name: string) => create(name, args));
  plugin.command("check").description("check a plugin's file: types, imports, tools, what it needs")
    .argument("<file>", "a file of TypeScript", parsePath)
    .option("--json", "print JSON, one value a line, for programs")
    .action(async (file: string, options: CommonOptions) => {
      const { ready } = await examine(file);
      if (options.json) return print(JSON.stringify(ready));
      describe(ready);
    });
}

/** Whether `flint plugin add` is given a plugin of one file. */
export const isPluginFile = (place: string): boolean => /\.m?ts$/i.test(place);

/** Shows what a file wants and installs it when that is granted. @throws FlintError denied */
export async function install(
  toolbox: Toolbox,
  file: string,
  { id, yes, json }: { readonly id: string; readonly yes?: boolean; readonly json?: boolean },
): Promise<void> {
  const { source, ready: { name, description, hosts, secrets, tools } } = await examine(file);
  if (!json) describe({ name, description, hosts, secrets, tools });
  if (!yes) await confirm();
  const config = { source, sha256: sha256Of(source), hosts, secrets };
  await toolbox.add({ id, type: "code", name, description, config });
  print(json ? JSON.stringify({ id, tools: tools.length }) : `${id}  (${tools.length} tools)`);
  for (const secret of secrets) remark(`it needs a secret: flint secrets set ${id}/${secret}`);
}

/** Asks whether to go on. @throws FlintError denied, also where nobody is there to be asked */
export async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new FlintError("denied", "nobody is here to agree: look at it, then add --yes");
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question("Install it, with what it needs? [y/N] ");
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new FlintError("denied", "it was not installed");
}

function describe({ name, description, hosts, secrets, tools }: Omit<Ready, "type">): void {
  print(`${name}: ${description}`);
  print(`  may fetch from: ${hosts.join(", ") || "nowhere"}`);
  print(`  may read secrets: ${secrets.join(", ") || "none"}`);
  print("  files, programs, environment, other network: none");
  for (const { name, effect, description } of tools) print(`  ${name}  (${effect}) ${description}`);
}

/** Reads a file, checks types and imports, and has it say what it is, with nothing granted. */
async function examine(file: string): Promise<{ source: string; ready: Ready }> {
  const source = await read(file);
  checkImports(source);
  await checkTypes(file);
  return { source, ready: await describeCode(source, (text) => remark(text.trimEnd())) };
}

/** By a look at the text: what slips through finds nothing to import when it runs. */
function checkImports(source: string): void {
  const found = source.matchAll(IMPORT);
  const other = [...found].map(([, name]) => name!).find((name) => !IMPORTS.includes(name));
  if (other === undefined) return;
  const may = IMPORTS.map((name) => `"${name}"`).join(" and ");
  throw new FlintError(
    "bad_input",
    `it imports "${other}": a plugin's file may import ${may} alone`,
  );
}

async function checkTypes(file: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("deno", {
    args: [
      "check",
      "--quiet",
      "--cached-only",
      "--no-lock",
      "--node-modules-dir=manual",
      `--config=${join(ROOT, "deno.json")}`,
      file,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).split("\n\nerror:")[0]!.trim();
  throw new FlintError("bad_input", `its types do not fit:\n${said}`);
}

async function read(file: string): Promise<string> {
  const source = await Deno.readTextFile(file).catch((cause) => {
    throw new FlintError("not_found", `${file} can't be read: ${cause.message}`, { cause });
  });
  if (source.length <= SOURCE_CHARS_MAX) return source;
  throw new FlintError("bad_input", `${file} has more than ${SOURCE_CHARS_MAX} characters`);
}

async function create(name: string, args: readonly string[]): Promise<void> {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw new FlintError(
      "bad_input",
      `"${name}": use small letters, digits and -, such as my-dice`,
    );
  }
  const file = parsePath(`${name}.ts`), config = parsePath("deno.json");
  await needWrite(parsePath("."), args);
  await write(file, EXAMPLE.replaceAll("NAME", name));
  remark(`wrote ${file}`);
  // So that editors know the imports; where there is one, its owner knows better.
  await write(config, editorConfig()).then(() => remark(`wrote ${config}`), () => {});
  print(`flint plugin check ${name}.ts`);
}

async function write(file: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(file, text, { createNew: true });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw new FlintError("conflict", `${file} is there already: choose another name`, { cause });
  }
}

function editorConfig(): string {
  const { imports } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const known = { "@flint/plugin": join(ROOT, "plugins/plugin.ts"), zod: imports.zod };
  return `${JSON.stringify({ imports: known }, null, 2)}\n`;
}

const EXAMPLE = `/** NAME: a plugin for Flint. */
import { definePlugin, tool } from "@flint/plugin";
import { z } from "zod";

export default definePlugin({
  name: "NAME",
  description: "Rolls dice.",
  // needs: { hosts: ["api.example.com"], secrets: ["API_KEY"] },
  tools: [
    tool({
      name: "roll_dice",
      description: "Rolls n dice with some number of sides and returns each face.",
      input: z.object({
        n: z.int().min(1).max(20).describe("How many dice"),
        sides: z.int().min(2).max(100).default(6).describe("Sides of each"),
      }),
      run: ({ n, sides }) => Array.from({ length: n }, () => 1 + Math.floor(Math.random() * sides)),
    }),
  ],
});
`;
