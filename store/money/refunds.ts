/** Refunds: a payment taken back by the opposite entry; of a closed month the store bears it. */
import { FlintError, type Kv } from "@flint/core";
import type { Entry } from "./entry.ts";
import type { Months } from "./income.ts";
import type { Ledger } from "./ledger.ts";
import { walletOf } from "./wallets.ts";

/** Gives back what an entry took; a second time returns the first refund. */
export type Refund = (number: number, memo: string) => Promise<Entry>;

/** What refunds cost the store. */
export const STORE_REFUNDS = "refunds:store";

/** Refunds of one store. @throws FlintError bad_input for what is no payment, not_found */
export function openRefunds(kv: Kv, ledger: Ledger, months: Months): Refund {
  return (number, memo) =>
    kv.transaction((transaction) => {
      ledger.get(number); // "not_found"
      const done = ledger.reversalOf(number);
      if (done) return done;
      const payment = months.payment(number);
      if (!payment) {
        throw new FlintError(
          "bad_input",
          `entry ${number} is no payment: reverse what paid for it`,
        );
      }
      if (months.unbook(transaction, number)) {
        return ledger.writeReversal(transaction, number, memo);
      }
      return ledger.write(transaction, {
        ...{ key: `refund-of-${number}`, kind: "refund", memo },
        postings: [
          { account: STORE_REFUNDS, amount: -payment.amount },
          { account: walletOf(payment.account), amount: payment.amount },
        ],
      });
    });
}
