/** Streaming: whole characters, and stop strings that never show, however tokens cut them. */
import assert from "node:assert/strict";
import { TextStream } from "../../core/text/stream.ts";
import { createTokenizer } from "../../core/text/tokenizer.ts";
import { tinyTokenizer } from "../models.ts";
import { randomInts } from "../random.ts";

const { vocabulary, encode } = createTokenizer(tinyTokenizer());
/** Single-byte tokens, the finest cut there is. */
const bytes = (text: string) => [...new TextEncoder().encode(text)].map((byte) => 3 + byte);

function streamed(ids: readonly number[], stops: string[] = []): string[] {
  const stream = new TextStream(vocabulary, stops);
  return [...ids.map((id) => stream.push(id)), stream.flush()];
}

Deno.test("stream: a character comes whole or not at all", () => {
  assert.deepEqual(streamed(bytes("é😀")), ["", "é", "", "", "", "😀", ""]);
  assert.deepEqual(streamed(bytes("😀").slice(0, 3)).join(""), "");
  assert.deepEqual(streamed(bytes("\ufeffa")).join(""), "\ufeffa");
});

Deno.test("stream: control tokens have no text", () => {
  assert.deepEqual(streamed([1, ...encode("a"), 2]).join(""), "a");
});

Deno.test("stream: what may become a stop string waits until it cannot", () => {
  assert.deepEqual(streamed(bytes("a<bc"), ["<b>"]), ["a", "", "", "<bc", ""]);
  assert.deepEqual(streamed(bytes("a<b"), ["<b>"]), ["a", "", "", "<b"]);
});

Deno.test("stream: stops before the stop string and says no more", () => {
  const stream = new TextStream(vocabulary, ["END"]);
  const text = [..."xENDy"].map((letter) => stream.push(bytes(letter)[0]!)).join("");
  assert.deepEqual([text, stream.flush(), stream.stopped], ["x", "", true]);
});

Deno.test("stream: the earliest of several stops counts", () => {
  assert.equal(streamed(bytes("abcdef"), ["def", "cd"]).join(""), "ab");
  assert.equal(streamed(bytes("aabaab!"), ["aab!"]).join(""), "aab");
});

Deno.test("stream: equals cutting the whole text, for random texts and stops", () => {
  const pick = randomInts(5);
  const word = (n: number) => Array.from({ length: n }, () => "ab€"[pick(3)]).join("");
  for (let i = 0; i < 500; i++) {
    const text = word(pick(30)), stop = word(1 + pick(4));
    assert.equal(streamed(bytes(text), [stop]).join(""), text.split(stop)[0]);
  }
});

Deno.test("stream: refuses stop strings without end", () => {
  assert.throws(() => new TextStream(vocabulary, [""]), /0 characters, not 1 to 1000/);
  assert.throws(() => new TextStream(vocabulary, Array(17).fill("x")), /17 strings; at most 16/);
});
