/**
 * What programs may call without a chat: for each assistant the tools it was granted, and `ask`, which
 * asks the assistant itself. The call is the approval: whoever may reach Flint's API is its owner.
 */
import { FlintError } from "@flint/core";
import type { z } from "zod";
import { type AskNeeds, askTool } from "./ask.ts";
import type { Registry } from "./registry.ts";
import { type Assistant, OWNER } from "./schema.ts";
import { everyone } from "./tools/colleagues.ts";
import type { PluginPrompt, PluginPrompts, Toolbox } from "./tools/toolbox.ts";
import { callTool, type Tool, type ToolContext, type ToolResult } from "./tools/tool.ts";
import { wireName } from "./tools/wire_name.ts";

/** A tool of one assistant, under the name it has there. */
export interface Callable {
  readonly assistant: Assistant;
  readonly name: string;
  readonly tool: Tool;
}

/** What a plugin of an assistant offers people to begin a talk with. */
export interface OfferedPrompt {
  readonly about: z.infer<typeof PluginPrompt>;
  /** @throws FlintError unavailable with the reason when a value is missing */
  fill(values: Readonly<Record<string, string>>): ReturnType<PluginPrompts["fill"]>;
}

/** What a caller brings along. */
export type Caller = Pick<ToolContext, "signal" | "progress" | "ask">;

/** All that can be called. */
export interface Callables {
  /** Of one assistant; `ask` is the first. Throws "not_found". */
  of(assistantId: string): Promise<Callable[]>;
  /** Of all assistants. */
  all(): Promise<Callable[]>;
  /** Of the plugins that one assistant was granted; those that do not open offer none. */
  prompts(assistantId: string): Promise<OfferedPrompt[]>;
  /** Who has tools that can be called, ASSISTANTS_MAX at most. */
  assistants(): readonly Assistant[];
  /** Throws "not_found", "bad_input" for what its schema does not allow, "cancelled". */
  call(callable: Callable, values: unknown, caller: Caller): Promise<ToolResult>;
}

/** What callables are made from. */
export interface CallableNeeds extends AskNeeds {
  readonly registry: Pick<Registry, "get" | "list">;
  readonly toolbox: Pick<Toolbox, "granted" | "prompts">;
}

/** The name by which an assistant itself is called. */
export const ASK = "ask";
/** Assistants that are listed with all their tools. */
const ASSISTANTS_MAX = 200;
/** How long a list waits for plugins that are slow to open: it does without them. */
const OPEN_MS_MAX = 5000;

/** Finds and calls what programs may call. */
export function createCallables(needs: CallableNeeds): Callables {
  const { registry } = needs;
  const assistants = () => everyone(registry).slice(0, ASSISTANTS_MAX);
  return {
    assistants,
    of: (id) => callablesOf(needs, registry.get(id)),
    async all() {
      const lists = assistants().map((assistant) => callablesOf(needs, assistant));
      return (await Promise.all(lists)).flat();
    },
    async prompts(id) {
      const lists = registry.get(id).tools.map(({ plugin }) => promptsOf(needs, plugin));
      return (await Promise.all(lists)).flat();
    },
    async call({ assistant, name, tool }, values, caller) {
      if (name === ASK) needs.engine(); // "unavailable" is told as such, and not as a failed call
      return await callTool(tool, values, {
        ...caller,
        assistant: assistant.id,
        user: OWNER,
        depth: 0,
      });
    },
  };
}

/** The one of an assistant's callables with this name. @throws FlintError not_found */
export async function findCallable(
  callables: Callables,
  assistantId: string,
  name: string,
): Promise<Callable> {
  const all = await callables.of(assistantId);
  const found = all.find((one) => one.name === name);
  if (found) return found;
  const known = all.map((one) => one.name).join(", ");
  throw new FlintError("not_found", `${assistantId} has no tool "${name}": it has ${known}`);
}

async function promptsOf({ toolbox }: CallableNeeds, plugin: string): Promise<OfferedPrompt[]> {
  try {
    const prompts = await toolbox.prompts(plugin);
    return (await prompts?.list() ?? []).map((about) => ({
      about,
      fill: (values) => prompts!.fill(about.name, values),
    }));
  } catch (error) {
    if (error instanceof FlintError) return [];
    throw error;
  }
}

async function callablesOf(needs: CallableNeeds, assistant: Assistant): Promise<Callable[]> {
  const { promise: late, resolve } = Promise.withResolvers<{ tools: never[] }>();
  const timer = setTimeout(resolve, OPEN_MS_MAX, { tools: [] });
  const { tools } = await Promise.race([needs.toolbox.granted(assistant.tools), late]);
  clearTimeout(timer);
  const granted = tools.map(({ name, plugin, tool }) => ({
    assistant,
    name: name === ASK ? wireName(`${plugin}_${ASK}`) : name,
    tool,
  }));
  return [{ assistant, name: ASK, tool: askTool(needs, assistant, ASK) }, ...granted];
}
