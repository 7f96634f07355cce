/** A store's money for tests: three listings, a clock that is set by hand, and turns without a model. */
import { openKv } from "@flint/core";
import type { TurnUse } from "@flint/plugins";
import type { Metered } from "../../store/money/meter.ts";
import { type Money, openMoney } from "../../store/money/money.ts";

/** Where a test's time begins. */
export const START = new Date("2026-11-10T12:00:00.000Z");

/** What a world is changed by. */
export interface MoneyWorld extends AsyncDisposable {
  readonly money: Money;
  /** Lines that the meter logged. */
  readonly lines: string[];
  /** Fails the next so many writes of the meter. */
  failing: number;
  clock: Date;
  /** Opens everything anew over the same data, as after a kill. */
  reopen(): Promise<void>;
  /** Pays in. */
  fund(account: string, amount: number): Promise<void>;
  /** One answer of a listing; its id. */
  turn(account: string, listing: string, use?: Partial<TurnUse>, turn?: string): Promise<string>;
}

/** Listings and who built them. */
const PUBLISHERS: Record<string, string> = { poet: "bob", cook: "eve", 厨师: "bob" };

/** Opens it in a folder of its own. */
export async function openMoneyWorld(): Promise<MoneyWorld> {
  const folder = await Deno.makeTempDir({ prefix: "flint_money_" });
  let kv = openKv(folder);
  const world = {
    lines: [] as string[],
    failing: 0,
    clock: START,
    money: undefined as unknown as Money,
    async reopen() {
      await kv.close();
      kv = openKv(folder);
      this.money = open();
    },
    async fund(account: string, amount: number) {
      await this.money.terms.set({ provider: "manual" });
      const { id } = await this.money.topUps.begin(account, amount, "/wallet");
      await this.money.topUps.confirm(id);
    },
    async turn(
      account: string,
      listing: string,
      use: Partial<TurnUse> = {},
      turn: string = crypto.randomUUID(),
    ) {
      const leave = await this.money.meter.enter({
        ...{ turn, assistant: listing, user: account },
        ...{ begins: true, goesOn: false, contextTokens: 1000 },
      });
      const none = { promptTokens: 100, cachedTokens: 0, completionTokens: 50, toolCalls: 0 };
      await leave({ ...none, ...use });
      return turn;
    },
    async [Symbol.asyncDispose]() {
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
  const open = () =>
    openMoney({
      kv,
      meteredAs: (id) => meteredAs(id),
      alone: () => false,
      observers: [() => {
        if (world.failing > 0) throw new Error(`the disk is full (${world.failing--})`);
      }],
      log: (line) => world.lines.push(line),
      stripe: () => {
        throw new Error("no test of this world pays by Stripe");
      },
      now: () => world.clock,
    });
  world.money = open();
  return world;
}

function meteredAs(listing: string): Metered | undefined {
  const publisher = PUBLISHERS[listing];
  return publisher
    ? { publisher, listing, category: "other", version: 1, ranked: true }
    : undefined;
}
