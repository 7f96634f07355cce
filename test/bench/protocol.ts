/**
 * How the bench talks to a side. Each side is a process, so that its memory can be capped: it is
 * told a SideTask as its argument, prints {"ready": true}, and answers each question, one JSON a
 * line. Sides stay open while others are measured, so that rounds can go from side to side.
 */
import type { Fidelity } from "../../core/run/api.ts";
import type { Prompt } from "./cases.ts";

/**
 * What a Flint process holds beside the core's budget: V8, the code, the vocabulary, LMDB's index.
 * Measured as peak minus budget, Qwen 1.5B: 73 MB after one chat, 82 after eight at once, and what
 * 20 assistants leave in LMDB's hands. Every other side is given as much.
 */
export const OVERHEAD_BYTES = 128e6;

/** How a side of Flint's own engine streams; "flint" is Flint, the others are what it is beside. */
export type Streaming = "flint" | "naive" | "hybrid" | "layers";

/** What a side's process is told. */
export interface SideTask {
  /** A flash store's folder for Flint, a GGUF file for llama.cpp. */
  readonly model: string;
  readonly memoryBytes: number;
  readonly fidelity?: Fidelity;
  readonly streaming?: Streaming;
  /** Folder for prefix snapshots; none: they are not kept. */
  readonly snapshots?: string;
  readonly contextTokens?: number;
}

/** What a side says instead of an answer where it lives on: the question does not fit it. */
export interface Refusal {
  readonly refused: string;
}

/** Chats to answer at the same time. */
export interface Question {
  readonly prompts: readonly Prompt[];
  /** Most tokens for each chat. */
  readonly maxTokens: number;
  /** The answers are cut off so many seconds after the last chat's first token. */
  readonly seconds: number;
}

/** What the answers cost. "Window": from the last chat's first token to the first chat's end. */
export interface Answer {
  /** Token ids said, by prompt. */
  readonly said: readonly (readonly number[])[];
  /** From the question to the last chat's first token. */
  readonly firstTokenMs: number;
  readonly windowTokens: number;
  readonly windowSeconds: number;
  /** CPU seconds of the whole process in the window. */
  readonly cpuSeconds: number;
  /** The engine's counters over the window; only of Flint's engine. */
  readonly flash?: FlashUse;
}

/** Of the engine's counters, what the bench reports. */
export interface FlashUse {
  readonly steps: number;
  readonly tokens: number;
  readonly bytesUsed: number;
  readonly bytesRead: number;
  readonly stepMs: number;
  readonly waitMs: number;
  /** With a read in flight. */
  readonly readMs: number;
  /** The fidelity that answered. */
  readonly fidelity: Fidelity;
}
