/** `flint wallet`, `flint payout`, `flint ledger`: the store's money from its owner's terminal. */
import { type Command, InvalidArgumentError } from "commander";
import { FlintError } from "@flint/core";
import { given, OWNER } from "@flint/plugins";
import type { Money } from "../money/money.ts";
import { units, walletOf } from "../money/wallets.ts";
import { openPaid } from "../paid.ts";
import { withMarket } from "./market.ts";
import { type CommonOptions, withCommon } from "./options.ts";
import { print } from "./terminal.ts";

interface WalletOptions extends CommonOptions {
  readonly account: string;
}

interface TermOptions extends CommonOptions {
  readonly currency?: string;
  readonly share?: number;
  readonly payoutMin?: number;
  readonly provider?: string;
}

/** Adds `flint wallet`. */
export function addWallet(program: Command, dataDir: string, args: readonly string[]): void {
  const wallet = program.command("wallet").description("what an account has, pays in and pays for");
  const command = (usage: string) =>
    withCommon(wallet.command(usage), dataDir)
      .option("--account <id>", "whose wallet", OWNER);
  command("show").description("show balance, holds and subscriptions")
    .action((options: WalletOptions) => withMoney(options, args, (money) => show(money, options)));
  command("add").description("pay in by hand, once the owner has chosen the provider manual")
    .argument("<amount>", "such as 12.50", parseUnits)
    .action((amount: number, options: WalletOptions) =>
      withMoney(options, args, async (money) => {
        const { id, provider } = await money.topUps.begin(options.account, amount, "");
        if (provider === "manual") await money.topUps.confirm(id);
        await show(money, options);
      })
    );
  command("subscribe").description("subscribe to a listing, or to @pass")
    .argument("<plan>", "the listing's id")
    .action((plan: string, options: WalletOptions) =>
      withMoney(options, args, async (money) => {
        const { until, state } = await money.plans.subscribe(options.account, plan);
        print(options.json ? JSON.stringify({ plan, state, until }) : `${state} until ${until}`);
      })
    );
  command("cancel").description("cancel a subscription at its period's end")
    .argument("<plan>", "the listing's id")
    .action((plan: string, options: WalletOptions) =>
      withMoney(options, args, async (money) => {
        const { until } = await money.plans.cancel(options.account, plan);
        print(options.json ? JSON.stringify({ plan, until }) : `it ends at ${until}`);
      })
    );
  withCommon(wallet.command("terms"), dataDir)
    .description("show or change currency, share, least payout and who takes payments")
    .option("--currency <code>", "such as EUR")
    .option("--share <percent>", "the store's share of what builders earn", parseShare)
    .option("--payout-min <amount>", "least amount that is paid out", parseUnits)
    .option("--provider <name>", "none, manual or stripe")
    .action((options: TermOptions) => withMoney(options, args, (money) => terms(money, options)));
}

/** Adds `flint payout`. */
export function addPayout(program: Command, dataDir: string, args: readonly string[]): void {
  const payout = program.command("payout").description("share months out and pay builders");
  const command = (usage: string) => withCommon(payout.command(usage), dataDir);
  command("close").description("share out what a month took in; a second time does nothing")
    .argument("<month>", "such as 2026-11")
    .action((month: string, options: CommonOptions) =>
      withMoney(options, args, async (money) => {
        const { first, last, hash } = await money.closing.close(month);
        const line = `${month} is closed: entries ${first} to ${last}, ${hash}`;
        print(options.json ? JSON.stringify({ month, first, last, hash }) : line);
      })
    );
  command("pay").description("write who is to get what, and print it as CSV (--json: as JSON)")
    .argument("<batch>", "the batch's name; the same name pays nothing twice")
    .action((batch: string, options: CommonOptions) =>
      withMoney(options, args, async ({ payouts }) => {
        const paid = await payouts.pay(batch);
        const lines = () => [...payouts.lines(batch)];
        print(options.json ? JSON.stringify({ ...paid, lines: lines() }) : payouts.csv(batch));
      })
    );
  command("statement").description("show what a builder earned in a month")
    .argument("<month>", "such as 2026-11").argument("[builder]", "account", OWNER)
    .action((month: string, builder: string, options: CommonOptions) =>
      withMoney(options, args, ({ payouts }) => {
        const statement = payouts.statement(builder, month);
        if (options.json) return print(JSON.stringify(statement));
        for (const { listing, turns, gross, fee, net } of statement.lines) {
          const [all, store, own] = [gross, fee, net].map(units);
          print(`${listing}  ${turns} answers, ${all} less ${store} for the store = ${own}`);
        }
        print(`${statement.state}: ${units(statement.net)} ${statement.currency}`);
      })
    );
}

/** Adds `flint ledger`. */
export function addLedger(program: Command, dataDir: string, args: readonly string[]): void {
  const ledger = program.command("ledger").description("the books of the store's money");
  withCommon(ledger.command("audit"), dataDir)
    .description("check every entry, the chain of hashes and all balances")
    .action((options: CommonOptions) =>
      withMoney(options, args, ({ ledger }) => {
        const { entries, head, fault } = ledger.audit();
        if (options.json) print(JSON.stringify({ entries, head, fault }));
        else if (!fault) print(`${entries} entries, all as they were written; the head is ${head}`);
        if (!fault) return;
        throw new FlintError(
          "conflict",
          `the ledger is wrong at entry ${fault.number}: ${fault.why}`,
        );
      })
    );
}

/** Opens the money for one command; Flint may run beside it. */
async function withMoney(
  options: CommonOptions,
  args: readonly string[],
  use: (money: Money) => Promise<void> | void,
): Promise<void> {
  const stripe = () => {
    throw new FlintError("unavailable", "pay by Stripe at /wallet, where Flint runs");
  };
  await withMarket(options, args, (market) => use(openPaid({ ...market, stripe }).money));
}

function show({ ledger, wallets, plans, terms }: Money, { account, json }: WalletOptions): void {
  const balance = ledger.balance(walletOf(account)), held = wallets.held(account);
  const { currency } = terms.get(), subscriptions = plans.list(account);
  if (json) return print(JSON.stringify({ account, balance, held, currency, subscriptions }));
  print(`${account}: ${units(balance)} ${currency}, of which ${units(held)} are held`);
  for (const { plan, state, cancelled, until } of subscriptions) {
    const then = cancelled ? "ends" : "renews";
    print(`  ${plan}  ${state}${state === "ended" ? "" : `, ${then} ${until}`}`);
  }
}

async function terms({ terms }: Money, options: TermOptions): Promise<void> {
  const { currency, share, payoutMin, provider } = options;
  const change = { currency, shareBps: share, payoutMin, provider };
  const wanted = given(change);
  const now = Object.keys(wanted).length > 0 ? await terms.set(wanted) : terms.get();
  if (options.json) return print(JSON.stringify(now));
  print(`${now.currency}; the store keeps ${now.shareBps / 100} %`);
  print(`payouts from ${units(now.payoutMin)}; payments are taken by ${now.provider}`);
}

/** "12.50" to micro-units, exactly. */
function parseUnits(text: string): number {
  const [, whole, part = ""] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === undefined) throw new InvalidArgumentError("It must be an amount such as 12.50.");
  return Number(whole) * 1e6 + Number(part.padEnd(6, "0"));
}

/** Percent to hundredths of it. */
function parseShare(text: string): number {
  const share = Math.round(Number(text) * 100);
  if (share >= 0 && share <= 10_000) return share;
  throw new InvalidArgumentError("It must be 0 to 100 percent.");
}
