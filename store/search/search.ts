/**
 * Search over documents in LMDB: words by BM25F, beginnings, typos, filters. Two slots: while one
 * answers, the other may be built anew from the documents' source, in the background, across restarts.
 */
import { checkLimit, type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { newestOf } from "./browse.ts";
import { addDocuments, removeDocument } from "./changes.ts";
import { type Cursor, packCursor, unpackCursor } from "./cursor.ts";
import type { SearchDocument } from "./document.ts";
import { PostingList } from "./list.ts";
import { planOf, type Weighed } from "./plan.ts";
import { IndexSlot } from "./slot.ts";
import { EVERY, filterTerm } from "./terms.ts";
import { type Scored, topOf } from "./top.ts";

/** Properties a document must have; of several values of one kind each. */
export interface SearchFilters {
  readonly category?: string | undefined;
  /** "zh" finds "zh-CN", too. */
  readonly language?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly publisher?: string | undefined;
}

/** A question. */
export interface SearchQuery extends SearchFilters {
  /** Without words the newest are found. */
  readonly text?: string | undefined;
  /** The last word may be a beginning. */
  readonly typing?: boolean | undefined;
  /** 1 to SEARCH_LIMIT_MAX, default 20. */
  readonly limit?: number | undefined;
  /** `next` of the page before, with everything else the same. */
  readonly cursor?: string | undefined;
  /** Puts the best, some sixty, into a better order; must answer the same ids. */
  readonly rerank?: ((best: readonly SearchHit[]) => readonly SearchHit[]) | undefined;
}

/** A document that was found. */
export interface SearchHit {
  readonly id: string;
  /** Comparable within one search only; 0 where nothing was ranked. */
  readonly score: number;
}

/** One page of what was found. */
export interface SearchPage {
  readonly hits: readonly SearchHit[];
  readonly next?: string;
}

/** Documents of one source, in pages, for building anew: `next` is the cursor of the following page. */
export type DocumentSource = (cursor: string | undefined) => {
  readonly documents: readonly SearchDocument[];
  readonly next?: string | undefined;
};

/** How often each value occurs among the best FACET_DEPTH of what is found, the most frequent first. */
export interface Facets {
  readonly category: readonly FacetCount[];
  readonly language: readonly FacetCount[];
  readonly tag: readonly FacetCount[];
}
export interface FacetCount {
  readonly value: string;
  readonly count: number;
}

/** Reads are synchronous. */
export interface Search {
  /** How many documents there are. */
  readonly count: number;
  /** Adds documents, in place of those that have their ids: at once, but gathered in memory (1 KB each). */
  add(transaction: Transaction, documents: readonly SearchDocument[]): void;
  remove(transaction: Transaction, id: string): void;
  /** @throws FlintError bad_input for a wrong limit or cursor */
  find(query: SearchQuery): SearchPage;
  facets(query: SearchQuery): Facets;
  /** The documents most like one that is there, by its rarest words. */
  like(id: string, limit: number): SearchHit[];
  /** How many documents have one property. */
  countOf(kind: "category" | "language" | "tag" | "publisher", value: string): number;
  /** Builds everything anew beside what answers, then swaps; goes on where a killed process was. */
  rebuild(source: DocumentSource): Promise<void>;
}

export const SEARCH_LIMIT_MAX = 100;
/** The best that `rerank` is given. */
const RERANK_DEPTH = 60;
/** The best among which facets are counted. */
export const FACET_DEPTH = 500;
const FACETS_MAX = 20;
/** Terms of a document by which others like it are found. */
const LIKE_TERMS = 12;

/** Which slot answers, how often that has changed, and how far the other is, if it is being built. */
interface State {
  readonly live: "a" | "b";
  readonly swaps: number;
  readonly building?: { readonly cursor: string | null };
}

const START: State = { live: "a", swaps: 0 };

/** Opens the search in `kv`. */
export function openSearch(kv: Kv): Search {
  return new StoredSearch(kv);
}

class StoredSearch implements Search {
  readonly #kv: Kv;
  readonly #states: Collection<State>;
  readonly #slots: Record<State["live"], IndexSlot>;
  #rebuilding: Promise<void> | undefined;

  constructor(kv: Kv) {
    this.#kv = kv;
    this.#states = kv.collection("search_state");
    this.#slots = { a: new IndexSlot(kv, "a"), b: new IndexSlot(kv, "b") };
  }

  get count(): number {
    return this.#live.counts().documents;
  }

  add(transaction: Transaction, documents: readonly SearchDocument[]): void {
    const last = [...new Map(documents.map((document) => [document.id, document])).values()];
    for (const slot of this.#changing) addDocuments(slot, transaction, last);
  }

  remove(transaction: Transaction, id: string): void {
    for (const slot of this.#changing) removeDocument(slot, transaction, id);
  }

  find(query: SearchQuery): SearchPage {
    const { text = "", limit = 20 } = query;
    checkLimit(limit, SEARCH_LIMIT_MAX);
    const cursor = query.cursor === undefined ? undefined : unpackCursor(query.cursor);
    if (cursor && cursor.slot !== this.#tag) {
      throw new FlintError("bad_input", "the search was built anew since this page: begin again");
    }
    const filters = filterLists(this.#live, query);
    if (!filters) return { hits: [] };
    if (text.trim() === "") return this.#newest(filters, limit, cursor);
    return this.#ranked(query, filters, limit, cursor);
  }

  facets(query: SearchQuery): Facets {
    const slot = this.#live, filters = filterLists(slot, query);
    const best = !filters
      ? []
      : query.text?.trim()
      ? this.#top(planOf(slot, query.text, query.typing ?? false), filters, FACET_DEPTH)
        .map(({ document }) => document)
      : newestOf(filters, FACET_DEPTH, slot.counts().nextDocument);
    const kept = best.map((document) => slot.document(document)!);
    return {
      category: tally(kept.map(({ category }) => category)),
      language: tally(kept.map(({ language }) => language)),
      tag: tally(kept.flatMap(({ tags }) => [...new Set(tags)])),
    };
  }

  like(id: string, limit: number): SearchHit[] {
    checkLimit(limit, SEARCH_LIMIT_MAX);
    const slot = this.#live, number = slot.numberOf(id);
    if (number === undefined) return [];
    const documents = slot.counts().documents;
    const plan = slot.document(number)!.terms
      .map((term) => ({ term, count: slot.countOf(term) }))
      .filter(({ count }) => count > 1)
      .sort((a, b) => a.count - b.count)
      .slice(0, LIKE_TERMS)
      .map(({ term, count }): Weighed => [term, Math.ceil(1000 * Math.log(1 + documents / count))]);
    return this.#hitsOf(this.#top(plan, [], limit + 1)).filter((hit) => hit.id !== id)
      .slice(0, limit);
  }

  countOf(kind: "category" | "language" | "tag" | "publisher", value: string): number {
    const slot = this.#live, term = slot.term(filterTerm(kind, value));
    return term === undefined ? 0 : slot.countOf(term);
  }

  rebuild(source: DocumentSource): Promise<void> {
    return this.#rebuilding ??= this.#rebuild(source).finally(() => this.#rebuilding = undefined);
  }

  get #state(): State {
    return this.#states.get("state") ?? START;
  }

  get #live(): IndexSlot {
    return this.#slots[this.#state.live];
  }

  /** What a cursor's numbers are of. */
  get #tag(): string {
    const { live, swaps } = this.#state;
    return `${live}${swaps}`;
  }

  /** Whatever changes goes into both, so that the swap loses nothing. */
  get #changing(): IndexSlot[] {
    const { live, building } = this.#state;
    return building ? [this.#slots[live], this.#slots[other(live)]] : [this.#slots[live]];
  }

  async #rebuild(source: DocumentSource): Promise<void> {
    await this.#kv.transaction((transaction) => {
      const { building, ...state } = this.#state;
      if (building) return;
      this.#slots[other(state.live)].clear(transaction);
      transaction.put(this.#states, "state", { ...state, building: { cursor: null } });
    });
    while (await this.#kv.transaction((transaction) => this.#buildOn(transaction, source)));
  }

  /** One page of the source, read within the transaction: nothing changes between it and its writing. */
  #buildOn(transaction: Transaction, source: DocumentSource): boolean {
    const { building, ...state } = this.#state, slot = this.#slots[other(state.live)];
    const { documents, next } = source(building!.cursor ?? undefined);
    // What is there came by a change since, and is newer.
    addDocuments(slot, transaction, documents.filter(({ id }) => slot.numberOf(id) === undefined));
    if (next !== undefined) {
      transaction.put(this.#states, "state", { ...state, building: { cursor: next } });
      return true;
    }
    this.#slots[state.live].clear(transaction);
    const swapped = { live: other(state.live), swaps: state.swaps + 1 };
    transaction.put(this.#states, "state", swapped);
    return false;
  }

  #newest(filters: readonly PostingList[], limit: number, cursor?: Cursor): SearchPage {
    const slot = this.#live;
    const below = cursor?.below.document ?? slot.counts().nextDocument;
    const found = newestOf(filters, limit + 1, below);
    const shown = found.slice(0, limit).map((document) => ({ document, score: 0 }));
    const hits = this.#hitsOf(shown);
    if (found.length <= limit) return { hits };
    return { hits, next: this.#cursor([], [], shown.at(-1)!) };
  }

  #ranked(
    { text = "", typing = false, rerank }: SearchQuery,
    filters: readonly PostingList[],
    limit: number,
    cursor?: Cursor,
  ): SearchPage {
    const plan = cursor?.plan as Weighed[] | undefined ?? planOf(this.#live, text, typing);
    let ordered = cursor?.rest.map(([document, score]) => ({ document, score })) ?? [];
    let below: Scored | undefined = cursor?.below, isLast = false;
    if (ordered.length <= limit) {
      const count = !cursor && rerank ? Math.max(RERANK_DEPTH, limit + 1) : limit + 1;
      const more = this.#top(plan, filters, count, below);
      isLast = more.length < count;
      below = more.at(-1) ?? below;
      ordered = [...ordered, ...!cursor && rerank ? this.#reordered(more, rerank) : more];
    }
    const hits = this.#hitsOf(ordered.slice(0, limit)), rest = ordered.slice(limit);
    if (rest.length === 0 && isLast || !below) return { hits };
    return { hits, next: this.#cursor(plan, rest, below) };
  }

  #reordered(best: readonly Scored[], rerank: NonNullable<SearchQuery["rerank"]>): Scored[] {
    const byId = new Map(best.map((one) => [this.#live.idOf(one.document)!, one]));
    return rerank([...byId].map(([id, { score }]) => ({ id, score }))).map(({ id }) =>
      byId.get(id)!
    );
  }

  #top(
    plan: readonly Weighed[],
    required: readonly PostingList[],
    count: number,
    below?: Scored,
  ): Scored[] {
    const lists = plan.map(([term, weight]) => new PostingList(this.#live, term, weight));
    return topOf({ lists, required, count, below });
  }

  /** Without those that are gone since a cursor was made. */
  #hitsOf(scored: readonly Scored[]): SearchHit[] {
    return scored.flatMap(({ document, score }) => {
      const id = this.#live.idOf(document);
      return id === undefined ? [] : [{ id, score }];
    });
  }

  #cursor(plan: readonly Weighed[], rest: readonly Scored[], below: Scored): string {
    return packCursor({
      slot: this.#tag,
      plan: plan.map(([term, weight]) => [term, weight]),
      rest: rest.map(({ document, score }) => [document, score]),
      below,
    });
  }
}

function other(slot: State["live"]): State["live"] {
  return slot === "a" ? "b" : "a";
}

/** A list for each property that is asked for (without words or any, one of all); undefined if nothing has one. */
function filterLists(slot: IndexSlot, query: SearchQuery): PostingList[] | undefined {
  const { text = "", category, language, tags = [], publisher } = query;
  const names = [
    ...category ? [filterTerm("category", category)] : [],
    ...language ? [filterTerm("language", language)] : [],
    ...publisher ? [filterTerm("publisher", publisher)] : [],
    ...tags.map((tag) => filterTerm("tag", tag)),
  ];
  if (names.length === 0 && !text.trim()) names.push(EVERY);
  const terms = names.map((name) => slot.term(name));
  if (terms.includes(undefined)) return undefined;
  return terms.map((term) => new PostingList(slot, term!, 1));
}

function tally(values: readonly string[]): FacetCount[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count).slice(0, FACETS_MAX);
}
