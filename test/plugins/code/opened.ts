/** Plugins of one file for tests, opened as an operator would have granted them. */
import type { OpenPlugin, ToolContext, ToolResult } from "@flint/plugins";
import { callTool } from "@flint/plugins";
import {
  type CodeConfig,
  type CodeNeeds,
  codePlugins,
  sha256Of,
} from "../../../plugins/code/kind.ts";

/** A file with these tools. */
export function fileOf(tools: string, more = ""): string {
  return `
    import { definePlugin, tool } from "@flint/plugin";
    import { z } from "zod";
    export default definePlugin({
      name: "Tried", description: "A plugin under test.", ${more}
      tools: [${tools}],
    });`;
}

/** A tool of no values. */
export function toolOf(name: string, run: string, more = ""): string {
  return `tool({ name: "${name}", description: "d", input: z.object({}), ${more} run: ${run} })`;
}

/** Opens a file. */
export function openCode(
  source: string,
  needs: Partial<CodeNeeds> = {},
  grants: Partial<CodeConfig> = {},
): Promise<OpenPlugin> {
  const egress = { send: () => Promise.reject(new Error("nothing is to be fetched here")) };
  const kind = codePlugins({ egress, ...needs });
  const config = kind.config.parse({ source, sha256: sha256Of(source), ...grants });
  const given = { id: "tried", type: "code", name: "Tried", description: "", addedAt: "" };
  return kind.open({ ...given, config });
}

/** Calls a tool by name. */
export function call(
  { tools }: OpenPlugin,
  name: string,
  values: unknown = {},
  context: Partial<ToolContext> = {},
): Promise<ToolResult> {
  const tool = tools.find((tool) => tool.name === name);
  if (!tool) throw new Error(`there is no tool ${name}`);
  const signal = new AbortController().signal;
  return callTool(tool, values, { assistant: "owl", user: "owner", depth: 0, signal, ...context });
}

/** What a result says, as one text. */
export function textOf({ content }: ToolResult): string {
  return content.map((part) => part.type === "text" ? part.text : JSON.stringify(part)).join("\n");
}
