/**
 * What each way of keeping neurons (or experts) in DRAM would have hit on a recorded trace, at the
 * same number of slots. Simulated with the arena that the core runs, so the figures are its own;
 * the first half of a trace is what a policy may learn from, the second half counts. Pure.
 */
import { assert } from "../../core/errors.ts";
import { Arena, type Eviction } from "../../core/flash/arena.ts";

/** The active items of one layer, token by token, each in rising order. */
export interface Trace {
  readonly items: number;
  readonly tokens: readonly Int32Array[];
}

/** The places of the bits that are set, in rising order. */
export function itemsIn(bits: Int32Array): Int32Array {
  const found: number[] = [];
  bits.forEach((word, w) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      found.push(w * 32 + 31 - Math.clz32(rest & -rest));
    }
  });
  return Int32Array.from(found);
}

/** How one policy did. */
export interface PolicyScore {
  readonly policy: string;
  /** Share of the active items that were in DRAM. */
  readonly hitRate: number;
  /** Items read for each token. */
  readonly newItems: number;
  /** Mean number of items kept. */
  readonly kept: number;
}

/** Policies bounded by `slots`; then windows of the last k tokens, of whatever size; then the bound. */
export function comparePolicies(trace: Trace, slots: number): PolicyScore[] {
  const half = Math.floor(trace.tokens.length / 2);
  assert(half > 0, "a trace has two halves");
  const profile = new Float32Array(trace.items);
  for (const token of trace.tokens.slice(0, half)) for (const item of token) profile[item]!++;
  const arenas = (["lru", "lfu", "static"] as const).map((eviction) =>
    score(eviction === "static" ? "half static, half lru" : eviction, trace, half, {
      ...bounded(trace.items, slots, eviction, profile),
    })
  );
  const windows = [1, 2, 5].map((span) =>
    score(`last ${span} token${span > 1 ? "s" : ""}`, trace, half, lastTokens(span))
  );
  return [
    ...arenas,
    score("static", trace, half, fixed(profile, slots)),
    ...windows,
    score("Belady's bound", trace, half, clairvoyant(trace, slots)),
  ];
}

/** Told each token; says how many of its items were there, and how many it keeps. */
interface Keeper {
  use(token: Int32Array, t: number): number;
  readonly kept: number;
}

function score(policy: string, { tokens }: Trace, half: number, keeper: Keeper): PolicyScore {
  let active = 0, hits = 0, kept = 0;
  tokens.forEach((token, t) => {
    const here = keeper.use(token, t);
    if (t < half) return;
    active += token.length;
    hits += here;
    kept += keeper.kept;
  });
  const counted = tokens.length - half;
  return {
    policy,
    hitRate: active === 0 ? 0 : hits / active,
    newItems: (active - hits) / counted,
    kept: kept / counted,
  };
}

/** A token that wants more than fits is admitted in rounds, as the core does. */
function bounded(items: number, slots: number, eviction: Eviction, profile: Float32Array): Keeper {
  const arena = new Arena(new ArrayBuffer(Arena.bytes(items)), 0, { items, slots, eviction });
  arena.seed(profile);
  return {
    kept: slots,
    use: (token) => {
      let hits = 0;
      for (let from = 0; from < token.length; from += arena.slots) {
        const round = token.subarray(from, from + arena.slots);
        hits += round.filter((item) => arena.slotOf(item) >= 0).length;
        arena.admit(round, () => {});
      }
      return hits;
    },
  };
}

function fixed(profile: Float32Array, slots: number): Keeper {
  const order = Int32Array.from(profile, (_, i) => i)
    .sort((a, b) => profile[b]! - profile[a]! || a - b);
  const kept = new Set(order.subarray(0, slots));
  return { kept: slots, use: (token) => token.filter((item) => kept.has(item)).length };
}

/** The paper's window: the union of the last tokens' items. */
function lastTokens(span: number): Keeper {
  const last: Int32Array[] = [];
  return {
    get kept() {
      return new Set(last.flatMap((token) => [...token])).size;
    },
    use: (token) => {
      const window = new Set(last.flatMap((one) => [...one]));
      last.push(token);
      if (last.length > span) last.shift();
      return token.filter((item) => window.has(item)).length;
    },
  };
}

/** Keeps what is used again soonest (Belady 1966); what is used once need not stay. */
function clairvoyant({ items, tokens }: Trace, slots: number): Keeper {
  const uses = Array.from({ length: items }, () => [] as number[]);
  tokens.forEach((token, t) => token.forEach((item) => uses[item]!.push(t)));
  const next = new Int32Array(items); // how many uses of an item are past
  let kept = new Set<number>();
  return {
    kept: slots,
    use: (token) => {
      const hits = token.filter((item) => kept.has(item)).length;
      for (const item of token) next[item]!++;
      const due = (item: number) => uses[item]![next[item]!] ?? Infinity;
      const wanted = [...new Set([...kept, ...token])].filter((item) => due(item) < Infinity);
      kept = new Set(wanted.sort((a, b) => due(a) - due(b) || a - b).slice(0, slots));
      return hits;
    },
  };
}
