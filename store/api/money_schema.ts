/** What the money routes tell, as zod for the document and the types. */
import { z } from "@hono/zod-openapi";

const micros = z.int();

export const MonthName = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, "must be such as 2026-11")
  .openapi({ param: { name: "month", in: "path" } });

const LedgerEntry = z.object({
  number: z.int(),
  at: z.string(),
  kind: z.string(),
  memo: z.string(),
  key: z.string(),
  postings: z.array(z.object({ account: z.string(), amount: micros })),
  reverses: z.int().optional(),
  previous: z.string(),
  hash: z.string().openapi({ description: "SHA-256 of the entry, which names the one before" }),
}).openapi("LedgerEntry");

export const LedgerEntries = z.object({
  entries: z.array(LedgerEntry),
  next: z.int().optional().openapi({ description: "`before` of the following page" }),
}).openapi("LedgerEntries");
export { LedgerEntry };

const range = { first: z.int(), last: z.int(), hash: z.string() };

export const Statement = z.object({
  month: z.string(),
  state: z.enum(["open", "closing", "closed"]),
  publisher: z.string(),
  currency: z.string(),
  shareBps: z.int(),
  lines: z.array(z.object({
    listing: z.string(),
    turns: z.int(),
    ...{
      use: micros,
      subscriptions: micros,
      pass: micros,
      gross: micros,
      fee: micros,
      net: micros,
    },
  })).readonly(),
  net: micros,
  ledger: z.object(range).optional().openapi({ description: "The entries that prove it" }),
}).openapi("EarningsStatement");

export const Month = z.object({
  shareBps: z.int(),
  state: z.enum(["open", "closing", "closed"]),
  first: z.int(),
  last: z.int().optional(),
  hash: z.string().optional(),
}).openapi("ClosedMonth");

export const Payout = z.object({
  id: z.string(),
  currency: z.string(),
  at: z.string(),
  total: micros,
  ...range,
}).openapi("Payout");

export const PayoutFile = Payout.extend({
  lines: z.array(z.object({
    publisher: z.string(),
    amount: micros,
    entry: z.int(),
    hash: z.string(),
  })),
}).openapi("PayoutFile");

export const Audit = z.object({
  entries: z.int(),
  head: z.string(),
  fault: z.object({ number: z.int(), why: z.string() }).optional(),
}).openapi("LedgerAudit");
