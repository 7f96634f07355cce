/**
 * Stripe's own library through the real door, against a server that keeps the part of Stripe's
 * contract that Flint uses (no mock on npm knows Checkout): paths, form fields and event shapes as
 * docs.stripe.com/api has them for Checkout Sessions, Events and Charges.
 */
import assert from "node:assert/strict";
import Stripe from "stripe";
import { FlintError, openKv } from "@flint/core";
import { Door } from "@flint/plugins";
import { openMoney } from "../../store/money/money.ts";
import { openStripe } from "../../store/money/stripe.ts";
import { serve } from "../plugins/tools/bait.ts";

const SECRET = "whsec_test";

/** A store that is paid by a Stripe of its own. */
async function openPaying({ key = "sk_test_1" } = {}) {
  const folder = await Deno.makeTempDir({ prefix: "flint_stripe_" });
  const kv = openKv(folder);
  const asked: { key: string | null; form: Record<string, string> }[] = [];
  const stripe = serve(async (request) => {
    const form = Object.fromEntries(new URLSearchParams(await request.text()));
    asked.push({ key: request.headers.get("idempotency-key"), form });
    if (request.headers.get("authorization") !== "Bearer sk_test_1") {
      const error = { type: "invalid_request_error", message: "Invalid API Key provided" };
      return Response.json({ error }, { status: 401 });
    }
    assert.equal(new URL(request.url).pathname, "/v1/checkout/sessions");
    const url = "https://checkout.stripe.com/c/pay/cs_test_1";
    return Response.json({ id: "cs_test_1", object: "checkout.session", url });
  });
  const web = new Door({ allowed: [stripe.host] });
  const secrets = { get: () => ({ key, webhook: SECRET }) };
  const money = openMoney({
    ...{ kv, meteredAs: () => undefined, alone: () => false, observers: [], log: () => {} },
    stripe: () => openStripe({ web, secrets, origin: `http://${stripe.host}` }),
  });
  await money.terms.set({ provider: "stripe", currency: "EUR" });
  return {
    ...{ money, asked },
    async [Symbol.asyncDispose]() {
      await stripe[Symbol.asyncDispose]();
      await web.close();
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** An event as Stripe signs it. */
async function signed(id: string, type: string, object: object, secret = SECRET) {
  const payload = JSON.stringify({ id, object: "event", type, data: { object } });
  const cryptoProvider = Stripe.createSubtleCryptoProvider();
  const header = await Stripe.webhooks
    .generateTestHeaderStringAsync({ payload, secret, cryptoProvider });
  return [payload, header] as const;
}

const session = (topUp: string, cents: number) => ({
  ...{ id: "cs_test_1", object: "checkout.session", payment_status: "paid" },
  ...{ client_reference_id: topUp, amount_total: cents, currency: "eur", payment_intent: "pi_1" },
});

Deno.test("stripe: a payment is opened once and comes into the wallet once, however often it is told", async () => {
  await using store = await openPaying();
  const { money, asked } = store;
  const topUp = await money.topUps.begin("ann", 12_500_000, "http://127.0.0.1/wallet");
  assert.deepEqual([topUp.state, topUp.url], [
    "waiting",
    "https://checkout.stripe.com/c/pay/cs_test_1",
  ]);
  assert.equal(asked[0]!.key, topUp.id);
  const { form } = asked[0]!;
  assert.deepEqual(
    [form.client_reference_id, form["line_items[0][price_data][unit_amount]"], form.mode],
    [topUp.id, "1250", "payment"],
  );
  assert.equal(form["line_items[0][price_data][currency]"], "eur");
  const paid = await signed("evt_1", "checkout.session.completed", session(topUp.id, 1250));
  await Promise.all([money.topUps.event(...paid), money.topUps.event(...paid)]);
  const later = session(topUp.id, 1250);
  await money.topUps.event(
    ...await signed("evt_2", "checkout.session.async_payment_succeeded", later),
  );
  assert.equal(money.ledger.balance("wallet:ann"), 12_500_000);
  assert.equal(money.ledger.audit().entries, 1);
});

Deno.test("stripe: a refund takes back what is left, the store bears what was spent", async () => {
  await using store = await openPaying();
  const { money } = store;
  const topUp = await money.topUps.begin("ann", 2_000_000, "http://127.0.0.1/wallet");
  await money.topUps.event(
    ...await signed("evt_1", "checkout.session.completed", session(topUp.id, 200)),
  );
  const spent = [{ account: "wallet:ann", amount: -500_000 }, {
    account: "escrow:2026-11",
    amount: 500_000,
  }];
  await money.ledger.post({ key: "spent", kind: "usage", memo: "", postings: spent });
  const charge = { refunded: true, amount_refunded: 200, currency: "eur", payment_intent: "pi_1" };
  const refunded = await signed("evt_3", "charge.refunded", { object: "charge", ...charge });
  await money.topUps.event(...refunded);
  await money.topUps.event(...refunded);
  const names = ["wallet:ann", "refunds:store", "provider:stripe"];
  const balances = names.map((name) => money.ledger.balance(name));
  assert.deepEqual([balances, money.topUps.get(topUp.id).state], [[0, -500_000, 0], "refunded"]);
});

Deno.test("stripe: what is not signed, not paid or not ours changes nothing", async () => {
  await using store = await openPaying();
  const { money } = store;
  const { id } = await money.topUps.begin("ann", 2_000_000, "http://127.0.0.1/wallet");
  const [body, header] = await signed("evt_1", "checkout.session.completed", session(id, 200));
  const denied = { code: "denied" };
  await assert.rejects(money.topUps.event(body.replace("200", "900"), header), denied);
  const forged = await signed("evt_1", "x", session(id, 200), "whsec_other");
  await assert.rejects(money.topUps.event(...forged), denied);
  const unpaid = { ...session(id, 200), payment_status: "unpaid" };
  await money.topUps.event(...await signed("evt_4", "checkout.session.completed", unpaid));
  const strange = { refunded: true, amount_refunded: 5, currency: "eur", payment_intent: "pi_9" };
  await money.topUps.event(...await signed("evt_5", "charge.refunded", strange));
  const less = await signed("evt_6", "checkout.session.completed", session(id, 100));
  await assert.rejects(money.topUps.event(...less), { code: "bad_input" });
  assert.equal(money.ledger.audit().entries, 0);
});

Deno.test("stripe: what it refuses, and amounts it has no coins for, are told", async () => {
  await using store = await openPaying({ key: "sk_test_wrong" });
  const begin = (amount: number) => store.money.topUps.begin("ann", amount, "http://127.0.0.1/");
  await assert.rejects(begin(2_000_000), /Stripe opened no payment: Invalid API Key/);
  await assert.rejects(begin(2_000_001), /EUR has no piece as small/);
  await store.money.terms.set({ provider: "none" });
  await assert.rejects(
    begin(2_000_000),
    (error) => error instanceof FlintError && error.code === "unavailable",
  );
});
