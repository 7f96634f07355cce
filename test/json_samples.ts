/** Seeded JSON schemas of the kinds that grammars support, and values that satisfy them. */

/** An integer in [0, n). */
export type Pick = (n: number) => number;
/** A JSON schema. */
export type Schema = Record<string, unknown>;

const patterns: readonly [pattern: string, samples: readonly string[]][] = [
  ["^[a-z]{2,5}$", ["ab", "xyzzy"]],
  ["^(GET|POST) /\\w*(\\?q=\\d+)?$", ["GET /", "POST /a_1?q=42"]],
  ['^\\p{Lu}[^\\s"]*$', ["Élan", "Ж😀"]],
  ["b+c?", ["b", "xxbbc\n", 'é"b']],
  ["^a|z$", ["a tail", "until z"]],
  ["^.{3}$", ["abc", '"\\\t', "😀中é"]],
];
const strings = [
  "",
  "a",
  'quote " and \\ back',
  "line\nbreak\ttab",
  "é中😀",
  "\u0000\u001f\u007f",
  "</s>",
];
const keys = ["name", "na", "name2", "é", 'q"', "items", "$ref", "__proto__x", "a b"];

/** A schema; `$ref` may name "node", which `sampleSchema` puts into $defs. */
function schema(pick: Pick, depth: number): Schema {
  const kinds = depth <= 0 ? 7 : 11;
  switch (pick(kinds)) {
    case 0:
      return pick(2) ? { type: "string" } : lengths(pick, "Length", { type: "string" }, 6);
    case 1:
      return { type: "string", pattern: patterns[pick(patterns.length)]![0] };
    case 2:
      return bounds(pick, { type: "integer" }, (n) => n);
    case 3:
      return bounds(pick, { type: "number" }, (n) => n / 4);
    case 4:
      return { type: ["boolean", "null"] };
    case 5:
      return { enum: [1, "one", null, -2.5, [true, "x"], { a: "é" }].slice(0, 1 + pick(6)) };
    case 6:
      return { const: strings[pick(strings.length)] };
    case 7:
      return lengths(pick, "Items", { type: "array", items: schema(pick, depth - 1) }, 4);
    case 8:
      return { anyOf: [schema(pick, depth - 1), schema(pick, depth - 1)] };
    case 9:
      return { $ref: "#/$defs/node" };
    default:
      return object(pick, depth);
  }
}

function object(pick: Pick, depth: number): Schema {
  const names = keys.filter(() => pick(3) === 0);
  const properties = Object.fromEntries(names.map((name) => [name, schema(pick, depth - 1)]));
  const required = names.filter(() => pick(2) === 0);
  const additional = [false, undefined, schema(pick, depth - 1)][pick(3)];
  const rest = additional === undefined ? {} : { additionalProperties: additional };
  return { type: "object", properties, required, ...rest };
}

function lengths(pick: Pick, unit: string, schema: Schema, most: number): Schema {
  const low = pick(most), high = low + pick(most);
  return {
    ...schema,
    ...(pick(2) && { [`min${unit}`]: low }),
    ...(pick(2) && { [`max${unit}`]: high }),
  };
}

function bounds(pick: Pick, schema: Schema, scale: (n: number) => number): Schema {
  const low = pick(300) - 150, high = low + 2 + pick(300);
  return {
    ...schema,
    ...(pick(2) && { [pick(2) ? "minimum" : "exclusiveMinimum"]: scale(low) }),
    ...(pick(2) && { [pick(2) ? "maximum" : "exclusiveMaximum"]: scale(high) }),
  };
}

/** A whole schema, with a recursive definition that some of its parts refer to. */
export function sampleSchema(pick: Pick): Schema {
  const node = {
    type: "object",
    properties: { value: schema(pick, 0), next: { $ref: "#/$defs/node" } },
    required: ["value"],
    additionalProperties: false,
  };
  return { ...schema(pick, 3), $defs: { node } };
}

/** A value that satisfies the schema, its properties in order; `root` holds the definitions. */
export function sampleValue(pick: Pick, schema: Schema, root: Schema): unknown {
  const again = (schema: unknown) => sampleValue(pick, schema as Schema, root);
  if (schema.$ref) return again((root.$defs as Schema).node);
  if (schema.anyOf) return again((schema.anyOf as Schema[])[pick(2)]);
  if ("const" in schema) return schema.const;
  if (schema.enum) return (schema.enum as unknown[])[pick((schema.enum as unknown[]).length)];
  switch (schema.type) {
    case "string":
      return text(pick, schema);
    case "integer":
      return between(pick, schema, 1);
    case "number":
      return between(pick, schema, 8);
    case "array":
      return Array.from({ length: amount(pick, schema, "Items") }, () => again(schema.items));
    case "object":
      return members(pick, schema, again);
    default:
      return [true, false, null][pick(3)];
  }
}

function text(pick: Pick, schema: Schema): string {
  const known = patterns.find(([pattern]) => pattern === schema.pattern);
  if (known) return known[1][pick(known[1].length)]!;
  const letters = ["a", "é", "中", "😀", '"', "\\", "\n", "/", "\u0001"];
  const length = amount(pick, schema, "Length");
  return Array.from({ length }, () => letters[pick(letters.length)]).join("");
}

function amount(pick: Pick, schema: Schema, unit: string): number {
  const low = Number(schema[`min${unit}`] ?? 0), high = Number(schema[`max${unit}`] ?? low + 3);
  return low + pick(high - low + 1);
}

/** A number within the bounds in steps of 1 / parts. */
function between(pick: Pick, schema: Schema, parts: number): number {
  const open = (word: string) => Number(schema[word] ?? NaN);
  const least = Math.max(
    ...[
      open("minimum") * parts,
      Math.floor(open("exclusiveMinimum") * parts) + 1,
    ].filter((n) => !Number.isNaN(n)),
    -1000,
  );
  const most = Math.min(
    ...[
      open("maximum") * parts,
      Math.ceil(open("exclusiveMaximum") * parts) - 1,
    ].filter((n) => !Number.isNaN(n)),
    1000 * parts,
  );
  const first = Math.ceil(least);
  return (first + pick(Math.floor(most) - first + 1)) / parts + 0;
}

function members(pick: Pick, schema: Schema, again: (schema: unknown) => unknown): Schema {
  const value: Schema = {};
  const required = schema.required as string[];
  for (const [name, property] of Object.entries(schema.properties as Schema)) {
    // Optional ones mostly not, so that a recursive definition ends.
    if (required.includes(name) || pick(4) === 0) value[name] = again(property);
  }
  if (schema.additionalProperties && pick(2)) value.other1 = again(schema.additionalProperties);
  return value;
}
