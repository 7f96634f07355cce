/**
 * Ratings and reviews: one by each account that really used a listing. What each counts for is
 * judged (trust.ts), judged again as its account grows older, and every change is written down.
 */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { given, type ListPart, pageOf, parse } from "@flint/plugins";
import { DAY_MS } from "../money/calendar.ts";
import type { Boards } from "./boards.ts";
import type { RatingKey } from "./rings.ts";
import {
  type Judgement,
  type Review,
  ReviewAnswer,
  ReviewDecision,
  ReviewDraft,
  ReviewReport,
  type ReviewSummary,
} from "./review.ts";
import { openTrust, type Verdict } from "./trust.ts";
import { type UseOf, USER_TURNS_MIN } from "./use.ts";

/** What is known of a listing. */
export interface Rateable {
  readonly publisher: string;
  readonly category: string;
  /** Only then it is rated. */
  readonly isPublic: boolean;
}

/** What reviews are made from. */
export interface ReviewNeeds {
  readonly kv: Kv;
  readonly boards: Boards;
  readonly use: UseOf;
  /** When an account was made. */
  readonly accountSince: (account: string) => Date;
  /** Any listing there is, or was. */
  readonly listing: (id: string) => Rateable | undefined;
  readonly now?: () => Date;
}

/** A page of something, 20 long by default; `next`, if there is more, leads on. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** A review that was reported, and by whom. */
export interface Reported extends RatingKey {
  readonly reporter: string;
  readonly reason: string;
  readonly at: string;
}

/** The reviews of one store. Reads are synchronous; writes resolve when they are on disk. */
export interface Reviews {
  /**
   * Writes an account's review (ReviewDraft), or changes it.
   * @throws FlintError bad_input; not_found; denied to the builder and to whom hasn't used it enough
   */
  rate(key: RatingKey, draft: unknown): Promise<Review>;
  remove(key: RatingKey): Promise<void>;
  /** The builder's answer (ReviewAnswer), or none. @throws FlintError denied to others */
  answer(key: RatingKey, builder: string, answer: unknown): Promise<Review>;
  /** Somebody's report (ReviewReport); a second one by the same takes the first's place. */
  report(key: RatingKey, reporter: string, report: unknown): Promise<void>;
  reports(query?: ListPart): PageOf<Reported>;
  /** What the store's owner decides (ReviewDecision). */
  decide(key: RatingKey, decision: unknown): Promise<void>;
  /** @throws FlintError not_found */
  get(key: RatingKey): Review;
  /** What a rating counts for at the moment: for who wrote it, the builder and the owner. */
  verdict(key: RatingKey): Verdict;
  /** A listing's reviews that have words, the latest changed first. */
  list(listing: string, query?: ListPart): PageOf<Review>;
  summary(listing: string): ReviewSummary;
  /** What became of a listing's ratings, or of all, the latest first. */
  judgements(listing: string | undefined, query?: ListPart): PageOf<Judgement>;
  /** Judges again what is due, at most `limit` ratings; resolves to how many were. */
  settle(limit?: number): Promise<number>;
}

/** Ratings judged again at a time. */
const SETTLED_AT_ONCE = 100;
/** A rating that doesn't count in full is judged again after 1, 2, 4, ... 64 days. */
const JUDGED_AGAIN_MAX = 7;
/** For judgements of all listings; no slug can be this. */
const ALL = "*";

interface Stored extends Omit<Review, "account"> {
  readonly verdict: Verdict;
  /** The owner's; it stands whatever else is found. */
  readonly decided?: Verdict;
  /** How often it was judged again, and when (ms since 1970) it is next. */
  readonly judgedAgain: number;
  readonly due?: number;
}

interface Counts {
  readonly all: readonly number[];
  readonly counted: readonly number[];
}

const NO_COUNTS: Counts = { all: [0, 0, 0, 0, 0], counted: [0, 0, 0, 0, 0] };
const UNSEEN: Verdict = { weight: 0, ground: "early", why: "not judged yet" };

/** Opens the reviews in `kv`. */
export function openReviews(needs: ReviewNeeds): Reviews {
  return new StoredReviews(needs);
}

class StoredReviews implements Reviews {
  readonly #needs: ReviewNeeds;
  readonly #now: () => Date;
  readonly #trust;
  /** [listing, account] */
  readonly #reviews: Collection<Stored>;
  /** [listing, time of change, account]: reviews with words that are not hidden. */
  readonly #shown: Collection<true>;
  readonly #counts: Collection<Counts>;
  /** [due, listing, account] */
  readonly #due: Collection<true>;
  /** [listing or ALL, time, listing, account] */
  readonly #judgements: Collection<Judgement>;
  /** [listing, account, reporter] */
  readonly #reports: Collection<{ reason: string; at: string }>;

  constructor(needs: ReviewNeeds) {
    const { kv, now = () => new Date() } = needs;
    this.#needs = needs;
    this.#now = now;
    this.#trust = openTrust(needs);
    this.#reviews = kv.collection("reviews");
    this.#shown = kv.collection("reviews_shown");
    this.#counts = kv.collection("review_counts");
    this.#due = kv.collection("reviews_due");
    this.#judgements = kv.collection("review_judgements");
    this.#reports = kv.collection("review_reports");
  }

  async rate(key: RatingKey, value: unknown): Promise<Review> {
    const draft = parse(ReviewDraft, value);
    await this.#needs.kv.transaction((transaction) => {
      this.#checkUser(key);
      const before = this.#reviews.get(keyOf(key)), at = this.#now().toISOString();
      const kept = before ?? { at, verdict: UNSEEN, judgedAgain: 0 };
      this.#judge(transaction, key, before, { ...kept, ...draft, updatedAt: at });
    });
    return this.get(key);
  }

  async remove(key: RatingKey): Promise<void> {
    await this.#needs.kv.transaction((transaction) => {
      this.#write(transaction, key, this.#stored(key), undefined);
    });
  }

  async answer(key: RatingKey, builder: string, value: unknown): Promise<Review> {
    const answer = value === undefined ? undefined : parse(ReviewAnswer, value);
    if (this.#listing(key.listing).publisher !== builder) {
      throw new FlintError("denied", `only the builder of ${key.listing} answers its reviews`);
    }
    await this.#needs.kv.transaction((transaction) => {
      const { answer: _, ...before } = this.#stored(key);
      const at = this.#now().toISOString();
      const after = answer ? { ...before, answer: { ...answer, at } } : before;
      transaction.put(this.#reviews, keyOf(key), after);
    });
    return this.get(key);
  }

  async report(key: RatingKey, reporter: string, value: unknown): Promise<void> {
    const { reason } = parse(ReviewReport, value);
    this.#stored(key);
    await this.#reports.put([...keyOf(key), reporter], { reason, at: this.#now().toISOString() });
  }

  reports(query: ListPart = {}): PageOf<Reported> {
    return latestOf(this.#reports, {}, query, ({ reason, at }, key) => {
      const [listing, account, reporter] = key as [string, string, string];
      return { listing, account, reporter, reason, at };
    });
  }

  async decide(key: RatingKey, value: unknown): Promise<void> {
    const { counts, why } = parse(ReviewDecision, value);
    await this.#needs.kv.transaction((transaction) => {
      const stored = this.#stored(key), { decided: _, ...bare } = stored;
      const decided: Verdict = { weight: counts ? 1 : 0, ground: "owner", why };
      this.#judge(transaction, key, stored, counts === null ? bare : { ...bare, decided });
    });
  }

  get(key: RatingKey): Review {
    return seen(this.#stored(key), key.account);
  }

  verdict(key: RatingKey): Verdict {
    return this.#stored(key).verdict;
  }

  list(listing: string, query: ListPart = {}): PageOf<Review> {
    return latestOf(this.#shown, { prefix: [listing] }, query, (_, key) => {
      const account = String((key as string[])[2]);
      return this.get({ listing, account });
    });
  }

  summary(listing: string): ReviewSummary {
    const { all, counted } = this.#counts.get(listing) ?? NO_COUNTS;
    const { stars, weight } = this.#needs.boards.standing(listing)?.rating ?? NO_RATING;
    return {
      ratings: all.reduce((sum, count) => sum + count, 0),
      histogram: all,
      counted,
      mean: weight > 0 ? stars / weight : null,
    };
  }

  judgements(listing: string | undefined, query: ListPart = {}): PageOf<Judgement> {
    return latestOf(this.#judgements, { prefix: [listing ?? ALL] }, query, (value) => value);
  }

  async settle(limit = SETTLED_AT_ONCE): Promise<number> {
    return await this.#needs.kv.transaction((transaction) => {
      const now = this.#now();
      this.#trust.prune(transaction, now, limit);
      const { entries } = this.#due.list({ end: [now.getTime() + 1], limit });
      for (const { key: due } of entries) {
        const [, listing, account] = due as [number, string, string];
        const before = this.#stored({ listing, account });
        const after = { ...before, judgedAgain: before.judgedAgain + 1 };
        this.#judge(transaction, { listing, account }, before, after);
      }
      return entries.length;
    });
  }

  /** Writes `after` with what it counts for now, and whatever else that changes. */
  #judge(transaction: Transaction, key: RatingKey, before: Stored | undefined, after: Stored) {
    const { verdict, revised } = this.#trust.judge(transaction, key, this.#now());
    this.#write(transaction, key, before, { ...after, verdict: after.decided ?? verdict });
    for (const other of revised) {
      const stored = this.#reviews.get(keyOf(other));
      if (stored) this.#judge(transaction, other, stored, stored);
    }
  }

  /** Takes what was known of a review off all that is kept of it, and puts on what is known now. */
  #write(transaction: Transaction, key: RatingKey, before?: Stored, after?: Stored): void {
    const { listing, account } = key;
    if (before) {
      transaction.remove(this.#shown, [listing, Date.parse(before.updatedAt), account]);
      if (before.due !== undefined) transaction.remove(this.#due, [before.due, listing, account]);
    }
    if (after) {
      const due = this.#dueOf(after);
      if (due !== undefined) transaction.put(this.#due, [due, listing, account], true);
      if (after.text !== "" && !isHidden(after)) {
        transaction.put(this.#shown, [listing, Date.parse(after.updatedAt), account], true);
      }
      const { due: _, ...bare } = after;
      transaction.put(this.#reviews, keyOf(key), due === undefined ? bare : { ...bare, due });
      if (!before || before.verdict.why !== after.verdict.why) {
        this.#log(transaction, key, after.verdict);
      }
    } else transaction.remove(this.#reviews, keyOf(key));
    this.#count(transaction, listing, before, after);
  }

  #count(transaction: Transaction, listing: string, before?: Stored, after?: Stored): void {
    const counts = this.#counts.get(listing) ?? NO_COUNTS;
    const all = [...counts.all], counted = [...counts.counted];
    for (const [review, sign] of [[before, -1], [after, 1]] as const) {
      if (!review) continue;
      if (!isHidden(review)) all[review.stars - 1]! += sign;
      if (review.verdict.weight > 0) counted[review.stars - 1]! += sign;
    }
    transaction.put(this.#counts, listing, { all, counted });
    const was = ratingOf(before), is = ratingOf(after);
    const rating = { stars: is.stars - was.stars, weight: is.weight - was.weight };
    if (rating.stars === 0 && rating.weight === 0) return;
    const { category } = this.#needs.listing(listing)!;
    this.#needs.boards.record(transaction, { listing, category, at: this.#now(), rating });
  }

  #log(transaction: Transaction, { listing, account }: RatingKey, verdict: Verdict): void {
    const now = this.#now(), entry = { listing, account, at: now.toISOString(), ...verdict };
    for (const shelf of [listing, ALL]) {
      transaction.put(this.#judgements, [shelf, now.getTime(), listing, account], entry);
    }
  }

  #dueOf({ verdict, judgedAgain }: Stored): number | undefined {
    const { ground, weight } = verdict;
    const isFinal = ground !== "early" && (ground !== "counts" || weight === 1);
    if (isFinal || judgedAgain >= JUDGED_AGAIN_MAX) return undefined;
    return this.#now().getTime() + DAY_MS * 2 ** judgedAgain;
  }

  #checkUser({ listing, account }: RatingKey): void {
    if (this.#listing(listing).publisher === account) {
      throw new FlintError("denied", `${listing} is your own: others rate it`);
    }
    const { turns } = this.#needs.use.of(account, listing);
    if (turns >= USER_TURNS_MIN) return;
    const left = USER_TURNS_MIN - turns;
    throw new FlintError(
      "denied",
      `who rates ${listing} has used it for ${USER_TURNS_MIN} turns: ${left} to go`,
    );
  }

  #listing(id: string): Rateable {
    const found = this.#needs.listing(id);
    if (found?.isPublic) return found;
    throw new FlintError("not_found", `there is no listing "${id}"`);
  }

  #stored(key: RatingKey): Stored {
    const found = this.#reviews.get(keyOf(key));
    if (found) return found;
    throw new FlintError("not_found", `${key.account} has not reviewed ${key.listing}`);
  }
}

const NO_RATING = { stars: 0, weight: 0 };

const keyOf = ({ listing, account }: RatingKey): [string, string] => [listing, account];

const isHidden = ({ decided }: Stored): boolean => decided?.weight === 0;

function ratingOf(review: Stored | undefined): { stars: number; weight: number } {
  if (!review) return NO_RATING;
  const { stars, verdict: { weight } } = review;
  return { stars: stars * weight, weight };
}

function seen(review: Stored, account: string): Review {
  const { stars, at, updatedAt, answer } = review, text = isHidden(review) ? "" : review.text;
  return { account, stars, text, at, updatedAt, ...given({ answer }) };
}

/** A page from the end of a collection, or of what begins by `prefix` in it. */
function latestOf<T, R>(
  collection: Collection<T>,
  range: { readonly prefix?: readonly string[] },
  { limit = 20, cursor }: ListPart,
  item: (value: T, key: unknown) => R,
): PageOf<R> {
  const { entries, next } = pageOf(collection, { limit, cursor: cursor || undefined }, {
    ...range,
    reverse: true,
  });
  return { items: entries.map(({ value, key }) => item(value, key)), ...given({ next }) };
}
