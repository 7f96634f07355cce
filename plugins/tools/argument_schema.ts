/**
 * The schema under which a model writes a call's arguments. A small model leaves out what it may:
 * so each parameter is put to it, and null says that the conversation gives none.
 */
import { checkSchema, FlintError } from "@flint/core";
import { asList, isObject, type Json } from "../json.ts";
import { plainSchema } from "./plain_schema.ts";

/** Of tools with more optional parameters, as APIs have, the model chooses: each costs a few tokens. */
const OPTIONAL_MAX = 8;
const NULL = { type: "null" } as const;
/** What a description that says nothing else asks of a text. */
const FORMS: readonly (readonly [RegExp, Json])[] = [
  [/^\W*YYYY-MM-DD\W*$/, { format: "date" }],
  [/^\W*HH:MM\W*$/, { pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$" }],
];

/** The first of these that the grammar of answers follows: all put to the model, as given, plain, any. */
export function argumentSchema(parameters: Json): Json {
  const plain = () => plainSchema(parameters, isObject(parameters.$defs) ? parameters.$defs : {});
  for (const schema of [() => allPut(parameters), () => parameters, plain]) {
    const made = schema();
    if (isFollowed(made)) return made;
  }
  return { type: "object" };
}

/** The arguments without the nulls that say "none". */
export function givenArguments(values: Json, parameters: Json): Json {
  const { properties } = parameters;
  const optional = new Set(optionalOf(parameters));
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) =>
      value !== null || !optional.has(name) || allowsNull((properties as Json)[name])
    ),
  );
}

/** Optional parameters become required, and may be null. */
function allPut(parameters: Json): Json {
  const optional = optionalOf(parameters);
  const properties = Object.entries(isObject(parameters.properties) ? parameters.properties : {});
  const put = properties.map(([name, schema]) => {
    const formed = withForm(schema);
    const open = optional.includes(name) && !allowsNull(schema);
    return [name, open ? { anyOf: [formed, NULL] } : formed];
  });
  const required = [...asList(parameters.required), ...optional];
  return { ...parameters, properties: Object.fromEntries(put), required };
}

function optionalOf({ properties, required }: Json): string[] {
  const names = isObject(properties) ? Object.keys(properties) : [];
  const optional = names.filter((name) => !asList(required).includes(name));
  return optional.length <= OPTIONAL_MAX ? optional : [];
}

function allowsNull(schema: unknown): boolean {
  return isObject(schema) && [schema.type].flat().includes("null");
}

/** Where a text's whole description is its form, it has that form. */
function withForm(schema: unknown): unknown {
  if (!isObject(schema) || schema.type !== "string") return schema;
  const { description = "" } = schema;
  const [, form] = FORMS.find(([says]) => says.test(String(description))) ?? [];
  return form && schema.format === undefined && schema.pattern === undefined
    ? { ...schema, ...form }
    : schema;
}

function isFollowed(schema: Json): boolean {
  try {
    checkSchema(schema);
    return true;
  } catch (error) {
    if (error instanceof FlintError) return false;
    throw error;
  }
}
