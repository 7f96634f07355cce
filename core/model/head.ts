/** The output head: logits of the tokens that want them, at the end of a pass. */
import { prepareScreen, screenedHead } from "./screen.ts";
import type { Pass, Thread } from "./thread.ts";

/** Logits of the tokens that want them: all of them, or the best ones by screening. */
export function head(thread: Thread, pass: Pass): void {
  const { plan, kernels, words } = thread;
  const { width, normEpsilon } = plan.spec;
  const screen = pass.screened ? plan.screen : undefined;
  thread.spread(pass.logits, (i) => {
    const t = words[plan.logitRows / 4 + i]!;
    const out = plan.finals.f32 + i * plan.finals.f32Stride;
    kernels.rmsNorm(plan.x + t * width * 4, plan.outputNorm, width, normEpsilon, out);
    thread.quantize(plan.finals, i, width);
    if (screen) prepareScreen(thread, screen, i);
  });
  thread.barrier();
  if (screen) screenedHead(thread, screen, pass);
  else wholeHead(thread, pass);
}

function wholeHead(thread: Thread, pass: Pass): void {
  const { plan } = thread;
  const out = { at: plan.logits, stride: plan.spec.vocabulary * 4 };
  for (const placed of plan.head) {
    if (!thread.canTake(placed)) thread.barrier();
    const part = placed.unit.parts[0]!;
    thread.multiply(thread.take(placed), part, plan.finals, pass.logits, out);
  }
  thread.barrier();
}
