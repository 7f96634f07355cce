/** Where an answer's words come from. */
import { z } from "zod";

/** A part of a document: where it stands, and its words. */
export const SourceSpan = z.strictObject({
  /** Id of the collection. */
  base: z.string(),
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
