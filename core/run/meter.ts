/** What one sequence cost: times and weight bytes, for `Speed`. */
import type { Speed } from "./api.ts";
import type { StepTime } from "./pace.ts";

/** Weight bytes and time of one step, and how many tokens shared them. */
export interface StepCost extends StepTime {
  readonly bytesUsed: number;
  readonly bytesRead: number;
}

/** Counts from the sequence's arrival on. */
export class Meter {
  readonly #arrived = performance.now();
  #firstToken = 0; // ms after arrival
  #lastToken = 0;
  #spoken = 0;
  #bytesUsed = 0;
  #bytesRead = 0;
  #bytesReadMine = 0; // since the first token

  /** A step in which `mine` of the step's tokens were this sequence's. */
  step(mine: number, { tokens, bytesUsed, bytesRead }: StepCost): void {
    this.#bytesUsed += bytesUsed;
    this.#bytesRead += bytesRead;
    if (this.#spoken > 0) this.#bytesReadMine += bytesRead * mine / tokens;
  }

  /** A token was chosen. */
  speak(): void {
    this.#lastToken = performance.now() - this.#arrived;
    if (this.#spoken++ === 0) this.#firstToken = this.#lastToken;
  }

  /**
   * Rates so far. Tokens a second and bytes read are of what came after the first token (waiting and
   * prefill are in firstTokenMs); of a step shared with other chats, the part that was its own.
   */
  speed(): Speed {
    const decodeMs = this.#lastToken - this.#firstToken;
    return {
      firstTokenMs: this.#firstToken,
      tokensPerSecond: decodeMs > 0 ? (this.#spoken - 1) * 1000 / decodeMs : 0,
      hitRate: this.#bytesUsed > 0 ? 1 - this.#bytesRead / this.#bytesUsed : 1,
      bytesReadPerToken: this.#spoken > 1 ? this.#bytesReadMine / (this.#spoken - 1) : 0,
    };
  }
}
