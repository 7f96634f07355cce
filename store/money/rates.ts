/** What an answer costs: rates in whole micro-units, so that every sum is exact. Pure. */
import { z } from "zod";

/** A thousand units for a thousand tokens: with the longest answers a sum stays far below 2^53. */
const RATE_MAX = 1_000_000_000;
/** A subscription of a million units is a slip of the keyboard. */
const AMOUNT_MAX = 1_000_000_000_000;

const rate = z.int().min(0).max(RATE_MAX);

/** A rate card. */
export const Rates = z.strictObject({
  prompt: rate.meta({ description: "Micro-units for 1,000 tokens read" }),
  cached: rate.meta({ description: "For 1,000 tokens read that were kept from before" }),
  completion: rate.meta({ description: "For 1,000 tokens written" }),
  turn: rate.meta({ description: "For each answer" }),
  toolCall: rate.meta({ description: "For each call of a tool" }),
}).meta({ id: "Rates" });
export type Rates = z.infer<typeof Rates>;

/** What a listing asks. */
export const Price = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("free") }),
  z.strictObject({ kind: z.literal("use"), rates: Rates, pass: z.boolean().optional() }),
  z.strictObject({
    kind: z.literal("subscription"),
    amount: z.int().min(1).max(AMOUNT_MAX).meta({ description: "Micro-units for each period" }),
    every: z.enum(["month", "year"]),
    trialDays: z.int().min(0).max(90).meta({ description: "Free at first, once per account" }),
    pass: z.boolean().optional().meta({
      description: "Whether the store's pass pays for it, too; its builder then shares in the pass",
    }),
  }),
]).meta({ id: "Price" });
export type Price = z.infer<typeof Price>;

/** What an answer took. */
export interface Consumption {
  /** Tokens read, those kept from before included. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly toolCalls: number;
  /** 0 where an answer goes on that was counted before. */
  readonly turns: number;
}

/** The cost in micro-units, rounded down: the payer's is the last fraction. */
export function costOf(rates: Rates, use: Consumption): number {
  const fresh = use.promptTokens - use.cachedTokens;
  const thousandths = fresh * rates.prompt + use.cachedTokens * rates.cached +
    use.completionTokens * rates.completion;
  return Math.floor(thousandths / 1000) + use.turns * rates.turn + use.toolCalls * rates.toolCall;
}

/** The most an answer of one context's length can cost: cached tokens may be the dearer ones. */
export function costMax(rates: Rates, most: Omit<Consumption, "cachedTokens">): number {
  return Math.max(
    costOf(rates, { ...most, cachedTokens: 0 }),
    costOf(rates, { ...most, cachedTokens: most.promptTokens }),
  );
}
