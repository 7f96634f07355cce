/**
 * Listings: published, updated, withdrawn. Each change is told to those who follow (search, boards)
 * inside its own transaction, so that what they keep is never behind or ahead.
 */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { type Assistant, given, type ListPart, pageOf, parse, type Registry } from "@flint/plugins";
import type { Groups } from "../people/groups.ts";
import { doubtsAbout, refuseSecrets } from "./checks.ts";
import { type Lineage, Listing, PublicationDraft, type Release, ReleaseDraft } from "./listing.ts";

/** A listing that came (`before` is undefined) or changed. Listings never go: see their state. */
export interface ListingChange {
  readonly before: Listing | undefined;
  readonly after: Listing;
}

/** Is told of each change, within its transaction: what it throws undoes the change. May not await. */
export type ListingObserver = (transaction: Transaction, change: ListingChange) => void;

/** Some listings; `next`, if there are more, is the cursor of the following ones. */
export interface ListingList {
  readonly listings: readonly Listing[];
  readonly next?: string;
}

/** The listings of one store. Reads are synchronous; writes resolve when they are on disk. */
export interface Listings {
  /**
   * Offers an assistant of the publisher's (PublicationDraft), at once unless rules find something
   * to look at first. "bad_input" for secrets in it; "conflict" where it is offered: release it.
   */
  publish(publisher: string, draft: unknown): Promise<Listing>;
  /** Updates a listing (ReleaseDraft). "conflict" unless `from` is the present release. */
  release(publisher: string, id: string, draft: unknown): Promise<Listing>;
  /** Takes it back: nobody finds it any more, those who installed it keep it. */
  withdraw(publisher: string, id: string): Promise<Listing>;
  /**
   * Makes an assistant of an account's own from a listing; published, it tells what it came from.
   * What is the owner's alone (collections, his plugins) stays behind.
   */
  fork(account: string, id: string): Promise<Assistant>;
  /** Throws "not_found". Tells of every listing: who may see it is for the caller to ask. */
  get(id: string): Listing;
  /** As `get`; undefined where there is none. */
  find(id: string): Listing | undefined;
  /** A publisher's own, by id, in whatever state. */
  list(publisher: string, part?: ListPart): ListingList;
  /** Newest first, without the present one's. */
  releases(id: string): Release[];
  /** The manifest of one release. "not_found". */
  releaseOf(id: string, release: number): Release;
  /** Writes a listing as it is, within a transaction of the caller's: for reviews and feeds. */
  put(transaction: Transaction, listing: Listing): void;
  /** Writes many as they are, in batches; those who follow are told of each. Resolves to how many. */
  putAll(listings: Iterable<unknown> | AsyncIterable<unknown>): Promise<number>;
  /** Lets somebody follow. Opened anew, a store has no followers. */
  onChange(observer: ListingObserver): void;
}

/** What listings need. */
export interface ListingNeeds {
  readonly kv: Kv;
  readonly registry: Pick<Registry, "get" | "ownerOf" | "mayUse" | "create">;
  readonly groups: Pick<Groups, "isMember">;
  /** Tells the time of changes. */
  readonly now?: () => Date;
}

/** Listings written in one transaction: some MB, and readers are never kept waiting by it. */
const BATCH = 500;
/** Former releases that are told of; all are kept. */
const RELEASES_SHOWN = 100;

/** Opens the listings in `kv`. */
export function openListings(needs: ListingNeeds): Listings {
  return new StoredListings(needs);
}

class StoredListings implements Listings {
  readonly #kv: Kv;
  readonly #registry: ListingNeeds["registry"];
  readonly #groups: ListingNeeds["groups"];
  readonly #now: () => Date;
  readonly #listings: Collection<Listing>;
  /** [listing, release]: those before the present one. */
  readonly #releases: Collection<Release>;
  /** [publisher, listing] */
  readonly #byPublisher: Collection<true>;
  /** By the assistant that was made from it. */
  readonly #lineages: Collection<Lineage>;
  readonly #observers: ListingObserver[] = [];

  constructor({ kv, registry, groups, now = () => new Date() }: ListingNeeds) {
    this.#kv = kv;
    this.#registry = registry;
    this.#groups = groups;
    this.#now = now;
    this.#lineages = kv.collection("lineages");
    this.#listings = kv.collection("listings");
    this.#releases = kv.collection("listing_releases");
    this.#byPublisher = kv.collection("listings_by_publisher");
  }

  async publish(publisher: string, value: unknown): Promise<Listing> {
    const { assistantId, notes = "", shareKnowledge, ...rest } = parse(PublicationDraft, value);
    return await this.#kv.transaction((transaction) => {
      const manifest = this.#ownManifest(publisher, assistantId);
      const before = this.#listings.get(assistantId);
      if (before) throw takenOrListed(before, publisher);
      const at = this.#now().toISOString(), forkOf = this.#lineages.get(assistantId);
      const offered = {
        ...{ id: assistantId, assistantId, publisher, release: 1, ...given({ forkOf }) },
        ...{ ...given(rest), manifest, notes, publishedAt: at, updatedAt: at },
      };
      return this.#save(transaction, this.#checked(offered, shareKnowledge));
    });
  }

  async release(publisher: string, id: string, value: unknown): Promise<Listing> {
    const { from, shareKnowledge, ...rest } = parse(ReleaseDraft, value);
    return await this.#kv.transaction((transaction) => {
      const { reason: _, state, ...before } = this.#own(publisher, id);
      if (before.release !== from) {
        throw new FlintError(
          "conflict",
          `"${id}" is at release ${before.release}, not ${from}: look at it again`,
        );
      }
      const manifest = this.#ownManifest(publisher, before.assistantId);
      const updatedAt = this.#now().toISOString();
      const after = { ...before, notes: "", ...given(rest), manifest, updatedAt };
      const checked = this.#checked({ ...after, release: from + 1 }, shareKnowledge, state);
      return this.#save(transaction, checked);
    });
  }

  async withdraw(publisher: string, id: string): Promise<Listing> {
    return await this.#kv.transaction((transaction) => {
      const updatedAt = this.#now().toISOString();
      const { reason: _, ...before } = this.#own(publisher, id);
      if (before.state === "removed" || before.state === "refused") {
        throw new FlintError("conflict", `"${id}" is ${before.state}: appeal, or release it anew`);
      }
      return this.#save(transaction, { ...before, state: "withdrawn", updatedAt });
    });
  }

  async fork(account: string, id: string): Promise<Assistant> {
    const { publisher, release, manifest } = this.get(id);
    const { id: _, version: __, createdAt: ___, updatedAt: ____, ...copied } = manifest;
    const tools = copied.tools.filter(({ plugin }) => this.#registry.mayUse(account, plugin));
    // Its own publisher goes on reading his documents.
    const knowledge = publisher === account ? copied.knowledge : [];
    const draft = { ...copied, tools, knowledge, visibility: "private" };
    return await this.#registry.create(draft, account, (transaction, made) => {
      transaction.put(this.#lineages, made.id, { listing: id, release });
    });
  }

  get(id: string): Listing {
    const found = this.find(id);
    if (!found) throw new FlintError("not_found", `there is no listing "${id}"`);
    return found;
  }

  find(id: string): Listing | undefined {
    return this.#listings.get(id);
  }

  list(publisher: string, part: ListPart = {}): ListingList {
    const { entries, next } = pageOf(this.#byPublisher, part, { prefix: [publisher] });
    const listings = entries.map(({ key }) => this.get((key as string[])[1]!));
    return { listings, ...given({ next }) };
  }

  releases(id: string): Release[] {
    this.get(id);
    const { entries } = this.#releases.list({ prefix: [id], reverse: true, limit: RELEASES_SHOWN });
    return entries.map(({ value }) => value);
  }

  releaseOf(id: string, release: number): Release {
    const listing = this.get(id);
    if (listing.release === release) return releasePart(listing);
    const found = this.#releases.get([id, release]);
    if (!found) throw new FlintError("not_found", `"${id}" has no release ${release}`);
    return found;
  }

  put(transaction: Transaction, listing: Listing): void {
    this.#save(transaction, parse(Listing, listing));
  }

  async putAll(listings: Iterable<unknown> | AsyncIterable<unknown>): Promise<number> {
    let batch: Listing[] = [], count = 0;
    const write = async () => {
      await this.#kv.transaction((transaction) => {
        for (const listing of batch) this.#save(transaction, listing);
      });
      count += batch.length;
      batch = [];
    };
    for await (const listing of listings) {
      if (batch.push(parse(Listing, listing)) === BATCH) await write();
    }
    if (batch.length > 0) await write();
    return count;
  }

  onChange(observer: ListingObserver): void {
    this.#observers.push(observer);
  }

  /** Somebody else's assistant is not there to be published. */
  #ownManifest(publisher: string, id: string): Assistant {
    if (this.#registry.ownerOf(id) === publisher) return this.#registry.get(id);
    throw new FlintError("not_found", `there is no assistant "${id}" of yours`);
  }

  /** The listing with the state that its rules and its past allow. */
  #checked(
    offered: Omit<Listing, "state">,
    shared: readonly string[] = [],
    before: Listing["state"] = "listed",
  ): Listing {
    const { visibility, group, publisher, manifest } = offered;
    if (visibility === "group" && !(group && this.#groups.isMember(publisher, group))) {
      throw new FlintError("bad_input", `group "${group ?? ""}" is none that you are in`);
    }
    if (visibility === "private") return { ...offered, state: keptState(before) };
    refuseSecrets(manifest, shared);
    const doubts = visibility === "everyone" ? doubtsAbout(manifest) : [];
    const reasons = doubts.map(({ field, message }) => `${field} ${message}`);
    // Who was refused or taken down does not come back unseen.
    if (before !== "listed" && before !== "withdrawn") reasons.push(`it was ${before} before`);
    if (reasons.length === 0) return { ...offered, state: "listed" };
    return { ...offered, state: "pending", reason: reasons.join("; ").slice(0, 1000) };
  }

  /** Somebody else's listing is, to whoever would change it, not there. */
  #own(publisher: string, id: string): Listing {
    const found = this.get(id);
    if (found.publisher === publisher) return found;
    throw new FlintError("not_found", `there is no listing "${id}" of yours`);
  }

  #save(transaction: Transaction, after: Listing): Listing {
    const before = this.#listings.get(after.id);
    if (before && before.release !== after.release) {
      transaction.put(this.#releases, [after.id, before.release], releasePart(before));
    }
    if (before && before.publisher !== after.publisher) {
      transaction.remove(this.#byPublisher, [before.publisher, after.id]);
    }
    transaction.put(this.#listings, after.id, after);
    transaction.put(this.#byPublisher, [after.publisher, after.id], true);
    for (const observer of this.#observers) observer(transaction, { before, after });
    return after;
  }
}

/** A private release judges nothing: what was taken down stays so. */
const keptState = (before: Listing["state"]): Listing["state"] =>
  before === "withdrawn" ? "listed" : before;

function releasePart({ release, manifest, notes, updatedAt }: Listing): Release {
  return { release, manifest, notes, updatedAt };
}

function takenOrListed({ id, publisher }: Listing, asker: string): FlintError {
  return publisher === asker
    ? new FlintError("conflict", `"${id}" is published already: release an update of it`)
    : new FlintError(
      "conflict",
      `another publisher has a listing "${id}": copy yours to another id`,
    );
}
