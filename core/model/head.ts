/** The output head: logits of the tokens that want them, at the end of a pass. */
import type { Pass, Thread } from "./thread.ts";

/** Logits of the tokens that want them. */
export function head(thread: Thread, pass: Pass): void {
  const { plan, kernels, words } = thread;
  const { width, normEpsilon, vocabulary } = plan.spec;
  thread.spread(pass.logits, (i) => {
    const t = words[plan.logitRows / 4 + i]!;
    const out = plan.finals.f32 + i * plan.finals.f32Stride;
    kernels.rmsNorm(plan.x + t * width * 4, plan.outputNorm, width, normEpsilon, out);
    thread.quantize(plan.finals, i, width);
  });
  thread.barrier();
  for (const placed of plan.head) {
    if (!thread.canTake(placed)) thread.barrier();
    const part = placed.unit.parts[0]!;
    const out = { at: plan.logits, stride: vocabulary * 4 };
    thread.multiply(thread.take(placed), part, plan.finals, pass.logits, out);
  }
  thread.barrier();
}
