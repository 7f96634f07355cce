/** Teacher-forced logits: a sequence whose every next token is given, several checked in a step. */
import { FlintError } from "../errors.ts";
import { Channel } from "./channel.ts";
import { type Draft, type Drafter, Sequence, type Speaker } from "./sequence.ts";

/** Speaks the given tokens and hands out the logits behind each. */
export class Scoring implements Speaker, Drafter {
  readonly sequence: Sequence;
  readonly #tokens: readonly number[];
  readonly #rows: Channel<Float32Array>;
  readonly #spare: Float32Array[] = [];
  readonly #wake: () => void;
  readonly #onEnd: () => void;
  #taken = 0;

  constructor(tokens: readonly number[], listeners: { wake: () => void; onEnd: () => void }) {
    this.#tokens = tokens;
    this.sequence = new Sequence({ prompt: tokens.slice(0, 1), speaker: this, drafter: this });
    this.#wake = listeners.wake;
    this.#onEnd = listeners.onEnd;
    // One step's rows at a time: they are large.
    this.#rows = new Channel(1, { onRoom: listeners.wake, onLeave: () => this.cancel() });
  }

  /** Logits behind each token; a row is overwritten when the next one is taken. */
  rows(): AsyncIterator<Float32Array> {
    let lent: Float32Array | undefined;
    return {
      next: async () => {
        if (lent) this.#spare.push(lent);
        const result = await this.#rows.next();
        lent = result.done ? undefined : result.value;
        return result;
      },
      return: () => this.#rows.return(),
    };
  }

  get ready(): boolean {
    return !this.#rows.full;
  }

  propose({ length }: readonly number[], max: number): Draft {
    const tokens = this.#tokens.slice(length, length + max);
    return { tokens, chances: tokens.map(() => 1) };
  }

  learn(): void {} // its guesses are never wrong

  take(logits: Float32Array): number | undefined {
    const row = this.#spare.pop() ?? new Float32Array(logits.length);
    row.set(logits);
    this.#rows.push(row);
    const next = this.#tokens[++this.#taken];
    if (next === undefined) {
      this.#rows.end();
      this.#onEnd();
    }
    return next;
  }

  fail(error: unknown): void {
    this.#rows.fail(error);
    this.#onEnd();
  }

  cancel(): void {
    if (this.sequence.over) return;
    this.sequence.over = true;
    this.#rows.fail(new FlintError("cancelled", "the scoring was cancelled"));
    this.#onEnd();
    this.#wake();
  }
}
