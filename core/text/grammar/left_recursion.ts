/** Finds rules that begin with themselves: running them would never read a byte. */
import type { Network, Rule } from "./network.ts";

/** Whether some rule reachable from `root` may call itself before any byte. */
export function leftRecursive(network: Network, root: Rule): boolean {
  const open = new Set<number>(), done = new Set<number>();
  const path: { rule: Rule; calls: Rule[] }[] = [];
  const enter = (rule: Rule) => {
    if (done.has(rule.start)) return;
    open.add(rule.start);
    path.push({ rule, calls: firstCalls(network, rule) });
  };
  for (const first of reachable(network, root)) {
    enter(first);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.calls.pop();
      if (next !== undefined && open.has(next.start)) return true;
      if (next !== undefined) enter(next);
      else {
        path.pop();
        open.delete(top.rule.start);
        done.add(top.rule.start);
      }
    }
  }
  return false;
}

/** Rules that may be called at the very beginning of a rule. Rules are never empty, so no others. */
function firstCalls(network: Network, rule: Rule): Rule[] {
  const seen = new Set([rule.start]);
  const calls: Rule[] = [];
  for (const state of seen) {
    network.freeOf(state).forEach((to) => seen.add(to));
    network.callsOf(state).forEach(({ rule }) => calls.push(rule));
  }
  return calls;
}

function reachable(network: Network, root: Rule): Rule[] {
  const rules = new Map([[root.start, root]]);
  const seen = new Set([root.start]);
  for (const state of seen) {
    network.bytesOf(state).forEach(({ to }) => seen.add(to));
    network.freeOf(state).forEach((to) => seen.add(to));
    for (const { rule, to } of network.callsOf(state)) {
      rules.set(rule.start, rule);
      seen.add(rule.start).add(to);
    }
  }
  return [...rules.values()];
}
