/** Values that a JSON schema (as an OpenAPI 3.1 document has them) allows, as fast-check arbitraries. */
import fc from "fast-check";

/** A JSON schema. */
export interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Where references lead, and which names exist: valid requests should mostly reach something. */
export interface SchemaWorld {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly known: readonly string[];
}

const ITEMS_MAX = 3;
const CHARS_MAX = 60;

/** Values of this schema. */
export function validValues(schema: Schema, world: SchemaWorld): fc.Arbitrary<unknown> {
  const of = (inner: Schema) => validValues(inner, world);
  if (schema.$ref) return of(world.schemas[schema.$ref.split("/").at(-1)!]!);
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return fc.oneof(...choices.map(of));
  if (schema.allOf) {
    return fc.tuple(...schema.allOf.map(of)).map((parts) => Object.assign({}, ...parts));
  }
  if (Array.isArray(schema.type)) {
    return fc.oneof(...schema.type.map((type) => of({ ...schema, type })));
  }
  return ofType(schema, world);
}

function ofType(schema: Schema, world: SchemaWorld): fc.Arbitrary<unknown> {
  const { minimum = -10, maximum = 1000 } = schema;
  switch (schema.type) {
    case "string":
      return texts(schema, world.known);
    case "integer":
      return fc.integer({
        min: Math.max(minimum, -(2 ** 31)),
        max: Math.min(maximum, 2 ** 31 - 1),
      });
    case "number":
      return fc.double({ min: minimum, max: maximum, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(validValues(schema.items ?? {}, world), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(
          schema.minItems ?? 0,
          Math.min(schema.maxItems ?? ITEMS_MAX, ITEMS_MAX),
        ),
      });
    case "object":
      return objects(schema, world);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function texts(schema: Schema, known: readonly string[]): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = CHARS_MAX, pattern, format } = schema;
  if (pattern) return fc.stringMatching(new RegExp(pattern, "u"), { maxLength: CHARS_MAX });
  if (format === "uuid") return fc.oneof(fc.uuid(), fc.constantFrom(...known));
  const free = fc.string({
    minLength,
    maxLength: Math.min(maxLength, CHARS_MAX),
    unit: "grapheme",
  });
  return fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...known) }, {
    weight: 1,
    arbitrary: free,
  });
}

function objects(schema: Schema, world: SchemaWorld): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties: more } = schema;
  const fields = fc.record(
    Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [name, validValues(inner, world)]),
    ),
    { requiredKeys: [...required] },
  );
  if (typeof more !== "object") return fields;
  const extra = fc.dictionary(fc.string({ maxLength: 8 }), validValues(more, world), {
    maxKeys: 3,
  });
  return fc.tuple(extra, fields).map(([a, b]) => ({ ...a, ...b }));
}
