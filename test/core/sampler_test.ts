/** Sampling: each knob against a slow plain reading of its definition, chances against counts. */
import assert from "node:assert/strict";
import { checkLogprobs, tokenLogprobs } from "../../core/text/logprobs.ts";
import { SeededRandom } from "../../core/text/random.ts";
import { Sampler } from "../../core/text/sampler.ts";
import { settleSampling } from "../../core/text/sampling.ts";
import { createTokenizer } from "../../core/text/tokenizer.ts";
import type { Sampling } from "../../core/run/api.ts";
import { tinyTokenizer } from "../models.ts";
import { randomFloats, randomInts } from "../random.ts";

/** Nothing cut, nothing penalized: the model's own distribution. */
const PLAIN = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 1 };

function take(logits: number[], sampling: Partial<Sampling>, prompt: number[] = []): number {
  const settled = settleSampling({ ...PLAIN, ...sampling }, logits.length);
  return new Sampler(logits.length).start(settled, prompt).take(Float32Array.from(logits));
}

/** Computed with the authors' C formulas in Python. */
const WORDS_OF_42 = [660444221, 3652823732, 77672526];

/** How often each token comes in many draws of one sequence. */
function shares(logits: number[], sampling: Partial<Sampling>, draws = 20_000): number[] {
  const settled = settleSampling({ ...PLAIN, ...sampling }, logits.length);
  const choices = new Sampler(logits.length).start(settled);
  const counts = logits.map(() => 0);
  for (let i = 0; i < draws; i++) counts[choices.take(Float32Array.from(logits))]!++;
  return counts.map((count) => count / draws);
}

/** The definition, on sorted pairs: temperature, min-p, top-k, top-p. */
function expectedShares(logits: number[], { temperature, topK, topP, minP }: Sampling): number[] {
  const sorted = logits.map((logit, id) => ({ id, weight: Math.exp(logit / temperature) }))
    .sort((a, b) => b.weight - a.weight || a.id - b.id);
  const kept = sorted.filter(({ weight }) => weight >= minP * sorted[0]!.weight)
    .slice(0, topK === 0 ? Infinity : topK);
  const total = kept.reduce((sum, { weight }) => sum + weight, 0);
  const shares = logits.map(() => 0);
  let before = 0;
  for (const { id, weight } of kept) {
    if (before === 0 || before < topP * total) shares[id] = weight;
    before += weight;
  }
  const sum = shares.reduce((a, b) => a + b);
  return shares.map((share) => share / sum);
}

Deno.test("sampler: greedy takes the highest logit, the lowest id among equals", () => {
  assert.equal(take([1, 3, 3, 2], { temperature: 0 }), 1);
  assert.equal(take([1, 3, 3, 2], { topK: 1 }), 1);
});

Deno.test("sampler: each knob and all together as defined", () => {
  const next = randomFloats(3), pick = randomInts(4);
  for (let i = 0; i < 40; i++) {
    const logits = Array.from({ length: 12 }, () => Math.fround(next() * 6 - 3));
    if (pick(3) === 0) logits[5] = logits[7] = logits[2]!;
    const sampling = settleSampling({
      ...PLAIN,
      temperature: [0.5, 1, 2][pick(3)]!,
      topK: [0, 1, 3, 8, 12][pick(5)]!,
      topP: [1, 0.9, 0.5, 0][pick(4)]!,
      minP: [0, 0.1, 0.6][pick(3)]!,
    }, 12);
    const expected = expectedShares(logits, sampling), got = shares(logits, sampling, 4000);
    // Four standard deviations of a share over 4,000 draws are at most 0.032.
    got.forEach((share, id) => assert.ok(Math.abs(share - expected[id]!) < 0.035));
    got.forEach((share, id) => assert.ok(expected[id]! > 0 || share === 0));
  }
});

Deno.test("sampler: cuts of a large vocabulary keep exactly what they should", () => {
  const next = randomFloats(9), size = 20_000;
  const logits = Float32Array.from({ length: size }, () => next() * 4);
  for (const [topK, topP] of [[50, 1], [5000, 0.5], [0, 0.1]] as const) {
    const sampling = settleSampling({ ...PLAIN, topK, topP }, size);
    const possible = expectedShares([...logits], sampling);
    const choices = new Sampler(size).start(sampling);
    const seen = new Set(Array.from({ length: 2000 }, () => choices.take(logits)));
    for (const id of seen) assert.ok(possible[id]! > 0);
    const kept = possible.filter((share) => share > 0).length;
    assert.ok(seen.size > Math.min(kept, 2000) * 0.5, `${seen.size} of ${kept} seen`);
  }
});

Deno.test("sampler: same seed, same choices; another seed, others", () => {
  const run = (seed: number) => {
    const choices = new Sampler(50).start(settleSampling({ ...PLAIN, seed }, 50));
    return Array.from({ length: 30 }, () => choices.take(new Float32Array(50)));
  };
  assert.deepEqual(run(7), run(7));
  assert.notDeepEqual(run(7), run(8));
  assert.notDeepEqual(run(7), run(7 + 2 ** 32));
});

Deno.test("sampler: random words are those of xoshiro128** from splitmix32's state", () => {
  const random = new SeededRandom(42);
  assert.deepEqual([random.word(), random.word(), random.word()], WORDS_OF_42);
});

Deno.test("sampler: bias decides before everything else", () => {
  const logitBias = new Map([[2, 100], [0, -100]]);
  assert.equal(take([9, 1, 0], { temperature: 0, logitBias }), 2);
});

Deno.test("sampler: penalties count what was said; repetition counts the prompt, too", () => {
  const greedy = { temperature: 0 };
  assert.equal(take([2, 1.5], { ...greedy, repetitionPenalty: 2 }, [0]), 1);
  assert.equal(take([-1, -1.5], { ...greedy, repetitionPenalty: 2 }, [0]), 1);
  assert.equal(take([2, 1.5], { ...greedy, repetitionPenalty: 2, repeatLast: 1 }, [0, 1]), 0);
  assert.equal(take([2, 1.5], { ...greedy, frequencyPenalty: 2, presencePenalty: 2 }, [0]), 0);
  const runs = (sampling: Partial<Sampling>) => {
    const choices = new Sampler(2).start(settleSampling({ ...PLAIN, ...greedy, ...sampling }, 2));
    return [1, 2, 3, 4].map(() => choices.take(Float32Array.of(2, 1.5))).join("");
  };
  assert.equal(runs({ presencePenalty: 1 }), "0100");
  assert.equal(runs({ frequencyPenalty: 0.3 }), "0010");
});

Deno.test("sampler: only allowed tokens, and the logits are as before", () => {
  const logits = Float32Array.of(5, 4, 3, 2);
  const sampling = settleSampling({ ...PLAIN, presencePenalty: 1, repetitionPenalty: 1.5 }, 4);
  const choices = new Sampler(4).start(sampling, [2]);
  for (let i = 0; i < 200; i++) assert.ok(choices.take(logits, Uint32Array.of(0b1100)) >= 2);
  assert.deepEqual([...logits], [5, 4, 3, 2]);
});

Deno.test("sampler: logits that are no numbers are our bug", () => {
  for (const bad of [NaN, Infinity]) {
    assert.throws(() => take([0, bad], {}), /logits are finite/);
  }
});

Deno.test("sampler: refuses numbers out of range by name", () => {
  const wrong: [Partial<Sampling>, RegExp][] = [
    [{ temperature: -1 }, /temperature is -1, not a number from 0 to 5/],
    [{ temperature: NaN }, /temperature is NaN/],
    [{ topK: 1.5 }, /topK is 1.5, not an integer/],
    [{ topP: 1.01 }, /topP/],
    [{ minP: -0.1 }, /minP/],
    [{ repetitionPenalty: 0 }, /repetitionPenalty/],
    [{ repeatLast: -1 }, /repeatLast/],
    [{ frequencyPenalty: 3 }, /frequencyPenalty/],
    [{ presencePenalty: Infinity }, /presencePenalty/],
    [{ seed: 0.5 }, /seed/],
    [{ logitBias: new Map([[100, 1]]) }, /logitBias names token 100, not 0 to 99/],
    [{ logitBias: new Map([[5, 101]]) }, /logitBias of token 5 is 101/],
  ];
  for (const [sampling, message] of wrong) {
    assert.throws(() => settleSampling(sampling, 100), message);
  }
});

Deno.test("logprobs: log-softmax of the raw logits, the likeliest first", () => {
  const { vocabulary } = createTokenizer(tinyTokenizer());
  const next = randomFloats(2);
  const logits = Float32Array.from({ length: vocabulary.size }, () => next() * 10);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  const { chosen, top } = tokenLogprobs(logits, 70, 5, vocabulary);
  assert.ok(Math.abs(chosen.logprob - Math.log(Math.exp(logits[70]!) / sum)) < 1e-5);
  const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
  assert.deepEqual(top.map(({ id }) => id), order.slice(0, 5));
  assert.deepEqual([chosen.text, [...chosen.bytes]], ["C", [67]]);
  assert.throws(() => checkLogprobs(21), /logprobs is 21/);
});
