/** Schemas that others wrote, made plain: what a model can read and the grammar of answers follows. */
import { asList, isObject, type Json } from "../json.ts";

/** A schema stays below this; real ones need a tenth. */
const PLAIN_CHARS_MAX = 6000;
/** Levels that are tried, one after the other, until the schema is short enough. */
const LEVELS = [6, 4, 3, 2, 1];
const VISITS_MAX = 5000;
const CHOICES_MAX = 100;
const TEXT_CHARS_MAX = 160;

/**
 * A schema for models: no references, no combinations but anyOf, no words that the grammar of answers
 * does not know; everything the whole schema allows is allowed.
 */
export function plainSchema(schema: unknown, defs: Json): Json {
  let plain: Json = {};
  for (const level of LEVELS) {
    plain = simplify(schema, { defs, level, inside: [], budget: { left: VISITS_MAX } });
    if (JSON.stringify(plain).length <= PLAIN_CHARS_MAX) return plain;
  }
  return withoutOptional(plain);
}

/** Where simplifying stands. */
interface Simplifying {
  readonly defs: Json;
  /** Levels of objects and lists still to go. */
  readonly level: number;
  /** References that led here. */
  readonly inside: readonly string[];
  /** Schemas that may still be visited: options of options of options multiply. */
  readonly budget: { left: number };
}

function simplify(schema: unknown, at: Simplifying): Json {
  if (!isObject(schema) || at.budget.left-- <= 0) return {};
  const { $ref } = schema;
  if (typeof $ref === "string") {
    const name = $ref.slice("#/$defs/".length);
    if (at.inside.includes(name)) return {};
    const { $ref: _, ...beside } = schema;
    const target = simplify(at.defs[name], { ...at, inside: [...at.inside, name] });
    return { ...target, ...annotations(beside) };
  }
  const merged = Array.isArray(schema.allOf) ? mergeAll(schema, at) : schema;
  const options = [...asList(merged.anyOf), ...asList(merged.oneOf)];
  if (options.length > 0) return anyOf(merged, options, at);
  return { ...annotations(merged), ...bounds(merged, at) };
}

/** The parts of allOf and what stands beside it, as one schema. */
function mergeAll(schema: Json, at: Simplifying): Json {
  const { allOf, ...beside } = schema;
  const parts = [...asList(allOf), beside].map((part) => resolved(part, at));
  const properties = Object.assign({}, ...parts.map((part) => part.properties));
  const required = parts.flatMap((part) => asList(part.required));
  const merged: Record<string, unknown> = Object.assign({}, ...parts);
  delete merged.allOf;
  if (Object.keys(properties).length > 0) merged.properties = properties;
  if (required.length > 0) merged.required = required;
  return merged;
}

/** One part of an allOf, through references and allOfs of its own. */
function resolved(part: unknown, at: Simplifying): Json {
  if (!isObject(part) || at.budget.left-- <= 0) return {};
  if (typeof part.$ref === "string") {
    const name = part.$ref.slice("#/$defs/".length);
    if (at.inside.includes(name)) return {};
    return resolved(at.defs[name], { ...at, inside: [...at.inside, name] });
  }
  return Array.isArray(part.allOf) ? mergeAll(part, at) : part;
}

function anyOf(schema: Json, options: readonly unknown[], at: Simplifying): Json {
  if (at.level <= 0 || options.length > CHOICES_MAX) return annotations(schema);
  const { anyOf: _a, oneOf: _o, description, default: usual, ...beside } = schema;
  // What stands beside holds for each option; {} there is an option that allows anything.
  const plain = options.map((option) =>
    simplify(isObject(beside) && "properties" in beside ? { allOf: [beside, option] } : option, at)
  );
  const kept = annotations({ description, default: usual });
  if (plain.some((option) => Object.keys(option).length === 0)) return kept;
  if (plain.length === 1) return { ...plain[0], ...kept };
  const distinct = [...new Map(plain.map((one) => [JSON.stringify(one), one])).values()];
  return { ...kept, anyOf: distinct };
}

/** What is said of a value and holds it to nothing. */
function annotations({ description, default: usual }: Json): Json {
  const text = typeof description === "string" ? oneLine(description) : "";
  return {
    ...(text ? { description: text } : {}),
    ...(usual === undefined || JSON.stringify(usual).length > 200 ? {} : { default: usual }),
  };
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, TEXT_CHARS_MAX);

function bounds(schema: Json, at: Simplifying): Json {
  if (Array.isArray(schema.enum)) return choices(schema.enum);
  if (schema.const !== undefined) return { const: schema.const };
  const types = typesOf(schema);
  if (types.length === 0) return {};
  const type = types.length === 1 ? types[0] : types;
  return {
    type,
    ...(types.some((name) => name === "number" || name === "integer") ? range(schema) : {}),
    ...(types.includes("object") ? objectWords(schema, at) : {}),
    ...(types.includes("array") ? arrayWords(schema, at) : {}),
  };
}

function choices(values: readonly unknown[]): Json {
  return values.length > 0 && values.length <= CHOICES_MAX ? { enum: values } : {};
}

/** Lower and upper bound of a number, where they make sense. Lengths cost a grammar a state each. */
function range({ minimum: low, maximum: high }: Json): Json {
  const floor = typeof low === "number" ? { minimum: low } : {};
  const roof = typeof high === "number" ? { maximum: high } : {};
  return floor.minimum! > roof.maximum! ? {} : { ...floor, ...roof };
}

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];

function typesOf({ type, properties, items }: Json): string[] {
  const named = [type].flat().filter((one) => TYPES.includes(one as string)) as string[];
  if (named.length > 0) return [...new Set(named)];
  return properties !== undefined ? ["object"] : items !== undefined ? ["array"] : [];
}

function objectWords(schema: Json, at: Simplifying): Json {
  if (at.level <= 0) return {};
  const inner = { ...at, level: at.level - 1 };
  const declared = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const { additionalProperties: open } = schema;
  if (declared.length === 0) {
    return isObject(open) ? { additionalProperties: simplify(open, inner) } : {};
  }
  const properties = Object.fromEntries(
    declared.filter(([name]) => name.length <= 100).map((
      [name, part],
    ) => [name, simplify(part, inner)]),
  );
  const required = [...new Set(asList(schema.required))].filter((name) =>
    typeof name === "string" && Object.hasOwn(properties, name)
  );
  return { properties, ...(required.length > 0 ? { required } : {}) };
}

function arrayWords({ items }: Json, at: Simplifying): Json {
  if (at.level <= 0 || items === undefined) return {};
  return { items: simplify(items, { ...at, level: at.level - 1 }) };
}

/** The last resort for very wide objects: what must be there, and nothing said about it twice. */
function withoutOptional(schema: Json): Json {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = asList(schema.required) as string[];
  const kept = Object.entries(properties).filter(([name]) => required.includes(name));
  const some = kept.length > 0 ? kept : Object.entries(properties).slice(0, 20);
  const bare = { ...schema, properties: Object.fromEntries(some) };
  return JSON.stringify(bare).length <= PLAIN_CHARS_MAX ? bare : { type: "object" };
}
