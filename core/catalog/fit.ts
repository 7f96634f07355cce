/** What a model asks of this machine, computed from its imported store. */
import { openFlashStore } from "../flash/store.ts";
import { type Plan, planMachine, smallestBudget, streamedBytes } from "../model/plan.ts";

/** How a model fits a budget. */
export interface Fit {
  /** The smallest --memory it runs in, bytes. */
  readonly smallestBytes: number;
  /**
   * Weight bytes read from flash for each token at the budget asked about, but for a few rows; of
   * experts as many as chance would ask for: neighbouring tokens share some, so it is less.
   */
  readonly streamedBytes: number;
}

/** How the model in a store's folder fits `memoryBytes`; less than the smallest counts as that. */
export async function fitOf(storeFolder: string, memoryBytes: number): Promise<Fit> {
  const store = await openFlashStore(storeFolder);
  const smallestBytes = smallestBudget(store);
  const plan = planMachine(store, { memoryBytes: Math.max(memoryBytes, smallestBytes) });
  await store.close();
  return { smallestBytes, streamedBytes: streamedBytes(plan) + Math.round(expertBytes(plan)) };
}

/** Bytes of experts that a token is sent to and that do not lie in the windows, by chance. */
function expertBytes({ experts, spec }: Plan): number {
  if (!experts) return 0;
  const outside = experts.layers.reduce(
    (sum, { units, slots, slotBytes }) => sum + (units.length - slots) * slotBytes,
    0,
  );
  return outside * spec.experts!.used / spec.experts!.count;
}
