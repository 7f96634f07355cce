/** Which of the plugins there are a wish has to do with, and which one a person means. */
import type { Meanings } from "../knowledge/meanings.ts";
import type { Plugin } from "../tools/toolbox.ts";
import { glossed } from "./glossary.ts";

/** A plugin as a chooser sees it; the description is in English. */
export type ToolCard = Pick<Plugin, "id" | "name" | "description">;

/** More would fill the prompt of a small model. */
const TOOLS_MAX = 3;
/** Cosine from which a wish has to do with a tool: measured 0.35 and more where it has, else below 0.22. */
const ALIKE = 0.3;

/** The plugins to suggest, the most alike first. Throws as the embedder does. */
export async function suggestTools(
  wish: string,
  tools: readonly ToolCard[],
  meanings: Meanings,
  signal?: AbortSignal,
): Promise<ToolCard[]> {
  if (tools.length === 0) return [];
  const offered = tools.map(({ name, description }) => `${name}: ${description}`);
  const cosines = await meanings.cosines(glossed(wish) || wish, offered, signal);
  return cosines
    .map((cosine, i) => ({ tool: tools[i]!, cosine }))
    .filter(({ cosine }) => cosine >= ALIKE)
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, TOOLS_MAX)
    .map(({ tool }) => tool);
}

/** The plugin that words such as "the weather plugin" name, by its id or name; the longest, if several. */
export function namedTool(words: string, tools: readonly ToolCard[]): ToolCard | undefined {
  const said = plain(words);
  return tools
    .flatMap((tool) => [tool.id, tool.name].map((name) => ({ tool, name: plain(name) })))
    .filter(({ name }) => name !== "" && (said.includes(name) || name.split(" ").includes(said)))
    .sort((a, b) => b.name.length - a.name.length)[0]?.tool;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}
