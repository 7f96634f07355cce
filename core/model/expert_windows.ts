/**
 * A thread's view of the windows of experts, and the bookkeeping of whoever plans a round: which
 * clusters of the chosen experts lie in DRAM, and what is to be read.
 */
import { Arena } from "../flash/arena.ts";
import { Demand } from "../flash/demand.ts";
import type { ExpertSpec } from "../flash/layout.ts";
import { type Control, Counter } from "./control.ts";
import { AHEAD_MAX, type ExpertPlan, JOB_WORDS, STATE_WORDS } from "./expert_plan.ts";
import { Foresight } from "./foresight.ts";
import type { Plan } from "./plan.ts";
import { type Guess, ReadsAhead } from "./reads_ahead.ts";

/** Words of a plan's state: jobs of the pass, first and end of the round. */
const State = { jobs: 0, first: 1, end: 2 } as const;
/** Words of a job: cluster, first row and number of its tokens, address, whether and for which read it waits. */
const Word = { item: 0, row: 1, tokens: 2, at: 3, waits: 4, read: 5 } as const;

/** A cluster of a chosen expert, and the tokens that are sent there. */
export interface Job {
  /** Its number in the layer. */
  readonly item: number;
  /** First row of its tokens' inputs and outputs. */
  readonly row: number;
  readonly tokens: number;
  readonly at: number;
  /** The demanded read that brings it; undefined where it lies in DRAM. */
  readonly read: number | undefined;
}

/** A thread's view of the windows. */
export class ExpertWindows {
  readonly plan: ExpertPlan;
  readonly spec: ExpertSpec;
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** (E) tokens that are sent to each expert. */
  readonly counts: Int32Array;
  /** (E) the first row of each expert's tokens that is not taken yet. */
  readonly next: Int32Array;
  /** f32 (B, width): what the shared expert makes of each token. */
  readonly sharedAt: number;
  /** Where experts are read on a guess. */
  readonly foresight: Foresight | undefined;
  readonly #ahead: ReadsAhead | undefined;
  readonly #chosen: Int32Array; // (B, U)
  readonly #arenas: readonly Arena[];
  readonly #demand: Demand;
  readonly #control: Control;
  readonly #state: Int32Array;
  readonly #wanted: Int32Array; // (C) clusters of a round

  constructor(plan: ExpertPlan, { spec, limits }: Plan, control: Control, buffer: ArrayBufferLike) {
    const { count, used } = this.spec = spec.experts!;
    this.plan = plan;
    this.words = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.counts = new Int32Array(count);
    this.next = new Int32Array(count);
    this.sharedAt = plan.outputs + limits.batchTokens * used * spec.width * 4;
    const { foresight, layers } = plan;
    this.foresight = foresight && new Foresight(buffer, foresight);
    this.#ahead = foresight && new ReadsAhead(buffer, foresight, control, layers.length);
    this.#chosen = new Int32Array(limits.batchTokens * used);
    this.#arenas = arenasOf(plan, buffer);
    this.#demand = new Demand(control);
    this.#control = control;
    this.#state = new Int32Array(buffer, plan.state, STATE_WORDS);
    this.#wanted = new Int32Array(Math.max(...plan.layers.map(({ slots }) => slots)));
  }

  /** (U) the experts of token t, rising; for whoever routes. */
  chosenBy(t: number): Int32Array {
    return this.#chosen.subarray(t * this.spec.used, (t + 1) * this.spec.used);
  }

  /** Gives each expert the rows of its tokens, once all are counted. */
  settleRows(): void {
    let row = 0;
    this.counts.forEach((count, expert) => {
      this.next[expert] = row;
      row += count;
    });
  }

  /** First job of the round, its end, and the number of all jobs. */
  get round(): { readonly first: number; readonly end: number; readonly jobs: number } {
    const state = this.#state;
    return { first: state[State.first]!, end: state[State.end]!, jobs: state[State.jobs]! };
  }

  job(i: number): Job {
    const { words } = this, at = this.#jobAt(i);
    return {
      item: words[at + Word.item]!,
      row: words[at + Word.row]!,
      tokens: words[at + Word.tokens]!,
      at: words[at + Word.at]! >>> 0,
      read: words[at + Word.waits] === 0 ? undefined : words[at + Word.read]!,
    };
  }

  #jobAt(i: number): number {
    return this.plan.jobs / 4 + i * JOB_WORDS;
  }

  /**
   * Lists the clusters of all chosen experts, whose inputs lie in their rows: first experts that are
   * here, to be computed while others are read, then those on their way, then those that are missing;
   * an expert's clusters in order.
   */
  listJobs(layer: number): void {
    const { words, counts, next } = this, arena = this.#arenas[layer]!;
    const { clusters } = this.plan.layers[layer]!;
    const coming = this.#coming(this.#ahead?.of(layer));
    const count = (expert: number, which: (item: number) => boolean) => {
      let all = 0;
      for (let c = 0; c < clusters; c++) if (which(expert * clusters + c)) all++;
      return all;
    };
    const wanted = Array.from(counts.keys()).filter((expert) => counts[expert]! > 0)
      .map((expert) => ({
        expert,
        missing: count(expert, (item) => arena.slotOf(item) < 0),
        coming: count(expert, (item) => coming.has(item)),
      }))
      .sort((a, b) => a.missing - b.missing || a.coming - b.coming || a.expert - b.expert);
    let job = 0;
    for (const { expert } of wanted) {
      for (let c = 0; c < clusters; c++) {
        const at = this.#jobAt(job++);
        words[at + Word.item] = expert * clusters + c;
        words[at + Word.tokens] = counts[expert]!;
        words[at + Word.row] = next[expert]! - counts[expert]!;
      }
    }
    this.#state.set([job, 0, 0]);
  }

  /** Takes as many of the next jobs as fit the window, and demands those that are not in it. */
  planRound(layer: number): void {
    const { words } = this, arena = this.#arenas[layer]!;
    const { at, units, slotBytes } = this.plan.layers[layer]!;
    const { end: first, jobs } = this.round;
    const end = Math.min(jobs, first + arena.slots);
    const wanted = this.#wanted.subarray(0, end - first);
    const guess = this.#ahead?.of(layer), coming = this.#coming(guess);
    if (guess) this.#judge(layer, guess);
    else this.#ahead?.settle(layer);
    let used = 0;
    wanted.forEach((_, i) => {
      const job = this.#jobAt(first + i);
      const item = wanted[i] = words[job + Word.item]!, read = coming.get(item);
      words[job + Word.waits] = read === undefined ? 0 : 1;
      words[job + Word.read] = read ?? 0;
      used += units[item]!.bytes;
    });
    arena.exchange(wanted, (i, slot) => {
      const { offset, bytes } = units[wanted[i]!]!;
      const job = this.#jobAt(first + i);
      words[job + Word.waits] = 1;
      words[job + Word.read] = this.#demand.post(offset, bytes, at + slot * slotBytes);
    });
    wanted.forEach((item, i) => {
      words[this.#jobAt(first + i) + Word.at] = at + arena.slotOf(item) * slotBytes;
    });
    this.#state[State.first] = first;
    this.#state[State.end] = end;
    this.#control.counters[Counter.windowBytesUsed]! += used;
  }

  /** Whether all of a layer's experts lie in DRAM, or are on their way. */
  isWhole(layer: number): boolean {
    return this.#arenas[layer]!.used === this.plan.layers[layer]!.units.length;
  }

  /** Milliseconds in which flash gives a cluster. */
  readMs(layer: number): number {
    return this.plan.layers[layer]!.slotBytes / this.#control.readSpeed;
  }

  /**
   * Begins to read what the window lacks of `experts`, `most` clusters at most; what a pass of so
   * many tokens will want must fit beside them.
   */
  readAhead(
    layer: number,
    experts: Iterable<number>,
    { most, tokens }: { readonly most: number; readonly tokens: number },
  ): void {
    const arena = this.#arenas[layer]!;
    const { at, units, slotBytes, clusters } = this.plan.layers[layer]!;
    this.#ahead!.settle(layer);
    const here: number[] = [], missing: number[] = [];
    for (const expert of experts) {
      for (let item = expert * clusters; item < (expert + 1) * clusters; item++) {
        (arena.slotOf(item) < 0 ? missing : here).push(item);
      }
    }
    const items = Int32Array.from(missing.slice(0, AHEAD_MAX));
    const room = Math.max(0, arena.slots - tokens * this.spec.used * clusters);
    const reads = new Int32Array(Math.min(most, room, items.length));
    arena.expect(items.subarray(0, reads.length), here, (i, slot) => {
      const { offset, bytes } = units[items[i]!]!;
      reads[i] = this.#demand.post(offset, bytes, at + slot * slotBytes);
      this.#control.counters[Counter.aheadBytesRead]! += bytes;
    });
    this.#ahead!.put(layer, { items, reads });
  }

  /** Clusters that a guess is still reading, and the reads. */
  #coming(guess: Guess | undefined): Map<number, number> {
    const coming = new Map<number, number>();
    guess?.reads.forEach((read, i) => {
      if (!this.#demand.isDone(read)) coming.set(guess.items[i]!, read);
    });
    return coming;
  }

  /** Tells how good the guess was, now that tokens are counted. */
  #judge(layer: number, { items, reads }: Guess): void {
    const { units, clusters } = this.plan.layers[layer]!;
    let all = 0, read = 0;
    items.forEach((item, i) => {
      if (this.counts[Math.floor(item / clusters)] === 0) return;
      all++;
      if (i >= reads.length) return;
      read++;
      this.#control.counters[Counter.aheadBytesUsed]! += units[item]!.bytes;
    });
    this.foresight!.judge(
      { all: items.length, right: all },
      { all: reads.length, right: read },
      this.readMs(layer),
      performance.timeOrigin + performance.now(),
    );
    this.#ahead!.forget();
  }
}

function arenasOf({ layers, eviction }: ExpertPlan, buffer: ArrayBufferLike): Arena[] {
  return layers.map(({ arena, units, slots }) =>
    new Arena(buffer, arena, { items: units.length, slots, eviction })
  );
}

/** Seeds each layer's window from how much its experts are used, (layers, experts). Between steps. */
export function seedExperts(
  { experts: plan, spec }: Plan,
  { buffer }: WebAssembly.Memory,
  profile: Uint8Array,
): void {
  if (!plan) return;
  arenasOf(plan, buffer).forEach((arena, layer) => {
    const { units } = plan.layers[layer]!;
    arena.seed(units.map(({ expert }) => profile[layer * spec.experts!.count + expert!]!));
  });
}
