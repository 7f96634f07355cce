/** Chooses by likeness: a text is compared with examples of each choice, in the embedding model's space. */
import { cosineOf, type Embedder } from "../knowledge/embed.ts";

/** The examples that count for a choice; one alone may be alike by chance. */
const BEST = 2;

/** Choices and their examples. */
export class Likeness<C extends string> {
  readonly #embedder: Embedder;
  readonly #examples: readonly (readonly [C, string])[];
  #vectors: Promise<readonly Float32Array[]> | undefined;

  constructor(embedder: Embedder, examples: Readonly<Record<C, readonly string[]>>) {
    this.#embedder = embedder;
    this.#examples = (Object.entries(examples) as [C, readonly string[]][])
      .flatMap(([choice, texts]) => texts.map((text) => [choice, text] as const));
  }

  /** Mean cosine of a text with the two likest examples of each choice. Throws as the embedder does. */
  async scores(text: string, signal?: AbortSignal): Promise<Map<C, number>> {
    this.#vectors ??= this.#embedder.embed(this.#examples.map(([, example]) => example))
      .then(({ vectors }) => vectors);
    const known = await this.#vectors.catch((error) => {
      this.#vectors = undefined; // the model may come later
      throw error;
    });
    const { vectors: [vector] } = await this.#embedder.embed([text], signal);
    const cosines = Map.groupBy(this.#examples.keys(), (i) => this.#examples[i]![0]);
    return new Map([...cosines].map(([choice, indices]) => {
      const best = indices.map((i) => cosineOf(known[i]!, vector!)).sort((a, b) => b - a).slice(
        0,
        BEST,
      );
      return [choice, best.reduce((sum, cosine) => sum + cosine, 0) / best.length];
    }));
  }
}
