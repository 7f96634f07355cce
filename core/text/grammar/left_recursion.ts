/** Finds rules that begin with themselves: running them would never read a byte. */
import type { Network, Rule } from "./network.ts";

/** Whether some rule reachable from `root` may call itself before any byte. */
export function leftRecursive(network: Network, root: Rule): boolean {
  const done = new Set<number>();
  for (const rule of reachable(network, root)) {
    if (visit(rule, new Set())) return true;
  }
  return false;

  function visit(rule: Rule, under: Set<number>): boolean {
    if (under.has(rule.start)) return true;
    if (done.has(rule.start)) return false;
    const within = new Set(under).add(rule.start);
    const found = firstCalls(network, rule).some((callee) => visit(callee, within));
    done.add(rule.start);
    return found;
  }
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
