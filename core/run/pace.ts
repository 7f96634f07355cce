/**
 * What one more token in a step costs, learned from the steps that ran. A step lasts as long as the
 * slower of two things that go on at once: flash, whatever the number of tokens, and compute, which
 * grows with it. While flash is the slower, further tokens cost nothing.
 */

/** How long a step took. */
export interface StepTime {
  readonly tokens: number;
  readonly ms: number;
  /** Of them, compute waited for flash. */
  readonly waitMs: number;
}

/**
 * Compute of a further token against that of the first, until it is known. Measured on 2 cores:
 * 0.15-0.25 (SmolLM2), 0.35 (Qwen 1.5B).
 */
const SLOPE_FIRST = 0.3;
/** How much the assumed slope weighs, in steps. */
const SLOPE_WEIGHT = 4;
/** Larger steps are prompts, whose tokens are cheaper than a guess beside one token is. */
const TOKENS_MAX = 16;
/** Share that older steps keep with each new one: some 30 count. */
const KEPT = 0.97;
/** A step that waits less than this share of its time is bound by compute. */
const WAIT_MIN = 0.05;

/** Expected times of steps. */
export class Pace {
  // Sums of a weighted regression of compute on tokens.
  #weight = 0;
  #tokens = 0;
  #ms = 0;
  #tokensSquared = 0;
  #tokensMs = 0;
  #flashMs = 0;

  /** Takes one step's time. */
  observe({ tokens, ms, waitMs }: StepTime): void {
    if (tokens > TOKENS_MAX || ms <= 0) return;
    const compute = Math.max(0, ms - waitMs);
    this.#weight = this.#weight * KEPT + 1;
    this.#tokens = this.#tokens * KEPT + tokens;
    this.#ms = this.#ms * KEPT + compute;
    this.#tokensSquared = this.#tokensSquared * KEPT + tokens * tokens;
    this.#tokensMs = this.#tokensMs * KEPT + tokens * compute;
    const flashBound = waitMs > WAIT_MIN * ms;
    if (!flashBound) this.#flashMs = Math.min(this.#flashMs, ms);
    else this.#flashMs += (ms - this.#flashMs) * (this.#flashMs === 0 ? 1 : 1 - KEPT ** 4);
  }

  /** How long a step of so many tokens is expected to last; ms, or any unit before the first step. */
  expect(tokens: number): number {
    if (this.#weight === 0) return 1 + SLOPE_FIRST * (tokens - 1);
    const meanTokens = this.#tokens / this.#weight, meanMs = this.#ms / this.#weight;
    const spread = this.#tokensSquared - this.#tokens * meanTokens;
    const assumed = SLOPE_FIRST * meanMs / (1 + SLOPE_FIRST * (meanTokens - 1));
    const slope = (this.#tokensMs - this.#tokens * meanMs + SLOPE_WEIGHT * assumed) /
      (spread + SLOPE_WEIGHT);
    const compute = meanMs + Math.max(0, slope) * (tokens - meanTokens);
    return Math.max(this.#flashMs, compute);
  }
}
