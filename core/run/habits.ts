/**
 * What each assistant's chats use of the model: the reuse report's meter, one assistant at a time,
 * and its profile (how often each neuron was active), kept in LMDB and there again at the next chat
 * before the first token.
 */
import { ReuseMeter, type SpanReuse } from "../flash/window.ts";
import { itemsOf, type ModelSpec } from "../flash/layout.ts";
import type { Blobs, Kv } from "../kv.ts";
import type { Sequence } from "./sequence.ts";

/** Reuse of neurons (experts) by neighbouring tokens, for the assistant that spoke last. */
export interface ReuseReport {
  /** "-" for chats without one. */
  readonly assistant: string;
  /** What is counted. */
  readonly of: "neurons" | "experts";
  /** Tokens measured in this run. */
  readonly tokens: number;
  /** Whether the static baseline began from a profile of earlier chats. */
  readonly restored: boolean;
  /** All layers together, by window span. */
  readonly spans: readonly SpanReuse[];
  /** By layer, for the previous token alone. */
  readonly layers: readonly SpanReuse[];
}

/** What the habits of one model's assistants are kept in. */
export interface HabitsNeeds {
  readonly spec: ModelSpec;
  /** Binds profiles to the model's file. */
  readonly model: string;
  /** Is told an assistant's profile before its second token. */
  readonly favor?: (profile: Uint8Array) => void;
  /** Where profiles are kept; none: they last as long as the engine. */
  readonly kv: Kv | undefined;
}

/** What `count` tokens at neighbouring positions used; (count, layers, words) bits. */
export interface Used {
  /** Of the first one. */
  readonly position: number;
  readonly count: number;
  readonly bits: Int32Array;
}

/** Chats without an assistant share this name. */
const NOBODY = "-";

/** Meters the text of one assistant at a time; a switch saves one profile and restores another. */
export class Habits {
  readonly #spec: ModelSpec;
  readonly #favor: HabitsNeeds["favor"] | undefined;
  readonly #model: string;
  readonly #blobs: Blobs | undefined;
  #meter: ReuseMeter | undefined;
  #assistant = NOBODY;
  #restored = false;
  #last: Sequence | undefined;
  #position = 0; // that would be the last one's neighbour
  #writes: Promise<unknown> = Promise.resolve();
  #fault: unknown;

  constructor({ spec, model, kv, favor }: HabitsNeeds) {
    this.#favor = favor;
    this.#spec = spec;
    this.#model = model;
    this.#blobs = kv?.blobs("profiles");
  }

  /** Takes the active neurons of some tokens of a sequence; behind a gap they have no neighbours. */
  observe(sequence: Sequence, { position, count, bits }: Used): void {
    const assistant = sequence.assistant ?? NOBODY;
    if (!this.#meter || assistant !== this.#assistant) this.#turnTo(assistant);
    if (sequence !== this.#last || position !== this.#position) this.#meter!.turn();
    this.#last = sequence;
    this.#position = position + count;
    const words = bits.length / count;
    for (let t = 0; t < count; t++) {
      this.#meter!.observe(bits.subarray(t * words, (t + 1) * words));
    }
  }

  report(): ReuseReport | undefined {
    const meter = this.#meter;
    return meter && {
      assistant: this.#assistant,
      of: this.#spec.experts ? "experts" : "neurons",
      tokens: meter.tokens,
      restored: this.#restored,
      spans: meter.reuse(),
      layers: Array.from({ length: meter.layers }, (_, layer) => meter.reuse(layer)[0]!),
    };
  }

  /** Keeps the profile of the assistant that spoke last. Throws what any profile's write threw. */
  async save(): Promise<void> {
    this.#keep();
    await this.#writes;
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Writes the profile while others speak. */
  #keep(): void {
    if (!this.#meter || !this.#blobs) return;
    const write = this.#blobs.put([this.#model, this.#assistant], this.#meter.profile());
    this.#writes = Promise.all([this.#writes, write]).catch((error) => {
      this.#fault ??= error;
    });
  }

  #turnTo(assistant: string): void {
    this.#keep();
    const meter = this.#meter = new ReuseMeter(this.#spec.layers, itemsOf(this.#spec));
    this.#assistant = assistant;
    const profile = this.#blobs?.borrow([this.#model, assistant]);
    this.#restored = profile?.length === this.#spec.layers * itemsOf(this.#spec);
    if (!this.#restored) return;
    meter.restore(profile!);
    this.#favor?.(profile!);
  }
}
