/** Traces: spans nest in their rows, cover the steps, and show reads beside computing. */
import assert from "node:assert/strict";
import { summarizeTrace, traceEvents, Tracer, type TraceRow } from "../../core/flash/trace.ts";
import { TensorType } from "../../core/flash/layout.ts";
import { smallestBudget } from "../../core/model/plan.ts";
import { logitsOf, withMachine, withStore } from "../tiny_machine.ts";

/** A streamed model's trace of a few passes. */
async function takeTrace(): Promise<readonly TraceRow[]> {
  let rows: readonly TraceRow[] = [];
  await withStore({ type: TensorType.Q4_K, neurons: 4096, width: 512 }, async (store) => {
    const memoryBytes = smallestBudget(store, { batchTokens: 16 });
    await withMachine(store, { memoryBytes, batchTokens: 16 }, async (machine) => {
      const say = async () => void await logitsOf(machine, [5, 6, 7, 8], 1);
      await say();
      rows = await machine.trace(say);
      assert.deepEqual((await machine.trace(() => Promise.resolve())).map(({ name }) => name), [
        "main",
        "reader 0",
      ]);
    });
  });
  return rows;
}

Deno.test("trace: rows of all threads nest, cover the steps, and show reads beside computing", async () => {
  const rows = await takeTrace();
  assert.deepEqual(rows.map(({ name }) => name), ["main", "compute 0", "compute 1", "reader 0"]);
  const names = new Set(rows.flatMap(({ spans }) => spans.map(({ name }) => name)));
  for (const name of ["step", "attention", "gate and up", "down", "head", "read"]) {
    assert.ok(names.has(name), `${name} is traced`);
  }
  const steps = rows[0]!.spans.filter(({ name }) => name === "step");
  assert.equal(steps.length, 4);
  for (const { begin, end } of steps) {
    const parts = rows[1]!.spans.filter((span) => span.begin >= begin && span.end <= end);
    assert.equal(parts.filter(({ name }) => name === "attention").length, 2, "one for each layer");
    assert.equal(parts.filter(({ name }) => name === "head").length, 1);
  }
  const { reading, overlap, steps: counted } = summarizeTrace(rows);
  assert.equal(counted, 4);
  assert.ok(overlap > 0 && overlap <= reading && reading <= 1, `${overlap} of ${reading}`);
  nests(rows);
});

/** Every two spans of one line of the picture lie apart or one in the other. */
function nests(rows: readonly TraceRow[]): void {
  const open = new Map<number, number[]>(); // ends of what goes on, by line
  for (const { ph, tid, ts = 0, dur = 0 } of traceEvents(rows)) {
    if (ph === "M") open.set(tid, []);
    else {
      const ends = open.get(tid)!;
      while (ends.length > 0 && ends.at(-1)! <= ts) ends.pop();
      assert.ok(ends.length === 0 || ts + dur <= ends.at(-1)!, "it ends before what it lies in");
      ends.push(ts + dur);
    }
  }
}

Deno.test("trace: reads in flight together lie in lanes below each other", () => {
  const spans = [[0, 5], [1, 3], [4, 9], [5, 6]].map(([begin, end]) => (
    { name: "read", begin: begin!, end: end! }
  ));
  const lanes = traceEvents([{ name: "reader 0", spans }]).filter(({ ph }) => ph === "X");
  assert.deepEqual(lanes.map(({ tid, ts }) => [tid, ts]), [[0, 0], [0, 1000], [0, 5000], [
    1,
    4000,
  ]]);
});

Deno.test("trace: overlap is reading while the first thread does not wait", () => {
  const summary = summarizeTrace([
    { name: "main", spans: [{ name: "step", begin: 0, end: 10 }] },
    { name: "compute 0", spans: [{ name: "wait for flash", begin: 2, end: 4 }] },
    {
      name: "reader 0",
      spans: [{ name: "read", begin: 1, end: 3 }, { name: "read", begin: 2, end: 8 }],
    },
  ]);
  assert.deepEqual(summary, {
    steps: 1,
    stepMs: 10,
    reading: 0.7,
    overlap: 0.5,
    waitFlash: 0.2,
    waitThreads: 0,
  });
});

Deno.test("trace: nothing is noted while it is off", () => {
  const tracer = new Tracer();
  tracer.end("read", tracer.begin());
  assert.deepEqual(tracer.take(), []);
});
