/**
 * One sequence: its tokens, how far its KV reaches, the blocks that hold it. What the tokens mean
 * is its speaker's business; when they run is the scheduler's.
 */
import { blockHash, type Content } from "./kv_cache.ts";
import { Meter } from "./meter.ts";

/** Decides how a sequence goes on. */
export interface Speaker {
  /** False while its reader is slow: the sequence rests, others go on. */
  readonly ready: boolean;
  /** Which logits it needs, as StepToken.margin; undefined: all. */
  readonly margin?: number | undefined;
  /** From the logits behind the last token: the next token, or undefined when all is said. */
  take(logits: Float32Array): number | undefined;
  /** The sequence ends by an error, once. */
  fail(error: unknown): void;
}

/** Tokens that may follow. */
export interface Draft {
  readonly tokens: readonly number[];
  /** How likely tokens 0..i all come true. */
  readonly chances: readonly number[];
}

/**
 * Guesses tokens, which one step checks together. A guess never changes what is said: the speaker
 * takes each token from logits, and a guess only counts if it is that token.
 */
export interface Drafter {
  /** At most `max` tokens; as many of the first ones are checked as pay. */
  propose(tokens: readonly number[], max: number): Draft;
  /** What was said where the last proposal began. */
  learn(said: readonly number[]): void;
}

/** What a sequence begins with. */
export interface SequenceStart {
  readonly prompt: readonly number[];
  readonly speaker: Speaker;
  readonly drafter?: Drafter;
  /** Whose prefix this is, and how many tokens of the prompt belong to it. */
  readonly assistant?: string;
  readonly prefixTokens?: number;
}

/** State of one sequence. The scheduler alone writes it. */
export class Sequence {
  readonly tokens: number[];
  readonly promptTokens: number;
  readonly speaker: Speaker;
  readonly drafter: Drafter | undefined;
  readonly assistant: string | undefined;
  readonly prefixTokens: number;
  readonly meter = new Meter();
  /** Arrival, set by the scheduler: smaller is older. */
  number = 0;
  /** Positions whose KV is in the blocks. */
  computed = 0;
  /** Prompt tokens that were there at the first admission. */
  cachedTokens: number | undefined;
  /** The first of the blocks that are not sealed yet. */
  sealed = 0;
  /** Its prefix is saved, or being saved, or needs no saving. */
  prefixKept = false;
  /** Nothing more is to be done for it. */
  over = false;
  #blocks: number[] = [];
  #table = new Int32Array();
  readonly #hashes: string[] = [];

  constructor(start: SequenceStart) {
    this.tokens = [...start.prompt];
    this.promptTokens = start.prompt.length;
    this.speaker = start.speaker;
    this.drafter = start.drafter;
    this.assistant = start.assistant;
    this.prefixTokens = Math.min(start.prefixTokens ?? 0, start.prompt.length);
  }

  /** Tokens whose KV is still to be computed; behind the last one are the wanted logits. */
  get pending(): number {
    return this.tokens.length - this.computed;
  }

  get blocks(): readonly number[] {
    return this.#blocks;
  }

  /** The blocks as the machine wants them. */
  get table(): Int32Array {
    return this.#table;
  }

  setBlocks(blocks: readonly number[]): void {
    this.#blocks = [...blocks];
    this.#table = Int32Array.from(blocks);
  }

  /** What block i holds of the tokens before `end`. */
  content(i: number, blockTokens: number, end: number): Content {
    const from = i * blockTokens;
    return {
      parent: this.hashes(i, blockTokens)[i - 1] ?? "",
      tokens: this.tokens.slice(from, Math.min(end, from + blockTokens)),
    };
  }

  /** Names of the first `count` full blocks' contents. Tokens are only ever appended, so they last. */
  hashes(count: number, blockTokens: number): readonly string[] {
    for (let i = this.#hashes.length; i < count; i++) {
      const tokens = this.tokens.slice(i * blockTokens, (i + 1) * blockTokens);
      this.#hashes.push(blockHash({ parent: this.#hashes[i - 1] ?? "", tokens }));
    }
    return this.#hashes.slice(0, count);
  }
}
