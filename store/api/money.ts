/** /api/money: an account's own wallet, subscriptions, prices and earnings; and the provider's webhook. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { OWNER } from "@flint/plugins";
import type { Listings } from "../market/listings.ts";
import type { Money } from "../money/money.ts";
import { Subscription } from "../money/plans.ts";
import { PASS, PriceDraft, PriceVersion } from "../money/prices.ts";
import { TopUp } from "../money/provider.ts";
import { Terms } from "../money/terms.ts";
import { walletOf } from "../money/wallets.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { given } from "./given.ts";
import { requireAccount } from "./identity.ts";
import { LedgerEntries, MonthName, Statement } from "./money_schema.ts";

const tags = ["Money"];

const Wallet = z.object({
  account: z.string(),
  balance: z.int().openapi({ description: "Micro-units: millionths of the currency's unit" }),
  held: z.int().openapi({ description: "Of it, what running answers may take" }),
  available: z.int(),
  currency: Terms.shape.currency,
  provider: Terms.shape.provider,
  subscriptions: z.array(Subscription),
}).openapi("Wallet");

const Plan = z.string().min(1).max(128).openapi({
  param: { name: "plan", in: "path" },
  description: `A listing's id, or ${PASS} for the store's pass`,
});

const wallet = createRoute({
  method: "get",
  path: "/wallet",
  tags,
  summary: "Read your wallet",
  responses: { 200: json(Wallet, "What is there"), ...problems },
});

const entries = createRoute({
  method: "get",
  path: "/wallet/entries",
  tags,
  summary: "Read what came into your wallet and left it",
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(500).optional(),
      before: z.coerce.number().int().min(0).optional(),
    }),
  },
  responses: { 200: json(LedgerEntries, "Newest first"), ...problems },
});

const topUp = createRoute({
  method: "post",
  path: "/top-ups",
  tags,
  summary: "Pay in",
  request: { body: jsonBody(z.object({ amount: TopUp.shape.amount })) },
  responses: {
    201: json(TopUp, "It waits until the money came; `url` is where it is paid"),
    ...problems,
  },
});

const subscribe = createRoute({
  method: "post",
  path: "/subscriptions",
  tags,
  summary: "Subscribe to a listing or to the pass",
  request: { body: jsonBody(z.object({ plan: z.string().min(1).max(128) })) },
  responses: { 201: json(Subscription, "It lasts until `until`, then renews"), ...problems },
});

const cancel = createRoute({
  method: "delete",
  path: "/subscriptions/{plan}",
  tags,
  summary: "Cancel a subscription at its period's end",
  request: { params: z.object({ plan: Plan }) },
  responses: { 200: json(Subscription, "It ends with `until`"), ...problems },
});

const prices = createRoute({
  method: "get",
  path: "/prices/{plan}",
  tags,
  summary: "Read what a listing asks, and asked before",
  request: { params: z.object({ plan: Plan }) },
  responses: { 200: json(z.array(PriceVersion), "Oldest first; none: it is free"), ...problems },
});

const price = createRoute({
  method: "post",
  path: "/prices/{plan}",
  tags,
  summary: "Set a listing's price, from now on or later",
  request: { params: z.object({ plan: Plan }), body: jsonBody(PriceDraft) },
  responses: { 201: json(PriceVersion, "Those before stay what they were"), ...problems },
});

const earnings = createRoute({
  method: "get",
  path: "/earnings/{month}",
  tags,
  summary: "Read what your listings earned in a month",
  request: { params: z.object({ month: MonthName }) },
  responses: { 200: json(Statement, "By listing; proven by the ledger once closed"), ...problems },
});

const webhook = createRoute({
  method: "post",
  path: "/webhooks/stripe",
  tags,
  summary: "Take an event of Stripe's",
  description: "Its signature is checked; an event that comes twice counts once.",
  request: { headers: z.object({ "stripe-signature": z.string().min(1).max(1024) }) },
  responses: { 204: { description: "Taken" }, ...problems },
});

/** What the routes need. */
export interface MoneyDeps {
  readonly money: Money;
  readonly listings: Listings;
}

/** The routes. */
export function createMoney({ money, listings }: MoneyDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(wallet, (c) => {
    const { id: account } = requireAccount(c);
    const { ledger, wallets, plans, terms } = money, { currency, provider } = terms.get();
    const balance = ledger.balance(walletOf(account)), subscriptions = plans.list(account);
    const held = wallets.held(account), available = balance - held;
    return c.json({ account, balance, held, available, currency, provider, subscriptions }, 200);
  });
  app.openapi(entries, (c) => {
    const { before, limit } = c.req.valid("query");
    const list = money.ledger.statement(walletOf(requireAccount(c).id), before, limit);
    return c.json({ entries: [...list.entries], ...given({ next: list.next }) }, 200);
  });
  app.openapi(topUp, async (c) => {
    const returnTo = new URL("/wallet", c.req.url).href;
    const { amount } = c.req.valid("json");
    return c.json(await money.topUps.begin(requireAccount(c).id, amount, returnTo), 201);
  });
  app.openapi(
    subscribe,
    async (c) =>
      c.json(await money.plans.subscribe(requireAccount(c).id, c.req.valid("json").plan), 201),
  );
  app.openapi(
    cancel,
    async (c) =>
      c.json(await money.plans.cancel(requireAccount(c).id, c.req.valid("param").plan), 200),
  );
  app.openapi(prices, (c) => c.json(money.prices.list(c.req.valid("param").plan), 200));
  app.openapi(price, async (c) => {
    const { plan } = c.req.valid("param"), { id, role } = requireAccount(c);
    // The pass is the owner's; what was never published has no price.
    const publisher = plan === PASS ? OWNER : listings.get(plan).publisher;
    if (role !== "owner" && id !== publisher) {
      throw new HTTPException(403, { message: `only ${publisher} sets the price of ${plan}` });
    }
    return c.json(await money.prices.set(plan, c.req.valid("json")), 201);
  });
  app.openapi(earnings, (c) => {
    const { month } = c.req.valid("param");
    return c.json(money.payouts.statement(requireAccount(c).id, month), 200);
  });
  app.openapi(webhook, async (c) => {
    await money.topUps.event(await c.req.text(), c.req.valid("header")["stripe-signature"]);
    return c.body(null, 204);
  });
  return app;
}
