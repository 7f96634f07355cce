/** The house's status as everyone sees it: the newest one at once, and then each change. */
import type { HouseStatus, Progress } from "./api.ts";

/** Progress within one stage is told this often at most: a bar needs no more. */
const TELL_MS = 100;

/** Holds the newest status. Watchers that are slow miss what was overtaken, never the last word. */
export class Board {
  #status: HouseStatus;
  #changed = Promise.withResolvers<void>();
  #toldAt = 0;

  constructor(status: HouseStatus) {
    this.#status = status;
  }

  get status(): HouseStatus {
    return this.#status;
  }

  /** Changes some of it; a mere step of progress may wait for the next one. */
  set(change: Partial<HouseStatus>): void {
    const before = this.#status;
    this.#status = { ...before, ...change };
    const stepped = isStep(before.progress, this.#status.progress) &&
      before.serving === this.#status.serving;
    if (stepped && performance.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = performance.now();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Yields the status now and after each change until the signal aborts. */
  async *watch(signal: AbortSignal): AsyncGenerator<HouseStatus> {
    const aborted = Promise.withResolvers<void>();
    const stop = () => aborted.resolve();
    signal.addEventListener("abort", stop);
    try {
      while (!signal.aborted) {
        const changed = this.#changed.promise;
        yield this.#status;
        await Promise.race([changed, aborted.promise]);
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

function isStep(before: Progress, after: Progress): boolean {
  return before.model === after.model && before.stage === after.stage &&
    before.note === after.note && after.done < after.total;
}
