/** Who answers to a `model` name: an assistant, or the model itself. */
import { type ChatMessage, type Engine, FlintError } from "@flint/core";
import type { GenerateRequest, ModelHouse } from "@flint/core";

/** What speakers are found with. */
export interface SpeakerDeps {
  readonly house: ModelHouse;
}

/** One name's way of answering. */
export interface Speaker {
  readonly engine: Engine;
  /** The request that continues these messages, before the caller's own wishes. */
  turn(messages: readonly ChatMessage[]): GenerateRequest;
}

/** Finds speakers by name. */
export interface Speakers {
  /** Throws FlintError "not_found" for an unknown name, "unavailable" while no model answers. */
  get(name: string): Speaker;
}

/** Speakers over the house's one engine. */
export function createSpeakers({ house }: SpeakerDeps): Speakers {
  return {
    get(name) {
      const engine = house.engine();
      if (name === engine.card.name) {
        return { engine, turn: (messages) => ({ prompt: engine.text.chat(messages) }) };
      }
      throw new FlintError("not_found", `there is no model "${name}"; GET /v1/models lists them`);
    },
  };
}
