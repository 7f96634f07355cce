/**
 * The face between the forward pass (threads, wasm, flash) and whoever decides what to run
 * (run/scheduler.ts). One `step` is one pass over a ragged batch: decode tokens of several
 * sequences and prefill chunks side by side, so that each weight is read once for all of them.
 */
import type { ReadMethod } from "../flash/disk.ts";
import type { TraceRow } from "../flash/trace.ts";
import type { ModelSpec } from "../flash/layout.ts";

/** One token of a step. Tokens of one sequence come in position order. */
export interface StepToken {
  readonly token: number;
  readonly position: number;
  /** KV blocks of its sequence; covers positions 0..position. Owned by run/kv_cache.ts. */
  readonly blocks: Int32Array;
  /** Whether this token's logits are wanted. */
  readonly logits: boolean;
  /**
   * How far below the highest logit another one may lie and still matter: 0 where only the best
   * counts. Left out, all are wanted.
   */
  readonly margin?: number;
}

/** Fixed sizes, chosen at start inside the DRAM budget. */
export interface MachineLimits {
  /** Most tokens in one step. */
  readonly batchTokens: number;
  /** Most tokens with logits in one step. */
  readonly batchLogits: number;
  /** Positions one KV block holds. */
  readonly blockTokens: number;
  /** KV blocks there are. */
  readonly blocks: number;
  /** Bytes of one KV block (all layers, K and V, f16). */
  readonly blockBytes: number;
  /** Longest sequence: the smaller of the model's context and the KV cache. */
  readonly contextTokens: number;
}

/** Counters since the start; none ever falls. */
export interface MachineCounters {
  /** Passes. */
  readonly steps: number;
  /** Tokens computed. */
  readonly tokens: number;
  /** Weight bytes the passes used, from the window or from flash. */
  readonly bytesUsed: number;
  /** Weight bytes read from flash, head and embedding rows included. */
  readonly bytesRead: number;
  /** Milliseconds of whole steps. */
  readonly stepMs: number;
  /** Of them, waiting for flash. */
  readonly waitMs: number;
  /** Milliseconds with a read in flight, the pinned weights' included; the mean of the readers. */
  readonly readMs: number;
  /** Of bytesRead, what was read on a guess while attention computed. */
  readonly aheadBytesRead: number;
  /** Of those, what the layer then used. */
  readonly aheadBytesUsed: number;
}

/** How the DRAM budget is spent, in bytes; the parts add up to `limit` or less. */
export interface BudgetReport {
  /** The budget. */
  readonly limit: number;
  /** Weights that stay. */
  readonly pinned: number;
  /** Windows of neurons that are read one by one, or of experts; 0 where the model has none. */
  readonly window: number;
  /** The ring of streamed weights. */
  readonly staging: number;
  /** KV cache. */
  readonly kv: number;
  /** Of the KV cache, what holds weights at the moment: not a part of its own. */
  readonly lent: number;
  /** Buffers of the pass, logits included. */
  readonly activations: number;
  /** Norms, biases and the control block. */
  readonly resident: number;
}

/** The model core as the scheduler sees it. */
export interface Machine {
  readonly spec: ModelSpec;
  readonly limits: MachineLimits;
  /** How flash is read. */
  readonly reading: ReadMethod;
  /** Whether weights would gain by free KV blocks: some are streamed. */
  readonly lendable: boolean;
  /** Runs one pass; rejects only on a bug or a flash fault. One step at a time. */
  step(batch: readonly StepToken[]): Promise<void>;
  /**
   * Logits (vocabulary) of the i-th token of the last step that wanted them; valid until the next
   * step. Those further below the highest than the token's margin may be -Infinity; where one is
   * not, it is exact.
   */
  logits(i: number): Float32Array;
  /**
   * Lends KV blocks from number `first` on to weights, and takes back those before it; what the lent
   * ones held is lost. Not while a step runs. It costs as much as reading what is newly lent room.
   */
  lend(first: number): Promise<void>;
  /** A KV block's bytes; valid until the next step: copy to keep. */
  block(index: number): Uint8Array;
  /**
   * Which neurons (experts) each of the last step's tokens used, as bits (tokens, layers, items / 32);
   * undefined if there were more than batchLogits, or the activity thresholds have not settled.
   * Valid until the next step.
   */
  active(): Int32Array | undefined;
  /** Sums so far (tally.ts); undefined unless the machine was opened for them. */
  tally(): Float32Array | undefined;
  /**
   * Tells who speaks from the next step on: how much each neuron (expert) is used, (layers, items). Windows
   * keep what is used most; no result changes.
   */
  favor(profile: Uint8Array): void;
  counters(): MachineCounters;
  /** What every thread did while `run` went on; one trace at a time. */
  trace(run: () => Promise<void>): Promise<readonly TraceRow[]>;
  budget(): BudgetReport;
  close(): Promise<void>;
}
