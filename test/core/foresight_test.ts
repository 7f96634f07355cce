import assert from "node:assert/strict";
import { Foresight } from "../../core/model/foresight.ts";

const READ_MS = 1, COST_MS = 0.1;

/** Guesses for 2000 layers, in which attention takes `leadMs` and one in `outOf` guesses is wrong. */
function run(leadMs: number, { rightOf, outOf }: { rightOf: number; outOf: number }) {
  const foresight = new Foresight(new ArrayBuffer(64), { numbers: 0 });
  let guessed = 0, most = 0;
  for (let visit = 0; visit < 2000; visit++) {
    if (!foresight.due()) continue;
    const right = visit % outOf < rightOf;
    most = foresight.most(READ_MS);
    if (visit >= 1000) guessed++;
    foresight.begun(visit * 100, COST_MS, 1);
    const read = { all: Math.min(1, most), right: most > 0 && right ? 1 : 0 };
    foresight.judge({ all: 1, right: right ? 1 : 0 }, read, READ_MS, visit * 100 + leadMs);
  }
  return { guessed, most };
}

Deno.test("foresight: reads as much as attention covers, one more where guesses mostly come true", () => {
  assert.deepEqual(run(2.5, { rightOf: 1, outOf: 1 }), { guessed: 1000, most: 3 });
  assert.deepEqual(run(2.5, { rightOf: 1, outOf: 4 }), { guessed: 1000, most: 2 });
});

Deno.test("foresight: stops where guesses do not pay, but for a probe now and then", () => {
  const wrong = run(0.5, { rightOf: 0, outOf: 1 });
  assert.ok(wrong.guessed > 20 && wrong.guessed < 40, `${wrong.guessed} of 1000 guessed`);
  assert.equal(wrong.most, 0, "nothing is read for a probe either");
});

Deno.test("foresight: a pause of the thread does not make a layer's attention long", () => {
  const foresight = new Foresight(new ArrayBuffer(64), { numbers: 0 });
  const judge = (leadMs: number) => {
    foresight.due();
    foresight.begun(0, COST_MS, 1);
    foresight.judge({ all: 1, right: 1 }, { all: 0, right: 0 }, READ_MS, leadMs);
  };
  for (let i = 0; i < 200; i++) judge(0.5);
  judge(500);
  assert.equal(foresight.most(READ_MS), 1);
});
