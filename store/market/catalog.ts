/**
 * The public catalogue: search, shelves, boards, likeness and collections over listings. It follows the
 * listings within their own transactions, so that what is published is found at once.
 */
import { FlintError, type Kv } from "@flint/core";
import { CATEGORIES, type Embedder, given } from "@flint/plugins";
import type { SearchDocument } from "../search/document.ts";
import {
  type Facets,
  openSearch,
  type Search,
  type SearchFilters,
  type SearchHit,
} from "../search/search.ts";
import type { BoardQuery, Boards } from "./boards.ts";
import type { Card, CardPage, ListingCollection, RankedCard, Ranks, Shelves } from "./card.ts";
import { type Collections, openCollections } from "./collections.ts";
import { isPublic, type Listing } from "./listing.ts";
import type { Listings } from "./listings.ts";
import { Meaning } from "./meaning.ts";
import { ranksOf } from "./ranks.ts";

/** What is looked for. Without `text` the newest are listed. */
export interface CatalogQuery extends SearchFilters {
  readonly text?: string | undefined;
  /** 1..100, default 20. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** What everyone may see of a store. */
export interface Catalog {
  /** Best first; by words, then among the best also by meaning and by what others install. */
  search(query: CatalogQuery): Promise<CardPage>;
  /** While one types: the last word may be a beginning. */
  suggest(text: string, limit?: number): Card[];
  facets(query: CatalogQuery): Facets;
  shelves(): Shelves;
  board(query: BoardQuery): RankedCard[];
  /** Why a listing stands where it does. "not_found". */
  ranks(id: string): Ranks;
  /** Listings like one. "not_found". */
  similar(id: string, limit?: number): Card[];
  /** "not_found" unless everyone may see it. */
  card(id: string): Card;
  readonly collections: Collections;
  /** Those of a collection that everyone may see, in its order. */
  cardsOf(collection: ListingCollection): Card[];
  /** Ends what it does in the background. */
  close(): Promise<void>;
}

/** What a catalogue needs. */
export interface CatalogNeeds {
  readonly kv: Kv;
  readonly listings: Listings;
  readonly boards: Boards;
  readonly embedder: Embedder;
}

/** Shares of a rank among the best: how well its words fit, what it means, who installed it. */
const WORDS = 1, MEANING = 0.4, INSTALLED = 0.15;
/** Installs that count as all there can be: 2^20. */
const INSTALLS_LOG_MAX = 20;
/** Listings found by words, of which the likest are shown. */
const SIMILAR_DEPTH = 50;

/** Opens the catalogue and lets it follow `listings`. */
export function openCatalog(needs: CatalogNeeds): Catalog {
  return new StoredCatalog(needs);
}

/** A listing as the search has it. */
export function documentOf({ id, publisher, manifest }: Listing): SearchDocument {
  const { name, description, tags, category, language, starters } = manifest;
  return { id, name, description, tags, category, language, starters, publisher };
}

class StoredCatalog implements Catalog {
  readonly collections: Collections;
  readonly #listings: Listings;
  readonly #boards: Boards;
  readonly #search: Search;
  readonly #meaning: Meaning;

  constructor({ kv, listings, boards, embedder }: CatalogNeeds) {
    this.collections = openCollections(kv);
    this.#listings = listings;
    this.#boards = boards;
    this.#search = openSearch(kv);
    this.#meaning = new Meaning(kv, embedder);
    listings.onChange((transaction, { before, after }) => {
      if (isPublic(after)) {
        this.#search.add(transaction, [documentOf(after)]);
        this.#meaning.add(transaction, after);
      } else if (before && isPublic(before)) {
        this.#search.remove(transaction, after.id);
        this.#meaning.remove(transaction, after.id);
      }
    });
  }

  async search(query: CatalogQuery): Promise<CardPage> {
    const isFirst = query.text && query.cursor === undefined;
    const vector = isFirst ? await this.#meaning.vectorOf(query.text!) : undefined;
    const rerank = (best: readonly SearchHit[]) => this.#reranked(best, vector);
    const { hits, next } = this.#search.find({ ...query, rerank });
    return { cards: this.#cardsOf(hits.map(({ id }) => id)), ...given({ next }) };
  }

  suggest(text: string, limit = 8): Card[] {
    const { hits } = this.#search.find({
      ...{ text, limit, typing: true },
      rerank: (best) => this.#reranked(best),
    });
    return this.#cardsOf(hits.map(({ id }) => id));
  }

  facets(query: CatalogQuery): Facets {
    return this.#search.facets(query);
  }

  shelves(): Shelves {
    const countOf = (category: string) => this.#search.countOf("category", category);
    return {
      listings: this.#search.count,
      categories: CATEGORIES.map((category) => ({ category, count: countOf(category) })),
    };
  }

  board(query: BoardQuery): RankedCard[] {
    return this.#boards.top(query).flatMap(({ listing, rank, score }) =>
      this.#cardsOf([listing]).map((card) => ({ rank, score, card }))
    );
  }

  ranks(id: string): Ranks {
    return ranksOf(this.#boards, this.#public(id));
  }

  similar(id: string, limit = 8): Card[] {
    this.#public(id);
    const hits = this.#search.like(id, SIMILAR_DEPTH), vector = this.#meaning.of(id);
    const ordered = vector ? this.#reranked(hits, vector) : hits;
    return this.#cardsOf(ordered.slice(0, limit).map((hit) => hit.id));
  }

  card(id: string): Card {
    return this.#cardOf(this.#public(id));
  }

  cardsOf({ listings }: ListingCollection): Card[] {
    return this.#cardsOf(listings);
  }

  async close(): Promise<void> {
    await this.#meaning.close();
  }

  #reranked(best: readonly SearchHit[], vector?: Float32Array): SearchHit[] {
    const most = best[0]?.score ?? 0;
    const likeness = vector && this.#meaning.likeness(vector, best.map(({ id }) => id));
    const valueOf = ({ id, score }: SearchHit) => {
      const installs = this.#boards.standing(id)?.installs ?? 0;
      return WORDS * score / most + MEANING * (likeness?.get(id) ?? 0) +
        INSTALLED * Math.min(1, Math.log2(1 + installs) / INSTALLS_LOG_MAX);
    };
    return best.map((hit) => ({ hit, value: valueOf(hit) }))
      .sort((a, b) => b.value - a.value).map(({ hit }) => hit);
  }

  #public(id: string): Listing {
    const listing = this.#listings.get(id);
    if (isPublic(listing)) return listing;
    throw new FlintError("not_found", `there is no listing "${id}"`);
  }

  /** What a board or a collection names may be gone since. */
  #cardsOf(ids: readonly string[]): Card[] {
    return ids.flatMap((id) => {
      const listing = this.#listings.find(id);
      return listing && isPublic(listing) ? [this.#cardOf(listing)] : [];
    });
  }

  #cardOf({ id, publisher, publishedAt, updatedAt, manifest }: Listing): Card {
    const { name, description, avatar, category, language, tags } = manifest;
    const standing = this.#boards.standing(id), rating = standing?.rating;
    return {
      ...{ id, publisher, publishedAt, updatedAt },
      ...{ name, description, avatar, category, language, tags },
      installs: standing?.installs ?? 0,
      uses: standing?.uses ?? 0,
      ratings: rating?.weight ?? 0,
      ...given({ stars: rating && rating.weight > 0 ? rating.stars / rating.weight : undefined }),
    };
  }
}
