/** What the layers above ask of the engine and get back: plain types, no behaviour. */
import type { ModelCard } from "../flash/layout.ts";
import type { ReuseReport } from "./habits.ts";
import type { BudgetReport, MachineCounters, MachineLimits } from "../model/machine.ts";

export type { ReuseReport } from "./habits.ts";

/** How faithful an answer must be; see README "Fidelity". */
export type Fidelity = "exact" | "balanced" | "fast";

/** How the next token is chosen. `temperature: 0` is greedy and reproducible. */
export interface Sampling {
  readonly temperature: number;
  /** Keep the k likeliest; 0 keeps all. */
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  /** Divides positive and multiplies negative logits of tokens seen in the last `repeatLast`. 1 = off */
  readonly repetitionPenalty: number;
  readonly repeatLast: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** Same seed, same text. */
  readonly seed: number;
  /** Added to logits before everything else: token id -> bias. */
  readonly logitBias: ReadonlyMap<number, number>;
}

/** One generation. */
export interface GenerateRequest {
  readonly prompt: readonly number[];
  readonly sampling?: Partial<Sampling>;
  readonly maxTokens?: number;
  /** Stop before any of these appears in the text. */
  readonly stop?: readonly string[];
  /** JSON schema the answer must satisfy; undefined = free text. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** How many alternatives to report for each token; undefined = no log probabilities. */
  readonly logprobs?: number;
  /** Whose window profile and prefix snapshots apply. */
  readonly assistant?: string;
  /** The first tokens of the prompt that every chat of this assistant shares; 0 = none. */
  readonly prefixTokens?: number;
}

/** A candidate for one position. `bytes` is the token's own UTF-8, which may be a part of a character. */
export interface TokenLogprob {
  readonly id: number;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly logprob: number;
}

/** What a generation yields. Text may be "" while a character or stop string is incomplete. */
export type GenerateEvent =
  | {
    readonly type: "token";
    readonly id: number;
    readonly text: string;
    readonly logprob?: TokenLogprob;
    readonly top?: readonly TokenLogprob[];
  }
  | {
    readonly type: "done";
    readonly reason: "stop" | "length" | "cancelled";
    readonly usage: Usage;
    readonly speed: Speed;
  };

/** Token counts of one generation. */
export interface Usage {
  readonly promptTokens: number;
  /** Prompt tokens whose KV was restored or shared rather than computed. */
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

/** What one generation cost. */
export interface Speed {
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
  /** Of the weight bytes its steps used, the share that was in DRAM, 0..1. */
  readonly hitRate: number;
  readonly bytesReadPerToken: number;
}

/** A message as chat templates know it. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  readonly name?: string;
  readonly toolCalls?: readonly {
    readonly id: string;
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
  }[];
  readonly toolCallId?: string;
}

/** Text in and out. Special tokens in message contents stay text. */
export interface TextFace {
  /**
   * Plain text to ids; with `special`, control tokens in the text are recognised; with `begin`, the
   * token that the model wants at the start of a text comes first, if it wants one.
   */
  encode(text: string, options?: { special?: boolean; begin?: boolean }): number[];
  decode(ids: readonly number[], options?: { special?: boolean }): string;
  /** Renders the model's chat template; ends where the assistant is to speak unless told otherwise. */
  chat(
    messages: readonly ChatMessage[],
    options?: { tools?: readonly unknown[]; open?: boolean },
  ): number[];
  readonly vocabulary: number;
}

/** One model core, shared by every assistant. */
export interface Engine {
  readonly card: ModelCard;
  readonly text: TextFace;
  readonly fidelity: Fidelity;
  readonly limits: MachineLimits;
  /** Streams one answer. Breaking out of the loop or aborting frees its place at once. */
  generate(request: GenerateRequest, signal?: AbortSignal): AsyncIterable<GenerateEvent>;
  /** Teacher-forced logits at every position of `tokens`; each view is valid until the next is taken. */
  score(tokens: readonly number[], signal?: AbortSignal): AsyncIterable<Float32Array>;
  report(): EngineReport;
  close(): Promise<void>;
}

/** Live figures for /core/window, the page and the bench. */
export interface EngineReport {
  readonly model: string;
  readonly fidelity: Fidelity;
  readonly threads: number;
  readonly budget: BudgetReport;
  readonly counters: MachineCounters;
  readonly running: number;
  readonly waiting: number;
  readonly kvBlocksUsed: number;
  readonly kvBlocks: number;
  /** undefined until enough single tokens were generated to measure. */
  readonly reuse: ReuseReport | undefined;
}
