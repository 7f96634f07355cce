import assert from "node:assert/strict";
import { Pace } from "../../core/run/pace.ts";

/** A machine whose flash takes `flashMs` for a step, and whose compute `first + more` each. */
function ran(flashMs: number, first: number, more: number, steps: readonly number[]): Pace {
  const pace = new Pace();
  for (const tokens of steps) {
    const compute = first + more * (tokens - 1);
    const ms = Math.max(flashMs, compute);
    pace.observe({ tokens, ms, waitMs: ms - compute });
  }
  return pace;
}

const near = (one: number, two: number) =>
  assert.ok(Math.abs(one / two - 1) < 0.1, `${one} ${two}`);

Deno.test("pace: while flash is slower, further tokens cost nothing", () => {
  const pace = ran(400, 100, 50, [1, 1, 1, 4, 4, 1, 8, 8]);
  near(pace.expect(1), 400);
  near(pace.expect(6), 400);
  near(pace.expect(10), 550);
});

Deno.test("pace: in DRAM each token costs its compute", () => {
  const pace = ran(0, 100, 20, [1, 1, 4, 8, 1, 2, 8, 1, 4]);
  near(pace.expect(1), 100);
  near(pace.expect(8), 240);
});

Deno.test("pace: before it is known a further token costs something, and a machine may change", () => {
  assert.ok(new Pace().expect(2) > new Pace().expect(1));
  assert.ok(ran(0, 100, 20, [1]).expect(2) > 110);
  const pace = ran(400, 100, 50, Array(40).fill(1));
  for (let i = 0; i < 40; i++) pace.observe({ tokens: 1, ms: 100, waitMs: 0 }); // all fits now
  assert.ok(pace.expect(4) > 150);
});

Deno.test("pace: prompts and idle steps teach nothing", () => {
  const pace = ran(0, 100, 20, [1, 4]);
  const before = pace.expect(8);
  pace.observe({ tokens: 64, ms: 9999, waitMs: 0 });
  pace.observe({ tokens: 1, ms: 0, waitMs: 0 });
  assert.equal(pace.expect(8), before);
});
