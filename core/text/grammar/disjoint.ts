/** Whether no JSON value satisfies two of several schemas: what `oneOf` asks for and anyOf does not. */
import type { JsonObject } from "./keywords.ts";

/** References are followed this deep. */
const DEPTH_MAX = 8;

/** Two branches that may hold at once, in words; undefined if it is plain that none do. */
export function overlaps(
  branches: readonly unknown[],
  resolve: (ref: unknown) => unknown,
): string | undefined {
  const schemas = branches.map((branch) => follow(branch, resolve));
  for (let i = 0; i < schemas.length; i++) {
    for (let j = i + 1; j < schemas.length; j++) {
      if (!disjoint(schemas[i]!, schemas[j]!, resolve)) return `${i} and ${j}`;
    }
  }
  return undefined;
}

function follow(schema: unknown, resolve: (ref: unknown) => unknown): JsonObject {
  for (let depth = 0; depth < DEPTH_MAX && isObject(schema) && schema.$ref; depth++) {
    schema = resolve(schema.$ref);
  }
  return isObject(schema) ? schema : {};
}

function disjoint(a: JsonObject, b: JsonObject, resolve: (ref: unknown) => unknown): boolean {
  const values = [constants(a), constants(b)];
  if (values[0] && values[1]) return !values[0].some((value) => values[1]!.includes(value));
  const types = [typesOf(a), typesOf(b)] as const;
  if (types[0].size === 0 || types[1].size === 0) return false;
  const common = [...types[0]].filter((type) => types[1].has(type));
  if (common.length === 0) return true;
  return common.length === 1 && common[0] === "object" && toldApart(a, b, resolve);
}

/** Objects that both must have some property whose constants differ. */
function toldApart(a: JsonObject, b: JsonObject, resolve: (ref: unknown) => unknown): boolean {
  const required = (schema: JsonObject) => Array.isArray(schema.required) ? schema.required : [];
  const property = (schema: JsonObject, name: string) =>
    isObject(schema.properties) && Object.hasOwn(schema.properties, name)
      ? constants(follow(schema.properties[name], resolve))
      : undefined;
  return required(a).some((name) => {
    const [one, other] = [property(a, name), property(b, name)];
    if (!one || !other || !required(b).includes(name)) return false;
    return !one.some((value) => other.includes(value));
  });
}

/** The only values a schema allows, as JSON. */
function constants(schema: JsonObject): string[] | undefined {
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  return Array.isArray(schema.enum) ? schema.enum.map((value) => JSON.stringify(value)) : undefined;
}

/** JSON types a schema may allow; none where it does not say. An integer is a number. */
function typesOf(schema: JsonObject): Set<string> {
  const values = Array.isArray(schema.enum) ? schema.enum : "const" in schema ? [schema.const] : [];
  const named = schema.type ?? values.map(typeOf);
  const types = (Array.isArray(named) ? named : [named]).map((type) =>
    type === "integer" ? "number" : String(type)
  );
  return new Set(schema.nullable === true ? [...types, "null"] : types);
}

function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
