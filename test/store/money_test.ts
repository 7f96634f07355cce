/** Money from a turn to a statement, over a real store. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlintError } from "@flint/core";
import { addMonths, monthAfter } from "../../store/money/calendar.ts";
import { PASS } from "../../store/money/prices.ts";
import { costOf } from "../../store/money/rates.ts";
import { largestRemainder } from "../../store/money/split.ts";
import { units } from "../../store/money/wallets.ts";
import { type MoneyWorld, openMoneyWorld } from "./money_world.ts";

const RATES = { prompt: 2000, cached: 500, completion: 8000, turn: 100, toolCall: 50 };
const USE = { kind: "use", rates: RATES } as const;
/** 1,000 tokens of context read and written, 8 calls, one turn. */
const HELD = 2000 + 8000 + 8 * 50 + 100;
const MONTHLY = { kind: "subscription", amount: 5_000_000, every: "month", trialDays: 0 } as const;
const NEXT_MONTH = new Date("2026-12-01T00:00:00.000Z");

const code = (expected: string, text = /./) => (error: unknown) =>
  error instanceof FlintError && error.code === expected && text.test(error.message);

/** The books are whole, and nothing was made or lost. */
function sound({ money: { ledger } }: MoneyWorld): void {
  assert.equal(ledger.audit().fault, undefined);
  const kinds = ["wallet:", "payable:", "income:", "refunds:", "provider:", "escrow:"];
  const all = kinds.flatMap((kind) => ledger.balances(kind).balances);
  assert.equal(all.reduce((sum, { balance }) => sum + balance, 0), 0);
  assert(all.every(({ account, balance }) => /^(provider|refunds):/.test(account) || balance >= 0));
}

Deno.test("split: the parts add up to the whole, and none is a unit away from its share", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 1, maxLength: 40 }),
      (total, weights) => {
        const parts = largestRemainder(total, weights);
        const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
        const whole = parts.reduce((all, part) => all + BigInt(part), 0n);
        assert.equal(whole, sum === 0n ? 0n : BigInt(total));
        parts.forEach((part, i) => {
          if (sum === 0n) return;
          const low = BigInt(total) * BigInt(weights[i]!) / sum;
          assert(BigInt(part) === low || BigInt(part) === low + 1n);
        });
      },
    ),
    { seed: 1 },
  );
});

Deno.test("rates: cached tokens have their own, and a fraction is the payer's", () => {
  const use = {
    promptTokens: 1001,
    cachedTokens: 1000,
    completionTokens: 3,
    toolCalls: 2,
    turns: 1,
  };
  assert.equal(costOf(RATES, use), Math.floor((2000 + 500_000 + 24_000) / 1000) + 100 + 100);
  assert.equal(costOf(RATES, { ...use, turns: 0 }), 526 + 100);
});

Deno.test("calendar: a month's end is found again after a short month, in any year", () => {
  const anchor = new Date("2027-10-31T23:30:00.000Z");
  const ends = [1, 2, 3, 4, 5].map((n) => addMonths(anchor, n).toISOString().slice(0, 10));
  assert.deepEqual(ends, ["2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]);
  assert.deepEqual(["2026-12", "2026-01"].map(monthAfter), ["2027-01", "2026-02"]);
});

Deno.test("units: every micro-unit is shown", () => {
  assert.deepEqual([0, 1, 1_500_000, -70, 12_345_678].map(units), [
    ...["0.00", "0.000001", "1.50", "-0.00007", "12.345678"],
  ]);
});

Deno.test("meter: an answer is paid once, however often it is told; its builder pays nothing", async () => {
  await using world = await openMoneyWorld();
  const { money } = world;
  await money.prices.set("poet", { price: USE });
  await world.fund("ann", 1_000_000);
  const turn = await world.turn("ann", "poet");
  const cost = 200 + 400 + 100;
  assert.equal(money.ledger.balance("wallet:ann"), 1_000_000 - cost);
  await world.turn("ann", "poet", {}, turn);
  assert.deepEqual([money.wallets.available("ann"), money.wallets.held("ann")], [999_300, 0]);
  assert.equal(money.meter.get(turn)!.charge, cost);
  await world.turn("bob", "poet");
  await world.turn("ann", "cook");
  assert.equal(money.ledger.audit().entries, 2);
  sound(world);
});

Deno.test("meter: who has too little is told price and mend, before the answer", async () => {
  await using world = await openMoneyWorld();
  const { money } = world;
  await money.prices.set("poet", { price: USE });
  const refused = code("unpaid", /poet may cost up to 0\.0105.*wallet has 0\.00 free.*\/wallet/);
  await assert.rejects(world.turn("ann", "poet"), refused);
  await money.prices.set("cook", { price: { ...MONTHLY, trialDays: 7 } });
  const subscribe = code("unpaid", /5\.00 a month, the first 7 days free: subscribe/);
  await assert.rejects(world.turn("ann", "cook"), subscribe);
});

Deno.test("meter: many answers at once never take more than there is", async () => {
  await using world = await openMoneyWorld();
  await world.money.prices.set("poet", { price: USE });
  await world.fund("ann", 1_000_000);
  const all = { promptTokens: 1000, completionTokens: 1000, toolCalls: 8 };
  const done = await Promise.allSettled(
    Array.from({ length: 150 }, () => world.turn("ann", "poet", all)),
  );
  const paid = done.filter(({ status }) => status === "fulfilled").length;
  assert.equal(world.money.ledger.balance("wallet:ann"), 1_000_000 - paid * HELD);
  assert(paid >= 1_000_000 / HELD - 1 && paid < 150);
  sound(world);
});

Deno.test("meter: an answer that never came costs nothing and holds nothing", async () => {
  await using world = await openMoneyWorld();
  await world.money.prices.set("poet", { price: USE });
  await world.fund("ann", 1_000_000);
  const turn = await world.turn("ann", "poet", { promptTokens: 0, completionTokens: 0 });
  assert.deepEqual([world.money.meter.get(turn), world.money.wallets.available("ann")], [
    undefined,
    1_000_000,
  ]);
});

Deno.test("meter: what could not be written is written later, once, and breaks no answer", async () => {
  await using world = await openMoneyWorld();
  await world.money.prices.set("poet", { price: USE });
  await world.fund("ann", 1_000_000);
  world.failing = 2;
  const first = await world.turn("ann", "poet");
  assert.deepEqual([world.money.meter.get(first), world.lines.length], [undefined, 1]);
  assert.equal(world.money.ledger.balance("wallet:ann"), 1_000_000);
  assert.equal(await world.money.meter.retry(), 1);
  assert.equal(await world.money.meter.retry(), 0);
  assert.equal(world.money.meter.get(first)!.charge, 700);
  assert.equal(world.money.ledger.balance("wallet:ann"), 999_300);
  sound(world);
});

Deno.test("prices: what was in force at a time stays what it was", async () => {
  await using world = await openMoneyWorld();
  const { prices } = world.money, later = new Date("2026-11-20T00:00:00.000Z");
  assert.deepEqual(prices.at("poet", START_BEFORE), { kind: "free" });
  await prices.set("poet", { price: USE });
  await prices.set("poet", { price: MONTHLY, from: later.toISOString() });
  const kinds = [START_BEFORE, world.clock, later].map((at) => prices.at("poet", at).kind);
  assert.deepEqual(kinds, ["free", "use", "subscription"]);
  const past = { price: USE, from: "2026-11-01T00:00:00.000Z" };
  await assert.rejects(prices.set("poet", past), code("bad_input", /past/));
  const between = { price: USE, from: "2026-11-15T00:00:00.000Z" };
  await assert.rejects(prices.set("poet", between), code("bad_input", /before version 2/));
});
const START_BEFORE = new Date("2026-11-01T00:00:00.000Z");

Deno.test("plans: trial, renewal at month ends, cancellation at the period's end", async () => {
  await using world = await openMoneyWorld();
  const { money } = world;
  await money.prices.set("poet", { price: { ...MONTHLY, trialDays: 21 } });
  await world.fund("ann", 11_000_000);
  const trial = await money.plans.subscribe("ann", "poet");
  assert.deepEqual([trial.state, trial.until], ["trial", "2026-12-01T12:00:00.000Z"]);
  await world.turn("ann", "poet");
  assert.equal(money.ledger.balance("wallet:ann"), 11_000_000);
  await assert.rejects(money.plans.subscribe("ann", "poet"), code("conflict"));
  world.clock = new Date("2026-12-01T12:00:00.000Z");
  assert.equal(await money.plans.renewDue(), 1);
  assert.equal(await money.plans.renewDue(), 0);
  assert.equal(money.plans.list("ann")[0]!.until, "2027-01-01T12:00:00.000Z");
  await money.plans.cancel("ann", "poet");
  assert.equal(await money.plans.covers("ann", "poet"), true);
  world.clock = new Date("2027-01-02T00:00:00.000Z");
  assert.equal(await money.plans.covers("ann", "poet"), false);
  assert.equal(money.ledger.balance("wallet:ann"), 6_000_000);
  const again = await money.plans.subscribe("ann", "poet");
  assert.deepEqual([again.state, again.paid], ["active", 1]);
  world.clock = new Date("2027-02-03T00:00:00.000Z");
  await money.plans.renewDue();
  assert.deepEqual(money.plans.list("ann")[0]!.state, "ended", "1 of 5 units are left");
  sound(world);
});

Deno.test("plans: nobody pays for months in which nothing ran, nor twice when the clock goes back", async () => {
  await using world = await openMoneyWorld();
  const { money } = world;
  await money.prices.set("poet", { price: MONTHLY });
  await world.fund("ann", 100_000_000);
  world.clock = new Date("2027-01-31T10:00:00.000Z");
  await money.plans.subscribe("ann", "poet");
  world.clock = new Date("2027-07-15T00:00:00.000Z");
  assert.equal(await money.plans.covers("ann", "poet"), true);
  assert.equal(money.plans.list("ann")[0]!.until, "2027-07-31T10:00:00.000Z");
  world.clock = new Date("2027-03-01T00:00:00.000Z");
  assert.equal(await money.plans.covers("ann", "poet"), true);
  world.clock = new Date("2027-07-16T00:00:00.000Z");
  assert.equal(await money.plans.covers("ann", "poet"), true);
  assert.equal(money.ledger.balance("wallet:ann"), 90_000_000);
});

Deno.test("closing: a month is shared out once; statement and payout file prove it", async () => {
  await using world = await openMoneyWorld();
  const { money } = world;
  await money.prices.set("poet", { price: { ...USE, pass: true } });
  await money.prices.set("厨师", { price: USE });
  await money.prices.set("cook", { price: { ...MONTHLY, pass: true } });
  await money.prices.set(PASS, { price: { ...MONTHLY, amount: 10_000_000 } });
  for (const account of ["ann", "dan", "joe"]) await world.fund(account, 20_000_000);
  await money.plans.subscribe("ann", PASS);
  for (const listing of ["poet", "poet", "cook"]) await world.turn("ann", listing);
  await money.plans.subscribe("joe", PASS); // and uses nothing
  await money.plans.subscribe("dan", "cook");
  await world.turn("dan", "厨师");
  await assert.rejects(money.closing.close("2026-11"), code("bad_input", /not over/));
  await assert.rejects(money.closing.close("2026-10"), code("not_found"));
  world.clock = NEXT_MONTH;
  const [closed] = await Promise.all([
    money.closing.close("2026-11"),
    money.closing.close("2026-11"),
  ]);
  assert.deepEqual(await money.closing.close("2026-11"), closed);
  assert.equal(money.ledger.balance("escrow:2026-11"), 0);
  const bob = money.payouts.statement("bob", "2026-11");
  assert.deepEqual(bob.lines.map(({ listing, pass, use, gross }) => [listing, pass, use, gross]), [
    ["poet", 6_666_667, 0, 6_666_667],
    ["厨师", 0, 700, 700],
  ]);
  assert.equal(bob.net, 4_666_667 + 490);
  assert.equal(money.ledger.balance("payable:bob"), bob.net);
  const eve = money.payouts.statement("eve", "2026-11");
  assert.equal(eve.net, Math.round((5_000_000 + 3_333_333) * 0.7));
  assert.deepEqual(bob.ledger, { first: closed.first, last: closed.last, hash: closed.hash });

  await money.terms.set({ payoutMin: 5_000_000 });
  const payout = await money.payouts.pay("2026-11");
  assert.deepEqual(await money.payouts.pay("2026-11"), payout);
  assert.equal(payout.total, eve.net);
  const [, line] = money.payouts.csv("2026-11").trim().split("\n");
  const entry = money.ledger.get(payout.first);
  assert.equal(
    line,
    `2026-11,eve,${eve.net},USD,${entry.number},${entry.hash},` +
      `${payout.first},${payout.last},${payout.hash}`,
  );
  sound(world);
});

Deno.test("closing: broken off after every step it goes on, and comes to the same", async () => {
  const worlds = await Promise.all([openMoneyWorld(), openMoneyWorld()]);
  const nets = [];
  for (const world of worlds) {
    await using _ = world;
    await world.money.prices.set("poet", { price: USE });
    await world.money.prices.set("cook", { price: USE });
    await world.fund("ann", 5_000_000);
    for (let i = 0; i < 5; i++) await world.turn("ann", i % 2 ? "poet" : "cook");
    world.clock = NEXT_MONTH;
    for (let steps = 0; world === worlds[0] && steps < 5; steps++) {
      const broken = world.money.closing.close("2026-11").catch(() => {});
      await world.reopen(); // its store is closed while it works
      await broken;
    }
    await world.money.closing.close("2026-11");
    sound(world);
    nets.push(["bob", "eve"].map((id) => world.money.ledger.balance(`payable:${id}`)));
  }
  assert.deepEqual(nets[0], nets[1]);
});

Deno.test("closing: what comes while a clock is set back belongs to the next month", async () => {
  await using world = await openMoneyWorld();
  const { money } = world;
  await money.prices.set("poet", { price: USE });
  await world.fund("ann", 5_000_000);
  await world.turn("ann", "poet");
  world.clock = NEXT_MONTH;
  await money.closing.close("2026-11");
  world.clock = new Date("2026-11-30T00:00:00.000Z");
  await world.turn("ann", "poet");
  assert.deepEqual([money.months.current(), money.ledger.balance("escrow:2026-12")], [
    "2026-12",
    700,
  ]);
});

Deno.test("refunds: in an open month the builder's, of a closed one the store's; each once", async () => {
  await using world = await openMoneyWorld();
  const { money } = world;
  await money.prices.set("poet", { price: USE });
  await world.fund("ann", 1_000_000);
  await world.turn("ann", "poet");
  await world.turn("ann", "poet");
  const back = await money.refund(1, "it made no sense");
  assert.deepEqual([back.kind, (await money.refund(1, "again")).number], ["reversal", back.number]);
  assert.equal(money.payouts.statement("bob", "2026-11").lines[0]!.gross, 700);
  world.clock = NEXT_MONTH;
  await money.closing.close("2026-11");
  const late = await money.refund(2, "late");
  assert.deepEqual([late.kind, (await money.refund(2, "late")).number], ["refund", late.number]);
  assert.equal(money.ledger.balance("wallet:ann"), 1_000_000);
  assert.equal(money.ledger.balance("payable:bob"), 490);
  await assert.rejects(money.refund(0, "a deposit"), code("bad_input"));
  sound(world);
});

Deno.test("money: after any operations in any order nothing was made or lost", async () => {
  const account = fc.constantFrom("ann", "dan"), listing = fc.constantFrom("poet", "cook", "厨师");
  const operation = fc.oneof(
    fc.record({ do: fc.constant("fund"), account, amount: fc.integer({ min: 1e6, max: 2e7 }) }),
    fc.record({ do: fc.constant("turn"), account, listing, tokens: fc.nat(1000) }),
    fc.record({ do: fc.constant("turns"), account, listing, tokens: fc.nat(1000) }),
    fc.record({ do: fc.constant("subscribe"), account, listing: fc.constantFrom("cook", PASS) }),
    fc.record({ do: fc.constant("refund"), number: fc.nat(20) }),
    fc.record({ do: fc.constant("days"), count: fc.integer({ min: -20, max: 50 }) }),
    fc.record({ do: fc.constant("close"), month: fc.integer({ min: 9, max: 12 }) }),
    fc.record({ do: fc.constant("pay"), id: fc.constantFrom("a", "b") }),
    fc.record({ do: fc.constant("fail") }),
    fc.record({ do: fc.constant("reopen") }),
  );
  // deno-lint-ignore no-explicit-any
  const perform = async (world: MoneyWorld, o: any) => {
    const { money } = world, use = { completionTokens: o.tokens };
    if (o.do === "fund") await world.fund(o.account, o.amount);
    else if (o.do === "turn") await world.turn(o.account, o.listing, use);
    else if (o.do === "turns") {
      const done = Array.from({ length: 5 }, () => world.turn(o.account, o.listing, use));
      await Promise.allSettled(done);
    } else if (o.do === "subscribe") await money.plans.subscribe(o.account, o.listing);
    else if (o.do === "refund") await money.refund(o.number, "back");
    else if (o.do === "days") world.clock = new Date(world.clock.getTime() + o.count * 864e5);
    else if (o.do === "close") {
      await money.closing.close(`2026-${String(o.month).padStart(2, "0")}`);
    } else if (o.do === "pay") await money.payouts.pay(o.id);
    else if (o.do === "fail") world.failing = 1;
    else await world.reopen();
    await world.money.plans.renewDue();
  };
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 40 }), async (operations) => {
      await using world = await openMoneyWorld();
      await world.money.terms.set({ payoutMin: 1 });
      await world.money.prices.set("poet", { price: { ...USE, pass: true } });
      await world.money.prices.set("cook", { price: MONTHLY });
      await world.money.prices.set("厨师", { price: USE });
      await world.money.prices.set(PASS, { price: MONTHLY });
      for (const o of operations) {
        await perform(world, o).catch((error) => assert(error instanceof FlintError, error));
      }
      sound(world);
    }),
    { numRuns: 25, seed: 3 },
  );
});
