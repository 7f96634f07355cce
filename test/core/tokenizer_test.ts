/** Tokenizer: merges by hand, round trips, refusals; identity with llama.cpp is tokenizer_peer_test. */
import assert from "node:assert/strict";
import type { TokenizerSpec } from "../../core/flash/layout.ts";
import { createTokenizer, TEXT_CHARS_MAX } from "../../core/text/tokenizer.ts";
import { letterOfByte } from "../../core/text/vocabulary.ts";
import { modelTest, modelText, tinyTokenizer } from "../models.ts";
import { variedTexts } from "../varied_text.ts";

const tiny = createTokenizer(tinyTokenizer());
/** Pieces of a text, by a vocabulary that has single bytes only, under a pre-tokenizer's rules. */
function bytesOnly(changes: Partial<TokenizerSpec>) {
  return createTokenizer({
    model: "gpt2",
    pre: "gpt-2",
    tokens: [...letterOfByte, "ab", "abc", "<|end|>", "<x>"],
    types: [...letterOfByte.map(() => 1), 1, 1, 3, 4],
    merges: ["a b"],
    scores: [],
    bos: null,
    eos: null,
    eot: null,
    unknown: null,
    padding: null,
    addBos: false,
    addEos: false,
    addSpacePrefix: false,
    ...changes,
  });
}

Deno.test("tokenizer: the pair with the lowest rank joins first, leftmost among equals", () => {
  const pieces = (text: string, merges: string[]) => {
    const tokens = [...letterOfByte, "ab", "bc", "aa"];
    const { encode } = bytesOnly({ merges, tokens, types: [] });
    return encode(text).map((id) => tokens[id]).join(" ");
  };
  assert.equal(pieces("abc", ["a b", "b c"]), "ab c");
  assert.equal(pieces("abc", ["b c", "a b"]), "a bc");
  assert.equal(pieces("aaa", ["a a"]), "aa a");
});

Deno.test("tokenizer: control tokens are text unless asked for, user-defined ones never are", () => {
  assert.deepEqual(tiny.encode("<|im_end|>", { special: true }), [2]);
  assert.equal(tiny.encode("<|im_end|>").length, "<|im_end|>".length);
  const { encode } = bytesOnly({});
  assert.deepEqual(encode("a<x>b<|end|>").slice(0, 3), [97, 259, 98]);
});

Deno.test("tokenizer: a marked control token stays text and the mark goes", () => {
  const marked = tiny.encode("<\ue000|im_end|><|im_end|>", { special: true, mark: "\ue000" });
  assert.deepEqual(marked, [...tiny.encode("<|im_end|>"), 2]);
});

Deno.test("tokenizer: llama 3 takes a word that is a token without merging", () => {
  const abc = (pre: string) => bytesOnly({ pre }).encode("abc").length;
  assert.deepEqual([abc("llama-bpe"), abc("gpt-2")], [1, 2]);
});

Deno.test("tokenizer: a byte without a token is left out, a merged text is spelled", () => {
  const tokens = letterOfByte.filter((letter) => letter !== "z");
  const lacking = bytesOnly({ merges: ["x y", "xy z"], tokens });
  assert.deepEqual(lacking.encode("axyzb"), [97, 120, 121, 98]);
});

Deno.test("tokenizer: SentencePiece joins by score and spells strange letters in bytes", () => {
  const letters = ["▁", "a", "b", "▁a", "ab", "▁ab"];
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16)}>`);
  const { encode, decode } = bytesOnly({
    model: "llama",
    tokens: ["<unk>", ...letters, ...bytes],
    types: [2, ...letters.map(() => 1), ...bytes.map(() => 6)],
    scores: [0, -9, -9, -9, -2, -1, -3, ...bytes.map(() => 0)],
    merges: [],
    addSpacePrefix: true,
  });
  assert.deepEqual(encode("ab a"), [6, 4]);
  assert.deepEqual(encode("é"), [1, 7 + 0xc3, 7 + 0xa9]);
  assert.equal(decode(encode("ab é\n")), "ab é\n");
});

Deno.test("tokenizer: every text comes back, broken surrogates as U+FFFD", () => {
  for (const text of variedTexts(7, 300)) {
    assert.equal(tiny.decode(tiny.encode(text)), text.toWellFormed());
  }
});

Deno.test("tokenizer: one word of a million letters is a word like others", () => {
  const ids = bytesOnly({}).encode("ab".repeat(500_000));
  assert.equal(ids.length, 500_000);
});

Deno.test("tokenizer: refuses what it cannot do, and says what", () => {
  assert.throws(
    () => bytesOnly({ pre: "toString" }),
    /"toString" is not supported; known: .*qwen2/,
  );
  assert.throws(() => bytesOnly({ eos: 999 }), /eos = 999 is outside/);
  assert.throws(() => tiny.encode("a".repeat(TEXT_CHARS_MAX + 1)), /4194305 characters is above/);
});

Deno.test("tokenizer: knows what ends an answer", () => {
  assert.deepEqual(tiny.vocabulary.ends, [0, 2]);
  assert.ok(tiny.vocabulary.isControl(1) && !tiny.vocabulary.isControl(3));
});

for (const name of ["smollm2-135m", "qwen2.5-coder-1.5b"] as const) {
  modelTest(name, `tokenizer: every text comes back with ${name}`, (file) => {
    const { text, spec } = modelText(file);
    // SmolLM2 has no tokens for 21 of the bytes; llama.cpp leaves them out, too.
    const known = letterOfByte.map((letter) => spec.tokens.includes(letter));
    for (const sample of variedTexts(3, 300)) {
      const bytes = new TextEncoder().encode(sample).filter((byte) => known[byte]);
      assert.equal(
        text.decode(text.encode(sample)),
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
      );
    }
  });
}
