/** Reads out of turn: the right pages, through a full queue, counted, beside streamed units. */
import assert from "node:assert/strict";
import { Demand, DemandQueue } from "../../core/flash/demand.ts";
import { type ReadMethod, readMethod } from "../../core/flash/disk.ts";
import { sumPages } from "../../core/flash/page_sums.ts";
import type { ReaderTask } from "../../core/flash/reader_worker.ts";
import {
  Control,
  CONTROL_BYTES,
  Counter,
  COUNTERS_AT,
  DEMANDS,
  Ended,
  Word,
} from "../../core/model/control.ts";
import { randomInts } from "../random.ts";

const PAGE = 4096;
const PAGES = 1024;
const TARGET = 65536; // where what is read goes, behind the control block

const sharedMemory = (bytes: number) => {
  const pages = Math.ceil(bytes / 65536);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
};

/** Readers over a file whose page p holds p as u32 everywhere. */
async function withReaders(
  method: ReadMethod,
  use: (control: Control, memory: WebAssembly.Memory) => void,
) {
  const file = await Deno.makeTempFile();
  const pages = new Uint8Array(
    new Uint32Array(PAGES * PAGE / 4).map((_, i) => Math.floor(i * 4 / PAGE)).buffer,
  );
  await Deno.writeFile(file, pages);
  const sums = new Int32Array(new SharedArrayBuffer(4 * PAGES));
  sums.set(sumPages(pages));
  const memory = sharedMemory(TARGET + 2 * DEMANDS * PAGE);
  const control = new Control(memory, 1);
  const readers = method === "sync" ? 2 : 1;
  const workers = Array.from({ length: readers }, (_, reader) => {
    const module = new URL("../../core/flash/reader_worker.ts", import.meta.url);
    const worker = new Worker(module, { type: "module" });
    const task: ReaderTask = {
      memory,
      threads: 1,
      reader,
      readers,
      method,
      dataFile: file,
      pageSums: { units: [{ offset: 0, bytes: pages.length }], sums },
      pinned: [],
      layers: [],
      head: [],
      ring: { at: 0, bytes: 0 },
      loans: [],
      demanded: [],
    };
    worker.postMessage(task);
    return worker;
  });
  try {
    await Promise.all(workers.map((worker) => new Promise((loaded) => worker.onmessage = loaded)));
    use(control, memory);
  } finally {
    control.publish(Word.stop, 1);
    workers.forEach((worker) => worker.terminate());
    await Deno.remove(file);
  }
}

for (const method of new Set(["sync", readMethod()] as const)) {
  Deno.test(`demand: ${method}: scattered pages, more than the queue holds, arrive and are counted`, async () => {
    await withReaders(method, (control, memory) => {
      const demand = new Demand(control), next = randomInts(3);
      const wanted = Array.from({ length: 2 * DEMANDS - 100 }, () => next(PAGES - 1));
      wanted.forEach((page, i) => {
        assert.equal(demand.post(page * PAGE, PAGE, TARGET + PAGE * i), i + 1);
      });
      demand.wait(wanted.length);
      wanted.forEach((page, i) => {
        const got = new Uint32Array(memory.buffer, TARGET + PAGE * i, PAGE / 4);
        assert.ok(got.every((value) => value === page), `read ${i} holds page ${page}`);
      });
      const counters = new Float64Array(memory.buffer, COUNTERS_AT, 64);
      const bytes = counters.subarray(8, 10).reduce((sum, value) => sum + value, 0);
      assert.equal(bytes, wanted.length * PAGE);
      assert.ok(
        counters[Counter.readerMs]! + counters[Counter.readerMs + 1]! > 0,
        "reads were in flight for some time",
      );
    });
  });

  Deno.test(`demand: ${method}: a read of several pages arrives whole`, async () => {
    await withReaders(method, (control, memory) => {
      const demand = new Demand(control);
      demand.post(5 * PAGE, PAGE, TARGET);
      demand.wait(demand.post(100 * PAGE, 7 * PAGE, TARGET + PAGE));
      const got = new Uint32Array(memory.buffer, TARGET, 8 * PAGE / 4);
      assert.deepEqual(
        Array.from({ length: 8 }, (_, i) => got[(i + 1) * PAGE / 4 - 1]),
        [5, 100, 101, 102, 103, 104, 105, 106],
      );
    });
  });
}

Deno.test("demand: numbers wrap, and waiting sees reads that end out of order", () => {
  const control = new Control(sharedMemory(CONTROL_BYTES), 1);
  const before = 2 ** 31 - 10;
  control.words[Word.demanded] = control.words[Word.served] = before;
  for (let number = before - DEMANDS + 1; number <= before; number++) {
    control.words[Word.demands + 4 * (number % DEMANDS) + 3] = number;
  }
  const demand = new Demand(control), queue = new DemandQueue(control);
  const numbers = Array.from({ length: 20 }, (_, i) => demand.post(i * PAGE, PAGE, i * PAGE));
  assert.equal(numbers.at(-1), (before + 20) | 0);
  const taken = numbers.map(() => queue.take()!);
  assert.deepEqual(taken.map(({ offset }) => offset), numbers.map((_, i) => i * PAGE));
  assert.equal(queue.take(), undefined);
  taken.toReversed().forEach((read) => queue.finish(read));
  demand.wait(numbers.at(-1)!);
});

Deno.test("demand: whoever waits when the machine stops is told", () => {
  const control = new Control(sharedMemory(CONTROL_BYTES), 1);
  const demand = new Demand(control);
  const number = demand.post(0, PAGE, 0);
  control.publish(Word.stop, 1);
  assert.throws(() => demand.wait(number), Ended);
  assert.throws(() => demand.post(1, PAGE, 0), /whole pages/);
});
