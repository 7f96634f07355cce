/** The border for values from outside: a schema's type out, or one FlintError that says how to mend it. */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { PROTOTYPE_KEYS } from "./json.ts";

/** Deeper than any manifest or imported format nests; keeps the walks below off the end of the stack. */
const DEPTH_MAX = 32;
/** More than this in one sentence helps nobody. */
const ISSUES_SHOWN = 3;

/** Checks `value` (anything) and returns it as `schema` says; else throws FlintError "bad_input". */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  checkPlain(value);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw new FlintError("bad_input", explain(result.error, schema));
}

/** Only JSON's own kinds of values, not too deep, and no key that reaches a prototype. */
export function checkPlain(value: unknown, path: readonly (string | number)[] = []): void {
  if (path.length > DEPTH_MAX) {
    throw new FlintError("bad_input", `${nameOf(path.slice(0, 4))} nests deeper than ${DEPTH_MAX}`);
  }
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    throw new FlintError("bad_input", `${nameOf(path)} must be JSON, got a ${typeof value}`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    if (PROTOTYPE_KEYS.has(key)) {
      throw new FlintError("bad_input", `"${key}" is not allowed as a field name: remove it`);
    }
    checkPlain(value[key as keyof typeof value], [...path, Array.isArray(value) ? +key : key]);
  }
}

/** Zod's findings as one sentence for the person who wrote the value. */
export function explain(error: z.ZodError, schema?: z.ZodType): string {
  const sentences = error.issues.slice(0, ISSUES_SHOWN).map((issue) => sentence(issue, schema));
  const more = error.issues.length - sentences.length;
  return sentences.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function sentence(issue: z.core.$ZodIssue, schema?: z.ZodType): string {
  const name = nameOf(issue.path);
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? `${name} is missing: give ${kind(issue.expected)}`
        : `${name} must be ${kind(issue.expected)}, got ${kindOf(issue.input)}`;
    case "too_big":
      return `${name} is too ${
        issue.origin === "number" || issue.origin === "int" ? "large" : "long"
      }` +
        `: at most ${issue.maximum}${unit(issue.origin)}${size(issue.input)}`;
    case "too_small":
      return issue.input === "" || (typeof issue.input === "string" && issue.minimum === 1)
        ? `${name} is empty: write something`
        : `${name} is too ${
          issue.origin === "number" || issue.origin === "int" ? "small" : "short"
        }` +
          `: at least ${issue.minimum}${unit(issue.origin)}${size(issue.input)}`;
    case "invalid_value":
      return `${name} must be one of ${issue.values.map(String).join(", ")}, got ${
        show(issue.input)
      }`;
    case "unrecognized_keys": {
      const fields = fieldsAt(schema, issue.path);
      const unknown = issue.keys.map((key) => nameOf([...issue.path, key])).join(", ");
      return `${unknown} is not a field here` +
        (fields ? `: the fields are ${fields.join(", ")}` : "");
    }
    default:
      return `${name} ${issue.message}${
        issue.input === undefined ? "" : `, got ${show(issue.input)}`
      }`;
  }
}

/** The field names of the object that `path` leads to. */
function fieldsAt(
  schema: z.ZodType | undefined,
  path: readonly PropertyKey[],
): string[] | undefined {
  if (schema instanceof z.ZodOptional) return fieldsAt(schema.unwrap() as z.ZodType, path);
  if (schema instanceof z.ZodArray) return fieldsAt(schema.element as z.ZodType, path.slice(1));
  if (!(schema instanceof z.ZodObject)) return undefined;
  if (path.length === 0) return Object.keys(schema.shape);
  return fieldsAt(schema.shape[String(path[0])], path.slice(1));
}

function nameOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the value";
  return path.map((part, i) =>
    typeof part === "number" ? `[${part}]` : (i ? "." : "") + String(part)
  )
    .join("");
}

function kind(expected: string): string {
  if (expected === "string") return "a text";
  if (expected === "int") return "a whole number";
  return expected === "array"
    ? "a list"
    : /^[aeiou]/.test(expected)
    ? `an ${expected}`
    : `a ${expected}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return kind(Array.isArray(value) ? "array" : typeof value);
}

function unit(origin: string): string {
  return origin === "string" ? " characters" : origin === "array" ? " items" : "";
}

function size(value: unknown): string {
  if (typeof value === "string" || Array.isArray(value)) return `, got ${value.length}`;
  return value === undefined ? "" : `, got ${show(value)}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
