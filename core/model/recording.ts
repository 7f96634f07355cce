/** A trace being taken: what the threads of one machine have sent so far. */
import { type Span, Tracer, type TraceRow } from "../flash/trace.ts";

/** The longest that threads are waited for after the last step. */
const LATE_MS = 1000;

/** Spans by thread. Each compute thread sends once for a step, each reader once at the end. */
export class Recording {
  /** Whether steps still belong to it. */
  open = true;
  #expected: number; // reports that are still to come
  readonly #main = new Tracer();
  readonly #rows = new Map<string, Span[]>();
  readonly #complete = Promise.withResolvers<void>();
  #idle: number; // since when no step runs

  constructor(readers: number) {
    this.#expected = readers;
    this.#main.on = true;
    this.#idle = this.#main.begin();
  }

  /** A step begins on the main thread; returns what is to be called at its end. */
  step(threads: number): () => void {
    this.#expected += threads;
    this.#main.end("choose tokens", this.#idle);
    const begin = this.#main.begin();
    return () => {
      this.#main.end("step", begin);
      this.#idle = this.#main.begin();
    };
  }

  add({ name, spans }: TraceRow): void {
    this.#rows.set(name, [...this.#rows.get(name) ?? [], ...spans]);
    if (--this.#expected === 0) this.#complete.resolve();
  }

  /** All rows, once every thread has sent its last. */
  async rows(): Promise<TraceRow[]> {
    const timer = setTimeout(this.#complete.resolve, LATE_MS);
    if (this.#expected > 0) await this.#complete.promise;
    clearTimeout(timer);
    const rows = [...this.#rows].map(([name, spans]) => ({ name, spans }));
    return [{ name: "main", spans: this.#main.take() }, ...rows.sort(byName)];
  }
}

const byName = (one: TraceRow, two: TraceRow) => one.name < two.name ? -1 : 1;
