/** Checking values by strangers' schemas: right, and never for long. */
import assert from "node:assert/strict";
import { fitting } from "../../../plugins/tools/tool.ts";
import { schemaCheck } from "../../../plugins/tools/schema_check.ts";

const TOO_LONG = "they take too long to check";
const NUMBERS = { a: Array.from({ length: 50_000 }, (_, i) => i) };

Deno.test("schema check: words of others that could run for ever are not run", () => {
  const text = { type: "string", pattern: "^(a+)+$" };
  const schemas = [
    { properties: { a: text } },
    { patternProperties: { "^(a+)+$": { type: "string" } } },
    { propertyNames: text },
    { anyOf: [{ properties: { a: { allOf: [text] } } }] },
    { properties: { a: { $ref: "#/$defs/text" } }, $defs: { text } },
    { dependentSchemas: { a: { properties: { a: text } } } },
  ];
  for (const schema of schemas) {
    const check = schemaCheck({ type: "object", ...schema });
    const a = "a".repeat(60) + "!"; // 2^60 steps for that expression
    assert.equal(check({ a, [a]: a }), undefined);
  }
  const objects = Array.from({ length: 50_000 }, (_, i) => ({ i })); // 10^9 pairs to compare
  assert.equal(schemaCheck({ items: {}, uniqueItems: true })(objects), undefined);
});

Deno.test("schema check: references that multiply or never end are given up, real recursion is not", () => {
  const $defs: Record<string, object> = { last: { type: "string" } };
  for (let i = 0; i < 40; i++) {
    const next = { $ref: `#/$defs/${i === 39 ? "last" : i + 1}` };
    $defs[i] = { anyOf: [next, next] };
  }
  assert.equal(schemaCheck({ $ref: "#/$defs/0", $defs })(1), TOO_LONG);
  assert.equal(schemaCheck({ allOf: [{ $ref: "#" }] })(1), TOO_LONG);
  assert.equal(
    schemaCheck({ properties: { a: { $ref: "#", default: {} } } }, { change: true })({}),
    TOO_LONG,
  );
  const tree = { properties: { n: { type: "integer" }, kids: { items: { $ref: "#" } } } };
  assert.equal(schemaCheck(tree)({ n: 1, kids: [{ n: 2, kids: [{ n: 3 }] }] }), undefined);
  assert.match(schemaCheck(tree)({ kids: [{ kids: [{ n: "x" }] }] })!, /must be integer/);
  assert.equal(
    schemaCheck({ properties: { a: { items: { type: "integer" } } } })(NUMBERS),
    undefined,
  );
});

Deno.test("schema check: properties and data that are named like words stay what they are", () => {
  const properties = { pattern: { type: "string" }, format: { const: { pattern: "x" } } };
  const check = schemaCheck({ type: "object", properties, required: ["pattern"] });
  assert.equal(check({ pattern: "x", format: { pattern: "x" } }), undefined);
  assert.match(check({ pattern: 1 })!, /must be string/);
  assert.match(check({ pattern: "", format: { pattern: "y" } })!, /equal to constant/);
  assert.match(check({})!, /required/);
});

Deno.test("schema check: it stands before every tool's values and every answer to a question", () => {
  const schema = { type: "object", properties: { a: { type: "string", pattern: "^(a+)+$" } } };
  assert.deepEqual(fitting("x", schema, { a: "a".repeat(60) + "!" }), { a: "a".repeat(60) + "!" });
});
