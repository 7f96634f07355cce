/**
 * Which tokens run in the next step. Continuous batching: every live sequence gives one token (and
 * checked guesses), prompts fill the rest in fair parts. schedule() -> the machine's step ->
 * settle(), as in nano-vllm; neither waits for anything, so the order depends on arrivals only.
 */
import { assert, FlintError } from "../errors.ts";
import type { MachineLimits, StepToken } from "../model/machine.ts";
import type { KvCache } from "./kv_cache.ts";
import type { StepCost } from "./meter.ts";
import { Pace } from "./pace.ts";
import type { Prefixes } from "./prefix.ts";
import type { Sequence } from "./sequence.ts";
import { guess } from "./guess.ts";
import { divide, type Share } from "./share.ts";

/** Sequences that may wait; at some seconds each, more would wait longer than anyone stays. */
export const WAITING_MAX = 64;

/** What a scheduler works with. */
export interface SchedulerNeeds {
  readonly limits: MachineLimits;
  readonly cache: KvCache;
  readonly prefixes?: Prefixes | undefined;
  /** Copies the bytes of a KV block. */
  readonly copyBlock: (source: number, target: number) => void;
}

/** Waiting and running sequences, and the step in flight. */
export class Scheduler {
  readonly #limits: MachineLimits;
  readonly #cache: KvCache;
  readonly #prefixes: Prefixes | undefined;
  readonly #copyBlock: SchedulerNeeds["copyBlock"];
  readonly #pace = new Pace();
  #waiting: Sequence[] = []; // oldest first
  #running: Sequence[] = []; // longest unserved first
  #step: readonly Share[] = [];
  #arrivals = 0;

  constructor({ limits, cache, prefixes, copyBlock }: SchedulerNeeds) {
    this.#limits = limits;
    this.#cache = cache;
    this.#prefixes = prefixes;
    this.#copyBlock = copyBlock;
  }

  get running(): number {
    return this.#running.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Blocks that may be taken before the next step: for those who wait, and for the others to grow. */
  get blocksWanted(): number {
    const { contextTokens } = this.#limits;
    const blocks = this.#waiting.map(({ tokens }) =>
      1 + this.#blocksFor(Math.min(tokens.length + 1, contextTokens))
    );
    return blocks.reduce((sum, count) => sum + count, 2 * this.#running.length);
  }

  /** Queues a sequence. Throws FlintError "busy" when too many wait. */
  submit(sequence: Sequence): void {
    if (this.#waiting.length >= WAITING_MAX) {
      throw new FlintError("busy", `${WAITING_MAX} requests wait already: try again later`);
    }
    sequence.number = this.#arrivals++;
    this.#waiting.push(sequence);
  }

  /** While a step runs: gives those who came meanwhile their place, so that no step waits for a restore. */
  prepare(): void {
    if (this.#step.length > 0) this.#admit();
  }

  /** The next step's tokens; none when nothing can go on. Not to be called while a step runs. */
  schedule(): StepToken[] {
    assert(this.#step.length === 0, "the last step is settled");
    this.#sweep();
    this.#secure();
    this.#admit();
    this.#step = this.#divide(this.#running.filter(canGo));
    const served = new Set(this.#step.map(({ sequence }) => sequence));
    this.#running = [...this.#running.filter((one) => !served.has(one)), ...served];
    return this.#step.flatMap((share) => tokensOf(share));
  }

  #divide(sequences: readonly Sequence[]): Share[] {
    const limits = this.#limits, left = { tokens: limits.batchTokens, logits: limits.batchLogits };
    const shares = divide(sequences, left);
    guess(shares, left, { limits, cache: this.#cache, pace: this.#pace });
    return shares;
  }

  /** The sequence of the step in flight, if it is alone in it. */
  get sole(): Sequence | undefined {
    return this.#step.length === 1 ? this.#step[0]!.sequence : undefined;
  }

  /** Hands each sequence its logits: `logits(i)` belongs to the i-th token that wanted them. */
  settle(logits: (i: number) => Float32Array, cost: StepCost): void {
    let wanted = 0;
    this.#pace.observe(cost);
    for (const share of this.#step) {
      const { sequence, count, draft } = share;
      sequence.meter.step(count + draft.length, cost);
      sequence.computed += count;
      const first = wanted;
      if (share.logits) wanted += 1 + draft.length;
      if (!sequence.over && share.logits) advance(share, (i) => logits(first + i));
      this.#seal(sequence);
    }
    this.#step = [];
    this.#sweep();
  }

  /** Ends every sequence with the error. */
  fail(error: unknown): void {
    for (const sequence of [...this.#running, ...this.#waiting]) {
      if (!sequence.over) sequence.speaker.fail(error);
      sequence.over = true;
    }
    this.#step = [];
    this.#sweep();
  }

  /** Lets go of whatever is over. */
  #sweep(): void {
    for (const sequence of this.#running) {
      if (!sequence.over) continue;
      this.#prefixes?.keepEnd(sequence);
      this.#drop(sequence);
    }
    this.#running = this.#running.filter(({ over }) => !over);
    this.#waiting = this.#waiting.filter(({ over }) => !over);
  }

  /** Oldest first, so that the oldest always goes on: room for the next token, at others' cost if need be. */
  #secure(): void {
    for (const sequence of this.#running.toSorted(byAge)) {
      const need = this.#blocksFor(sequence.tokens.length);
      while (canGo(sequence) && sequence.blocks.length < need && this.#running.includes(sequence)) {
        const block = this.#cache.grow();
        if (block !== undefined) sequence.setBlocks([...sequence.blocks, block]);
        else this.#preempt(this.#victim());
      }
    }
  }

  /** Moves waiting sequences, oldest first, to where there is room for all they have. */
  #admit(): void {
    for (const sequence of this.#waiting.filter(canGo)) {
      if (this.#running.length >= this.#limits.batchTokens) return;
      if (this.#isComing(sequence)) continue;
      while (!this.#place(sequence)) {
        // Who is in the step in flight cannot leave it.
        const resting = this.#running.filter((one) => !canGo(one));
        if (resting.length === 0 || this.#step.length > 0) return;
        this.#preempt(resting.toSorted(byAge).at(-1)!);
      }
      this.#waiting = this.#waiting.filter((one) => one !== sequence);
      this.#running.push(sequence);
    }
  }

  /** Whether a running sequence computes the next block that this one needs: then it waits to share it. */
  #isComing(sequence: Sequence): boolean {
    const hashes = this.#sharable(sequence);
    const next = this.#cache.known(hashes);
    if (next === hashes.length) return false;
    return this.#running.some((other) =>
      canGo(other) && other.computed < (next + 1) * this.#limits.blockTokens &&
      this.#sharable(other)[next] === hashes[next]
    );
  }

  /** Names of the full blocks before the last token, which is always computed: its logits are wanted. */
  #sharable(sequence: Sequence): readonly string[] {
    const { blockTokens } = this.#limits;
    return sequence.hashes(Math.floor((sequence.tokens.length - 1) / blockTokens), blockTokens);
  }

  /** Takes blocks for all tokens and one more, leaving one for each running sequence to grow into. */
  #place(sequence: Sequence): boolean {
    const { blockTokens } = this.#limits;
    const hashes = this.#sharable(sequence);
    const count = this.#blocksFor(Math.min(sequence.tokens.length + 1, this.#limits.contextTokens));
    const grant = this.#cache.acquire(hashes, count);
    if (!grant) return false;
    if (this.#cache.free < this.#running.length) {
      this.#cache.release(grant.blocks);
      return false;
    }
    sequence.setBlocks(grant.blocks);
    sequence.sealed = grant.cached;
    const restored = this.#prefixes?.restore(sequence, hashes.length) ?? 0;
    sequence.computed = (grant.cached + restored) * blockTokens;
    this.#seal(sequence);
    sequence.computed += this.#copyBeginning(sequence);
    sequence.cachedTokens ??= sequence.computed;
    return true;
  }

  /** Of the first block that isn't known as a whole, what another one begins with; how many tokens. */
  #copyBeginning(sequence: Sequence): number {
    const { sealed, tokens, blocks } = sequence;
    const { blockTokens } = this.#limits;
    const wanted = sequence.content(sealed, blockTokens, tokens.length - 1);
    const like = this.#cache.nearest(wanted), count = like?.count ?? 0;
    const restored = this.#prefixes?.restoreBeginning(wanted, count, blocks[sealed]!);
    if (restored !== undefined) return restored;
    if (like) this.#copyBlock(like.block, blocks[sealed]!);
    return count;
  }

  /** A resting sequence if there is one, else any; of them the youngest. */
  #victim(): Sequence {
    const byNeed = (one: Sequence, two: Sequence) =>
      Number(canGo(two)) - Number(canGo(one)) || byAge(one, two);
    return this.#running.toSorted(byNeed).at(-1)!;
  }

  /** Back to waiting: its KV is computed anew later, what it has said stands. */
  #preempt(sequence: Sequence): void {
    this.#drop(sequence);
    this.#running = this.#running.filter((one) => one !== sequence);
    this.#waiting = [...this.#waiting, sequence].sort(byAge);
  }

  /** Gives the blocks back; what the last one holds may be copied until its room is needed. */
  #drop(sequence: Sequence): void {
    const { computed, sealed, blocks } = sequence;
    const rest = sequence.content(sealed, this.#limits.blockTokens, computed);
    if (rest.tokens.length > 0) this.#cache.leave(blocks[sealed]!, rest);
    this.#cache.release(blocks);
    sequence.setBlocks([]);
    sequence.computed = sequence.sealed = 0;
  }

  /** Makes blocks that have filled known, and keeps the assistant's prefix once it is complete. */
  #seal(sequence: Sequence): void {
    const full = Math.floor(sequence.computed / this.#limits.blockTokens);
    if (full === sequence.sealed) return;
    const { blockTokens } = this.#limits;
    for (; sequence.sealed < full; sequence.sealed++) {
      const content = sequence.content(sequence.sealed, blockTokens, sequence.computed);
      this.#cache.seal(sequence.blocks[sequence.sealed]!, content);
    }
    this.#prefixes?.keep(sequence);
  }

  #blocksFor(tokens: number): number {
    return Math.ceil(tokens / this.#limits.blockTokens);
  }
}

const byAge = (one: Sequence, two: Sequence) => one.number - two.number;
const canGo = (sequence: Sequence) => !sequence.over && sequence.speaker.ready;

/** A share as the machine wants it: known tokens, then guesses. */
function tokensOf({ sequence, count, draft, logits }: Share): StepToken[] {
  const { tokens, computed, table } = sequence;
  const { margin } = sequence.speaker;
  const known = tokens.slice(computed, computed + count);
  return [...known, ...draft].map((token, i) => ({
    token,
    position: computed + i,
    blocks: table,
    logits: logits && i >= count - 1,
    ...(margin === undefined ? {} : { margin }),
  }));
}

/** Lets the speaker choose, as long as the next logits are those behind its choice. */
function advance({ sequence, draft }: Share, logits: (i: number) => Float32Array): void {
  const { tokens, speaker, drafter } = sequence;
  const before = tokens.length;
  try {
    for (let i = 0; i <= draft.length && !sequence.over; i++) {
      const next = speaker.take(logits(i));
      if (next === undefined) sequence.over = true;
      else tokens.push(next);
      if (next === undefined || next !== draft[i]) break;
      sequence.computed++;
    }
    drafter?.learn(tokens.slice(before));
  } catch (error) {
    sequence.over = true;
    speaker.fail(error);
  }
}
