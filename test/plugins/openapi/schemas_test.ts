/** The plain schema that a model is shown allows all that the whole one does, and the grammar knows it. */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { compileSchema } from "../../../core/text/grammar/schema.ts";
import { Document } from "../../../plugins/openapi/document.ts";
import { SchemaCarrier } from "../../../plugins/openapi/schemas.ts";
import { plainSchema } from "../../../plugins/tools/plain_schema.ts";

const ajv = new Ajv2020({ strict: false, inlineRefs: false, validateSchema: false });
const NAMES = ["a", "b", "c"];

/** Schemas as APIs have them: combined, nested, referring to each other, sometimes at odds with themselves. */
const { schema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom<object>(
      {},
      { type: "string", minLength: 1, maxLength: 3 },
      { type: "integer", minimum: 0, maximum: 5 },
      { type: ["number", "null"] },
      { enum: ["x", 1, null] },
      { const: true },
      { type: "boolean" },
      { type: "null" },
    ),
    fc.constantFrom("A", "B").map((name) => ({ $ref: `#/components/schemas/${name}` })),
    fc.record({
      type: fc.constant("object"),
      properties: fc.dictionary(fc.constantFrom(...NAMES), tie("schema")),
      required: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
    }, { requiredKeys: ["type", "properties"] }), // without a type it is read as an object, which is meant
    tie("schema").map((items) => ({ type: "array", items, maxItems: 3 })),
    tie("schema").map((additionalProperties) => ({ type: "object", additionalProperties })),
    fc.record({
      word: fc.constantFrom("anyOf", "oneOf", "allOf"),
      options: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
      beside: fc.option(tie("schema")),
    }).map(({ word, options, beside }) => ({ ...beside, [word]: options })),
  ),
}));

/** Values of which some fit. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom<unknown>("x", "xy", "", 0, 1, 5, 7, 0.5, null, true, false),
    fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 3 }),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
}));

Deno.test("openapi: what the whole schema allows, the plain one allows", () => {
  let fitting = 0;
  fc.assert(
    fc.property(
      schema,
      schema,
      schema,
      fc.array(value, { maxLength: 20 }),
      (root, A, B, values) => {
        const carrier = new SchemaCarrier(new Document({ components: { schemas: { A, B } } }));
        const carried = carrier.carry(root) as object;
        const plain = plainSchema(carried, carrier.defs);
        const whole = validator({ ...carried, $defs: carrier.defs });
        if (!whole) return;
        const simple = ajv.compile(plain);
        for (const one of values) {
          if (!whole(one)) continue;
          fitting++;
          assert(simple(one), JSON.stringify({ root, A, B, plain, one }));
        }
      },
    ),
    { numRuns: 400, seed: 1 },
  );
  assert(fitting > 100);
});

/** Undefined for a schema that refers to itself and nothing else. */
function validator(schema: object) {
  try {
    const validate = ajv.compile(schema);
    return (one: unknown) => {
      try {
        return validate(one);
      } catch (error) {
        if (error instanceof RangeError) return false;
        throw error;
      }
    };
  } catch {
    return undefined;
  }
}

Deno.test("openapi: what is refused by the grammar is not shown to a model", () => {
  fc.assert(
    fc.property(schema, schema, schema, (root, A, B) => {
      const carrier = new SchemaCarrier(new Document({ components: { schemas: { A, B } } }));
      const plain = plainSchema(carrier.carry(root), carrier.defs);
      compileSchema({ type: "object", properties: { arguments: plain } });
    }),
    { numRuns: 1000, seed: 2 },
  );
});

Deno.test("openapi: a very wide or deep schema is cut to what a model can read", () => {
  const wide = Object.fromEntries(
    Array.from(
      { length: 500 },
      (_, i) => [`p${i}`, { type: "string", description: "x".repeat(300) }],
    ),
  );
  const plain = plainSchema({ type: "object", properties: wide, required: ["p1"] }, {});
  assert.deepEqual(plain.required, ["p1"]);
  assert(JSON.stringify(plain).length <= 6000);
});
