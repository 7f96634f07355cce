/** What needs the owner's eye: listings that rules hold back, reports, appeals; each decision logged. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { entriesOf, given, type ListPart, pageOf, parse, plainText } from "@flint/plugins";
import { z } from "zod";
import type { Audit } from "../people/audit.ts";
import { Listing } from "./listing.ts";
import type { Listings } from "./listings.ts";

const Words = plainText(1, 1000, { lines: true });

/** Something to look at. */
export const Case = z.strictObject({
  listing: Listing.shape.id,
  kind: z.enum(["review", "report", "appeal"]),
  reason: z.string(),
  reports: z.int().min(0).meta({
    description: "How many accounts reported it since it was judged",
  }),
  since: z.iso.datetime(),
}).meta({ id: "ModerationCase" });
export type Case = z.infer<typeof Case>;

/** What somebody tells against a listing, or a publisher for it. */
export const Told = z.strictObject({ reason: Words }).meta({ id: "Told" });

/** A decision. */
export const Verdict = z.strictObject({
  verdict: z.enum(["list", "refuse", "remove"]),
  reason: Words,
  release: Listing.shape.release.meta({ description: "The release that was looked at" }),
}).meta({ id: "Verdict" });

/** Some cases, by listing; `next`, if there are more, is the cursor of the following ones. */
export interface CaseList {
  readonly cases: readonly Case[];
  readonly next?: string;
}

/** The moderation of one store. Whether somebody may see a listing is for the caller to ask. */
export interface Moderation {
  cases(part?: ListPart): CaseList;
  /** An account's report (Told): its later ones replace it. */
  report(account: string, listing: string, told: unknown): Promise<void>;
  /** A publisher's answer (Told) to a refusal or removal. "conflict" where there was none. */
  appeal(publisher: string, listing: string, told: unknown): Promise<void>;
  /** Decides (Verdict). "conflict" unless the release is the present one. */
  judge(judge: string, listing: string, verdict: unknown): Promise<Listing>;
}

/** What moderation needs. */
export interface ModerationNeeds {
  readonly kv: Kv;
  readonly listings: Listings;
  readonly audit: Audit;
  readonly now?: () => Date;
}

/** What a verdict makes of a listing. */
const STATES = { list: "listed", refuse: "refused", remove: "removed" } as const;

/** Opens it in `kv`; follows the listings, and logs each change of their state. */
export function openModeration(needs: ModerationNeeds): Moderation {
  return new StoredModeration(needs);
}

class StoredModeration implements Moderation {
  readonly #kv: Kv;
  readonly #listings: Listings;
  readonly #audit: Audit;
  readonly #now: () => Date;
  readonly #cases: Collection<Case>;
  /** [listing, account]: since the last verdict. */
  readonly #reports: Collection<string>;

  constructor({ kv, listings, audit, now = () => new Date() }: ModerationNeeds) {
    this.#kv = kv;
    this.#listings = listings;
    this.#audit = audit;
    this.#now = now;
    this.#cases = kv.collection("moderation_cases");
    this.#reports = kv.collection("moderation_reports");
    listings.onChange((transaction, { before, after }) => {
      const { id, state, reason = "it waits for review" } = after;
      if (state === "pending") this.#open(transaction, id, "review", reason);
      else if (before?.state === "pending") transaction.remove(this.#cases, id);
    });
  }

  cases(part: ListPart = {}): CaseList {
    const { entries, next } = pageOf(this.#cases, part);
    return { cases: entries.map(({ value }) => value), ...given({ next }) };
  }

  async report(account: string, id: string, value: unknown): Promise<void> {
    const { reason } = parse(Told, value);
    await this.#kv.transaction((transaction) => {
      const { state } = this.#listings.get(id);
      const known = this.#reports.get([id, account]) !== undefined;
      transaction.put(this.#reports, [id, account], reason);
      const kind = state === "pending" ? "review" : "report";
      this.#open(transaction, id, this.#cases.get(id)?.kind ?? kind, reason, known ? 0 : 1);
      this.#log(transaction, account, "reported", id, reason);
    });
  }

  async appeal(publisher: string, id: string, value: unknown): Promise<void> {
    const { reason } = parse(Told, value);
    await this.#kv.transaction((transaction) => {
      const listing = this.#listings.find(id);
      if (listing?.publisher !== publisher) {
        throw new FlintError("not_found", `there is no listing "${id}" of yours`);
      }
      if (listing.state !== "refused" && listing.state !== "removed") {
        throw new FlintError("conflict", `"${id}" is ${listing.state}: there is nothing to appeal`);
      }
      this.#open(transaction, id, "appeal", reason);
      this.#log(transaction, publisher, "appealed", id, reason);
    });
  }

  async judge(judge: string, id: string, value: unknown): Promise<Listing> {
    const { verdict, reason, release } = parse(Verdict, value);
    return await this.#kv.transaction((transaction) => {
      const { reason: _, ...before } = this.#listings.get(id);
      if (before.release !== release) {
        throw new FlintError(
          "conflict",
          `"${id}" is at release ${before.release} meanwhile: look at it again`,
        );
      }
      if (before.state === "withdrawn" || before.visibility === "private") {
        throw new FlintError("conflict", `"${id}" is its publisher's alone: nobody else sees it`);
      }
      const state = STATES[verdict], updatedAt = this.#now().toISOString();
      const after = { ...before, ...(state === "listed" ? {} : { reason }), state, updatedAt };
      this.#listings.put(transaction, after);
      transaction.remove(this.#cases, id);
      for (const { key } of entriesOf(this.#reports, { prefix: [id] })) {
        transaction.remove(this.#reports, key);
      }
      this.#log(transaction, judge, state, id, reason);
      return after;
    });
  }

  #open(
    transaction: Transaction,
    listing: string,
    kind: Case["kind"],
    reason: string,
    reports = 0,
  ): void {
    const before = this.#cases.get(listing), since = before?.since ?? this.#now().toISOString();
    const all = (before?.reports ?? 0) + reports;
    transaction.put(this.#cases, listing, { listing, kind, reason, reports: all, since });
  }

  #log(transaction: Transaction, actor: string, act: string, id: string, detail: string): void {
    this.#audit.write(transaction, { actor, act: `listing.${act}`, subject: id, detail });
  }
}
