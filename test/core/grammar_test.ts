/**
 * Grammar-constrained decoding, against a real validator: what satisfies a schema is accepted token
 * by token, what random allowed tokens spell satisfies it. Masks against their slow twin.
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import { compileGrammar, type Grammar } from "../../core/text/grammar.ts";
import { createTokenizer, type Tokenizer } from "../../core/text/tokenizer.ts";
import { sampleSchema, sampleValue, type Schema } from "../json_samples.ts";
import { modelTest, modelText, tinyTokenizer } from "../models.ts";
import { randomInts } from "../random.ts";

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const tinySpec = tinyTokenizer();
const tiny = createTokenizer(tinySpec);

const isAllowed = (mask: Uint32Array, id: number) => (mask[id >> 5]! >>> (id & 31) & 1) === 1;

/** Goes through the grammar by a text's own tokens; the first that is not allowed, if any. */
function refusedAt(grammar: Grammar, text: string, { encode }: Tokenizer): number | undefined {
  const state = grammar.start();
  const ids = encode(text);
  for (const [i, id] of ids.entries()) {
    if (!isAllowed(state.allow(), id)) return i;
    state.accept(id);
  }
  return state.complete ? undefined : ids.length;
}

const accepts = (schema: Schema, ...texts: string[]) => {
  const grammar = compileGrammar(schema, tiny.vocabulary);
  for (const text of texts) assert.equal(refusedAt(grammar, text, tiny), undefined, text);
};
const refuses = (schema: Schema, ...texts: string[]) => {
  const grammar = compileGrammar(schema, tiny.vocabulary);
  for (const text of texts) assert.notEqual(refusedAt(grammar, text, tiny), undefined, text);
};

/** Random allowed tokens to the end; after `patience` tokens those that close what is open. */
function walk(grammar: Grammar, pick: (n: number) => number, tokenizer: Tokenizer) {
  const { vocabulary, decode } = tokenizer;
  const state = grammar.start();
  const ids: number[] = [];
  while (!state.done) {
    const mask = state.allow();
    const allowed = [...Array(vocabulary.size).keys()].filter((id) => isAllowed(mask, id));
    assert.ok(allowed.length > 0, `nothing may follow ${decode(ids)}`);
    const quick = ids.length < 60 ? undefined : closing(tokenizer, mask, pick(2));
    ids.push(quick ?? allowed[pick(allowed.length)]!);
    state.accept(ids.at(-1)!);
    assert.ok(ids.length < 400, `no end: ${decode(ids)}`);
  }
  return decode(ids);
}

/** A token that brings the end nearer: of strings the quote, of objects the brace, and so on. */
function closing({ vocabulary }: Tokenizer, mask: Uint32Array, turn: number) {
  const id = (letter: string) =>
    Array.from({ length: vocabulary.size }, (_, id) => id).find((id) =>
      !vocabulary.isControl(id) && vocabulary.nameOf(id) === letter
    )!;
  // Within a string "x" may come; the patterns that must not end yet want a "b" or a "z".
  const inString = isAllowed(mask, id("x"));
  const letters = inString ? ['"', "bz"[turn]!] : ["}", "]", '"', "b", "a", "0"];
  return [...vocabulary.ends, ...letters.map(id)].find((id) => isAllowed(mask, id));
}

function followsSchemas(tokenizer: Tokenizer, seed: number, count: number): void {
  const pick = randomInts(seed);
  for (let i = 0; i < count; i++) {
    const schema = sampleSchema(pick);
    const isValid = ajv.compile(schema);
    const grammar = compileGrammar(schema, tokenizer.vocabulary);
    const spelled = JSON.stringify(schema);
    const value = sampleValue(pick, schema, schema);
    assert.ok(isValid(value), `the sample ${JSON.stringify(value)} is valid for ${spelled}`);
    const text = JSON.stringify(value);
    assert.equal(refusedAt(grammar, text, tokenizer), undefined, `${text} for ${spelled}`);
    const said = walk(grammar, pick, tokenizer);
    assert.ok(isValid(JSON.parse(said)), `${said} is valid for ${spelled}`);
  }
}

Deno.test("grammar: random schemas hold random walks, and let their values pass", () => {
  followsSchemas(tiny, 1, 100);
});

modelTest("smollm2-135m", "grammar: the same with SmolLM2's tokens", (file) => {
  followsSchemas(modelText(file).text.tokenizer, 2, 15);
});

modelTest("qwen2.5-coder-1.5b", "grammar: the same with Qwen's tokens", (file) => {
  followsSchemas(modelText(file).text.tokenizer, 3, 5);
});

modelTest(
  "smollm2-135m",
  "grammar: a mask is what following each token by itself gives",
  (file) => {
    const { vocabulary, encode } = modelText(file).text.tokenizer;
    const schema = {
      type: "object",
      properties: { a: { type: "string", maxLength: 9 }, b: {} },
      required: ["b"],
    };
    const grammar = compileGrammar(schema, vocabulary);
    const ids = encode('{"a": "xé","b": "');
    for (let said = 0; said <= ids.length; said++) {
      const mask = after(grammar, ids.slice(0, said)).allow();
      for (let id = said; id < vocabulary.size; id += 7) {
        const follows = doesNotThrow(() => after(grammar, ids.slice(0, said)).accept(id));
        assert.equal(isAllowed(mask, id), follows, `token ${id} after ${said}`);
      }
    }
  },
);

function after(grammar: Grammar, ids: readonly number[]) {
  const state = grammar.start();
  for (const id of ids) state.accept(id);
  return state;
}

function doesNotThrow(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

Deno.test("grammar: strings hold every escape and character, and no broken ones", () => {
  accepts({ type: "string" }, '""', '"é中😀\u007f"', '"\\n\\u0041\\ud83d\\ude00\\/"');
  refuses({ type: "string" }, '"a', '"\n"', '"\\x"', '"\\u12"', '"\\ud83d"', '"\\ude00"', "a");
});

Deno.test("grammar: lengths count characters, not bytes or escapes", () => {
  const schema = { type: "string", minLength: 2, maxLength: 3 };
  accepts(schema, '"😀é"', '"\\u0041b\\n"', '"\\ud83d\\ude00a"');
  refuses(schema, '"😀"', '"abcd"', '"\\ud83d\\ude00"');
});

Deno.test("grammar: properties come in order, optional ones may be left out", () => {
  const schema = {
    type: "object",
    properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } },
    required: ["b"],
  };
  accepts(schema, '{"b":2}', '{"a":1,"b":2}', '{"b":2,"c":3}', '{"a":1,"b":2,"c":3}');
  refuses(schema, "{}", '{"a":1}', '{"b":2,"a":1}', '{"b":2,"b":2}', '{"b":2,}', '{"b":2,"d":4}');
});

Deno.test("grammar: one blank after a comma or colon, none elsewhere", () => {
  const schema = { type: "object", properties: { a: { type: "array", items: { const: 1 } } } };
  accepts(schema, '{"a": [1, 1]}', '{"a":\n[1,\n1]}');
  refuses(schema, '{"a":  [1]}', '{ "a":[1]}', '{"a":[1 ]}', ' {"a":[1]}', '{"a":[1]} ');
});

Deno.test("grammar: other names than the declared ones, also those that begin alike", () => {
  const schema = {
    type: "object",
    properties: { na: { const: 1 }, é: { const: 1 } },
    additionalProperties: { const: 2 },
  };
  accepts(schema, '{"n":2}', '{"name":2}', '{"":2,"è":2,"éa":2}', '{"na":1,"é":1,"x":2}');
  refuses(schema, '{"na":2}', '{"é":2}', '{"x":2,"na":1}', '{"n\\u0061":2}', '{"x":1}');
  const record = { type: "object", propertyNames: { pattern: "^k\\d$" }, additionalProperties: {} };
  accepts(record, '{"k1":{},"k2":[]}');
  refuses(record, '{"k":1}');
});

Deno.test("grammar: numbers stay within bounds to the last digit", () => {
  const pick = randomInts(11);
  for (let i = 0; i < 60; i++) {
    const low = (pick(4000) - 2000) / 10 ** pick(3), high = low + 1 + pick(3000) / 10 ** pick(4);
    const schema = {
      type: ["number", "integer"][pick(2)]!,
      [["minimum", "exclusiveMinimum"][pick(2)]!]: low,
      [["maximum", "exclusiveMaximum"][pick(2)]!]: Number(high.toFixed(4)),
    };
    const isValid = ajv.compile(schema);
    const texts = [low, high, low + 0.01, high - 0.01, low - 0.1, high + 1, 0, -5, (low + high) / 2]
      .flatMap((n) => [Number(n.toFixed(4)), Math.floor(n), Number(n.toFixed(1))])
      .map((n) => String(n + 0)).filter((text) => !text.includes("e"));
    const valid = texts.filter((text) => isValid(Number(text)));
    accepts(schema, ...valid);
    refuses(schema, ...texts.filter((text) => !valid.includes(text)));
  }
});

Deno.test("grammar: free numbers as JSON has them", () => {
  accepts({ type: "number" }, "0", "-0", "-12.50", "1e9", "1.5E-7", "9007199254740991");
  refuses({ type: "number" }, "01", "+1", ".5", "1.", "1e", "1e999", "--1", "0x1", "NaN");
  accepts({ type: "integer" }, "-7");
  refuses({ type: "integer" }, "1.0", "1e2");
});

Deno.test("grammar: formats are real dates and the like", () => {
  accepts({ type: "string", format: "date" }, '"2024-02-29"', '"1999-12-31"');
  refuses({ type: "string", format: "date" }, '"2023-02-29"', '"2024-04-31"', '"2024-13-01"');
  accepts({ type: "string", format: "date-time" }, '"2024-01-05T23:59:59.5+01:00"');
  accepts({ type: "string", format: "email" }, '"a.b+c@ex-ample.org"');
  refuses({ type: "string", format: "email" }, '"a@b"', '"@b.c"');
  accepts({ type: "string", format: "ipv4" }, '"255.0.10.99"');
  refuses({ type: "string", format: "ipv4" }, '"256.0.0.1"');
  accepts({ type: "string", format: "unknown" }, '"anything"');
});

Deno.test("grammar: oneOf where the branches exclude each other", () => {
  const kind = (name: string) => ({
    type: "object",
    properties: { kind: { const: name } },
    required: ["kind"],
  });
  const schema = {
    oneOf: [{ $ref: "#/$defs/a" }, kind("b"), { type: "null" }],
    $defs: { a: kind("a") },
  };
  accepts(schema, '{"kind":"a"}', '{"kind":"b"}', "null");
  const both = { oneOf: [{ type: "number" }, { type: "integer" }] };
  assert.throws(() => compileGrammar(both, tiny.vocabulary), /oneOf 0 and 1 may hold at once/);
});

Deno.test("grammar: any JSON object, and it ends with its brace", () => {
  const grammar = compileGrammar({ type: "object" }, tiny.vocabulary);
  const state = after(grammar, tiny.encode('{"a":[1,{"b":null}]'));
  assert.deepEqual([state.complete, state.done], [false, false]);
  state.accept(tiny.encode("}")[0]!);
  assert.deepEqual([state.complete, state.done], [true, true]);
  const ids = [...Array(tiny.vocabulary.size).keys()];
  assert.deepEqual(ids.filter((id) => isAllowed(state.allow(), id)), tiny.vocabulary.ends);
  assert.notEqual(refusedAt(grammar, "[]", tiny), undefined);
});

Deno.test("grammar: an end token comes when the answer is complete, and nothing after it", () => {
  const grammar = compileGrammar({ type: "integer" }, tiny.vocabulary);
  const state = grammar.start();
  assert.ok(!isAllowed(state.allow(), 2));
  state.accept(tiny.encode("4")[0]!);
  assert.ok(isAllowed(state.allow(), 2) && !state.done && state.complete);
  state.accept(2);
  assert.ok(state.done);
  assert.throws(() => state.accept(tiny.encode("2")[0]!), /no token follows/);
  assert.throws(() => after(grammar, tiny.encode("x")), /is allowed by the grammar/);
});

Deno.test("grammar: refusals name the place", () => {
  const thirds = { type: "integer", multipleOf: 3 };
  const deep = JSON.parse('{"items":'.repeat(70) + "{}" + "}".repeat(70));
  const endless = { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] };
  const refused: [Schema, RegExp][] = [
    [{ properties: { "a/b": thirds } }, /#\/properties\/a~1b\/multipleOf is not/],
    [{ type: "object", patternProperties: {} }, /#\/patternProperties is not supported/],
    [{ type: "array", uniqueItems: true }, /#\/uniqueItems is not supported/],
    [{ not: {} }, /#\/not is not supported/],
    [{ type: "text" }, /#\/type "text" is not one of object array/],
    [{ $ref: "#/$defs/none" }, /#\/\$ref #\/\$defs\/none leads nowhere/],
    [{ $ref: "other.json" }, /must point into this schema/],
    [{ $ref: "#/%" }, /is not a JSON pointer/],
    [{ anyOf: [{ $ref: "#" }, { type: "null" }] }, /leads back to itself/],
    [endless, /of finite length/],
    [{ type: "integer", minimum: 3, maximum: 2 }, /of finite length/],
    [{ type: "string", pattern: "(?=a)" }, /#\/pattern \(\?=a\) is not supported/],
    [{ type: "string", pattern: "(" }, /#\/pattern Invalid regular expression/],
    [{ type: "string", pattern: "(ab?){200000}" }, /more than 100000 states/],
    [{ type: "string", maxLength: 1e9 }, /more than 100000 states/],
    [{ type: "string", minLength: -1 }, /#\/minLength is not a whole number/],
    [{ type: "string", enum: [1] }, /#\/enum has no value of the given type/],
    [{ type: "object", required: ["x"], properties: {} }, /names x, which is not allowed/],
    [deep, /nests deeper than 64/],
    [{ description: "x".repeat(300_000) }, /has \d+ characters, above/],
  ];
  for (const [schema, message] of refused) {
    assert.throws(() => compileGrammar(schema, tiny.vocabulary), { code: "bad_input", message });
  }
});

Deno.test("grammar: text that the model has no tokens for is refused when it comes to it", () => {
  const tokens = tinySpec.tokens.map((text) => text === "b" ? "<b>" : text);
  const { vocabulary, encode } = createTokenizer({ ...tinySpec, tokens });
  const state = after(compileGrammar({ const: "ab" }, vocabulary), encode('"a'));
  assert.throws(() => state.allow(), {
    code: "bad_input",
    message: /no token of the model spells/,
  });
});

Deno.test("grammar: alternatives that double with each level are stopped, not followed", () => {
  const list = (maxItems: number) => ({ type: "array", items: { $ref: "#" }, maxItems });
  const grammar = compileGrammar({ anyOf: [list(1), list(2), list(3)] }, tiny.vocabulary);
  assert.throws(() => refusedAt(grammar, "[".repeat(40), tiny), /too many alternatives/);
});
