/**
 * Calls that wait for an answer of the client's user. A client gets a question as the answer to its
 * call, and calls again with what its user said; meanwhile the call goes on here.
 */
import { FlintError } from "@flint/core";
import type { ToolResult, ToolValues } from "../tool.ts";
import type { Caller } from "../../callable.ts";

/** What a call came to: its result, or a question and the state that its answer must bring along. */
export type Outcome =
  | { readonly result: ToolResult }
  | { readonly question: Question; readonly state: string };

/** A question to the client's user. */
export interface Question {
  readonly message: string;
  readonly schema: object;
}

/** Calls that wait at once; the oldest gives up. */
const PARKED_MAX = 64;
/** How long people may think. */
const ANSWER_MS_MAX = 10 * 60_000;

/** A call between two requests. */
interface Running {
  readonly done: Promise<{ readonly result: ToolResult }>;
  /** Ends it. */
  readonly stop: AbortController;
  /** Resolves when it asks. */
  asked: PromiseWithResolvers<Question>;
  /** Takes the answer; undefined refuses. */
  answer: (values: ToolValues | undefined) => void;
}

/** All calls of one server that wait. */
export class ParkedCalls {
  readonly #waiting = new Map<string, Running>();

  /** Begins a call whose questions are told as its outcome. */
  begin(
    run: (caller: Required<Pick<Caller, "signal" | "ask">>) => Promise<ToolResult>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const stop = new AbortController();
    const call: Running = {
      stop,
      asked: Promise.withResolvers(),
      answer: () => {},
      done: run({
        signal: stop.signal,
        ask: (message, schema) => {
          const answered = Promise.withResolvers<ToolValues | undefined>();
          call.answer = answered.resolve;
          call.asked.resolve({ message, schema });
          return answered.promise;
        },
      }).then((result) => ({ result })),
    };
    call.done.catch(() => {}); // told to whoever waits for it; after a question nobody may
    return this.#round(call, signal);
  }

  /** Goes on with an answer; undefined refuses. @throws FlintError not_found for a state that waits no more */
  answer(state: string, values: ToolValues | undefined, signal: AbortSignal): Promise<Outcome> {
    const call = this.#waiting.get(state);
    if (!call) {
      throw new FlintError("not_found", "this question was answered or given up: call anew");
    }
    this.#waiting.delete(state);
    call.asked = Promise.withResolvers();
    call.answer(values);
    return this.#round(call, signal);
  }

  /** Ends all that waits. */
  close(): void {
    for (const { stop } of this.#waiting.values()) stop.abort();
    this.#waiting.clear();
  }

  /** Until the call ends or asks; a client that leaves before ends it. */
  async #round(call: Running, signal: AbortSignal): Promise<Outcome> {
    const leave = () => call.stop.abort(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    try {
      const outcome = await Promise.race([call.done, call.asked.promise]);
      return "result" in outcome ? outcome : this.#park(call, outcome);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #park(call: Running, question: Question): Outcome {
    const state = crypto.randomUUID();
    this.#waiting.set(state, call);
    const giveUp = () => {
      if (this.#waiting.delete(state)) call.stop.abort();
    };
    const timer = setTimeout(giveUp, ANSWER_MS_MAX);
    Deno.unrefTimer(timer);
    call.done.finally(() => clearTimeout(timer)).catch(() => {});
    if (this.#waiting.size > PARKED_MAX) {
      const [oldest, { stop }] = this.#waiting.entries().next().value!;
      this.#waiting.delete(oldest);
      stop.abort();
    }
    return { question, state };
  }
}
