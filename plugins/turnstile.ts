/** The turnstile before every answer: who may not pass is told why, and what an answer took is counted. */
import type { Engine, GenerateEvent, GenerateRequest } from "@flint/core";
import { OWNER } from "./schema.ts";

/** An answer that is about to begin. */
export interface TurnAsked {
  /** Its own id: told twice, it counts once. */
  readonly turn: string;
  readonly assistant: string;
  /** The account that asks. */
  readonly user: string;
  /** Whether a talk begins with it. */
  readonly begins: boolean;
  /** Whether it goes on with an answer that was counted before. */
  readonly goesOn: boolean;
  /** The most it may read and write at once, tokens. */
  readonly contextTokens: number;
}

/** What an answer took, all passes of the model together. */
export interface TurnUse {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly toolCalls: number;
}

/** Lets answers begin, and is told what they took. */
export interface Turnstile {
  /**
   * Resolves to what is to be called once, when the answer has ended, however it did.
   * @throws FlintError unpaid, busy
   */
  enter(asked: TurnAsked): Promise<(use: TurnUse) => Promise<void>>;
}

/** Everybody passes and nobody counts: tries of a draft, and stores without one. */
export const OPEN_TURNSTILE: Turnstile = {
  enter: () => Promise.resolve(() => Promise.resolve()),
};

/** How somebody comes to a turnstile. */
export interface VisitOptions {
  readonly user?: string | undefined;
  readonly begins?: boolean;
  readonly goesOn?: boolean;
}

/** One answer behind the turnstile; ends with `await using`, or as soon as `leave` is called. */
export class Visit implements AsyncDisposable {
  /** The engine whose work is counted for this answer. */
  readonly engine: Engine;
  readonly #tally = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, toolCalls: 0 };
  readonly #leave: (use: TurnUse) => Promise<void>;
  #left: Promise<void> | undefined;

  private constructor(engine: Engine, leave: (use: TurnUse) => Promise<void>) {
    this.engine = counting(engine, this.#tally);
    this.#leave = leave;
  }

  /** @throws FlintError unpaid, busy */
  static async enter(
    { turnstile, engine }: { readonly turnstile: Turnstile; readonly engine: Engine },
    assistant: string,
    { user = OWNER, begins = false, goesOn = false }: VisitOptions = {},
  ): Promise<Visit> {
    const { contextTokens } = engine.limits, turn = crypto.randomUUID();
    const asked = { turn, assistant, user, begins, goesOn, contextTokens };
    return new Visit(engine, await turnstile.enter(asked));
  }

  /** Counts calls of tools. */
  called(calls: number): void {
    this.#tally.toolCalls += calls;
  }

  /** The answer has ended. A second time waits for the first. */
  leave(): Promise<void> {
    return this.#left ??= this.#leave({ ...this.#tally });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}

type Tally = { -readonly [K in keyof TurnUse]: TurnUse[K] };

/** The same engine, adding up what it generates. */
function counting(engine: Engine, tally: Tally): Engine {
  return new Proxy(engine, {
    get(target, name) {
      if (name === "generate") {
        return (request: GenerateRequest, signal?: AbortSignal) =>
          counted(target.generate(request, signal), request, tally);
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A reader who leaves early has read the prompt and what was said until then. */
async function* counted(
  events: AsyncIterable<GenerateEvent>,
  { prompt }: GenerateRequest,
  tally: Tally,
): AsyncGenerator<GenerateEvent> {
  let said = 0, done = false;
  try {
    for await (const event of events) {
      if (event.type === "token") said++;
      else {
        done = true;
        tally.promptTokens += event.usage.promptTokens;
        tally.cachedTokens += event.usage.cachedTokens;
        tally.completionTokens += event.usage.completionTokens;
      }
      yield event;
    }
  } finally {
    if (!done && said > 0) {
      tally.promptTokens += prompt.length;
      tally.completionTokens += said;
    }
  }
}
