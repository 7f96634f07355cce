/** SIGINT and SIGTERM as an abort signal: the first asks to stop, a second one does not ask. */

/** Signals that end a command; Windows has no SIGTERM. */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** Listens until disposed. */
export class Stop implements Disposable {
  readonly #controller = new AbortController();
  readonly #asked = Promise.withResolvers<void>();
  readonly #listener = () => {
    if (this.#controller.signal.aborted) Deno.exit(1);
    this.#controller.abort();
    this.#asked.resolve();
  };

  constructor() {
    for (const name of SIGNALS) Deno.addSignalListener(name, this.#listener);
  }

  /** Aborts with the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves with the first signal. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  [Symbol.dispose](): void {
    for (const name of SIGNALS) Deno.removeSignalListener(name, this.#listener);
  }
}
