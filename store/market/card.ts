/** What a catalogue shows of a listing, and why it stands where it does. */
import { CATEGORIES, plainText, Slug } from "@flint/plugins";
import { z } from "zod";
import { BOARDS } from "./boards.ts";
import { Listing } from "./listing.ts";

const count = z.number().min(0);

/** A listing on a shelf. */
export const Card = Listing.pick({ id: true, publisher: true, publishedAt: true, updatedAt: true })
  .extend(
    Listing.shape.manifest.pick({
      name: true,
      description: true,
      avatar: true,
      category: true,
      language: true,
      tags: true,
    }).shape,
  ).extend({
    installs: count,
    uses: count.meta({ description: "Turns" }),
    stars: z.number().min(1).max(5).optional().meta({ description: "Mean; absent unless rated" }),
    ratings: count.meta({ description: "How many ratings count, each by its weight" }),
  }).meta({ id: "Card" });
export type Card = z.infer<typeof Card>;

/** Some of them; `next`, if there are more, is the cursor of the following ones. */
export const CardPage = z.object({ cards: z.array(Card), next: z.string().optional() })
  .meta({ id: "CardPage" });
export type CardPage = z.infer<typeof CardPage>;

/** A card on a board. */
export const RankedCard = z.object({
  rank: z.int().min(1),
  score: z.number().meta({
    description: "Installs, turns, mean stars under doubt, or use that still counts",
  }),
  card: Card,
}).meta({ id: "RankedCard" });
export type RankedCard = z.infer<typeof RankedCard>;

/** Why a listing stands where it does: each board's score, what it is made of, and the ranks near the top. */
export const Ranks = z.object({
  listing: Slug,
  boards: z.array(z.object({
    board: z.enum(BOARDS),
    score: z.number(),
    rank: z.int().min(1).optional().meta({ description: "Among all; absent behind the 100th" }),
    categoryRank: z.int().min(1).optional().meta({ description: "Among its category" }),
    inputs: z.record(z.string(), z.number()).meta({ description: "What the score is made of" }),
    formula: z.string(),
  })),
}).meta({ id: "Ranks" });
export type Ranks = z.infer<typeof Ranks>;

/** Listings that the owner of the store put together; the one named "featured" opens the store. */
export const CollectionDraft = z.strictObject({
  title: plainText(1, 80),
  description: plainText(0, 1000, { lines: true }).optional(),
  listings: z.array(Slug).max(100),
});
export const ListingCollection = CollectionDraft.extend({
  id: Slug,
  description: plainText(0, 1000, { lines: true }),
  updatedAt: z.iso.datetime(),
}).meta({ id: "ListingCollection" });
export type ListingCollection = z.infer<typeof ListingCollection>;

/** The collection that opens the store. */
export const FEATURED = "featured";

/** Shelves, with how many listings each has. */
export const Shelves = z.object({
  listings: count,
  categories: z.array(z.object({ category: z.enum(CATEGORIES), count })),
}).meta({ id: "Shelves" });
export type Shelves = z.infer<typeof Shelves>;
