/** `/wallet` and `/analytics`: what an account has, spends and earns, and how its listings are used. */
import type { Context, Hono } from "hono";
import { type AnalyticsDeps, ownListing } from "../api/analytics.ts";
import { given } from "../api/given.ts";
import { requireAccount } from "../api/identity.ts";
import type { Point } from "../analytics/counts.ts";
import type { Cohort } from "../analytics/retention.ts";
import { DAY_MS } from "../money/calendar.ts";
import type { Entry } from "../money/entry.ts";
import type { Money } from "../money/money.ts";
import type { Subscription } from "../money/plans.ts";
import { walletOf } from "../money/wallets.ts";
import { Button } from "./components/button.tsx";
import { DataTable } from "./components/data_table.tsx";
import { Fault } from "./components/fault.tsx";
import { Field } from "./components/field.tsx";
import type { Drawing } from "./drawing.tsx";
import { formatCount } from "./figures.ts";
import type { Frame } from "./layout.tsx";
import { StoreRoom } from "./store_front.tsx";
import type { Say } from "./strings.ts";
import { tried } from "./tried.ts";

/** What these pages show. */
export interface WalletPagesDeps extends AnalyticsDeps {
  readonly money: Money;
}

/** Entries on a page; days of a series; weeks and their followers in the table of who came back. */
const ENTRIES = 50, DAYS = 30, WEEKS = 8;
const MICROS = 1_000_000;

/** Adds them. */
export function addWalletPages(app: Hono, deps: WalletPagesDeps, drawing: Drawing): void {
  const { money } = deps, { frame, send } = drawing;
  const page = (c: Context, shown: { fault?: string; waits?: boolean } = {}) => {
    const { id } = requireAccount(c), wallet = walletOf(id);
    const before = Number(c.req.query("before") ?? NaN);
    const { entries, next } = money.ledger.statement(
      wallet,
      Number.isSafeInteger(before) ? before : undefined,
      ENTRIES,
    );
    const balance = money.ledger.balance(wallet), held = money.wallets.held(id);
    const plans = money.plans.list(id), { currency, provider } = money.terms.get();
    const props = { balance, held, entries, wallet, plans, currency, payable: provider !== "none" };
    return send(
      c,
      <WalletPage frame={frame(c)} {...props} {...given({ next })} {...shown} />,
      shown.fault === undefined ? 200 : 400,
    );
  };
  app.get("/wallet", (c) => page(c));
  app.post("/wallet/top-up", async (c) => {
    const { id } = requireAccount(c);
    const amount = Math.round(Number((await c.req.formData()).get("amount")) * MICROS);
    return await tried(async () => {
      const returnTo = new URL("/wallet", c.req.url).href;
      const { url } = await money.topUps.begin(id, amount, returnTo);
      return url ? c.redirect(url, 303) : page(c, { waits: true });
    }, (fault) => page(c, { fault }));
  });
  app.post("/wallet/cancel", async (c) => {
    const plan = String((await c.req.formData()).get("plan") ?? "");
    await money.plans.cancel(requireAccount(c).id, plan);
    return c.redirect("/wallet", 303);
  });
  addAnalytics(app, deps, drawing);
}

function addAnalytics(app: Hono, deps: WalletPagesDeps, { frame, send }: Drawing): void {
  const { analytics, listings, money } = deps;
  app.get("/analytics", (c) => {
    const { listings: totals, next } = analytics.totals(
      requireAccount(c).id,
      c.req.query("cursor"),
    );
    const nameOf = (id: string) => listings.find(id)?.manifest.name ?? id;
    const { currency } = money.terms.get();
    const rows = totals.map(({ listing, conversations, turns, users, paid, ...rest }) => [
      <a href={`/analytics/${listing}`}>{nameOf(listing)}</a>,
      ...[conversations, turns, users].map(formatCount),
      formatCount(rest.promptTokens + rest.completionTokens),
      units(paid, currency),
    ]);
    return send(c, <TotalsPage frame={frame(c)} rows={rows} {...given({ next })} />);
  });
  app.get("/analytics/:listing", (c) => {
    const listing = ownListing(c, deps, c.req.param("listing"));
    const to = new Date(), from = new Date(to.getTime() - (DAYS - 1) * DAY_MS);
    const points = analytics.series({ listing, step: "day", from, to });
    const cohorts = analytics.retention.cohorts(listing, "week", { count: WEEKS });
    const name = listings.find(listing)?.manifest.name ?? listing;
    return send(c, <UsePage frame={frame(c)} {...{ listing, name, points, cohorts }} />);
  });
}

interface WalletProps {
  readonly frame: Frame;
  readonly balance: number;
  readonly held: number;
  /** The ledger's name of the wallet. */
  readonly wallet: string;
  readonly entries: readonly Entry[];
  readonly next?: number;
  readonly plans: readonly Subscription[];
  readonly currency: string;
  readonly payable: boolean;
  readonly fault?: string;
  /** Whether a payment by hand is awaited. */
  readonly waits?: boolean;
}

function WalletPage(props: WalletProps) {
  const { frame, balance, held, currency, payable, entries, wallet, next, fault, waits } = props;
  const { say } = frame;
  const figures = [
    [say("available"), balance - held],
    [say("balance"), balance],
    [say("held"), held],
  ] as const;
  const rows = entries.map(({ at, memo, kind, postings }) => [
    at.slice(0, 16).replace("T", " "),
    memo || kind,
    units(sum(postings.filter(({ account }) => account === wallet)), currency),
  ]);
  return (
    <StoreRoom frame={frame} title={say("wallet")}>
      <header class="store-head">
        <h1>{say("wallet")}</h1>
        <dl class="figures listing-details">
          {figures.map(([name, micros]) => (
            <div>
              <dt>{name}</dt>
              <dd>{units(micros, currency)}</dd>
            </div>
          ))}
        </dl>
      </header>
      <Fault text={fault} />
      {waits && <p role="status">{say("payingWaits")}</p>}
      {payable && (
        <form method="post" action="/wallet/top-up" class="plugin-form">
          <Field
            label={say("amountIn", { currency })}
            name="amount"
            type="number"
            required
          />
          <Button kind="primary" type="submit">{say("payIn")}</Button>
        </form>
      )}
      <Plans plans={props.plans} say={say} />
      <section aria-labelledby="movements-title">
        <h2 id="movements-title">{say("movements")}</h2>
        {rows.length === 0 ? <p class="hint">{say("noMovements")}</p> : (
          <DataTable
            label={say("movements")}
            head={[say("when"), say("what"), say("amount")]}
            rows={rows}
          />
        )}
      </section>
      {next !== undefined && (
        <a class="button quiet more" href={`/wallet?before=${next}`}>{say("more")}</a>
      )}
    </StoreRoom>
  );
}

function Plans({ plans, say }: { plans: readonly Subscription[]; say: Say }) {
  if (plans.length === 0) return null;
  return (
    <section aria-labelledby="plans-title">
      <h2 id="plans-title">{say("subscriptions")}</h2>
      <ul class="rows">
        {plans.map(({ plan, state, cancelled, until }) => (
          <li>
            <a href={`/store/l/${plan}`}>{plan}</a>
            <span>{say(stateOf(state, cancelled), { date: until.slice(0, 10) })}</span>
            {state !== "ended" && !cancelled && (
              <form method="post" action="/wallet/cancel">
                <input type="hidden" name="plan" value={plan} />
                <Button type="submit">{say("cancelPlan", { plan })}</Button>
              </form>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function stateOf(state: Subscription["state"], cancelled: boolean) {
  if (state === "ended") return "endedOn";
  if (cancelled) return "endsOn";
  return state === "trial" ? "trialUntil" : "activeUntil";
}

interface TotalsProps {
  readonly frame: Frame;
  readonly rows: Parameters<typeof DataTable>[0]["rows"];
  readonly next?: string;
}

function TotalsPage({ frame, rows, next }: TotalsProps) {
  const { say } = frame;
  const head = ["listing", "conversationsCount", "turns", "people", "tokens", "paid"] as const;
  return (
    <StoreRoom frame={frame} title={say("analytics")}>
      <header class="store-head">
        <h1>{say("analytics")}</h1>
        <p class="hint">{say("analyticsHint")}</p>
      </header>
      {rows.length === 0
        ? <p class="hint">{say("nothingHere")}</p>
        : <DataTable label={say("analytics")} head={head.map((key) => say(key))} rows={rows} />}
      {next && (
        <a class="button quiet more" href={`/analytics?${new URLSearchParams({ cursor: next })}`}>
          {say("more")}
        </a>
      )}
    </StoreRoom>
  );
}

interface UseProps {
  readonly frame: Frame;
  readonly listing: string;
  readonly name: string;
  readonly points: readonly Point[];
  readonly cohorts: readonly Cohort[];
}

function UsePage({ frame, listing, name, points, cohorts }: UseProps) {
  const { say } = frame, title = say("analyticsOf", { name });
  const weeks = Array.from({ length: WEEKS }, (_, i) => say("weekAfter", { n: String(i + 1) }));
  return (
    <StoreRoom frame={frame} title={title}>
      <header class="store-head">
        <h1>{title}</h1>
        <a class="button quiet" href={`/api/analytics/${listing}/csv?step=day`} download>
          {say("saveCsv")}
        </a>
      </header>
      <section aria-labelledby="days-title">
        <h2 id="days-title">{say("lastDays")}</h2>
        <figure data-chart={JSON.stringify(chartOf(points, say))} />
      </section>
      <section aria-labelledby="retention-title">
        <h2 id="retention-title">{say("retention")}</h2>
        <DataTable
          label={say("retention")}
          head={[say("cohort"), say("people"), ...weeks]}
          rows={cohorts.map(({ from, size, back }) => [
            from.slice(0, 10),
            String(size),
            ...weeks.map((_, i) => back[i] === undefined ? "" : String(back[i])),
          ])}
        />
      </section>
    </StoreRoom>
  );
}

/** Drawn by islands/chart.ts, with its numbers as a table beside. */
function chartOf(points: readonly Point[], say: Say) {
  return {
    description: say("dailyTurns"),
    data: { values: points.map(({ at, turns }) => ({ day: at.slice(0, 10), turns })) },
    mark: "bar",
    encoding: {
      x: { field: "day", type: "temporal", title: null, axis: { format: "%m-%d" } },
      y: {
        ...{ field: "turns", type: "quantitative", title: say("dailyTurns") },
        // Whole turns, also where there are none.
        scale: { domain: [0, Math.max(1, ...points.map(({ turns }) => turns))] },
        axis: { format: "d", tickMinStep: 1 },
      },
    },
  };
}

const sum = (postings: readonly { readonly amount: number }[]): number =>
  postings.reduce((all, { amount }) => all + amount, 0);

/** Micro-units as people write them. */
function units(micros: number, currency: string): string {
  const value = (micros / MICROS).toLocaleString("en", { maximumFractionDigits: 6 });
  return `${value} ${currency}`;
}
