/** Which of the tools there are suit a wish: those whose descriptions are alike it. */
import type { Embedder } from "../knowledge/embed.ts";
import { glossed } from "./glossary.ts";

/** A tool as a chooser sees it. */
export interface ToolCard {
  readonly name: string;
  /** What it does, in English. */
  readonly description: string;
}

/** More would fill the prompt of a small model. */
const TOOLS_MAX = 3;
/** Cosine from which a wish has to do with a tool: measured 0.35 and more where it has, else below 0.22. */
const ALIKE = 0.3;

/** Names of the tools to suggest, the most alike first. Throws as the embedder does. */
export async function suggestTools(
  wish: string,
  tools: readonly ToolCard[],
  embedder: Embedder,
  signal?: AbortSignal,
): Promise<string[]> {
  if (tools.length === 0) return [];
  const texts = [
    glossed(wish) || wish,
    ...tools.map((tool) => `${tool.name}: ${tool.description}`),
  ];
  const { vectors: [wanted, ...offered] } = await embedder.embed(texts, signal);
  return offered
    .map((vector, i) => ({ name: tools[i]!.name, cosine: dot(vector, wanted!) }))
    .filter(({ cosine }) => cosine >= ALIKE)
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, TOOLS_MAX)
    .map(({ name }) => name);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
