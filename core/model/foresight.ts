/**
 * Reads experts while attention computes, on a guess: the router asked early, about the residual
 * before attention. What it decides afterwards is what counts, so no result depends on a guess, and a
 * wrong one costs bytes. How many bytes a layer may read ahead, and whether to guess at all, is
 * settled by what guesses have gained so far.
 */
import type { UnitPart } from "../flash/layout.ts";
import { activationForm } from "../kernels/kernels.ts";
import {
  AHEAD_MAX,
  FORESIGHT_NUMBERS,
  FORESIGHT_TOKENS,
  type ForesightPlan,
} from "./expert_plan.ts";
import type { ExpertWindows } from "./expert_windows.ts";
import { type Pass, strideOf, type Thread } from "./thread.ts";

/** Averages forget half of what they know in some 22 layers. */
const NEWS = 1 / 32;
/** Layers that are guessed in any case at first: cold code is slow, and would tell against guessing. */
const TRIAL = 512;
/** Where guesses do not pay, one layer in so many is guessed all the same: no multiple of layers. */
const PROBE_EVERY = 31;

/** Numbers kept between layers, in memory that the threads share. */
const At = { visits: 0, begun: 1, leadMs: 2, precision: 3, gainMs: 4, costMs: 5 } as const;

/** Whether guesses pay, and how far. Times in milliseconds, averages over the last layers. */
export class Foresight {
  readonly #numbers: Float64Array;

  constructor(buffer: ArrayBufferLike, { numbers }: Pick<ForesightPlan, "numbers">) {
    this.#numbers = new Float64Array(buffer, numbers, FORESIGHT_NUMBERS);
  }

  /** Whether this layer is to be guessed. */
  due(): boolean {
    const visit = this.#numbers[At.visits]!++;
    if (visit === 0) this.#numbers[At.precision] = 1;
    if (visit === TRIAL) this.#numbers[At.gainMs] = 0;
    return visit < TRIAL || this.#numbers[At.gainMs]! >= 0 || visit % PROBE_EVERY === 0;
  }

  /**
   * Clusters that may be read ahead: as many as attention takes the time of, where the last may
   * stick out as far as guesses come true, for so much of it is not lost.
   */
  most(readMs: number): number {
    const { [At.leadMs]: lead, [At.precision]: precision } = this.#numbers;
    return Math.min(AHEAD_MAX, Math.floor(lead! / readMs + precision!));
  }

  /** A guess was made in `ms`, which `threads` share, and what may be read of it is on its way. */
  begun(now: number, ms: number, threads: number): void {
    this.#numbers[At.begun] = now;
    this.#learnTime(At.costMs, ms / threads);
  }

  /** The router has decided: of so many clusters guessed and read ahead, so many were right. */
  judge(
    guessed: { readonly all: number; readonly right: number },
    read: { readonly all: number; readonly right: number },
    readMs: number,
    now: number,
  ): void {
    const lead = now - this.#numbers[At.begun]!;
    const late = Math.max(0, read.all * readMs - lead); // what was not guessed waits so much longer
    this.#learnTime(At.leadMs, lead);
    if (guessed.all > 0) this.#learn(At.precision, guessed.right / guessed.all);
    this.#learn(At.gainMs, read.right * readMs - late - this.#numbers[At.costMs]!);
  }

  /** A thread that lost its core for a while says little: times count double what is known at most. */
  #learnTime(at: number, ms: number): void {
    const known = this.#numbers[at]!;
    if (known === 0) this.#numbers[at] = ms;
    else this.#learn(at, Math.min(ms, 2 * known));
  }

  #learn(at: number, news: number): void {
    this.#numbers[at]! += (news - this.#numbers[at]!) * NEWS;
  }
}

/** Whether passes of so many tokens are guessed for; the same for every thread. */
export function foreseeable({ experts }: Thread, { tokens }: Pass): boolean {
  return experts?.foresight !== undefined && tokens <= FORESIGHT_TOKENS;
}

/** Guesses a layer's experts from the residual as it is, and begins to read those that are missing. */
export function foresee(thread: Thread, windows: ExpertWindows, layer: number, pass: Pass): void {
  const foresight = windows.foresight!;
  if (windows.isWhole(layer) || !foresight.due()) return;
  const start = performance.timeOrigin + performance.now();
  askEarly(thread, windows, layer, pass);
  const most = foresight.most(windows.readMs(layer));
  windows.readAhead(layer, likeliest(thread, windows, pass), { most, tokens: pass.tokens });
  const now = performance.timeOrigin + performance.now();
  foresight.begun(now, now - start, thread.control.threads);
}

/** Scores of the layer's router on the residual, normed as the FFN's input will be. */
function askEarly(
  thread: Thread,
  { plan, spec }: ExpertWindows,
  layer: number,
  { tokens }: Pass,
): void {
  const { kernels, plan: { x, spec: { width, normEpsilon } } } = thread;
  const { normed, scores } = plan.foresight!;
  const weight = thread.vector(layer, "ffnNorm");
  for (let t = 0; t < tokens; t++) {
    const into = normed.f32 + t * normed.f32Stride;
    kernels.rmsNorm(x + t * width * 4, weight, width, normEpsilon, into);
    thread.quantize(normed, t, width);
  }
  for (const { unit, at } of plan.layers[layer]!.router) {
    const part = unit.parts[0] as UnitPart, form = activationForm(part.type);
    const input = { at: normed[form], stride: strideOf(normed, form) };
    const out = { at: scores + part.row * 4, stride: spec.count * 4 };
    thread.product(at, part, { from: 0, to: part.rows }, input, tokens, out);
  }
}

/** The experts of the highest scores, each token's best before anyone's second; scores are used up. */
function likeliest(
  { floats }: Thread,
  { spec: { count, used }, plan }: ExpertWindows,
  { tokens }: Pass,
): Set<number> {
  const first = plan.foresight!.scores / 4, found = new Set<number>();
  for (let rank = 0; rank < used; rank++) {
    for (let row = first; row < first + tokens * count; row += count) {
      let best = row;
      for (let at = row; at < row + count; at++) if (floats[at]! > floats[best]!) best = at;
      floats[best] = -Infinity;
      found.add(best - row);
    }
  }
  return found;
}
