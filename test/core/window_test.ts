import assert from "node:assert/strict";
import { ReuseMeter } from "../../core/flash/window.ts";
import { randomInts } from "../random.ts";

/** One layer of 64 neurons with these active. */
function bits(...neurons: number[]): Int32Array {
  const words = new Int32Array(2);
  for (const n of neurons) words[n >> 5]! |= 1 << (n & 31);
  return words;
}

Deno.test("window: neurons the last token used are hits, others are new", () => {
  const meter = new ReuseMeter(1, 64);
  meter.observe(bits(1, 2, 3, 40));
  meter.observe(bits(2, 3, 50, 51));
  const [last] = meter.reuse();
  assert.equal(last!.hitRate, 0.5);
  assert.equal(last!.newNeurons, 2);
  assert.equal(last!.windowShare, 4 / 64);
});

Deno.test("window: a longer span remembers older tokens", () => {
  const meter = new ReuseMeter(1, 64);
  meter.observe(bits(1));
  meter.observe(bits(2));
  meter.observe(bits(1));
  const [one, two] = meter.reuse();
  assert.equal(one!.hitRate, 0);
  assert.equal(two!.hitRate, 0.5, "the second token found nothing, the third found its neuron");
});

Deno.test("window: after a turn the first token has no neighbours", () => {
  const meter = new ReuseMeter(1, 64);
  meter.observe(bits(1));
  meter.turn();
  meter.observe(bits(1));
  assert.equal(meter.reuse()[0]!.windowShare, 0);
});

Deno.test("window: independent random tokens hit no more than the random baseline", () => {
  const next = randomInts(3);
  const meter = new ReuseMeter(2, 64);
  for (let token = 0; token < 3000; token++) {
    const words = new Int32Array(4);
    for (let i = 0; i < 12; i++) words[next(4)]! |= 1 << next(32);
    meter.observe(words);
  }
  for (const { hitRate, random, static: fixed } of meter.reuse()) {
    assert.ok(Math.abs(hitRate - random) < 0.02, `${hitRate} against ${random}`);
    assert.ok(Math.abs(fixed - random) < 0.05, `${fixed} against ${random}`);
  }
});

Deno.test("window: a profile brings the static set back", () => {
  const habit = new ReuseMeter(1, 64);
  for (let i = 0; i < 200; i++) habit.observe(bits(5, 6, i % 64));
  const meter = new ReuseMeter(1, 64);
  meter.restore(habit.profile());
  meter.observe(bits(9, 10));
  meter.observe(bits(5, 6));
  assert.equal(meter.reuse()[0]!.static, 1);
  assert.equal(meter.reuse()[0]!.hitRate, 0);
});
