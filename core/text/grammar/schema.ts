/**
 * A JSON schema as a grammar of the compact JSON texts that satisfy it, properties in the schema's
 * order, at most one blank after a comma or colon. What it cannot hold a text to, it refuses by
 * JSON pointer. Where it is narrower than the schema: an object with `properties` has no others
 * unless `additionalProperties` says so, and numbers end after 16 digits each side of the point.
 */
import { FlintError } from "../../errors.ts";
import { anyJsonCharacter } from "./characters.ts";
import { COMMA, NOTHING } from "./blank.ts";
import { overlaps } from "./disjoint.ts";
import { formats } from "./formats.ts";
import { schemaNumber } from "./number.ts";
import { objectPart, type Property } from "./object.ts";
import {
  choice,
  literal,
  Network,
  type Part,
  repeat,
  type Rule,
  run,
  sequence,
  shared,
} from "./network.ts";
import {
  asObject,
  count,
  isOfType,
  type JsonObject,
  KEYWORDS,
  refuse,
  type TypeName,
  typeNames,
  TYPES,
  wordsOf,
} from "./keywords.ts";
import { leftRecursive } from "./left_recursion.ts";
import { patternContent } from "./pattern.ts";

/** A compiled grammar before it meets a vocabulary. */
export interface ByteGrammar {
  readonly network: Network;
  readonly root: Rule;
}

/** Schemas of this size compile in well below a second. */
const SCHEMA_CHARS_MAX = 64 << 10;
const DEPTH_MAX = 64;
const NAME_CHARS_MAX = 256;

/** Throws FlintError "bad_input" with the JSON pointer of what is not supported or makes no sense. */
export function compileSchema(schema: JsonObject): ByteGrammar {
  const size = sizeOf(schema);
  if (size > SCHEMA_CHARS_MAX) {
    throw new FlintError(
      "bad_input",
      `jsonSchema has ${size} characters, above ${SCHEMA_CHARS_MAX}`,
    );
  }
  return new Compiler(schema).compile();
}

function sizeOf(schema: JsonObject): number {
  try {
    return JSON.stringify(schema).length;
  } catch (cause) { // thousands of levels overflow the stack
    throw new FlintError("bad_input", `jsonSchema cannot be read: ${cause}`, { cause });
  }
}

/** A schema and where it stands. */
interface Place {
  readonly schema: unknown;
  readonly pointer: string;
  readonly depth: number;
}

const CHARACTER = shared(anyJsonCharacter());

class Compiler {
  readonly #root: JsonObject;
  readonly #network = new Network();
  /** Rules of `$ref` targets and of "any value", by pointer. */
  readonly #rules = new Map<string, Rule>();
  /** Rules that still need a body: built one after the other, so that references may be circular. */
  readonly #open: (() => void)[] = [];

  constructor(root: JsonObject) {
    this.#root = root;
  }

  compile(): ByteGrammar {
    const root = this.#rule("#", { schema: this.#root, pointer: "#", depth: 0 });
    for (let build = this.#open.pop(); build; build = this.#open.pop()) build();
    if (leftRecursive(this.#network, root)) {
      throw new FlintError(
        "bad_input",
        "jsonSchema: a $ref leads back to itself and to nothing else",
      );
    }
    if (!this.#network.prune(root)) {
      throw new FlintError("bad_input", "jsonSchema: no JSON text of finite length satisfies it");
    }
    return { network: this.#network, root };
  }

  #rule(key: string, place: Place): Rule {
    const known = this.#rules.get(key);
    if (known) return known;
    const rule = this.#network.rule();
    this.#rules.set(key, rule);
    this.#open.push(() => {
      const end = this.#value(place)(this.#network, rule.start);
      this.#network.free(end, rule.final);
    });
    return rule;
  }

  #value(place: Place): Part {
    const { pointer, depth } = place;
    if (depth > DEPTH_MAX) refuse(pointer, `nests deeper than ${DEPTH_MAX}`);
    if (place.schema === false) refuse(pointer, "false allows nothing");
    const schema = place.schema === true ? {} : asObject(place.schema, pointer);
    if (schema.nullable === true) {
      const { nullable: _, ...rest } = schema;
      return choice(this.#value({ ...place, schema: rest }), literal("null"));
    }
    const words = wordsOf(schema).filter((word) => word !== "nullable");
    for (const word of ["$ref", "const", "enum", "anyOf", "oneOf", "allOf"] as const) {
      if (words.includes(word)) return this.#combined(word, schema, words, place);
    }
    return words.length === 0 ? this.#any() : this.#typed(schema, words, place);
  }

  #combined(
    word: "$ref" | "const" | "enum" | "anyOf" | "oneOf" | "allOf",
    schema: JsonObject,
    words: readonly string[],
    place: Place,
  ): Part {
    const { pointer } = place;
    const beside = words.find((other) => other !== word && other !== "type");
    if (beside !== undefined) refuse(`${pointer}/${beside}`, `is not supported beside ${word}`);
    if (word === "const" || word === "enum") return this.#constants(schema, word, pointer);
    if (words.includes("type")) refuse(`${pointer}/type`, `is not supported beside ${word}`);
    if (word === "$ref") return run(this.#reference(schema.$ref, `${pointer}/$ref`));
    const branches = schema[word];
    if (!Array.isArray(branches) || branches.length === 0) {
      refuse(`${pointer}/${word}`, "is not a list of schemas");
    }
    if (word === "allOf" && branches.length > 1) {
      refuse(`${pointer}/allOf`, "is supported with one schema only");
    }
    if (word === "oneOf") {
      const pair = overlaps(branches, (ref) => this.#resolve(ref, pointer));
      if (pair) refuse(`${pointer}/oneOf`, `${pair} may hold at once: use anyOf`);
    }
    return choice(
      ...branches.map((schema: unknown, i) =>
        this.#value({ schema, pointer: `${pointer}/${word}/${i}`, depth: place.depth + 1 })
      ),
    );
  }

  #constants(schema: JsonObject, word: "const" | "enum", pointer: string): Part {
    const values = word === "const" ? [schema.const] : schema.enum;
    if (!Array.isArray(values)) refuse(`${pointer}/enum`, "is not a list of values");
    const types = schema.type === undefined ? TYPES : typeNames(schema.type, pointer);
    const fitting = values.filter((value) => types.some((type) => isOfType(value, type)));
    if (fitting.length === 0) refuse(`${pointer}/${word}`, "has no value of the given type");
    return choice(...fitting.map((value) => literal(JSON.stringify(value))));
  }

  #reference(ref: unknown, pointer: string): Rule {
    const schema = this.#resolve(ref, pointer);
    return this.#rule(ref as string, { schema, pointer: ref as string, depth: 0 });
  }

  #resolve(ref: unknown, pointer: string): unknown {
    if (typeof ref !== "string" || !/^#(\/|$)/.test(ref)) {
      refuse(pointer, "must point into this schema: #/$defs/NAME");
    }
    let target: unknown = this.#root;
    for (const part of ref.split("/").slice(1)) {
      const key = pointerKey(part) ?? refuse(pointer, `${ref} is not a JSON pointer`);
      const holds = typeof target === "object" && target !== null && Object.hasOwn(target, key);
      target = holds ? (target as JsonObject)[key] : refuse(pointer, `${ref} leads nowhere`);
    }
    return target;
  }

  #typed(schema: JsonObject, words: readonly string[], place: Place): Part {
    const { pointer } = place;
    const types = schema.type === undefined
      ? TYPES.filter((type) => type !== "number" && KEYWORDS[type].some((key) => key in schema))
      : typeNames(schema.type, pointer);
    const known = new Set(["type", ...types.flatMap((type) => KEYWORDS[type])]);
    const unknown = words.find((word) => !known.has(word));
    if (unknown !== undefined) refuse(`${pointer}/${unknown}`, "is not supported");
    // Without a type, bounds hold for all numbers.
    const kinds = schema.type === undefined
      ? types.map((type): TypeName => type === "integer" ? "number" : type)
      : types.filter((type) => type !== "integer" || !types.includes("number"));
    return choice(...kinds.map((type) => this.#ofType(type, schema, place)));
  }

  #ofType(type: TypeName, schema: JsonObject, place: Place): Part {
    switch (type) {
      case "object":
        return this.#object(schema, place);
      case "array":
        return this.#array(schema, place);
      case "string":
        return this.#string(schema, place.pointer);
      case "boolean":
        return choice(literal("true"), literal("false"));
      case "null":
        return literal("null");
      default:
        return schemaNumber(schema, type === "integer", place.pointer);
    }
  }

  #object(schema: JsonObject, place: Place): Part {
    const { pointer } = place;
    const inner = (schema: unknown, path: string) =>
      this.#value({ schema, pointer: `${pointer}/${path}`, depth: place.depth + 1 });
    const declared = asObject(schema.properties ?? {}, `${pointer}/properties`);
    const long = Object.keys(declared).find((name) => name.length > NAME_CHARS_MAX);
    if (long !== undefined) refuse(`${pointer}/properties`, `has a name above ${NAME_CHARS_MAX}`);
    const required = schema.required ?? [];
    if (!Array.isArray(required)) refuse(`${pointer}/required`, "is not a list of names");
    const open = schema.additionalProperties ?? (schema.properties === undefined);
    const additional = open === false ? undefined : shared(inner(open, "additionalProperties"));
    const properties = Object.keys(declared).map((name): Property => ({
      name,
      required: required.includes(name),
      value: inner(declared[name], `properties/${escapePointer(name)}`),
    }));
    for (const name of required) {
      if (typeof name !== "string") refuse(`${pointer}/required`, "is not a list of names");
      if (Object.hasOwn(declared, name)) continue;
      const value = additional ??
        refuse(`${pointer}/required`, `names ${name}, which is not allowed`);
      properties.push({ name, required: true, value });
    }
    const key = this.#additionalKey(schema, properties, place);
    return objectPart(properties, additional && { key, value: additional });
  }

  /** How a name of `propertyNames` is spelled; undefined where any is good. */
  #additionalKey(
    schema: JsonObject,
    properties: readonly Property[],
    place: Place,
  ): Part | undefined {
    const pointer = `${place.pointer}/propertyNames`;
    const names = schema.propertyNames;
    if (names === undefined || names === true) return undefined;
    if (wordsOf(asObject(names, pointer)).every((word) => word === "type")) return undefined;
    if (properties.length > 0) refuse(pointer, "is not supported beside named properties");
    return this.#value({ schema: names, pointer, depth: place.depth + 1 });
  }

  #array(schema: JsonObject, place: Place): Part {
    const { pointer, depth } = place;
    const least = count(schema, "minItems", 0, pointer);
    const most = count(schema, "maxItems", Infinity, pointer);
    if (most === 0) return literal("[]");
    const item = shared(
      this.#value({ schema: schema.items ?? {}, pointer: `${pointer}/items`, depth: depth + 1 }),
    );
    const more = repeat(sequence(COMMA, item), Math.max(least - 1, 0), most - 1);
    const some = sequence(item, more);
    const items = least === 0 ? choice(some, NOTHING) : some;
    return sequence(literal("["), items, literal("]"));
  }

  #string(schema: JsonObject, pointer: string): Part {
    const least = count(schema, "minLength", 0, pointer);
    const most = count(schema, "maxLength", Infinity, pointer);
    const format = typeof schema.format === "string" ? formats.get(schema.format) : undefined;
    const pattern = schema.pattern ?? format;
    if (pattern === undefined) {
      return sequence(literal('"'), repeat(CHARACTER, least, most), literal('"'));
    }
    if (schema.minLength !== undefined || schema.maxLength !== undefined) {
      refuse(
        pointer,
        "a length is not supported beside a pattern or format: put it in the pattern",
      );
    }
    return sequence(literal('"'), patternPart(pattern, pointer), literal('"'));
  }

  #any(): Part {
    return run(this.#rule("", {
      schema: { type: ["object", "array", "string", "number", "boolean", "null"] },
      pointer: "#",
      depth: 0,
    }));
  }
}

function patternPart(pattern: unknown, pointer: string): Part {
  if (typeof pattern !== "string") refuse(`${pointer}/pattern`, "is not a string");
  try {
    return patternContent(pattern);
  } catch (cause) {
    if (cause instanceof FlintError) throw cause;
    refuse(`${pointer}/pattern`, (cause as Error).message);
  }
}

function pointerKey(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined;
  }
}

const escapePointer = (name: string) => name.replaceAll("~", "~0").replaceAll("/", "~1");
