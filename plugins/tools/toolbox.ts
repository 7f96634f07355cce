/** The plugins on this machine: added, opened when first needed, granted to assistants, removed. */
import { type Collection, FlintError, type Kv } from "@flint/core";
import { z } from "zod";
import { parse } from "../parse.ts";
import { plainText } from "../plain_text.ts";
import { Slug, type ToolGrant } from "../schema.ts";
import { maskedPrompts, maskedTool, maskedWork, type Masking } from "./masked.ts";
import { type Tool, ToolContent } from "./tool.ts";
import { wireName } from "./wire_name.ts";

/** An installed plugin. Its config is its type's business; secrets are named in it, never held. */
export const Plugin = z.strictObject({
  id: Slug.meta({ description: "Name in manifests and URLs" }),
  type: z.string().max(32).meta({ description: "What kind: builtin, openapi, mcp, code" }),
  name: plainText(1, 80),
  description: plainText(0, 1000, { lines: true }),
  config: z.record(z.string(), z.unknown()),
  addedAt: z.iso.datetime(),
}).meta({ id: "Plugin" });
export type Plugin = z.infer<typeof Plugin>;

/** What one sends to add a plugin. */
export const PluginDraft = Plugin.omit({ addedAt: true }).partial({
  description: true,
  config: true,
})
  .meta({ id: "PluginDraft" });

/** What a plugin offers people to begin a talk with. */
export const PluginPrompt = z.strictObject({
  name: z.string().max(200),
  description: z.string().max(400),
  arguments: z.array(z.strictObject({
    name: z.string().max(100),
    description: z.string().max(300),
    required: z.boolean(),
  })),
}).meta({ id: "PluginPrompt" });

/** A message of a prompt that was filled in. */
export const PromptMessage = z.strictObject({
  role: z.enum(["user", "assistant"]),
  content: ToolContent,
}).meta({ id: "PromptMessage" });

/** The prompts of one plugin. */
export interface PluginPrompts {
  list(): Promise<z.infer<typeof PluginPrompt>[]>;
  /** @throws FlintError unavailable with the reason when there is no such prompt or a value is missing */
  fill(
    name: string,
    values: Readonly<Record<string, string>>,
  ): Promise<z.infer<typeof PromptMessage>[]>;
}

/** A plugin at work. */
export interface OpenPlugin {
  readonly tools: readonly Tool[];
  /** For kinds that have them. */
  readonly prompts?: PluginPrompts;
  /** Ends what it holds: processes, connections. */
  close(): Promise<void>;
}

/** A kind of plugin: how its config is checked and how it is opened. */
export interface PluginType {
  readonly config: z.ZodType<Record<string, unknown>>;
  /** What is kept in place of a checked config, such as what was read where it points to. */
  admit?(config: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** The command line that opening such a plugin runs, with its user's rights; undefined: none. */
  starts?(config: Record<string, unknown>): string | undefined;
  /** @throws FlintError when it cannot be opened now; the next use tries again */
  open(plugin: Plugin): Promise<OpenPlugin>;
  /** Drops what was kept for a plugin that is gone, or has another config now. */
  forget?(plugin: Plugin, instead?: Plugin): Promise<void>;
}

/** A tool as one assistant has it. */
export interface GrantedTool {
  /** Its own name or, where two plugins have the same, plugin_name. */
  readonly name: string;
  readonly plugin: string;
  readonly tool: Tool;
  /** When the user is asked before a call: each time, once in a conversation, never. */
  readonly ask: NonNullable<ToolGrant["ask"]>;
}

/** The plugins of one machine. Reads are synchronous; writes resolve when they are on disk. */
export interface Toolbox {
  list(): Plugin[];
  /** Throws "not_found", as everything here that takes an id. */
  get(id: string): Plugin;
  /** The program that a plugin of this type and config starts, as a command line; undefined: none. */
  starts(type: string, config: unknown): string | undefined;
  /**
   * Checks `draft` (PluginDraft) and opens it once. What starts a program must be `confirmed`, which
   * is the command line as `starts` tells it. "bad_input", "conflict", "denied" where it is not
   * confirmed, or why it does not open.
   */
  add(draft: unknown, confirmed?: string): Promise<Plugin>;
  /** The tools that adding it would give, opened and closed again; nothing is kept. Throws as `add`. */
  look(draft: unknown, confirmed?: string): Promise<readonly Tool[]>;
  /** Replaces the config, opened anew; `confirmed` as for `add`. */
  configure(id: string, config: unknown, confirmed?: string): Promise<Plugin>;
  /** Assistants that were granted it keep the grant, which then gives nothing. */
  remove(id: string): Promise<void>;
  /** All tools of a plugin, opened if need be; secrets are masked in all they say. */
  tools(id: string): Promise<readonly Tool[]>;
  /** Its prompts; undefined for kinds that have none. */
  prompts(id: string): Promise<PluginPrompts | undefined>;
  /** What grants give; plugins that are gone or do not open give nothing, and `missing` names them. */
  granted(grants: readonly ToolGrant[]): Promise<{ tools: GrantedTool[]; missing: string[] }>;
  close(): Promise<void>;
}

/** When the user is asked unless the grant says. */
const ASK = { none: "never", reads: "once", writes: "always" } as const;
const PLUGINS_MAX = 1000;

/** What a toolbox is made from. */
export interface ToolboxNeeds {
  readonly kv: Kv;
  /** The kinds there are, by name. */
  readonly types: Readonly<Record<string, PluginType>>;
  /** Plugins that are there without being added. */
  readonly builtin?: readonly Plugin[];
  /** Hides secrets in all that plugins say. */
  readonly secrets: Masking;
  readonly now?: () => Date;
}

/** Opens the toolbox in `kv`. */
export function openToolbox(needs: ToolboxNeeds): Toolbox {
  return new StoredToolbox(needs);
}

class StoredToolbox implements Toolbox {
  readonly #needs: ToolboxNeeds;
  readonly #plugins: Collection<Plugin>;
  readonly #open = new Map<string, Promise<OpenPlugin>>();

  constructor(needs: ToolboxNeeds) {
    this.#needs = needs;
    this.#plugins = needs.kv.collection("plugins", { parse: (value) => Plugin.parse(value) });
  }

  list(): Plugin[] {
    const { entries } = this.#plugins.list({ limit: PLUGINS_MAX });
    return [...this.#needs.builtin ?? [], ...entries.map(({ value }) => value)];
  }

  get(id: string): Plugin {
    const found = this.#builtin(id) ?? this.#plugins.get(id);
    if (!found) throw new FlintError("not_found", `there is no plugin "${id}"`);
    return found;
  }

  starts(type: string, config: unknown): string | undefined {
    const kind = this.#typeOf(type);
    return kind.starts?.(parse(kind.config, config));
  }

  async add(value: unknown, confirmed?: string): Promise<Plugin> {
    const plugin = this.#drafted(value);
    if (this.#plugins.list({ limit: PLUGINS_MAX }).entries.length === PLUGINS_MAX) {
      throw new FlintError("over_budget", `there are ${PLUGINS_MAX} plugins: remove some first`);
    }
    const config = await this.#admitted(plugin.type, plugin.config, confirmed);
    const added = { ...plugin, config };
    await this.#keep(added, 0);
    return added;
  }

  async look(value: unknown, confirmed?: string): Promise<readonly Tool[]> {
    const plugin = this.#drafted(value);
    this.#checkConfirmed(plugin.type, plugin.config, confirmed);
    const opened = await this.#begin(plugin);
    await opened.close();
    return opened.tools.map((tool) => maskedTool(tool, this.#needs.secrets));
  }

  async configure(id: string, value: unknown, confirmed?: string): Promise<Plugin> {
    const before = this.#added(id), { type } = before;
    const { version } = this.#plugins.entry(id)!;
    const checked = parse(this.#typeOf(type).config, value);
    const plugin = { ...before, config: await this.#admitted(type, checked, confirmed) };
    await this.#keep(plugin, version);
    await this.#typeOf(type).forget?.(before, plugin);
    return plugin;
  }

  async remove(id: string): Promise<void> {
    const plugin = this.#added(id);
    await this.#plugins.remove(id);
    await this.#shut(id);
    await this.#typeOf(plugin.type).forget?.(plugin);
  }

  async tools(id: string): Promise<readonly Tool[]> {
    const { tools } = await this.#opened(id);
    return tools.map((tool) => maskedTool(tool, this.#needs.secrets));
  }

  async prompts(id: string): Promise<PluginPrompts | undefined> {
    const { prompts } = await this.#opened(id);
    return prompts && maskedPrompts(prompts, this.#needs.secrets);
  }

  async granted(grants: readonly ToolGrant[]) {
    const missing: string[] = [];
    const found = await Promise.all(grants.map(async (grant) => {
      try {
        const tools = await this.tools(grant.plugin);
        return tools.filter(({ name }) => grant.tools?.includes(name) ?? true)
          .map((tool) => ({ plugin: grant.plugin, tool, ask: grant.ask ?? ASK[tool.effect] }));
      } catch (error) {
        if (!(error instanceof FlintError)) throw error;
        missing.push(grant.plugin);
        return [];
      }
    }));
    return { tools: named(found.flat()), missing };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.#shut(id)));
  }

  /** Opened before it is written: what does not open is not kept. */
  async #keep(plugin: Plugin, ifVersion: number): Promise<void> {
    const kind = this.#typeOf(plugin.type);
    let opened: OpenPlugin | undefined;
    try {
      opened = await this.#begin(plugin);
      await this.#plugins.put(plugin.id, plugin, { ifVersion });
    } catch (error) {
      await opened?.close();
      await kind.forget?.(plugin, this.#plugins.get(plugin.id));
      throw error;
    }
    await this.#shut(plugin.id);
    this.#open.set(plugin.id, Promise.resolve(opened));
  }

  #opened(id: string): Promise<OpenPlugin> {
    const plugin = this.get(id);
    return this.#open.get(id) ?? this.#opening(plugin);
  }

  #opening(plugin: Plugin): Promise<OpenPlugin> {
    const opened = this.#begin(plugin);
    this.#open.set(plugin.id, opened);
    opened.catch(() => this.#open.delete(plugin.id));
    return opened;
  }

  #begin(plugin: Plugin): Promise<OpenPlugin> {
    return maskedWork(
      this.#needs.secrets,
      async () => await this.#typeOf(plugin.type).open(plugin),
    );
  }

  async #shut(id: string): Promise<void> {
    const opened = this.#open.get(id);
    this.#open.delete(id);
    await (await opened?.catch(() => undefined))?.close();
  }

  #builtin(id: string): Plugin | undefined {
    return this.#needs.builtin?.find((plugin) => plugin.id === id);
  }

  /** One that was added: what is built in can't be changed. */
  #added(id: string): Plugin {
    const plugin = this.get(id);
    if (this.#builtin(id)) throw new FlintError("denied", `${id} is built in: it stays as it is`);
    return plugin;
  }

  /** A draft as the plugin it would be, its config checked. @throws FlintError bad_input, conflict */
  #drafted(value: unknown): Plugin {
    const draft = parse(PluginDraft, value);
    if (this.#builtin(draft.id) || this.#plugins.get(draft.id)) {
      throw new FlintError("conflict", `there is a plugin "${draft.id}": choose another id`);
    }
    const config = parse(this.#typeOf(draft.type).config, draft.config ?? {});
    const addedAt = (this.#needs.now?.() ?? new Date()).toISOString();
    return Plugin.parse({ description: "", ...draft, config, addedAt });
  }

  async #admitted(type: string, config: Record<string, unknown>, confirmed: string | undefined) {
    this.#checkConfirmed(type, config, confirmed);
    return await this.#typeOf(type).admit?.(config) ?? config;
  }

  /** A program runs with its user's rights: they must have seen the very command. */
  #checkConfirmed(type: string, config: Record<string, unknown>, confirmed: string | undefined) {
    const starts = this.#typeOf(type).starts?.(config);
    if (starts === undefined || starts === confirmed) return;
    throw new FlintError(
      "denied",
      `nothing was started: this runs with your rights, and must be confirmed as it is: ${starts}`,
    );
  }

  #typeOf(type: string): PluginType {
    const { types } = this.#needs;
    if (Object.hasOwn(types, type)) return types[type]!;
    const known = Object.keys(types).join(", ");
    throw new FlintError("bad_input", `type "${type}" is unknown: it must be one of ${known}`);
  }
}

/** Tools of different plugins with one name are told apart by their plugin's. */
function named(tools: readonly Omit<GrantedTool, "name">[]): GrantedTool[] {
  const counts = new Map<string, number>();
  for (const { tool: { name } } of tools) counts.set(name, (counts.get(name) ?? 0) + 1);
  return tools.map((granted) => {
    const { plugin, tool: { name } } = granted;
    const full = counts.get(name) === 1 ? name : wireName(`${plugin}_${name}`);
    return { ...granted, name: full };
  });
}
