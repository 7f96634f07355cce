/** Likeness in meaning to texts that are met again and again, such as descriptions of tools. */
import { cosineOf, type Embedder } from "./embed.ts";

/** Texts whose vectors are remembered, 1.5 KB each; beyond, all are made anew. */
const VECTORS_MAX = 4096;

/** Compares with texts, and remembers what they mean. */
export class Meanings {
  readonly #embedder: Pick<Embedder, "embed">;
  #vectors = new Map<string, Float32Array>();

  constructor(embedder: Pick<Embedder, "embed">) {
    this.#embedder = embedder;
  }

  /** The cosine of each of `known` with `asked`, which is not remembered. Throws as the embedder does. */
  async cosines(asked: string, known: readonly string[], signal?: AbortSignal): Promise<number[]> {
    if (this.#vectors.size > VECTORS_MAX) this.#vectors = new Map();
    const vectors = this.#vectors; // a call beside this one may begin anew
    const unknown = [...new Set(known)].filter((text) => !vectors.has(text));
    const { vectors: [vector, ...made] } = await this.#embedder.embed([asked, ...unknown], signal);
    unknown.forEach((text, i) => vectors.set(text, made[i]!));
    return known.map((text) => cosineOf(vectors.get(text)!, vector!));
  }
}
