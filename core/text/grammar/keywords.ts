/** The words of JSON schema that Flint knows, and refusals of those it does not. */
import { FlintError } from "../../errors.ts";

/** A JSON object: what a schema is. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** JSON's types, as `type` names them. */
export const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;
/** One of them. */
export type TypeName = typeof TYPES[number];

/** Say nothing about what is valid. */
const ANNOTATIONS = new Set(
  "title description default examples example $comment $schema $id $defs definitions deprecated readOnly writeOnly format contentEncoding contentMediaType discriminator externalDocs xml"
    .split(" "),
);

/** Keywords that hold one type to something. */
export const KEYWORDS: Readonly<Record<TypeName, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties", "propertyNames"],
  array: ["items", "minItems", "maxItems"],
  string: ["minLength", "maxLength", "pattern"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  boolean: [],
  null: [],
};

/** The words of a schema that hold a value to something. */
export function wordsOf(schema: JsonObject): string[] {
  return Object.keys(schema).filter((key) => !ANNOTATIONS.has(key));
}

/** A length or count of the schema. */
export function count(schema: JsonObject, word: string, absent: number, pointer: string): number {
  const value = schema[word] ?? absent;
  if (value === absent || (Number.isInteger(value) && (value as number) >= 0)) {
    return value as number;
  }
  return refuse(`${pointer}/${word}`, "is not a whole number from 0 on");
}

/** The types that `type` names. */
export function typeNames(type: unknown, pointer: string): TypeName[] {
  const names: unknown[] = Array.isArray(type) ? type : [type];
  for (const name of names) {
    if (!TYPES.some((known) => known === name)) {
      refuse(`${pointer}/type`, `${JSON.stringify(name)} is not one of ${TYPES.join(" ")}`);
    }
  }
  if (names.length === 0) refuse(`${pointer}/type`, "is an empty list");
  return [...new Set(names as TypeName[])];
}

export function isOfType(value: unknown, type: TypeName): boolean {
  if (type === "integer") return Number.isInteger(value);
  return type === (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
}

export function asObject(value: unknown, pointer: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  return refuse(pointer, "is not an object");
}

/** Ends the compilation: what stands at a JSON pointer cannot be had. */
export function refuse(pointer: string, why: string): never {
  throw new FlintError("bad_input", `jsonSchema ${pointer} ${why}`);
}
