import assert from "node:assert/strict";
import { Ledger } from "../../core/flash/budget.ts";
import type { Unit } from "../../core/flash/layout.ts";
import { choosePinned } from "../../core/flash/residency.ts";

const units = (count: number, bytes = 4096) =>
  Array.from({ length: count }, (_, id) => ({ id, bytes }) as Unit);

Deno.test("residency: what fits is pinned whole", () => {
  assert.equal(choosePinned(units(10), 40960).size, 10);
});

Deno.test("residency: half the bytes pin every second unit", () => {
  const pinned = choosePinned(units(100), 50 * 4096);
  assert.equal(pinned.size, 50);
  for (let i = 0; i < 100; i += 2) {
    assert.equal(Number(pinned.has(i)) + Number(pinned.has(i + 1)), 1, `one of ${i}, ${i + 1}`);
  }
});

Deno.test("residency: never more bytes than given, nearly all of them used", () => {
  const mixed = Array.from(
    { length: 500 },
    (_, id) => ({ id, bytes: 4096 * (1 + id % 7) }) as Unit,
  );
  for (const bytes of [0, 5000, 100_000, 1_000_000, 3_000_000]) {
    const pinned = choosePinned(mixed, bytes);
    const used = mixed.reduce((sum, unit) => sum + (pinned.has(unit.id) ? unit.bytes : 0), 0);
    assert.ok(used <= bytes && used >= bytes - 7 * 4096, `${used} of ${bytes}`);
  }
});

Deno.test("ledger: refuses beyond the limit and names what asked", () => {
  const ledger = new Ledger(1000);
  assert.equal(ledger.reserve("a", 100), 0);
  assert.equal(ledger.reserve("b", 100), 128);
  assert.throws(() => ledger.reserve("kv", 900), /kv needs 900 bytes, 772 of 1000 are free/);
  assert.equal(ledger.reserve("rest", 700), 256);
});
