/** Collections of documents in LMDB: added by the file, found by question, removed with all that was made of them. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { createHash } from "node:crypto";
import { parse } from "../parse.ts";
import type { SourceSpan } from "./citation.ts";
import { type LaidText, layOut, type Passage } from "./chunk.ts";
import { EMBED_TEXTS_MAX, type Embedder } from "./embed.ts";
import { type Hit, PassageIndex } from "./passage_index.ts";
import { readFile } from "./read.ts";
import { type IngestEvent, KnowledgeBase, KnowledgeDocument, KnowledgeDraft } from "./schema.ts";
import { isHan } from "./terms.ts";
import { noVectors, packVectors, VectorTable } from "./vectors.ts";

/** Collections of one store. */
const BASES_MAX = 1000;
/** Documents of one collection. */
const DOCUMENTS_MAX = 1000;
/** Texts embedded between two reports. */
const EMBED_STEP = 32;
/** How much meaning counts beside words: MiniLM learned on English (see README for figures). */
const VECTOR_WEIGHT = 1;

/** A file to add. */
export interface SourceFile {
  readonly name: string;
  readonly bytes: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** How to search. */
export interface SearchOptions {
  readonly count?: number;
  readonly words?: boolean;
  readonly vectors?: boolean;
  readonly signal?: AbortSignal;
}

/** Everything that is known here. Throws "not_found" for a collection or document that is not there. */
export interface Library {
  list(): KnowledgeBase[];
  get(id: string): KnowledgeBase;
  /** Checks `draft` (KnowledgeDraft). "conflict" if the id is taken. */
  create(draft: unknown): Promise<KnowledgeBase>;
  /** Removes it and all its documents. */
  remove(id: string): Promise<void>;
  documents(id: string): KnowledgeDocument[];
  /** Reads, cuts and embeds files, one after the other; one that fails stops none. */
  add(id: string, files: Iterable<SourceFile>, signal?: AbortSignal): AsyncIterable<IngestEvent>;
  removeDocument(id: string, document: string): Promise<void>;
  /** A document's text, which citations are spans of. */
  text(id: string, document: string): string;
  /** The index of some collections together, of those that are there. */
  index(ids: readonly string[]): PassageIndex;
  /** Vectors of texts, or undefined where the model is not there. */
  embed(
    texts: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Float32Array[] | undefined>;
  /** Passages that bear on the question, the best first. */
  search(ids: readonly string[], question: string, options?: SearchOptions): Promise<Hit[]>;
}

/** Opens the library in `kv`. Without an embedder, or its model, words alone find. */
export function openLibrary(
  { kv, embedder, now = () => new Date() }: { kv: Kv; embedder?: Embedder; now?: () => Date },
): Library {
  return new StoredLibrary(kv, embedder, now);
}

class StoredLibrary implements Library {
  readonly #kv: Kv;
  readonly #embedder: Embedder | undefined;
  readonly #now: () => Date;
  readonly #bases: Collection<KnowledgeBase>;
  /** [base, document] */
  readonly #documents: Collection<KnowledgeDocument>;
  readonly #texts: Collection<{ text: string; passages: readonly Passage[] }>;
  readonly #vectors: ReturnType<Kv["blobs"]>;
  readonly #indexes = new Map<string, PassageIndex>();

  constructor(kv: Kv, embedder: Embedder | undefined, now: () => Date) {
    this.#kv = kv;
    this.#embedder = embedder;
    this.#now = now;
    this.#bases = kv.collection("knowledge", { parse: (value) => KnowledgeBase.parse(value) });
    this.#documents = kv.collection("knowledge_documents", {
      parse: (value) => KnowledgeDocument.parse(value),
    });
    this.#texts = kv.collection("knowledge_texts");
    this.#vectors = kv.blobs("knowledge_vectors");
  }

  list(): KnowledgeBase[] {
    return this.#bases.list({ limit: BASES_MAX }).entries.map(({ value }) => value);
  }

  get(id: string): KnowledgeBase {
    const found = this.#bases.get(id);
    if (!found) throw new FlintError("not_found", `there is no knowledge "${id}"`);
    return found;
  }

  async create(value: unknown): Promise<KnowledgeBase> {
    const draft = parse(KnowledgeDraft, value);
    const base = KnowledgeBase.parse({
      description: "",
      ...draft,
      createdAt: this.#now().toISOString(),
    });
    if (this.list().length === BASES_MAX) {
      throw new FlintError("over_budget", `there are ${BASES_MAX} collections: remove some first`);
    }
    await this.#bases.put(base.id, base, { ifVersion: 0 }).catch((error) => {
      if (!(error instanceof FlintError) || error.code !== "conflict") throw error;
      throw new FlintError("conflict", `there is a knowledge "${base.id}": choose another id`);
    });
    return base;
  }

  async remove(id: string): Promise<void> {
    this.get(id);
    const documents = this.documents(id);
    await this.#kv.transaction((transaction) => {
      transaction.remove(this.#bases, id);
      for (const { id: document } of documents) this.#erase(transaction, id, document);
    });
    this.#changed(id);
  }

  documents(id: string): KnowledgeDocument[] {
    this.get(id);
    return this.#documents.list({ prefix: [id], limit: DOCUMENTS_MAX }).entries
      .map(({ value }) => value)
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  async *add(
    id: string,
    files: Iterable<SourceFile>,
    signal?: AbortSignal,
  ): AsyncGenerator<IngestEvent> {
    this.get(id);
    for (const file of files) {
      try {
        yield* this.#addOne(id, file, signal);
      } catch (error) {
        if (!(error instanceof FlintError) || signal?.aborted) throw error;
        yield { type: "failed", name: file.name, message: error.message };
      }
    }
  }

  async removeDocument(id: string, document: string): Promise<void> {
    this.#document(id, document);
    await this.#kv.transaction((transaction) => this.#erase(transaction, id, document));
    this.#changed(id);
  }

  text(id: string, document: string): string {
    this.#document(id, document);
    return this.#texts.get([id, document])!.text;
  }

  index(ids: readonly string[]): PassageIndex {
    const there = [...new Set(ids)].filter((id) => this.#bases.get(id)).sort();
    const key = there.join(" ");
    const known = this.#indexes.get(key);
    if (known) return known;
    const sources: SourceSpan[] = [];
    const packed: Uint8Array[] = [];
    for (const base of there) {
      for (const document of this.documents(base)) {
        sources.push(...this.#sources(base, document));
        const vectors = this.#vectors.borrow([base, document.id])?.slice();
        packed.push(vectors ?? noVectors(document.passages));
      }
    }
    const index = new PassageIndex(sources, new VectorTable(packed));
    this.#indexes.set(key, index);
    return index;
  }

  async search(
    ids: readonly string[],
    question: string,
    { count = 10, words = true, vectors = true, signal }: SearchOptions = {},
  ): Promise<Hit[]> {
    const index = this.index(ids);
    const wanted = vectors && (!words || !isHan(question));
    const numbers = wanted ? await this.embed([question], signal) : undefined;
    const vector = numbers && { numbers: numbers[0]!, weight: VECTOR_WEIGHT };
    return index.search(question, { words: words || !vector, ...(vector && { vector }) }, count);
  }

  async *#addOne(
    base: string,
    { name, bytes: read }: SourceFile,
    signal?: AbortSignal,
  ): AsyncGenerator<IngestEvent> {
    const bytes = await read();
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const id = createHash("sha256").update(name).digest("hex").slice(0, 16);
    const present = this.#documents.get([base, id]);
    if (present?.sha256 === sha256 && (present.embedded || !await this.embed([name], signal))) {
      yield { type: "unchanged", document: present };
      return;
    }
    if (!present && this.documents(base).length === DOCUMENTS_MAX) {
      throw new FlintError("over_budget", `${DOCUMENTS_MAX} documents are all there may be here`);
    }
    yield { type: "reading", name };
    const laid = layOut(await readFile(name, bytes, signal), name);
    const vectors: Float32Array[] = [];
    for (let done = 0; done < laid.passages.length; done += EMBED_STEP) {
      const texts = laid.passages.slice(done, done + EMBED_STEP).map((at) => embedText(laid, at));
      const more = await this.embed(texts, signal);
      if (!more) break;
      vectors.push(...more);
      yield { type: "embedding", name, done: vectors.length, total: laid.passages.length };
    }
    const embedded = vectors.length === laid.passages.length;
    const pages = laid.passages.at(-1)?.page;
    const document: KnowledgeDocument = {
      id,
      name,
      title: laid.title,
      sha256,
      bytes: bytes.length,
      characters: laid.text.length,
      passages: laid.passages.length,
      embedded,
      addedAt: this.#now().toISOString(),
      ...(pages === undefined ? {} : { pages }),
    };
    await this.#kv.transaction((transaction) => {
      this.#erase(transaction, base, id);
      transaction.put(this.#documents, [base, id], document);
      transaction.put(this.#texts, [base, id], { text: laid.text, passages: laid.passages });
      if (embedded) transaction.putBytes(this.#vectors, [base, id], packVectors(vectors));
    });
    this.#changed(base);
    yield { type: "added", document };
  }

  /** Vectors, or undefined where the model is not there. */
  async embed(
    texts: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Float32Array[] | undefined> {
    try {
      return (await this.#embedder?.embed(texts.slice(0, EMBED_TEXTS_MAX), signal))?.vectors;
    } catch (error) {
      if (error instanceof FlintError && error.code === "unavailable") return undefined;
      throw error;
    }
  }

  #document(base: string, id: string): KnowledgeDocument {
    this.get(base);
    const found = this.#documents.get([base, id]);
    if (!found) throw new FlintError("not_found", `there is no document "${id}" in "${base}"`);
    return found;
  }

  #sources(base: string, { id, name, title }: KnowledgeDocument): SourceSpan[] {
    const { text, passages } = this.#texts.get([base, id])!;
    return passages.map((passage) => ({
      base,
      document: id,
      name,
      title,
      ...passage,
      headings: [...passage.headings],
      text: text.slice(passage.start, passage.end),
    }));
  }

  #erase(transaction: Transaction, base: string, document: string): void {
    transaction.remove(this.#documents, [base, document]);
    transaction.remove(this.#texts, [base, document]);
    transaction.removeBytes(this.#vectors, [base, document]);
  }

  #changed(base: string): void {
    for (const key of this.#indexes.keys()) {
      if (key.split(" ").includes(base)) this.#indexes.delete(key);
    }
  }
}

/** What of a passage is embedded: its headings say what it is about. */
function embedText({ text }: LaidText, { headings, start, end }: Passage): string {
  return `${headings.slice(-2).join(". ")}\n${text.slice(start, end)}`;
}
