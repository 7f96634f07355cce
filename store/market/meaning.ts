/** What listings mean, as vectors beside the index: they order the best that words have found. */
import { type Blobs, type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { type Embedder, packVectors, VectorTable } from "@flint/plugins";
import type { Listing } from "./listing.ts";

/** Texts embedded at a time. */
const BATCH = 16;
/** A search waits no longer for its query's vector: it answers without. */
const PATIENCE_MS = 60;

/** Vectors of listings, made in the background while the embedding model is there. */
export class Meaning {
  readonly #kv: Kv;
  readonly #embedder: Embedder;
  readonly #vectors: Blobs;
  /** Listing -> what is to be embedded: it outlives a kill, and the model's absence. */
  readonly #waiting: Collection<string>;
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(kv: Kv, embedder: Embedder) {
    this.#kv = kv;
    this.#embedder = embedder;
    this.#vectors = kv.blobs("listing_vectors");
    this.#waiting = kv.collection("listing_vectors_waiting");
  }

  /** Has a listing embedded soon. */
  add(transaction: Transaction, { id, manifest }: Listing): void {
    const { name, description, tags } = manifest;
    transaction.put(this.#waiting, id, [name, description, tags.join(", ")].join("\n"));
    this.#work();
  }

  remove(transaction: Transaction, id: string): void {
    transaction.remove(this.#waiting, id);
    transaction.removeBytes(this.#vectors, id);
  }

  /** A query's vector; undefined where the model is not there or takes too long. */
  async vectorOf(text: string): Promise<Float32Array | undefined> {
    if (this.#waiting.list({ limit: 1 }).entries.length > 0) this.#work();
    if (this.#vectors.keys("", 1).length === 0) return undefined;
    let timer: number | undefined;
    const late = new Promise<undefined>((resolve) => timer = setTimeout(resolve, PATIENCE_MS));
    const embedded = this.#embedder.embed([text]).then(({ vectors }) => vectors[0], ifAway);
    try {
      return await Promise.race([embedded, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A listing's own vector, if it has one yet. */
  of(id: string): Float32Array | undefined {
    const packed = this.#vectors.borrow(id)?.slice();
    return packed && new VectorTable([packed]).vector(0);
  }

  /** The cosine of each listing with `vector`; 0 for those that have none yet. */
  likeness(vector: Float32Array, ids: readonly string[]): Map<string, number> {
    const known = ids.flatMap((id) => {
      const packed = this.#vectors.borrow(id)?.slice();
      return packed ? [{ id, packed }] : [];
    });
    const cosines = new VectorTable(known.map(({ packed }) => packed)).cosines(vector);
    return new Map(known.map(({ id }, i) => [id, cosines[i]!]));
  }

  /** Lets what is under way end. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  #work(): void {
    this.#working ??= this.#embedWaiting().catch(ifAway).finally(() => this.#working = undefined);
  }

  async #embedWaiting(): Promise<void> {
    while (!this.#closed) {
      // Read within a transaction: behind the one that is adding now.
      const { entries } = await this.#kv.transaction(() => this.#waiting.list({ limit: BATCH }));
      if (entries.length === 0) return;
      const { vectors } = await this.#embedder.embed(entries.map(({ value }) => value));
      if (this.#closed) return;
      await this.#kv.transaction((transaction) =>
        entries.forEach(({ key, value }, i) => {
          if (this.#waiting.get(key) !== value) return; // changed or removed meanwhile
          transaction.remove(this.#waiting, key);
          transaction.putBytes(this.#vectors, key, packVectors([vectors[i]!]));
        })
      );
    }
  }
}

/** A model that is not there, busy or closed is no fault: words find without it. */
function ifAway(error: unknown): undefined {
  if (error instanceof FlintError) return undefined;
  throw error;
}
