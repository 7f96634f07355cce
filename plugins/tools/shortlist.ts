/** Of many tools the few that a message may be about: a small model reads some dozens badly, and slowly. */
import { FlintError } from "@flint/core";
import type { Embedder } from "../knowledge/embed.ts";
import { Meanings } from "../knowledge/meanings.ts";
import type { ToolFunction } from "./choice.ts";

/** So many are all shown. */
export const SHOWN_MAX = 8;

/** Chooses among tools, and remembers what their descriptions mean. */
export class Shortlist {
  readonly #meanings: Meanings;

  constructor(embedder: Pick<Embedder, "embed">) {
    this.#meanings = new Meanings(embedder);
  }

  /**
   * The tools likest to `message`, in their own order, those named in `lately` among them. Likeness
   * is MiniLM's, or words in common where no embedder answers.
   */
  async choose<T extends ToolFunction>(
    tools: readonly T[],
    message: string,
    lately: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<readonly T[]> {
    if (tools.length <= SHOWN_MAX) return tools;
    const scores = await this.#cosines(tools, message, signal) ?? commonWords(tools, message);
    const rank = (i: number) => (lately.has(tools[i]!.name) ? 1 : 0) + scores[i]!;
    const best = [...tools.keys()].sort((a, b) => rank(b) - rank(a)).slice(0, SHOWN_MAX);
    return tools.filter((_, i) => best.includes(i));
  }

  /** undefined where no embedder answers. */
  async #cosines(
    tools: readonly ToolFunction[],
    message: string,
    signal?: AbortSignal,
  ): Promise<number[] | undefined> {
    try {
      return await this.#meanings.cosines(message, tools.map(describe), signal);
    } catch (error) {
      if (error instanceof FlintError && error.code !== "cancelled") return undefined;
      throw error;
    }
  }
}

/** With the names of parameters the right tool was among the first 6 of 30; without, among the first 12. */
function describe({ name, description = "", parameters }: ToolFunction): string {
  const names = Object.keys((parameters?.properties ?? {}) as object).join(", ");
  return `${name.replace(/[_-]/g, " ")}: ${description} (${names})`;
}

/** The share of a tool's words that the message has, by their first letters: "emails" has "email". */
function commonWords(tools: readonly ToolFunction[], message: string): number[] {
  const said = stems(message);
  return tools.map((tool) => {
    const own = stems(describe(tool));
    return [...own].filter((stem) => said.has(stem)).length / Math.sqrt(own.size);
  });
}

const STEM_CHARS = 5;
function stems(text: string): Set<string> {
  const words = text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}]{3,}/gu) ?? [];
  return new Set(words.map((word) => word.slice(0, STEM_CHARS)));
}
