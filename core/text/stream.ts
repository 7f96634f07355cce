/**
 * Tokens to text as they come: whole characters only, and never a part of a stop string: text that
 * may still become one is held back until it has or cannot any more.
 */
import { FlintError } from "../errors.ts";
import type { Vocabulary } from "./vocabulary.ts";

const STOPS_MAX = 16;
const STOP_CHARS_MAX = 1000;

/** One answer's text. */
export class TextStream {
  readonly #vocabulary: Vocabulary;
  readonly #stops: readonly string[];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Decoded but not given out: it may begin a stop string. */
  #held = "";
  #stopped = false;

  /** Throws FlintError "bad_input" for stop strings that are empty, too long or too many. */
  constructor(vocabulary: Vocabulary, stops: readonly string[] = []) {
    checkStops(stops);
    this.#vocabulary = vocabulary;
    this.#stops = stops;
  }

  /** A stop string has come up; nothing more will be given out. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The text that a token completes; control tokens have none. */
  push(id: number): string {
    if (this.#stopped || this.#vocabulary.isControl(id)) return "";
    this.#held += this.#decoder.decode(this.#vocabulary.tokenBytes(id), { stream: true });
    const stop = this.#firstStop();
    if (stop >= 0) {
      this.#stopped = true;
      return this.#release(stop);
    }
    return this.#release(this.#held.length - this.#stopBegun());
  }

  /** At the end of the answer: what was held back. Half a character is dropped. */
  flush(): string {
    return this.#stopped ? "" : this.#release(this.#held.length);
  }

  #release(length: number): string {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return text;
  }

  /** Where the earliest stop string begins in the held text; -1 if there is none. */
  #firstStop(): number {
    const found = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((at) => at >= 0);
    return found.length === 0 ? -1 : Math.min(...found);
  }

  /** Length of the longest end of the held text that some stop string begins with. */
  #stopBegun(): number {
    const held = this.#held;
    const begun = this.#stops.map((stop) => {
      let length = Math.min(stop.length - 1, held.length);
      while (length > 0 && !held.endsWith(stop.slice(0, length))) length--;
      return length;
    });
    return Math.max(0, ...begun);
  }
}

function checkStops(stops: readonly string[]): void {
  if (stops.length > STOPS_MAX) {
    throw new FlintError("bad_input", `stop has ${stops.length} strings; at most ${STOPS_MAX}`);
  }
  for (const stop of stops) {
    if (stop !== "" && stop.length <= STOP_CHARS_MAX) continue;
    const limits = `1 to ${STOP_CHARS_MAX} characters`;
    throw new FlintError("bad_input", `a stop string has ${stop.length} characters, not ${limits}`);
  }
}
