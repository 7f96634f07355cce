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

/** A part of a document: where it stands, and its words. */
export const SourceSpan = z.strictObject({
  base: Slug,
  document: z.string(),
  name: z.string(),
  title: z.string(),
  page: z.int().optional(),
  headings: z.array(z.string()),
  /** Characters of the document's text, from and to; `text` is exactly what stands there. */
  start: z.int().min(0),
  end: z.int().min(0),
  text: z.string(),
}).meta({ id: "SourceSpan" });
export type SourceSpan = z.infer<typeof SourceSpan>;

/** A sentence of an answer, and what supports it. */
export const Citation = z.strictObject({
  /** Characters of the answer. */
  start: z.int().min(0),
  end: z.int().min(0),
  verdict: z.enum(["verbatim", "supported", "unsupported", "refusal"]).meta({
    description: "Whether it stands there letter for letter, in other words, or not; " +
      "a refusal says that the sources don't say",
  }),
  /** 0..1: the weaker of how much of the claim, and how much of the question, the source holds. */
  support: z.number().min(0).max(1),
  /** The best place, narrowed to a sentence; also of unsupported ones, for whoever wants to look. */
  source: SourceSpan.optional(),
  /** Its number among the sources shown, from 1. */
  number: z.int().min(1).optional(),
}).meta({ id: "Citation" });
export type Citation = z.infer<typeof Citation>;
