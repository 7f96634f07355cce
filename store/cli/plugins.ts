/** `flint plugin`: what tools come from, listed, added, tried by hand and removed. */
import { basename, join } from "node:path";
import type { Command } from "commander";
import { FlintError, type Kv, openKv } from "@flint/core";
import {
  type AskNeeds,
  openRegistry,
  parse,
  type Registry,
  type Secrets,
  slugOf,
  type Toolbox,
} from "@flint/plugins";
import { toolOf, tryTool } from "../api/plugins.ts";
import { promptsOf, PromptValues } from "../api/prompts.ts";
import { openTools } from "../parts.ts";
import { isUrl } from "./fetch_file.ts";
import {
  type CommonOptions,
  type HostOptions,
  parsePath,
  withCommon,
  withHosts,
} from "./options.ts";
import { needWrite } from "./permission.ts";
import { addPluginFiles, install, isPluginFile } from "./plugin_files.ts";
import { Stop } from "./stop.ts";
import { print, remark } from "./terminal.ts";

type PluginOptions = CommonOptions & HostOptions;

interface AddOptions extends PluginOptions {
  readonly id?: string;
  readonly server?: string;
  readonly yes?: boolean;
}

/** Adds the commands. */
export function addPlugins(program: Command, dataDir: string, args: readonly string[]): void {
  const plugin = program.command("plugin").description(
    "tools for assistants: HTTP APIs, MCP servers, files of TypeScript",
  );
  addPluginFiles(plugin, args);
  const command = (usage: string) => withHosts(withCommon(plugin.command(usage), dataDir));
  command("list").description("list plugins and how many tools each has")
    .action((options: PluginOptions) => withTools(options, args, (at) => list(at, options)));
  command("add").description(
    "add an API by its OpenAPI document, or a plugin of one file of TypeScript",
  )
    .argument("<place>", "a file or a URL")
    .option("--id <id>", "name in manifests and URLs (default: by the API's title)")
    .option("--server <url>", "where the API answers, if its document does not say")
    .option("--yes", "install a file without being asked")
    .action((place: string, options: AddOptions) =>
      withTools(options, args, (at) => add(at, place, options))
    );
  command("mcp").description(
    "add an MCP server: an address, or a program that runs with your rights",
  )
    .argument("<id>", "name in manifests and URLs")
    .argument("<server...>", "its address, or the program and its arguments, after --")
    .action((id: string, server: string[], options: PluginOptions) =>
      withTools(options, args, (at) => addServer(at, id, server, options))
    );
  command("remove").description("remove a plugin and its secrets")
    .argument("<id>", "id of the plugin")
    .action((id: string, options: PluginOptions) =>
      withTools(options, args, ({ toolbox }) => toolbox.remove(id))
    );
  command("prompt").description("show the messages a plugin offers to begin a talk with")
    .argument("<id>", "id of the plugin")
    .argument("[name]", "name of the prompt; without it, all are listed")
    .argument("[values]", "its arguments, as JSON", "{}")
    .action((id: string, name: string | undefined, values: string, options: PluginOptions) =>
      withTools(options, args, ({ toolbox }) => prompt(toolbox, id, name, values, options))
    );
  command("try").description("call one tool by hand")
    .argument("<id>", "id of the plugin")
    .argument("[tool]", "name of the tool; without it, all are listed")
    .argument("[values]", "its arguments, as JSON", "{}")
    .action((id: string, tool: string | undefined, values: string, options: PluginOptions) =>
      withTools(
        options,
        args,
        ({ toolbox }) =>
          tool === undefined
            ? listTools(toolbox, id, options)
            : attempt(toolbox, id, tool, values, options),
      )
    );
}

/** The plugins alone: no model is opened, and a server beside may go on. */
export interface PluginsAt {
  readonly kv: Kv;
  readonly registry: Registry;
  readonly toolbox: Toolbox;
  readonly secrets: Secrets;
}

/** Who answers while no model is open. */
const NOBODY: AskNeeds = {
  engine() {
    throw new FlintError("unavailable", "assistants answer where Flint runs: flint start or chat");
  },
  assistants: {
    enter: () => Promise.try(() => NOBODY.engine() as never),
    prepare: () => Promise.try(() => NOBODY.engine() as never),
  },
};

/** Opens them for one command. */
export async function withTools(
  { data, allowHost }: PluginOptions,
  args: readonly string[],
  use: (at: PluginsAt) => Promise<void>,
): Promise<void> {
  await needWrite(data, args);
  const kv = openKv(join(data, "app"));
  const registry = openRegistry(kv);
  const tools = openTools({ kv, registry, folder: data, allowed: allowHost, ask: NOBODY });
  try {
    await use({ ...tools, kv, registry });
  } finally {
    await tools.close();
    await kv.close();
  }
}

async function list({ toolbox }: PluginsAt, { json }: PluginOptions): Promise<void> {
  for (const { id, type, name } of toolbox.list()) {
    const tools = await toolbox.tools(id).then(({ length }) => length, () => undefined);
    const count = tools === undefined ? "does not open" : `${tools} tools`;
    print(json ? JSON.stringify({ id, type, name, tools }) : `${id}  (${name}, ${type}, ${count})`);
  }
}

async function add({ toolbox }: PluginsAt, place: string, options: AddOptions): Promise<void> {
  const { server, json } = options;
  if (isPluginFile(place)) {
    const id = options.id ?? slugOf(basename(place).replace(/\.m?ts$/i, ""));
    return await install(toolbox, parsePath(place), { ...options, id });
  }
  const source = isUrl(place) ? { url: place } : { document: await read(parsePath(place)) };
  const name = isUrl(place) ? new URL(place).host : basename(place);
  const id = options.id ?? slugOf(name.replace(/\.(json|ya?ml)$/i, ""));
  const config = { ...source, ...(server === undefined ? {} : { server }) };
  const plugin = await toolbox.add({ id, type: "openapi", name: name.slice(0, 80), config });
  const { length } = await toolbox.tools(plugin.id);
  print(json ? JSON.stringify({ id, tools: length }) : `${id}  (${length} tools)`);
}

async function addServer(
  { toolbox }: PluginsAt,
  id: string,
  [first, ...rest]: readonly string[],
  { json }: PluginOptions,
): Promise<void> {
  const config = isUrl(first!) ? { url: first } : { command: first, args: rest };
  const starts = toolbox.starts("mcp", config); // who typed it has seen it
  if (!json && starts !== undefined) remark(`starts: ${starts}`);
  await toolbox.add({ id, type: "mcp", name: id, config }, starts);
  const { length } = await toolbox.tools(id);
  print(json ? JSON.stringify({ id, tools: length }) : `${id}  (${length} tools)`);
}

async function read(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new FlintError("not_found", `${path} can't be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function listTools(toolbox: Toolbox, id: string, { json }: PluginOptions): Promise<void> {
  for (const { name, description, effect, parameters } of await toolbox.tools(id)) {
    if (json) print(JSON.stringify({ name, description, effect, parameters }));
    else print(`${name}  (${effect}) ${description}`);
  }
}

async function attempt(
  toolbox: Toolbox,
  id: string,
  name: string,
  text: string,
  { json }: PluginOptions,
): Promise<void> {
  using stop = new Stop();
  const tool = await toolOf(toolbox, id, name);
  const tried = await tryTool(tool, valuesOf(text), stop.signal), { request, result } = tried;
  if (json) print(JSON.stringify(tried));
  else {
    if (request !== undefined) remark(request);
    for (const part of result.content) {
      print(part.type === "text" ? part.text : JSON.stringify(part, undefined, 2));
    }
  }
  if (result.failed) throw new FlintError("unavailable", `${name} could not do it: see above`);
}

async function prompt(
  toolbox: Toolbox,
  id: string,
  name: string | undefined,
  values: string,
  { json }: PluginOptions,
): Promise<void> {
  const prompts = await promptsOf(toolbox, id);
  if (name !== undefined) {
    const filled = await prompts.fill(name, parse(PromptValues, valuesOf(values)));
    for (const { role, content } of filled) {
      if (json) print(JSON.stringify({ role, content }));
      else print(`${role}: ${content.type === "text" ? content.text : JSON.stringify(content)}`);
    }
    return;
  }
  for (const { name, description, arguments: wanted } of await prompts.list()) {
    if (json) print(JSON.stringify({ name, description, arguments: wanted }));
    else print(`${name}(${wanted.map((one) => one.name).join(", ")})  ${description}`);
  }
}

function valuesOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FlintError("bad_input", `arguments are JSON, such as '{"limit": 3}': ${cause}`, {
      cause,
    });
  }
}
