/** All passages of one collection in memory, found by words (BM25) and by meaning, ranks fused. */
import MiniSearch from "minisearch";
import { drawGraph, type Graph } from "./graph.ts";
import type { SourceSpan } from "./citation.ts";
import { termsOf } from "./terms.ts";
import { largest, type VectorTable } from "./vectors.ts";

/** How many of each kind of list are fused. */
const DEPTH = 50;
/** Of reciprocal rank fusion (Cormack, Clarke, Büttcher 2009). */
const RANK_OFFSET = 60;

/** A passage that was found. */
export interface Hit {
  /** Its place in the index. */
  readonly at: number;
  readonly source: SourceSpan;
  /** Comparable within one search only. */
  readonly score: number;
}

/** Which ways a search goes. */
export interface Ways {
  readonly words: boolean;
  /** The question's vector, to search by meaning; its rank counts `weight` times. */
  readonly vector?: { readonly numbers: Float32Array; readonly weight: number };
}

/** Built when first searched; a change of the collection makes another. */
export class PassageIndex {
  readonly sources: readonly SourceSpan[];
  readonly #words: MiniSearch;
  readonly #vectors: VectorTable;
  /** Passages that hold a term. */
  readonly #frequency = new Map<string, number>();
  #graph: Graph | undefined;

  constructor(sources: readonly SourceSpan[], vectors: VectorTable) {
    this.sources = sources;
    this.#vectors = vectors;
    this.#words = new MiniSearch({
      fields: ["text", "above"],
      idField: "at",
      tokenize: termsOf,
      processTerm: (term) => term,
      searchOptions: { boost: { above: 0.7 }, combineWith: "OR" },
    });
    this.#words.addAll(sources.map(({ text, headings }, at) => {
      const above = headings.join("\n");
      for (const term of new Set([...termsOf(text), ...termsOf(above)])) {
        this.#frequency.set(term, (this.#frequency.get(term) ?? 0) + 1);
      }
      return { at, text, above };
    }));
  }

  /** How much a term tells one passage from another: 0 if all have it; terms that none has tell most. */
  weight(term: string): number {
    const holding = this.#frequency.get(term) ?? 0;
    return Math.log((this.sources.length + 1) / (holding + 0.5));
  }

  /** How much of some terms a passage holds, 0..1, by their weight. */
  share(terms: ReadonlySet<string>, { text, headings }: SourceSpan): number {
    const held = new Set(termsOf(`${text}\n${headings.join("\n")}`));
    let total = 0, found = 0;
    for (const term of terms) {
      const weight = this.weight(term);
      total += weight;
      if (held.has(term)) found += weight;
    }
    return total === 0 ? 0 : found / total;
  }

  /** How many passages hold a term. */
  holders(term: string): number {
    return this.#frequency.get(term) ?? 0;
  }

  /** What the passages name; drawn when first asked for. */
  get graph(): Graph {
    return this.#graph ??= drawGraph(this.sources);
  }

  search(query: string, { words, vector }: Ways, count: number): Hit[] {
    const scores = new Map<number, number>();
    const fuse = (order: readonly number[], weight: number) =>
      order.forEach((at, rank) =>
        scores.set(at, (scores.get(at) ?? 0) + weight / (RANK_OFFSET + rank + 1))
      );
    if (words) fuse(this.#words.search(query).slice(0, DEPTH).map(({ id }) => id as number), 1);
    if (vector) {
      fuse(largest(this.#vectors.cosines(vector.numbers), DEPTH), vector.weight);
    }
    return [...scores].sort(([, a], [, b]) => b - a).slice(0, count)
      .map(([at, score]) => ({ at, source: this.sources[at]!, score }));
  }
}
