/** A listing: one frozen version of an assistant, with who may see it and how far its review is. */
import { Assistant, plainText, Slug } from "@flint/plugins";
import { z } from "zod";

/** Who may see a listing once it is listed. */
export const VISIBILITIES = ["private", "link", "group", "everyone"] as const;

/** How far it is: reviewed or not, taken back by its publisher, taken down by the owner. */
export const LISTING_STATES = ["pending", "listed", "refused", "withdrawn", "removed"] as const;

/** An account's id, or what a followed store's publisher is known by. */
export const PublisherId = z.string().min(1).max(128).regex(
  /^[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}_-]+$/u,
  "must be lower-case letters, digits, - and _",
);

/** A release of a listing, as another stands on it. */
export const Lineage = z.strictObject({ listing: Slug, release: z.int().min(1) })
  .meta({ id: "Lineage" });
export type Lineage = z.infer<typeof Lineage>;

/** What others are offered. */
export const Listing = z.strictObject({
  id: Slug.meta({ description: "Name in URLs; of an assistant of this store, that assistant's" }),
  assistantId: Slug,
  publisher: PublisherId.meta({ description: "Id of the account that published it" }),
  visibility: z.enum(VISIBILITIES).meta({
    description: "Who sees it: its publisher, whoever has its address, a group, everyone",
  }),
  group: Slug.optional().meta({ description: "Of visibility `group`: whose members see it" }),
  state: z.enum(LISTING_STATES),
  reason: plainText(1, 1000, { lines: true }).optional().meta({
    description: "Why it waits for review, was refused or removed",
  }),
  release: z.int().min(1).meta({ description: "Grows by one with each update" }),
  manifest: Assistant.meta({ description: "The assistant as it was when it was released" }),
  notes: plainText(0, 2000, { lines: true }).meta({ description: "What is new in this release" }),
  licence: plainText(1, 80).optional().meta({ description: "Such as CC-BY-4.0" }),
  forkOf: Lineage.optional().meta({ description: "What it was made from" }),
  publishedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}).meta({ id: "Listing" });
export type Listing = z.infer<typeof Listing>;

/** One release of a listing: what was installed then still answers. */
export const Release = Listing.pick({ release: true, manifest: true, notes: true, updatedAt: true })
  .meta({ id: "Release" });
export type Release = z.infer<typeof Release>;

/** What a publisher sends to offer an assistant of theirs. */
export const PublicationDraft = z.strictObject({
  assistantId: Slug,
  visibility: Listing.shape.visibility,
  group: Listing.shape.group,
  notes: Listing.shape.notes.optional(),
  licence: Listing.shape.licence,
  shareKnowledge: Assistant.shape.knowledge.optional().meta({
    description: "Collections that its answers may quote to others: they are private unless named",
  }),
}).meta({ id: "PublicationDraft" });
export type PublicationDraft = z.infer<typeof PublicationDraft>;

/** What a publisher sends to update a listing by the assistant as it is now. */
export const ReleaseDraft = PublicationDraft.omit({ assistantId: true }).partial()
  .extend({
    from: Listing.shape.release.meta({ description: "The release that this one follows" }),
  }).meta({ id: "ReleaseDraft" });
export type ReleaseDraft = z.infer<typeof ReleaseDraft>;

/** Whether everyone may see it: only these are searched, ranked and counted. */
export const isPublic = ({ visibility, state }: Listing): boolean =>
  visibility === "everyone" && state === "listed";
