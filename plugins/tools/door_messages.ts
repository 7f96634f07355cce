/** What Flint and the process that reaches the web say to each other, one frame each (frames.ts). */
import { z } from "zod";
import type { WebRequest } from "./web.ts";

/** From Flint. The frame's body is the request's. */
export type DoorOrder =
  | {
    readonly type: "ask";
    readonly id: number;
    readonly stream: boolean;
    readonly hasBody: boolean;
  } & Omit<WebRequest, "body" | "signal">
  | { readonly type: "cancel"; readonly id: number };

/**
 * To Flint: head, pieces (bytes in the frame's body), end; or a failure in place of any of them. It
 * comes from a process that strangers' bytes went through, so it is checked.
 */
export const DoorAnswer = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("head"),
    id: z.int(),
    status: z.int().min(100).max(999),
    headers: z.record(z.string(), z.string()),
    url: z.string(),
  }),
  z.strictObject({ type: z.literal("piece"), id: z.int() }),
  z.strictObject({ type: z.literal("end"), id: z.int() }),
  z.strictObject({
    type: z.literal("failed"),
    id: z.int(),
    code: z.enum(["bad_input", "denied", "unavailable", "over_budget"]),
    message: z.string(),
  }),
]);
export type DoorAnswer = z.infer<typeof DoorAnswer>;
