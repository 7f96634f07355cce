/** Sharing out whole micro-units: the parts add up to the whole, always. Pure. */
import { assert } from "@flint/core/errors";

/**
 * Splits `total` by `weights` (0 or more): the largest-remainder method of Hamilton. Each part gets
 * the whole units of its share; those left go to the largest fractions, the earlier one of equals.
 * BigInt inside: total times weight passes 2^53. Nothing where all weights are 0.
 */
export function largestRemainder(total: number, weights: readonly number[]): number[] {
  assert(Number.isSafeInteger(total) && total >= 0, "what is split is whole and not a debt");
  assert(
    weights.every((weight) => Number.isSafeInteger(weight) && weight >= 0),
    "weights are whole",
  );
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (sum === 0n) return weights.map(() => 0);
  const shares = weights.map((weight, index) => {
    const product = BigInt(total) * BigInt(weight);
    return { index, part: Number(product / sum), rest: product % sum };
  });
  let left = total - shares.reduce((all, { part }) => all + part, 0);
  const byRest = [...shares].sort((a, b) =>
    a.rest === b.rest ? a.index - b.index : a.rest < b.rest ? 1 : -1
  );
  for (const share of byRest) if (left-- > 0) share.part++;
  return shares.map(({ part }) => part);
}
