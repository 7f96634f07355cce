import assert from "node:assert/strict";
import { PromptLookup } from "../../core/run/lookup.ts";
import { TextIndex } from "../../core/run/text_index.ts";
import { randomInts } from "../random.ts";

const lookup = (tokensMax = 1000) => new PromptLookup().start(tokensMax);
const guess = (tokens: number[], max: number, tokensMax?: number) =>
  lookup(tokensMax).propose(tokens, max).tokens;

Deno.test("lookup: what followed the longest match is guessed", () => {
  assert.deepEqual(guess([1, 2, 3, 4, 5, 6, 9, 2, 3, 7, 1, 2, 3], 3), [4, 5, 6]);
  assert.deepEqual(guess([1, 2, 3, 4, 5, 9, 2, 3], 3), [4, 5, 9]);
  assert.deepEqual(guess([1, 2, 3, 4, 9, 8, 3], 2), [4, 9]);
  assert.deepEqual(guess([1, 2, 3, 4, 9, 8, 7], 3), []);
  assert.deepEqual(guess([1], 3), []);
});

Deno.test("lookup: the latest occurrence counts, and a repetition goes on", () => {
  assert.deepEqual(guess([1, 2, 5, 1, 2, 6, 1, 2], 1), [6]);
  assert.deepEqual(guess([7, 8, 7, 8], 3), [7, 8, 7]);
  assert.deepEqual(guess([4, 4, 4], 3), [4, 4, 4]);
});

Deno.test("lookup: no guess is longer than what may still be said", () => {
  assert.deepEqual(guess([4, 4, 4], 9, 5), [4, 4]);
  assert.deepEqual(guess([4, 4, 4], 9, 3), []);
});

Deno.test("lookup: earlier answers are guessed from, never past their end", () => {
  const all = new PromptLookup();
  all.remember([1, 2, 3, 4, 5]);
  all.remember([9, 9]);
  assert.deepEqual(all.start(100).propose([7, 1, 2, 3], 6).tokens, [4, 5]);
  assert.deepEqual(all.start(100).propose([7, 4, 5], 6).tokens, []);
});

Deno.test("lookup: chances fall with each token and follow what came true", () => {
  const tokens = Array(50).fill(4);
  const lucky = lookup(), unlucky = lookup();
  const first = lucky.propose(tokens, 3).chances;
  assert.ok(first[0]! > first[1]! && first[1]! > first[2]!);
  for (let i = 0; i < 20; i++) {
    lucky.propose(tokens, 3);
    lucky.learn([4, 4, 4]);
    unlucky.propose(tokens, 3);
    unlucky.learn([5]);
  }
  assert.ok(lucky.propose(tokens, 3).chances[0]! > 0.9);
  assert.ok(unlucky.propose(tokens, 3).chances[0]! < 0.3);
});

/** The longest run of up to four of the last tokens that stood before, its latest place. */
function placeByLetter(text: readonly number[], tokens: readonly number[]) {
  for (let n = 4; n >= 1; n--) {
    if (tokens.length < n) continue;
    const wanted = tokens.slice(-n).join();
    for (let next = text.length - 1; next >= n; next--) {
      if (text.slice(next - n, next).join() === wanted) return next;
    }
  }
  return undefined;
}

Deno.test("text index: finds what a search through the text finds, but for rare collisions", () => {
  const pick = randomInts(5), text: number[] = [], index = new TextIndex(4096);
  let differ = 0;
  for (let i = 0; i < 500; i++) {
    text.push(pick(6));
    index.push(text.at(-1)!);
    for (const tokens of [text, [pick(6), pick(7), pick(7)]]) {
      const place = index.find(tokens);
      if (place?.next !== placeByLetter(text, tokens)) differ++;
      else if (place) assert.equal(text[place.next - 1], tokens.at(-1));
    }
  }
  assert.ok(differ < 30, `${differ} of 1000`);
});

Deno.test("text index: what the ring has lost is not found", () => {
  const index = new TextIndex(8);
  for (let i = 0; i < 20; i++) index.push(i);
  assert.equal(index.at(11), undefined);
  assert.equal(index.at(12), 12);
  assert.equal(index.find([3, 4]), undefined);
  assert.deepEqual(index.find([14, 15]), { next: 16, matched: 2 });
  assert.equal(index.at(20), undefined);
});
