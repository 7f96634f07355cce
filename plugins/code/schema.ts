/** The schema that a plugin gives of a tool's values: read so that no value takes long to check by it. */
import { FlintError } from "@flint/core";
import { checkPlain } from "../parse.ts";

/**
 * Keywords that are left out: regular expressions of others could take for ever, and so could
 * branches that are shared by reference. The plugin checks its values itself, by all of them.
 */
const LEFT_OUT = new Set(["$schema", "$id", "pattern", "patternProperties", "propertyNames"]);
const REFUSED = ["$ref", "$dynamicRef", "$defs", "definitions"];
/** Keywords whose value is data or maps names that are free. */
const DATA = new Set(["const", "enum", "default", "examples"]);
const NAMES = new Set(["properties"]);

/** Reads the schema of a tool. @throws FlintError bad_input */
export function readSchema(tool: string, json: string): Record<string, unknown> {
  const schema: unknown = JSON.parse(json);
  checkPlain(schema);
  const read = tame(schema, tool);
  if ((read as { type?: unknown } | null)?.type === "object") {
    return read as Record<string, unknown>;
  }
  throw new FlintError("bad_input", `the input of ${tool} must be a z.object`);
}

function tame(schema: unknown, tool: string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => tame(item, tool));
  if (typeof schema !== "object" || schema === null) return schema;
  const refused = REFUSED.find((keyword) => Object.hasOwn(schema, keyword));
  if (refused) {
    throw new FlintError("bad_input", `the input of ${tool} refers to itself or to shared parts`);
  }
  return Object.fromEntries(
    Object.entries(schema).filter(([keyword]) => !LEFT_OUT.has(keyword)).map(
      ([keyword, value]) => [keyword, DATA.has(keyword) ? value : tameValue(keyword, value, tool)],
    ),
  );
}

function tameValue(keyword: string, value: unknown, tool: string): unknown {
  if (!NAMES.has(keyword) || typeof value !== "object" || value === null) return tame(value, tool);
  return Object.fromEntries(
    Object.entries(value).map(([name, schema]) => [name, tame(schema, tool)]),
  );
}
