/**
 * Stripe as the provider: a Checkout page for each top-up, and its webhooks. Its library sends
 * through Flint's own door to the web, as the process that holds the money may not reach the net.
 */
import Stripe from "stripe";
import { FlintError } from "@flint/core";
import type { Door, Secrets } from "@flint/plugins";
import type { Checkout, PaymentProvider, ProviderEvent, TopUp } from "./provider.ts";

/** What the provider needs. */
export interface StripeNeeds {
  readonly web: Pick<Door, "send">;
  readonly secrets: Pick<Secrets, "get">;
  /** Where Stripe answers. Default: Stripe. Tests have a server of their own. */
  readonly origin?: string;
}

/** The secret that holds {key, webhook}. */
export const STRIPE_SECRET = "stripe/api";

const ORIGIN = "https://api.stripe.com";
/** A webhook older than this may be a recorded one. */
const TOLERANCE_S = 300;

/** Opens the provider. @throws FlintError unavailable where its keys are missing */
export function openStripe({ web, secrets, origin = ORIGIN }: StripeNeeds): PaymentProvider {
  const { key, webhook } = secrets.get(STRIPE_SECRET) ?? {};
  if (!key || !webhook) {
    throw new FlintError(
      "unavailable",
      `Stripe's keys are missing: flint secrets set ${STRIPE_SECRET} takes {"key", "webhook"}`,
    );
  }
  const { hostname, port, protocol } = new URL(origin);
  const stripe = new Stripe(key, {
    host: hostname,
    port: port || (protocol === "https:" ? 443 : 80),
    protocol: protocol === "https:" ? "https" : "http",
    httpClient: Stripe.createFetchHttpClient(throughDoor(web)),
    maxNetworkRetries: 2,
    telemetry: false,
  });
  const crypto = Stripe.createSubtleCryptoProvider();
  return {
    begin: async (topUp, checkout) => (await open(stripe, topUp, checkout)).url ?? undefined,
    async event(body, signature) {
      const event = await stripe.webhooks
        .constructEventAsync(body, signature, webhook, TOLERANCE_S, crypto)
        .catch((cause) => {
          throw new FlintError("denied", "the webhook's signature is not Stripe's", { cause });
        });
      return eventOf(event);
    },
  };
}

/** The top-up's id is the idempotency key: asked twice, Stripe opens one session. */
async function open(
  stripe: Stripe,
  { id, amount }: TopUp,
  { currency, returnTo }: Checkout,
) {
  try {
    return await stripe.checkout.sessions.create({
      mode: "payment",
      client_reference_id: id,
      success_url: returnTo,
      cancel_url: returnTo,
      line_items: [{
        quantity: 1,
        price_data: {
          currency: currency.toLowerCase(),
          unit_amount: minorOf(amount, currency),
          product_data: { name: "Flint wallet" },
        },
      }],
    }, { idempotencyKey: id });
  } catch (cause) {
    if (cause instanceof FlintError) throw cause;
    throw new FlintError("unavailable", `Stripe opened no payment: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function eventOf({ id, type, data }: Stripe.Event): ProviderEvent | undefined {
  if (
    type === "checkout.session.completed" || type === "checkout.session.async_payment_succeeded"
  ) {
    const session = data.object as Stripe.Checkout.Session;
    const topUp = session.client_reference_id;
    if (session.payment_status !== "paid" || !topUp) return undefined; // it comes later, or is not ours
    const amount = microsOf(session.amount_total ?? 0, session.currency ?? "");
    return { id, kind: "paid", payment: idOf(session.payment_intent), topUp, amount };
  }
  if (type !== "charge.refunded") return undefined;
  const charge = data.object as Stripe.Charge;
  if (!charge.refunded) return undefined; // a part of it: the owner settles that by hand
  const amount = microsOf(charge.amount_refunded, charge.currency);
  return { id, kind: "refunded", payment: idOf(charge.payment_intent), amount };
}

const idOf = (found: string | { readonly id: string } | null): string =>
  typeof found === "string" ? found : found?.id ?? "none";

/** Micro-units of the smallest piece of a currency: 10,000 of a cent, 1,000,000 of a yen. */
function minorMicros(currency: string): number {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return 10 ** (6 - (format.resolvedOptions().maximumFractionDigits ?? 2));
}

function minorOf(micros: number, currency: string): number {
  const minor = micros / minorMicros(currency);
  if (Number.isInteger(minor)) return minor;
  throw new FlintError(
    "bad_input",
    `${currency} has no piece as small: round ${micros} micro-units`,
  );
}

const microsOf = (minor: number, currency: string): number => minor * minorMicros(currency);

/** fetch as the library wants it, through the one way out. */
function throughDoor(web: StripeNeeds["web"]): typeof fetch {
  return async (input, init = {}) => {
    const body = typeof init.body === "string" ? new TextEncoder().encode(init.body) : undefined;
    const { status, headers, body: answer } = await web.send({
      url: String(input),
      method: init.method ?? "GET",
      headers: Object.fromEntries(new Headers(init.headers)),
      body,
      ...(init.signal ? { signal: init.signal } : {}),
    });
    return new Response(answer, { status, headers });
  };
}
