/** /api/money, the owner's part: terms, confirming payments, closing months, payouts, refunds, the audit. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Money } from "../money/money.ts";
import { BATCH } from "../money/payouts.ts";
import { TopUp } from "../money/provider.ts";
import { Terms } from "../money/terms.ts";
import { attachment } from "./attachment.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { given } from "./given.ts";
import { Audit, LedgerEntry, Month, MonthName, Payout, PayoutFile } from "./money_schema.ts";

const tags = ["Money"];

const batch = z.string().regex(BATCH, "must be a-z, 0-9 and hyphens");
const Batch = z.object({ id: batch.openapi({ param: { name: "id", in: "path" } }) });

const readTerms = createRoute({
  method: "get",
  path: "/terms",
  tags,
  summary: "Read the store's terms of money",
  responses: { 200: json(Terms, "Terms"), ...problems },
});

const setTerms = createRoute({
  method: "patch",
  path: "/terms",
  tags,
  summary: "Change the store's terms of money",
  description: "A month's share stays what it was when its first payment came.",
  request: { body: jsonBody(Terms.partial()) },
  responses: { 200: json(Terms, "As they are now"), ...problems },
});

const confirm = createRoute({
  method: "post",
  path: "/top-ups/{id}/confirm",
  tags,
  summary: "Say that a payment by hand came",
  request: {
    params: z.object({ id: z.uuid().openapi({ param: { name: "id", in: "path" } }) }),
  },
  responses: { 200: json(TopUp, "It is in the wallet"), ...problems },
});

const close = createRoute({
  method: "post",
  path: "/months/{month}/close",
  tags,
  summary: "Share a month's income out",
  description: "A second time does nothing; broken off, it goes on where it stood.",
  request: { params: z.object({ month: MonthName }) },
  responses: { 200: json(Month, "The closed month, and the entries that prove it"), ...problems },
});

const pay = createRoute({
  method: "post",
  path: "/payouts",
  tags,
  summary: "Pay builders out",
  description:
    "Flint writes who is to get what; the money itself is sent by whoever runs the store.",
  request: { body: jsonBody(z.object({ id: batch })) },
  responses: { 201: json(Payout, "The batch"), ...problems },
});

const list = createRoute({
  method: "get",
  path: "/payouts",
  tags,
  summary: "List payouts",
  responses: { 200: json(z.array(Payout), "By name"), ...problems },
});

const file = createRoute({
  method: "get",
  path: "/payouts/{id}",
  tags,
  summary: "Read a payout's lines",
  request: { params: Batch },
  responses: { 200: json(PayoutFile, "Each line with its ledger entry"), ...problems },
});

const table = createRoute({
  method: "get",
  path: "/payouts/{id}/csv",
  tags,
  summary: "Save a payout as a table",
  request: { params: Batch },
  responses: {
    200: { description: "The table", content: { "text/csv": { schema: z.string() } } },
    ...problems,
  },
});

const refund = createRoute({
  method: "post",
  path: "/refunds",
  tags,
  summary: "Give a payment back",
  description: "By the opposite entry; of a month that is closed the store bears it.",
  request: { body: jsonBody(z.object({ entry: z.int().min(0), memo: z.string().max(200) })) },
  responses: { 201: json(LedgerEntry, "The refund; a second time the same one"), ...problems },
});

const audit = createRoute({
  method: "get",
  path: "/ledger/audit",
  tags,
  summary: "Check the whole ledger",
  responses: { 200: json(Audit, "`fault` is the first entry that is wrong"), ...problems },
});

/** The routes; `access.ts` keeps them for the owner. */
export function createMoneyOwner({ money }: { readonly money: Money }): OpenAPIHono {
  const app = new OpenAPIHono();
  const { terms, topUps, closing, payouts, ledger } = money;
  app.openapi(readTerms, (c) => c.json(terms.get(), 200));
  app.openapi(setTerms, async (c) => c.json(await terms.set(given(c.req.valid("json"))), 200));
  app.openapi(confirm, async (c) => c.json(await topUps.confirm(c.req.valid("param").id), 200));
  app.openapi(close, async (c) => c.json(await closing.close(c.req.valid("param").month), 200));
  app.openapi(pay, async (c) => c.json(await payouts.pay(c.req.valid("json").id), 201));
  app.openapi(list, (c) => c.json(payouts.list(), 200));
  app.openapi(file, (c) => {
    const { id } = c.req.valid("param");
    return c.json({ ...payouts.get(id), lines: [...payouts.lines(id)] }, 200);
  });
  app.openapi(table, (c) => {
    const { id } = c.req.valid("param");
    const headers = attachment(`payout-${id}.csv`, "text/csv; charset=utf-8");
    return c.body(payouts.csv(id), 200, headers);
  });
  app.openapi(refund, async (c) => {
    const { entry, memo } = c.req.valid("json");
    return c.json(await money.refund(entry, memo), 201);
  });
  app.openapi(audit, (c) => c.json(ledger.audit(), 200));
  return app;
}
