import assert from "node:assert/strict";
import { Ring } from "../../core/flash/ring.ts";
import { randomInts } from "../random.ts";

Deno.test("ring: units lie one after another and start over at the end", () => {
  const ring = new Ring(1000, 100);
  assert.deepEqual(ring.place(40), { at: 1000, consumed: 0 });
  assert.deepEqual(ring.place(40), { at: 1040, consumed: 0 });
  assert.deepEqual(ring.place(40), { at: 1000, consumed: 1 });
  assert.deepEqual(ring.place(20), { at: 1040, consumed: 2 });
});

Deno.test("ring: a unit never overlaps one that need not be consumed before it", () => {
  const next = randomInts(7);
  const ring = new Ring(0, 1000);
  const placed: { at: number; end: number }[] = [];
  for (let k = 0; k < 5000; k++) {
    const bytes = 1 + next(400);
    const { at, consumed } = ring.place(bytes);
    assert.ok(at + bytes <= 1000 && consumed <= k);
    for (const other of placed.slice(consumed)) {
      assert.ok(at + bytes <= other.at || other.end <= at, `unit ${k} overlaps a live one`);
    }
    placed.push({ at, end: at + bytes });
  }
});

Deno.test("ring: a unit larger than the ring is our bug", () => {
  assert.throws(() => new Ring(0, 10).place(11), /unit of 11 in a ring of 10/);
});
