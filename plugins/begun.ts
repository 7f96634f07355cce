/** A reply that can begin: what it is made from, gathered before its first word. */
import type { ChatMessage, Engine, GenerateRequest } from "@flint/core";
import type { Ground } from "./knowledge/grounding.ts";
import type { Prompt } from "./prompt.ts";
import type { Assistant, Message } from "./schema.ts";
import type { GrantedTool } from "./tools/toolbox.ts";

/** What the history of a reply is made of. */
export type Said = Pick<Message, "role" | "content" | "calls" | "citations">;

/** A reply that can begin: its prompt fits and its conversation is there. */
export interface Begun {
  readonly engine: Engine;
  readonly assistant: Assistant;
  readonly history: readonly Said[];
  readonly tools: readonly GrantedTool[];
  /** Plugins that were granted and are not there. */
  readonly missing: readonly string[];
  /** The request that continues messages. */
  readonly request: (messages: readonly ChatMessage[]) => GenerateRequest;
  /** What the model is shown before any call. */
  readonly prompt: Prompt;
  readonly dropped: number;
  /** What its words are held to, of an assistant with knowledge. */
  readonly ground?: Ground;
}
