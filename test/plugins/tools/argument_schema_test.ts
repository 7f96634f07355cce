/** The schema under which a model writes arguments: every parameter is put to it, none is forced on it. */
import assert from "node:assert/strict";
import { checkSchema } from "@flint/core";
import { argumentSchema, givenArguments } from "../../../plugins/tools/argument_schema.ts";

const WEATHER = {
  type: "object",
  properties: {
    city: { type: "string" },
    days: { type: "integer", minimum: 0 },
    note: { type: ["string", "null"] },
  },
  required: ["city"],
  additionalProperties: false,
};

Deno.test("arguments: optional parameters are put too, and null leaves them out", () => {
  assert.deepEqual(argumentSchema(WEATHER), {
    ...WEATHER,
    properties: {
      ...WEATHER.properties,
      days: { anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }] },
    },
    required: ["city", "days", "note"],
  });
  const values = { city: "Ulm", days: null, note: null };
  assert.deepEqual(givenArguments(values, WEATHER), { city: "Ulm", note: null });
  assert.deepEqual(givenArguments({ city: null }, WEATHER), { city: null }, "the check refuses it");
});

Deno.test("arguments: a text whose description is a form has that form", () => {
  const one = (property: object) => {
    const schema = { type: "object", properties: { at: property }, required: ["at"] };
    return (argumentSchema(schema).properties as Record<string, unknown>).at;
  };
  const date = { type: "string", description: "YYYY-MM-DD" };
  assert.deepEqual(one(date), { ...date, format: "date" });
  const either = { type: "string", description: "YYYY-MM-DD or a weekday" };
  assert.deepEqual(one(either), either);
});

Deno.test("arguments: where there are many optional ones, the model chooses", () => {
  const names = Array.from({ length: 12 }, (_, i) => [`p${i}`, { type: "string" }]);
  const schema = { type: "object", properties: Object.fromEntries(names) };
  assert.deepEqual(argumentSchema(schema), { ...schema, required: [] });
  assert.deepEqual(givenArguments({ p1: null }, schema), { p1: null });
});

Deno.test("arguments: a schema that no grammar follows is made plain, not dropped", () => {
  const schema = {
    type: "object",
    properties: { n: { type: "integer", multipleOf: 3 }, who: { $ref: "#/$defs/who" } },
    required: ["n"],
    $defs: { who: { type: "string", not: { const: "" } } },
  };
  assert.throws(() => checkSchema(schema));
  const made = argumentSchema(schema);
  checkSchema(made);
  assert.deepEqual(made, {
    type: "object",
    properties: { n: { type: "integer" }, who: { type: "string" } },
    required: ["n"],
  });
});
