/** Who answers to a `model` name: an assistant, or the model itself. */
import { type ChatMessage, type Engine, FlintError } from "@flint/core";
import type { GenerateRequest, ModelHouse } from "@flint/core";
import { type Assistants, OWNER, type Prepared, type VisitOptions } from "@flint/plugins";
import type { Usable } from "../../market/usable.ts";

/** What speakers are found with. */
export interface SpeakerDeps {
  readonly house: ModelHouse;
  readonly usable: Usable;
  readonly assistants: Assistants;
}

/** A request, and what its answer is held to. */
export type Turn = Pick<Prepared, "request" | "ground">;

/** One name's way of answering. `await using` one that entered ends what is counted. */
export interface Speaker extends AsyncDisposable {
  readonly engine: Engine;
  /** The request that continues these messages, before the caller's own wishes. */
  turn(messages: readonly ChatMessage[]): GenerateRequest;
  /** The same, after its own tools have run: those that nobody has to be asked about. */
  prepare(messages: readonly ChatMessage[], signal: AbortSignal): Promise<Turn>;
}

/** Finds speakers by name. */
export interface Speakers {
  /**
   * Begins an answer to an account. Throws FlintError "not_found" for an unknown name, "unavailable"
   * while no model answers, "unpaid" where an assistant asks for money that is not there.
   */
  enter(name: string, visit?: VisitOptions): Promise<Speaker>;
}

/** Speakers over the house's one engine. */
export function createSpeakers({ house, usable, assistants }: SpeakerDeps): Speakers {
  return {
    async enter(name, options = {}) {
      const engine = house.engine();
      if (name === engine.card.name) {
        const turn = (messages: readonly ChatMessage[]) => ({ prompt: engine.text.chat(messages) });
        return {
          engine,
          turn,
          prepare: (messages) => Promise.resolve({ request: turn(messages) }),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        };
      }
      if (house.list().some((model) => model.name === name && model.use === "chat")) {
        throw otherModel(name, house);
      }
      const { user = OWNER } = options, { id } = usable.get(name, user); // throws "not_found"
      const visit = await assistants.enter(id, options);
      return {
        engine: visit.engine,
        turn: (messages) => assistants.turn(id, messages, user),
        prepare: (messages, signal) => assistants.prepare(id, messages, { signal, visit, user }),
        [Symbol.asyncDispose]: () => visit.leave(),
      };
    },
  };
}

/** Flint knows the model, but another one answers: it must not be taken for it. */
function otherModel(name: string, house: ModelHouse): FlintError {
  const { serving, progress } = house.status();
  const coming = progress.model === name && progress.stage !== "failed";
  return coming
    ? new FlintError(
      "unavailable",
      `"${name}" is ${progress.stage}; "${serving}" answers meanwhile`,
    )
    : new FlintError(
      "not_found",
      `"${serving}" answers here, not "${name}": start it with --model ${name}`,
    );
}
