/** Damaged and hostile documents: read or refused, never a crash, a hang or another error. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlintError } from "@flint/core";
import { compileSchema } from "../../core/text/grammar/schema.ts";
import { readDocument } from "../../plugins/openapi/document.ts";
import { readOperations } from "../../plugins/openapi/operations.ts";
import { readApi } from "../../plugins/openapi/reader.ts";
import { Reading } from "../../plugins/openapi/reading.ts";
import { ZOO } from "../plugins/openapi/zoo.ts";

/** FUZZ_RUNS=100000 FUZZ_SEED=2 for a long run; a failure prints its seed and path. */
const numRuns = Number(Deno.env.get("FUZZ_RUNS") ?? 300);
const seed = Number(Deno.env.get("FUZZ_SEED") ?? 1);

/** What a place in a document may hold instead of what belongs there. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 1e308, "", "x".repeat(3000), [], {}, [[]]),
  fc.constantFrom(
    "#",
    "#/",
    "#/paths",
    "#/components/schemas/Animal",
    "#/components/schemas/Named/properties",
    "https://elsewhere.example/x.json#/a",
    "#/%",
  ).map(($ref) => ({ $ref })),
  fc.constantFrom("__proto__", "constructor").map((key) => JSON.parse(`{"${key}":{"a":1}}`)),
  fc.jsonValue({ maxDepth: 3 }),
);
const damage = fc.array(fc.record({ place: fc.nat(), junk }), { minLength: 1, maxLength: 4 });

/** The document with some places overwritten. */
function damaged(strokes: readonly { place: number; junk: unknown }[]): string {
  const copy = structuredClone(ZOO) as unknown as Record<string, unknown>;
  for (const { place, junk } of strokes) {
    const places: [Record<string, unknown>, string][] = [];
    const walk = (value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      for (const key of Object.keys(value)) {
        places.push([value as Record<string, unknown>, key]);
        walk((value as Record<string, unknown>)[key]);
      }
    };
    walk(copy);
    const [parent, key] = places[place % places.length]!;
    parent[key] = structuredClone(junk);
  }
  return JSON.stringify(copy);
}

Deno.test("openapi fuzz: a damaged document is read or refused, and what is read holds", async () => {
  const property = fc.asyncProperty(damage, async (strokes) => {
    try {
      const { document, faults } = await readDocument(damaged(strokes));
      const reading = readOperations(document, faults);
      const { operations } = Reading.parse(JSON.parse(JSON.stringify(reading)));
      for (const { plain } of operations) compileSchema(plain);
    } catch (error) {
      assert(error instanceof FlintError, `${error} ${(error as Error).stack}`);
    }
  });
  await fc.assert(property, { numRuns, seed });
});

Deno.test("openapi fuzz: damaged text is read or refused", async () => {
  const whole = JSON.stringify(ZOO, undefined, 1);
  const cuts = fc.record({ at: fc.nat(whole.length), length: fc.nat(40), text: fc.string() });
  const property = fc.asyncProperty(cuts, async ({ at, length, text }) => {
    const cut = whole.slice(0, at) + text + whole.slice(at + length);
    await readDocument(cut).catch((error) => assert(error instanceof FlintError, String(error)));
  });
  await fc.assert(property, { numRuns, seed });
});

const shell = (more: object) => JSON.stringify({ openapi: "3.1.0", info: {}, paths: {}, ...more });
const schemas = (all: object) =>
  shell({
    components: { schemas: all },
    paths: {
      "/": {
        post: {
          requestBody: {
            content: {
              "application/json": {
                schema: { $ref: "#/components/schemas/S0" },
              },
            },
          },
        },
      },
    },
  });
const many = (count: number, make: (i: number) => object) =>
  schemas(Object.fromEntries(Array.from({ length: count }, (_, i) => [`S${i}`, make(i)])));
const to = (i: number) => ({ $ref: `#/components/schemas/S${i}` });

/** Documents that grow, nest or turn in circles. */
const HOSTILE: Readonly<Record<string, string>> = {
  "a schema that is itself": many(1, () => to(0)),
  "schemas in a circle of allOf": many(3, (i) => ({ allOf: [to((i + 1) % 3), to((i + 2) % 3)] })),
  "options of options": many(30, (i) => ({ anyOf: [to(i + 1), to(i + 1), { type: "null" }] })),
  "all of all of all": many(30, (i) => ({ allOf: [to(i + 1), to(i + 1)] })),
  "a long chain": many(5000, (i) => ({ properties: { a: to(i + 1) } })),
  "very deep": `{"openapi":"3.1.0","paths":{"/":${'{"get":'.repeat(20_000)}1${
    "}".repeat(20_000)
  }}}`,
  "very deep YAML": `openapi: 3.1.0\npaths: ${"[".repeat(50_000)}`,
  "many aliases": "openapi: 3.1.0\na: &a [x,x,x,x,x,x,x,x]\n" +
    "bcdefghijklm".split("").map((key, i) => {
      const before = "abcdefghijklm"[i]!;
      return `${key}: &${key} [${Array(8).fill(`*${before}`).join(",")}]\n`;
    }).join("") + "paths: *m\n",
  "many operations": shell({
    paths: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`/${i}`, { get: {} }])),
  }),
  "a wide enum": many(
    1,
    () => ({ properties: { a: { enum: Array.from({ length: 50_000 }, String) } } }),
  ),
  "many required": many(1, () => ({ required: Array(20_000).fill("a"), properties: { a: {} } })),
};

for (const [what, text] of Object.entries(HOSTILE)) {
  Deno.test(`openapi fuzz: ${what} is read or refused, and holds up nothing`, async () => {
    let ticks = 0;
    const clock = setInterval(() => ticks++, 10);
    try {
      const { operations } = await readApi(text);
      for (const { plain } of operations) compileSchema(plain);
      assert(JSON.stringify(operations).length < 4e6);
    } catch (error) {
      assert(error instanceof FlintError && error.code === "bad_input", String(error));
    } finally {
      clearInterval(clock);
    }
    assert(ticks > 0); // this thread went on meanwhile
  });
}
