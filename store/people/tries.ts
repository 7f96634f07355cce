/** Bounds how often somebody may try a password: by account, so that guessing is hopeless. */
import { FlintError } from "@flint/core";

/** Wrong tries in a row that a person makes at most. */
const TRIES_MAX = 8;
/** How long the count lasts from the first wrong one. */
const SPAN_MS = 15 * 60_000;
/** Names counted at once: whoever tries very many only forgets his oldest. */
const NAMES_MAX = 10_000;

/** Counts wrong tries, in memory. */
export class Tries {
  readonly #now: () => number;
  readonly #counts = new Map<string, { count: number; since: number }>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Takes a try before it is made. @throws FlintError busy */
  take(name: string): void {
    const now = this.#now();
    let tries = this.#counts.get(name);
    if (!tries || now - tries.since > SPAN_MS) tries = { count: 0, since: now };
    if (tries.count >= TRIES_MAX) {
      const minutes = Math.ceil((tries.since + SPAN_MS - now) / 60_000);
      throw new FlintError("busy", `too many wrong tries: wait ${minutes} minutes`);
    }
    tries.count++;
    this.#counts.delete(name); // to the end of the map's order
    this.#counts.set(name, tries);
    if (this.#counts.size > NAMES_MAX) this.#counts.delete(this.#counts.keys().next().value!);
  }

  /** The try was right: counts anew. */
  clear(name: string): void {
    this.#counts.delete(name);
  }
}
