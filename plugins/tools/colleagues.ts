/** The plugin `assistants`, which is always there: each assistant as a tool of the others. */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { type AskNeeds, askTool } from "../ask.ts";
import type { Registry } from "../registry.ts";
import { type Assistant, OWNER } from "../schema.ts";
import type { Tool } from "./tool.ts";
import type { Plugin, PluginType } from "./toolbox.ts";
import { wireName } from "./wire_name.ts";

/** What the kind needs. */
export interface ColleagueNeeds {
  readonly registry: Pick<Registry, "list">;
  readonly ask: AskNeeds;
}

/** The one plugin of its kind. */
export const COLLEAGUES: Plugin = {
  id: "assistants",
  type: "assistants",
  name: "Other assistants",
  description: "Each assistant here is a tool, ask_ and its id: a message in, its answer out.",
  config: {},
  addedAt: "2026-11-24T00:00:00.000Z",
};

/** Assistants that can be asked; a grant names no more tools. */
const COLLEAGUES_MAX = 256;
const PAGE = 100;

/** Assistants as tools; who is there is looked up for each list. */
export function colleagueKind({ registry, ask }: ColleagueNeeds): PluginType {
  return {
    config: z.strictObject({}),
    open: () =>
      Promise.resolve({
        get tools() {
          return everyone(registry).map((assistant) => toolOf(ask, assistant));
        },
        close: () => Promise.resolve(),
      }),
  };
}

function toolOf(ask: AskNeeds, assistant: Assistant): Tool {
  const tool = askTool(ask, assistant, wireName(`ask_${assistant.id}`));
  return {
    ...tool,
    call: (values, context) => {
      if (context.assistant === assistant.id) {
        throw new FlintError("denied", `${assistant.name} would be asking itself`);
      }
      return tool.call(values, context);
    },
  };
}

/** All assistants, COLLEAGUES_MAX of them at most. */
export function everyone(registry: Pick<Registry, "list">): Assistant[] {
  const found: Assistant[] = [];
  let cursor: string | undefined;
  do {
    const page = registry.list({ owner: OWNER, limit: PAGE, ...(cursor ? { cursor } : {}) });
    found.push(...page.assistants);
    cursor = page.next;
  } while (cursor !== undefined && found.length < COLLEAGUES_MAX);
  return found.slice(0, COLLEAGUES_MAX);
}
