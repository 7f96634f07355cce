/** Any JSON value. zod's z.json() refers to itself, which the generator of our API's document follows without end. */
import { z } from "zod";

/** What JSON.parse can give. */
export type JsonValue = z.core.util.JSONType;

/** Deeper than any answer of a tool nests; keeps the check off the end of the stack. */
const DEPTH_MAX = 64;

/** A value that JSON can carry as it is. */
export const Json = z.unknown().refine(
  (value) => isJson(value),
  `must be JSON, nested at most ${DEPTH_MAX} deep`,
) as unknown as z.ZodType<JsonValue>;

function isJson(value: unknown, depth = 0): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) {
    return value === null || typeof value === "string" || typeof value === "boolean";
  }
  return depth < DEPTH_MAX && Object.values(value).every((part) => isJson(part, depth + 1));
}
