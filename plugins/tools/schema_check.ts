/**
 * Holds values to JSON schemas that others wrote, in a time that no schema and no value makes long:
 * whatever checks values by such a schema does it here.
 */
import { Ajv2020, type AnySchema, type Options } from "ajv/dist/2020.js";

/** What does not fit, in words; undefined where all does. */
export type SchemaCheck = (value: unknown) => string | undefined;

/**
 * Visits of a schema by a value, all together: branches that refer to the same branches multiply, and
 * what refers to itself never ends. Public APIs' requests take hundreds.
 */
const VISITS_MAX = 200_000;
/** What nobody is held to: a stranger's regular expression may take for ever, and so may comparing items. */
const LEFT_OUT = new Set([
  ...["pattern", "patternProperties", "propertyNames", "uniqueItems", "format"],
  ...["$schema", "$id", "$async", "$vocabulary", "nullable", "discriminator"],
]);
/** Words whose value is data. */
const DATA = new Set(["const", "enum", "default", "examples", "required", "type", "$ref"]);
/** Words whose value maps names that are free to schemas. */
const MAPS = new Set(["properties", "$defs", "definitions", "dependentSchemas"]);
/** Counts visits; no schema of others says it, as their unknown words are dropped with `tame`. */
const VISIT = "visited-by-flint";

/** Thrown within a check and caught by it. */
class TooLong extends Error {}

/**
 * A check. `change`: values become what the schema has, where they mean it (texts that are numbers),
 * and defaults are put in. @throws Error where the schema makes no sense
 */
export function schemaCheck(schema: object, { change = false } = {}): SchemaCheck {
  let visits = 0;
  const ajv = new Ajv2020({ ...OPTIONS, coerceTypes: change, useDefaults: change });
  ajv.addKeyword({
    keyword: VISIT,
    before: "type", // so that what refers to itself alone is counted too
    schema: false,
    errors: false,
    validate: () => {
      if (++visits > VISITS_MAX) throw new TooLong();
      return true;
    },
  });
  const validate = ajv.compile(tame(schema) as AnySchema);
  return (value) => {
    visits = 0;
    try {
      if (validate(value)) return undefined;
      return ajv.errorsText(validate.errors, { dataVar: "arguments" }).slice(0, FAULTS_CHARS_MAX);
    } catch (error) {
      // A RangeError is the stack's end, reached by references before the visits are used up.
      if (error instanceof TooLong || error instanceof RangeError) {
        return "they take too long to check";
      }
      throw error;
    }
  };
}

const FAULTS_CHARS_MAX = 500;

/** Unknown words of others are no reason to fail; small parts that are referred to are not copied. */
const OPTIONS: Options = {
  strict: false,
  validateFormats: false,
  inlineRefs: false,
  logger: false,
};

/** The schema without LEFT_OUT, each part of it counted. */
function tame(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(tame);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([word]) => !LEFT_OUT.has(word) && word !== VISIT);
  const tamed = kept.map(([word, value]) => [word, DATA.has(word) ? value : tameWord(word, value)]);
  return { ...Object.fromEntries(tamed), [VISIT]: true };
}

function tameWord(word: string, value: unknown): unknown {
  if (!MAPS.has(word) || typeof value !== "object" || value === null) return tame(value);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tame(part)]));
}
