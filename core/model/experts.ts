/**
 * The feed-forward half of a layer that is a mixture of experts: x += sum of share * expert(x) over
 * the few experts that the router chooses for a token. What lies in the window, and what serves every
 * token, is computed while the rest is read. An expert's clusters are added up in their order and a
 * token's experts by rising number, so results depend neither on what was in the window nor on
 * threads and batches.
 */
import { TensorType } from "../flash/layout.ts";
import { normalize } from "./attention.ts";
import type { ExpertWindows } from "./expert_windows.ts";
import { type Cluster, runGroup, throughClusters } from "./ffn.ts";
import { route, routeShared } from "./routing.ts";
import type { Pass, Thread } from "./thread.ts";

/** Clusters on their way that are computed together: few, so that the last ones come soon. */
const WAITING_MAX = 4;

/** Runs the half with the other threads; x is whole at the next barrier. */
export function expertFeedForward(
  thread: Thread,
  windows: ExpertWindows,
  layer: number,
  pass: Pass,
): void {
  const { plan } = thread;
  const shared = plan.spec.neurons > 0;
  normalize(thread, layer, "ffnNorm", pass);
  thread.traced("router", layer, () => score(thread, windows, layer, pass));
  thread.barrier(0, () => {
    route(thread, windows, layer, pass);
    if (shared) routeShared(thread, windows, layer, pass);
    windows.listJobs(layer);
    windows.planRound(layer);
  });
  const work = { tokens: pass.tokens, input: plan.normed, row: 0, out: windows.sharedAt };
  let turn = shared ? throughClusters(thread, layer, work) : 0;
  for (let more = true; more;) {
    const { first, end, jobs } = windows.round;
    more = end < jobs;
    for (let job = first; job < end; turn ^= 1) {
      const group = takeGroup(thread, windows, layer, { first: job, end });
      job += group.length;
      const last = job === jobs;
      runGroup(thread, layer, { group, turn }, (from, to) => {
        if (last) combine(thread, windows, pass, from, to);
      });
    }
    if (more) thread.barrier(0, () => windows.planRound(layer));
  }
}

/** scores = router . x */
function score(thread: Thread, { plan, spec }: ExpertWindows, layer: number, pass: Pass): void {
  const out = { at: plan.scores, stride: spec.count * 4 };
  for (const { unit, at } of plan.layers[layer]!.router) {
    thread.multiply(at, unit.parts[0]!, thread.plan.normed, pass.tokens, out);
  }
}

/** The next jobs, either such as lie in DRAM or such as are on their way. */
function takeGroup(
  { plan }: Thread,
  windows: ExpertWindows,
  layer: number,
  { first, end }: { readonly first: number; readonly end: number },
): Cluster[] {
  const { units, clusters } = windows.plan.layers[layer]!;
  const { inputs, outputs } = windows.plan;
  const pitch = plan.groupNeurons / plan.groupClusters; // columns begin at whole vectors
  const group: Cluster[] = [];
  for (let i = first; i < end && group.length < plan.groupClusters; i++) {
    const { item, row, tokens, at, read } = windows.job(i);
    const waits = read !== undefined;
    if (waits && group.length === WAITING_MAX) break;
    if (group.length > 0 && waits !== (group[0]!.read !== undefined)) break;
    const unit = units[item]!, out = outputs + row * plan.spec.width * 4;
    const fresh = item % clusters === 0;
    const column = group.length * pitch;
    const cluster = { unit, at, column, streamed: false, read, tokens, row, fresh, out };
    group.push({ ...cluster, input: inputs });
  }
  return group;
}

/** x += what each token's experts made of it, by their shares, for rows from..to. */
function combine(
  thread: Thread,
  { plan, spec: { used } }: ExpertWindows,
  { tokens }: Pass,
  from: number,
  to: number,
): void {
  const { kernels, floats, plan: { ffn, x, spec: { width, neurons } } } = thread;
  for (let t = 0; t < tokens; t++) {
    const at = (t * width + from) * 4, list = t * (used + 1) * 4;
    const count = neurons > 0 ? used + 1 : used;
    floats.fill(0, (ffn + at) / 4, (ffn + at) / 4 + to - from);
    kernels.addColumns(
      TensorType.F32,
      plan.rows + list,
      from * 4,
      plan.shares + list,
      count,
      to - from,
      ffn + at,
    );
    kernels.add(x + at, ffn + at, to - from);
  }
}
