/** What is stored and sent of a builder's sessions. */
import { z } from "zod";
import { FieldChange } from "../manifest_diff.ts";
import { Assistant, Manifest, MESSAGE_CHARS_MAX, OWNER } from "../schema.ts";
import { Operation } from "./operation.ts";

/** How it was found what a message means, or who wrote a text. */
export const Finder = z.enum(["rules", "likeness", "model"]);
export type Finder = z.infer<typeof Finder>;

/** What the builder may ask; an answer to it is read in its light. */
export const Question = z.strictObject({
  about: z.enum(["audience", "manner", "limits", "value"]),
  text: z.string().max(500),
  /** For "value": the operation that lacks one. */
  operation: Operation.optional(),
}).meta({ id: "BuilderQuestion" });
export type Question = z.infer<typeof Question>;

/** One message of the person, and what it did. */
export const BuilderTurn = z.strictObject({
  index: z.int().min(0),
  said: z.string().max(MESSAGE_CHARS_MAX),
  /** "create" makes the first draft; "edit" is a change by hand, of any fields. */
  operation: z.union([
    Operation,
    z.strictObject({ kind: z.enum(["create", "edit"]) }),
  ]),
  by: Finder,
  changes: z.array(FieldChange),
  reply: z.string(),
  question: Question.optional(),
  createdAt: z.iso.datetime(),
}).meta({ id: "BuilderTurn" });
export type BuilderTurn = z.infer<typeof BuilderTurn>;

/** A talk that makes an assistant; its drafts and turns are kept beside it. */
export const BuilderSession = z.strictObject({
  id: z.uuid(),
  account: z.string().default(OWNER).meta({ description: "Whose it is" }),
  draft: Manifest.nullable().meta({ description: "null until something was wished for" }),
  question: Question.optional().meta({ description: "Waits for an answer, but holds nothing up" }),
  canUndo: z.boolean(),
  canRedo: z.boolean(),
  turns: z.int().min(0).meta({ description: "How many there are" }),
  assistantId: Assistant.shape.id.optional()
    .meta({ description: "The assistant it was saved as, or began with" }),
  saved: z.boolean().meta({ description: "Whether that assistant is as the draft" }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}).meta({ id: "BuilderSession" });
export type BuilderSession = z.infer<typeof BuilderSession>;

/**
 * What a message yields: understood; then, while a first draft grows, a field at a time; then
 * changes (perhaps none), then done. Or, at any point, error as the last.
 */
export const BuilderEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("understood"),
    operation: BuilderTurn.shape.operation,
    by: Finder,
  }),
  z.strictObject({
    type: z.literal("field"),
    field: z.string(),
    value: z.unknown(),
    by: z.enum(["rules", "model"]),
  }),
  z.strictObject({ type: z.literal("changes"), changes: z.array(FieldChange) }),
  z.strictObject({ type: z.literal("question"), question: Question }),
  z.strictObject({ type: z.literal("done"), turn: BuilderTurn, session: BuilderSession }),
  z.strictObject({ type: z.literal("error"), code: z.string(), message: z.string() }),
]).meta({ id: "BuilderEvent" });
export type BuilderEvent = z.infer<typeof BuilderEvent>;
