/** One answer: logits in, chosen tokens and their text out, until it is said, cut or cancelled. */
import type { GrammarState } from "../text/grammar.ts";
import { tokenLogprobs } from "../text/logprobs.ts";
import type { Choices } from "../text/sampler.ts";
import type { TextStream } from "../text/stream.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import type { GenerateEvent } from "./api.ts";
import { Channel } from "./channel.ts";
import { Sequence, type SequenceStart, type Speaker } from "./sequence.ts";

/** Events a reader may be behind before its sequence rests: some seconds of reading aloud. */
const EVENTS_MAX = 16;

type Reason = Extract<GenerateEvent, { type: "done" }>["reason"];

/** What an answer is made with. */
export interface GenerationNeeds {
  readonly start: Omit<SequenceStart, "speaker">;
  readonly vocabulary: Vocabulary;
  readonly choices: Choices;
  readonly text: TextStream;
  readonly guide: GrammarState | undefined;
  readonly maxTokens: number;
  /** Alternatives to report; undefined = no log probabilities. */
  readonly logprobs: number | undefined;
  /** The reader caught up, or the place is free. */
  readonly wake: () => void;
  /** Nothing follows, whatever the reason. */
  readonly onEnd: () => void;
}

/** A sequence and who speaks for it. */
export class Generation implements Speaker {
  readonly sequence: Sequence;
  readonly events: Channel<GenerateEvent>;
  readonly #needs: GenerationNeeds;
  #spoken = 0;

  constructor(needs: GenerationNeeds) {
    this.#needs = needs;
    this.sequence = new Sequence({ ...needs.start, speaker: this });
    this.events = new Channel(EVENTS_MAX, { onRoom: needs.wake, onLeave: () => this.cancel() });
  }

  get ready(): boolean {
    return !this.events.full;
  }

  get margin(): number | undefined {
    const { choices, guide, logprobs } = this.#needs;
    return guide || logprobs !== undefined ? undefined : choices.margin;
  }

  take(logits: Float32Array): number | undefined {
    const { vocabulary, choices, guide, maxTokens } = this.#needs;
    const id = choices.take(logits, guide?.allow() ?? null);
    this.sequence.meter.speak();
    this.#spoken++;
    if (vocabulary.isEnd(id)) return this.#finish("stop", id);
    guide?.accept(id);
    const text = this.#needs.text.push(id);
    if (this.#needs.text.stopped || guide?.done) return this.#finish("stop", id, text, logits);
    if (this.#spoken === maxTokens) return this.#finish("length", id, text, logits);
    this.#say(id, text, logits);
    return id;
  }

  fail(error: unknown): void {
    this.events.fail(error);
    this.#needs.onEnd();
  }

  /** Ends it where it stands; its place is free before the next step. */
  cancel(): void {
    if (this.sequence.over) return;
    this.sequence.over = true;
    this.#finish("cancelled");
    this.#needs.wake();
  }

  /** The last events: the token, if it counts as text or still brings some, and the reckoning. */
  #finish(reason: Reason, id?: number, text = "", logits?: Float32Array): undefined {
    const all = reason === "cancelled" ? text : text + this.#needs.text.flush();
    if (id !== undefined && (logits || all !== "")) this.#say(id, all, logits);
    const { promptTokens, cachedTokens = 0, meter } = this.sequence;
    this.events.push({
      type: "done",
      reason,
      usage: { promptTokens, cachedTokens, completionTokens: this.#spoken },
      speed: meter.speed(),
    });
    this.events.end();
    this.#needs.onEnd();
  }

  #say(id: number, text: string, logits: Float32Array | undefined): void {
    const { logprobs, vocabulary } = this.#needs;
    if (logprobs === undefined || !logits) return this.events.push({ type: "token", id, text });
    const { chosen, top } = tokenLogprobs(logits, id, logprobs, vocabulary);
    this.events.push({ type: "token", id, text, logprob: chosen, top });
  }
}
