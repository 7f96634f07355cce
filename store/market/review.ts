/** The shapes of reviews: what people write, what others see, and what became of it. */
import { z } from "zod";
import { plainText } from "@flint/plugins";
import { GROUNDS } from "./trust.ts";

const TEXT_CHARS_MAX = 2000;
/** Marks on one letter; more draw over the lines above and below. The most in any living script is 4. */
const STACKED = /\p{M}{7,}/u;

const reviewText = (min: number) =>
  plainText(min, TEXT_CHARS_MAX, { lines: true })
    .refine((text) => !STACKED.test(text), "has letters with more than 6 marks: remove them");

/** What somebody says of a listing they used. */
export const ReviewDraft = z.strictObject({
  stars: z.int().min(1).max(5),
  text: reviewText(0).default(""),
}).meta({ id: "ReviewDraft" });

/** What the builder says to it. */
export const ReviewAnswer = z.strictObject({ text: reviewText(1) }).meta({ id: "ReviewAnswer" });

/** Why somebody thinks that a review should not stand. */
export const ReviewReport = z.strictObject({ reason: plainText(1, 500, { lines: true }) })
  .meta({ id: "ReviewReport" });

/** What the store's owner decides about one. */
export const ReviewDecision = z.strictObject({
  counts: z.boolean().nullable().meta({
    description: "false: it is hidden and counts for nothing; true: it counts in full; " +
      "null: as it is judged",
  }),
  why: plainText(1, 500),
}).meta({ id: "ReviewDecision" });

/** A review as everybody sees it. */
export const Review = z.strictObject({
  account: z.string(),
  stars: z.int(),
  text: z.string(),
  at: z.iso.datetime().meta({ description: "When it was first written" }),
  updatedAt: z.iso.datetime(),
  answer: z.strictObject({ text: z.string(), at: z.iso.datetime() }).optional().meta({
    description: "The builder's",
  }),
}).meta({ id: "Review" });
export type Review = z.infer<typeof Review>;

const Histogram = z.array(z.int()).length(5).readonly();

/** All reviews of a listing, as numbers. */
export const ReviewSummary = z.strictObject({
  ratings: z.int(),
  histogram: Histogram.meta({ description: "Ratings of 1 to 5 stars, hidden ones left out" }),
  counted: Histogram.meta({ description: "Of these, those that count for something" }),
  mean: z.number().nullable().meta({ description: "Stars by weight; null where nothing counts" }),
}).meta({ id: "ReviewSummary" });
export type ReviewSummary = z.infer<typeof ReviewSummary>;

/** A change of what a rating counts for. */
export const Judgement = z.strictObject({
  listing: z.string(),
  account: z.string(),
  at: z.iso.datetime(),
  weight: z.number().meta({ description: "From 0, not at all, to 1" }),
  ground: z.enum(GROUNDS),
  why: z.string(),
}).meta({ id: "ReviewJudgement" });
export type Judgement = z.infer<typeof Judgement>;
