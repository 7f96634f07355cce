/** What a store does by the clock. What fails is due again the next time. */
import type { Parts } from "./parts.ts";

/** Ratings judged in one transaction. */
const AT_ONCE = 100;

/** Renews subscriptions, meters answers that could not be before, and judges ratings again. */
export async function tend(
  { money, reviews }: Pick<Parts, "money" | "reviews">,
  log: (line: string) => void,
): Promise<void> {
  const due: Readonly<Record<string, () => Promise<unknown>>> = {
    subscriptions: () => money.plans.renewDue(),
    metering: () => money.meter.retry(),
    ratings: () => judgeDue((most) => reviews.settle(most)),
  };
  for (const [what, work] of Object.entries(due)) {
    try {
      await work();
    } catch (error) {
      log(`${what} could not be tended: ${error}`);
    }
  }
}

/** Some at a time, so that nobody who writes waits for all. */
async function judgeDue(settle: (most: number) => Promise<number>): Promise<void> {
  while (await settle(AT_ONCE) === AT_ONCE);
}
