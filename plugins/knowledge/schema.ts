/** The shapes of knowledge: collections of documents, what is found in them, and what an answer cites. */
import { z } from "zod";
import { plainText } from "../plain_text.ts";
import { Slug } from "../schema.ts";

/** A collection of documents, which any number of assistants may be given. */
export const KnowledgeBase = z.strictObject({
  id: Slug.meta({ description: "Name in manifests and URLs" }),
  name: plainText(1, 80),
  description: plainText(0, 1000, { lines: true }),
  createdAt: z.iso.datetime(),
}).meta({ id: "KnowledgeBase" });
export type KnowledgeBase = z.infer<typeof KnowledgeBase>;

/** What one sends to make one. */
export const KnowledgeDraft = KnowledgeBase.omit({ createdAt: true }).partial({ description: true })
  .meta({ id: "KnowledgeDraft" });

/** One document of a collection. */
export const KnowledgeDocument = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/).meta({ description: "Of its name" }),
  name: z.string().min(1).max(1000).meta({ description: "The file's name, or its address" }),
  title: z.string().max(500),
  sha256: z.string().length(64),
  bytes: z.int(),
  characters: z.int(),
  passages: z.int(),
  pages: z.int().optional(),
  embedded: z.boolean().meta({
    description: "Whether it is found by meaning too, not by words alone",
  }),
  addedAt: z.iso.datetime(),
}).meta({ id: "KnowledgeDocument" });
export type KnowledgeDocument = z.infer<typeof KnowledgeDocument>;

/** What adding documents yields: for each its progress, and how it ended. */
export const IngestEvent = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("reading"), name: z.string() }),
  z.strictObject({
    type: z.literal("embedding"),
    name: z.string(),
    done: z.int(),
    total: z.int(),
  }),
  z.strictObject({ type: z.literal("added"), document: KnowledgeDocument }),
  z.strictObject({ type: z.literal("unchanged"), document: KnowledgeDocument }),
  z.strictObject({ type: z.literal("failed"), name: z.string(), message: z.string() }),
]).meta({ id: "IngestEvent" });
export type IngestEvent = z.infer<typeof IngestEvent>;
