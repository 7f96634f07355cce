/**
 * A page's cursor. It carries what the first page decided (which terms, with which weights, and the
 * order of the best), so that what comes and goes meanwhile moves nothing from one page to another.
 */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { LISTS_MAX } from "./plan.ts";

const count = z.int().min(0).max(2 ** 31 - 1);

const Cursor = z.strictObject({
  /** Which index the numbers are of. */
  slot: z.string().max(40),
  plan: z.array(z.tuple([count, z.int().min(1).max(10_000_000)])).max(LISTS_MAX),
  /** Documents already ordered that no page has shown, and their scores. */
  rest: z.array(z.tuple([count, count])).max(200),
  /** The last document that was ordered. */
  below: z.strictObject({ document: count, score: count }),
});
export type Cursor = z.infer<typeof Cursor>;

/** As text for a URL. */
export function packCursor(cursor: Cursor): string {
  return new TextEncoder().encode(JSON.stringify(cursor)).toBase64({ alphabet: "base64url" });
}

/** @throws FlintError bad_input for what is no cursor */
export function unpackCursor(text: string): Cursor {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return Cursor.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new FlintError("bad_input", "the cursor is not one of ours", { cause });
  }
}
