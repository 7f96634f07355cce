/** Entries of the ledger: double-entry, in integer micro-units, chained by their hashes. */
import { createHash } from "node:crypto";
import { z } from "zod";

/** A millionth of the currency's unit. Amounts beyond 2^53 of them (9 billion units) are refused. */
export const Micros = z.int().meta({ description: "Millionths of a unit" });

/** Such as wallet:alice, income:store, payable:bob. What stands before the colon is its kind. */
export const AccountName = z.string().regex(
  /^(wallet|payable|income|refunds|provider|escrow):[\p{Ll}\p{Lo}\p{Lm}\p{N}][\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}_-]{0,127}$/u,
  "must be a kind and a name, such as wallet:alice",
);
export type AccountName = z.infer<typeof AccountName>;

/** What one account gains (or, below zero, gives). */
export const Posting = z.strictObject({ account: AccountName, amount: Micros });
export type Posting = z.infer<typeof Posting>;

const POSTINGS_MAX = 64;

/** What somebody wants written. Its postings add up to zero. */
export const EntryDraft = z.strictObject({
  /** The client's own name for this event: sent twice, it is written once. */
  key: z.string().min(1).max(128).regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces"),
  kind: z.enum(["deposit", "usage", "subscription", "share", "payout", "refund", "reversal"]),
  memo: z.string().max(200),
  postings: z.array(Posting).min(2).max(POSTINGS_MAX),
  /** Of a reversal: the number of the entry it takes back. */
  reverses: z.int().min(0).optional(),
}).superRefine(({ postings }, context) => {
  const sum = postings.reduce((total, { amount }) => total + amount, 0);
  if (!Number.isSafeInteger(sum) || sum !== 0) {
    context.addIssue({
      code: "custom",
      path: ["postings"],
      message: `must add up to 0, not ${sum}`,
    });
  }
  const accounts = new Set(postings.map(({ account }) => account));
  if (accounts.size < postings.length) {
    context.addIssue({ code: "custom", path: ["postings"], message: "name an account twice" });
  }
  if (postings.some(({ amount }) => amount === 0)) {
    context.addIssue({ code: "custom", path: ["postings"], message: "have one of nothing" });
  }
}).meta({ id: "LedgerEntryDraft" });
export type EntryDraft = z.infer<typeof EntryDraft>;

/** An entry as it stands. */
export interface Entry extends EntryDraft {
  /** Its place, from 0, without gaps. */
  readonly number: number;
  readonly at: string;
  /** Hash of the entry before it; of the first one, GENESIS. */
  readonly previous: string;
  /** SHA-256 of all the above, hexadecimal. */
  readonly hash: string;
}

/** What the first entry stands on. */
export const GENESIS = "0".repeat(64);

/** The hash of an entry: its fields in one fixed order, as JSON. */
export function entryHash(entry: Omit<Entry, "hash">): string {
  const { number, at, previous, key, kind, memo, postings, reverses } = entry;
  const parts = postings.map(({ account, amount }) => [account, amount]);
  const text = JSON.stringify([number, at, previous, key, kind, memo, parts, reverses ?? null]);
  return createHash("sha256").update(text).digest("hex");
}

/** A key made of an event's own parts, in whatever script they are: told again, it is the same. */
export function keyOf(event: string, ...parts: readonly (string | number)[]): string {
  return `${event}-${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
}

/** Whether two drafts say the same: what is sent twice under one key has to. */
export function saysTheSame(one: EntryDraft, two: EntryDraft): boolean {
  const text = ({ kind, memo, postings, reverses }: EntryDraft) =>
    JSON.stringify([kind, memo, postings.map((p) => [p.account, p.amount]), reverses ?? null]);
  return text(one) === text(two);
}
