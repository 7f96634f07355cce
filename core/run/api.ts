/** What the layers above ask of the engine and get back: plain types, no behaviour. */
import type { ReadMethod } from "../flash/disk.ts";
import type { TraceEvent, TraceSummary } from "../flash/trace.ts";
import type { ModelCard } from "../flash/layout.ts";
import type { ReuseReport } from "./habits.ts";
import type { BudgetReport, MachineCounters, MachineLimits } from "../model/machine.ts";

export type { BudgetReport, MachineCounters, MachineLimits } from "../model/machine.ts";
export type { ExpertSpec, ModelCard, ModelSpec, RopeSpec } from "../flash/layout.ts";
export type { ReuseReport } from "./habits.ts";
export type { ReadMethod } from "../flash/disk.ts";
export type { TraceEvent, TraceSummary } from "../flash/trace.ts";
export type { SpanReuse } from "../flash/window.ts";

/** How faithful an answer must be; see README "Fidelity". */
export type Fidelity = "exact" | "balanced" | "fast";

/** How the next token is chosen. `temperature: 0` is greedy and reproducible. */
export interface Sampling {
  /** Divides the logits: 0 is greedy, 1 the model's own spread. */
  readonly temperature: number;
  /** Keep the k likeliest; 0 keeps all. */
  readonly topK: number;
  /** Keep the likeliest tokens that together hold this probability; 1 keeps all. */
  readonly topP: number;
  /** Keep tokens at least this share as likely as the likeliest; 0 keeps all. */
  readonly minP: number;
  /** Divides positive and multiplies negative logits of tokens seen in the last `repeatLast`. 1 = off */
  readonly repetitionPenalty: number;
  /** Tokens that repetitionPenalty looks back over. */
  readonly repeatLast: number;
  /** Taken off a token's logit for each time it was said. */
  readonly frequencyPenalty: number;
  /** Taken off a token's logit once it was said. */
  readonly presencePenalty: number;
  /** Same seed, same text. */
  readonly seed: number;
  /** Added to logits before everything else: token id -> bias. */
  readonly logitBias: ReadonlyMap<number, number>;
}

/** One generation. */
export interface GenerateRequest {
  /** Token ids; TextFace.chat makes them of messages. */
  readonly prompt: readonly number[];
  /** What is left out is the engine's default. */
  readonly sampling?: Partial<Sampling>;
  /** Most tokens to say; default: what the context has room for. */
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
  /** Token id. */
  readonly id: number;
  /** Its text, with � where it is a part of a character. */
  readonly text: string;
  /** Its UTF-8. */
  readonly bytes: Uint8Array;
  /** Natural logarithm of its probability before sampling. */
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
  /** Tokens of the prompt. */
  readonly promptTokens: number;
  /** Prompt tokens whose KV was restored or shared rather than computed. */
  readonly cachedTokens: number;
  /** Tokens that were said. */
  readonly completionTokens: number;
}

/** What one generation cost. */
export interface Speed {
  /** From the request to the first token, waiting included. */
  readonly firstTokenMs: number;
  /** After the first token. */
  readonly tokensPerSecond: number;
  /** Of the weight bytes its steps used, the share that was in DRAM, 0..1. */
  readonly hitRate: number;
  /** Weight bytes read from flash for each token after the first. */
  readonly bytesReadPerToken: number;
}

/** A message as chat templates know it. */
export interface ChatMessage {
  /** Who speaks. */
  readonly role: "system" | "user" | "assistant" | "tool";
  /** What is said. */
  readonly content: string;
  /** Name of the tool that a tool message comes from. */
  readonly name?: string;
  /** Tools that an assistant message calls. */
  readonly toolCalls?: readonly {
    readonly id: string;
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
  }[];
  /** The call that a tool message answers. */
  readonly toolCallId?: string;
}

/** Text in and out. Special tokens in message contents stay text. */
export interface TextFace {
  /**
   * Plain text to ids; with `special`, control tokens in the text are recognised; with `begin`, the
   * token that the model wants at the start of a text comes first, if it wants one.
   */
  encode(text: string, options?: { special?: boolean; begin?: boolean }): number[];
  /** Ids to text; with `special`, control tokens are spelled out. */
  decode(ids: readonly number[], options?: { special?: boolean }): string;
  /** Renders the model's chat template; ends where the assistant is to speak unless told otherwise. */
  chat(
    messages: readonly ChatMessage[],
    options?: { tools?: readonly unknown[]; open?: boolean },
  ): number[];
  /** Number of token ids. */
  readonly vocabulary: number;
}

/** One model core, shared by every assistant. */
export interface Engine {
  /** What is known of the model. */
  readonly card: ModelCard;
  /** Its tokenizer and chat template. */
  readonly text: TextFace;
  /** Which fidelity answers. */
  readonly fidelity: Fidelity;
  /** Which weights answer, where not all are exact. */
  readonly choice: ChoiceReport | undefined;
  /** Fixed sizes: context, batch, KV blocks. */
  readonly limits: MachineLimits;
  /** Streams one answer. Breaking out of the loop or aborting frees its place at once. */
  generate(request: GenerateRequest, signal?: AbortSignal): AsyncIterable<GenerateEvent>;
  /** Teacher-forced logits at every position of `tokens`; each view is valid until the next is taken. */
  score(tokens: readonly number[], signal?: AbortSignal): AsyncIterable<Float32Array>;
  /** What every thread did while `run` went on, such as an answer; one trace at a time. */
  trace(run: () => Promise<void>): Promise<Trace>;
  /** What the engine is doing now. */
  report(): EngineReport;
  /** Cancels what runs and gives the memory back. */
  close(): Promise<void>;
}

/**
 * What a fidelity below exact chose: bytes in DRAM and bytes read for each pass, but for a few rows
 * of the head and what is lent room meanwhile.
 */
export interface ChoiceReport {
  /** KL divergence from exact that calibration expects, nats a token. */
  readonly expectedDivergence: number;
  /** Units with the source's own bits, and the plane that screens the head. */
  readonly exact: { readonly pinned: number; readonly streamed: number };
  /** Units of calibration's coarser kinds. */
  readonly coarse: { readonly pinned: number; readonly streamed: number };
  /** Tells this choice from any other of the same model. */
  readonly key: string;
}

/** What waited for what; written as JSON, it is a file in Chrome's trace-event format. */
export interface Trace {
  /** Spans by thread. */
  readonly traceEvents: readonly TraceEvent[];
  /** The same at a glance. */
  readonly summary: TraceSummary;
}

/** Live figures for /core/window, the page and the bench. */
export interface EngineReport {
  /** The model's name. */
  readonly model: string;
  /** Which fidelity answers. */
  readonly fidelity: Fidelity;
  /** Which weights answer, where not all are exact. */
  readonly choice: ChoiceReport | undefined;
  /** Compute threads. */
  readonly threads: number;
  /** How the DRAM budget is spent. */
  readonly budget: BudgetReport;
  /** Work done since the start. */
  readonly counters: MachineCounters;
  /** How flash is read: many reads in flight, or one at a time. */
  readonly reading: ReadMethod;
  /** Sequences in the batch. */
  readonly running: number;
  /** Sequences in the queue. */
  readonly waiting: number;
  /** KV blocks that live sequences hold. */
  readonly kvBlocksUsed: number;
  /** KV blocks there are. */
  readonly kvBlocks: number;
  /** undefined until enough single tokens were generated to measure. */
  readonly reuse: ReuseReport | undefined;
}
