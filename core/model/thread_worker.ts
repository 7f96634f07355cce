/** A compute thread: waits for a step, runs its share of the pass, says when the last one is done. */
import { closeSync } from "node:fs";
import { openDirect } from "../flash/direct.ts";
import { PageCheck, type PageSums } from "../flash/page_sums.ts";
import { bindKernels, SCRATCH_BYTES } from "../kernels/kernels.ts";
import { Control, Counter, Ended, SCRATCH_AT, Word } from "./control.ts";
import { forward } from "./forward.ts";
import type { Plan } from "./plan.ts";
import { Thread } from "./thread.ts";
import { faultOf, workerPort } from "./port.ts";

const port = workerPort<ThreadTask>();

/** What a compute thread is told at start. */
export interface ThreadTask {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly plan: Plan;
  readonly index: number;
  readonly threads: number;
  readonly dataFile: string;
  /** Vouch for embedding rows. */
  readonly pageSums: PageSums;
}

function run(task: ThreadTask): void {
  const { memory, module, plan, index, threads, dataFile } = task;
  const control = new Control(memory, threads);
  const kernels = bindKernels(module, memory, SCRATCH_AT + index * SCRATCH_BYTES);
  const thread = new Thread({ plan, kernels, control, memory });
  const { fd } = openDirect(dataFile);
  const source = { fd, memory, check: new PageCheck(task.pageSums) };
  port.postMessage({ type: "loaded" });
  try {
    for (let step = 1; control.reached(Word.step, step); step++) {
      const pass = {
        tokens: control.load(Word.tokens),
        logits: control.load(Word.logits),
        screened: control.load(Word.screened) !== 0,
      };
      thread.tracer.on = control.load(Word.tracing) !== 0;
      thread.begin();
      forward(thread, source, pass);
      if (thread.tracer.on) {
        const row = { name: `compute ${index}`, spans: thread.tracer.take() };
        port.postMessage({ type: "trace", row });
      }
      if (index !== 0) continue;
      control.counters[Counter.passWaitMs] = thread.consumer.waitMs + thread.demandMs;
      control.publish(Word.done, step);
    }
  } finally {
    closeSync(fd);
  }
}

port.onmessage = ({ data }: MessageEvent<ThreadTask>) => {
  try {
    run(data);
  } catch (error) {
    if (!(error instanceof Ended)) {
      port.postMessage({ type: "fault", message: faultOf(error) });
      new Control(data.memory, data.threads).publish(Word.fault, 1);
    }
  }
  port.postMessage({ type: "ended" });
  port.close();
};
