/** Questions that running calls put to the user: open until answered, refused, too old, or the reader leaves. */
import { FlintError } from "@flint/core";
import { fitting, type ToolValues } from "./tool.ts";

/** How long a call waits for a person. */
const ANSWER_MS_MAX = 5 * 60_000;

interface Open {
  readonly conversation: string;
  readonly schema: object;
  readonly resolve: (values: ToolValues | undefined) => void;
}

/** The questions that are open now. They live as long as the calls that ask, in memory alone. */
export class Questions {
  readonly #open = new Map<string, Open>();

  /** Opens one; the promise resolves with its answer, or undefined where there is none. */
  ask(conversation: string, schema: object, signal: AbortSignal) {
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<ToolValues | undefined>();
    const late = setTimeout(() => resolve(undefined), ANSWER_MS_MAX);
    const leave = () => resolve(undefined);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    this.#open.set(id, { conversation, schema, resolve });
    const answer = promise.finally(() => {
      clearTimeout(late);
      signal.removeEventListener("abort", leave);
      this.#open.delete(id);
    });
    return { id, answer };
  }

  /**
   * Answers one; null refuses.
   * @throws FlintError not_found, bad_input when the values do not fit its schema: it stays open
   */
  answer(conversation: string, id: string, values: unknown): void {
    const open = this.#open.get(id);
    if (open?.conversation !== conversation) {
      throw new FlintError("not_found", "this question is no longer open");
    }
    open.resolve(values === null ? undefined : fitting("the answer", open.schema, values));
  }
}
