/** Chooses by likeness: a text is compared with examples of each choice, in the embedding model's space. */
import type { Embedder } from "../knowledge/embed.ts";
import { Meanings } from "../knowledge/meanings.ts";

/** The examples that count for a choice; one alone may be alike by chance. */
const BEST = 2;

/** Choices and their examples. */
export class Likeness<C extends string> {
  readonly #meanings: Meanings;
  readonly #examples: readonly (readonly [C, string])[];

  constructor(embedder: Embedder, examples: Readonly<Record<C, readonly string[]>>) {
    this.#meanings = new Meanings(embedder);
    this.#examples = (Object.entries(examples) as [C, readonly string[]][])
      .flatMap(([choice, texts]) => texts.map((text) => [choice, text] as const));
  }

  /** Mean cosine of a text with the two likest examples of each choice. Throws as the embedder does. */
  async scores(text: string, signal?: AbortSignal): Promise<Map<C, number>> {
    const examples = this.#examples.map(([, example]) => example);
    const cosines = await this.#meanings.cosines(text, examples, signal);
    const choices = Map.groupBy(this.#examples.keys(), (i) => this.#examples[i]![0]);
    return new Map([...choices].map(([choice, indices]) => {
      const best = indices.map((i) => cosines[i]!).sort((a, b) => b - a).slice(0, BEST);
      return [choice, best.reduce((sum, cosine) => sum + cosine, 0) / best.length];
    }));
  }
}
