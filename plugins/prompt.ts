/** What the model is shown of a conversation: instructions, then the newest turns that fit. Pure. */
import { type ChatMessage, FlintError, type TextFace } from "@flint/core";

/** What a prompt is made from. */
export interface PromptParts {
  readonly instructions: string;
  /** Ends with the user's message to answer. */
  readonly history: readonly Pick<ChatMessage, "role" | "content">[];
  readonly text: TextFace;
  /** The longest sequence there may be, answer included. */
  readonly contextTokens: number;
  /** Longest answer wanted; at most half the context is kept free for it. */
  readonly maxTokens: number;
}

/** A prompt and how it came about. */
export interface Prompt {
  readonly tokens: readonly number[];
  /** The first tokens, which every chat of the assistant shares: its instructions. */
  readonly prefixTokens: number;
  /** How many of the oldest messages were left out. */
  readonly dropped: number;
  /** Longest answer that fits behind it. */
  readonly answerTokens: number;
}

/** More characters than a token has on average in any text; what lies further back can't fit. */
const TOKEN_CHARS_MAX = 16;

/**
 * Leaves out whole turns, oldest first, until prompt and answer fit the context.
 * Throws FlintError "over_budget" when the instructions and the last message alone do not.
 */
export function buildPrompt({ instructions, history, text, ...limits }: PromptParts): Prompt {
  const { contextTokens } = limits;
  const reserved = Math.min(limits.maxTokens, Math.floor(contextTokens / 2));
  const system: ChatMessage = { role: "system", content: instructions };
  const promptFrom = (start: number) => text.chat([system, ...history.slice(start)]);

  const starts = turnStarts(history, contextTokens * TOKEN_CHARS_MAX);
  const { start, tokens } = firstFit(starts, promptFrom, contextTokens - reserved);
  return {
    tokens,
    prefixTokens: sharedPrefix(text.chat([system], { open: false }), tokens),
    dropped: start,
    answerTokens: Math.min(limits.maxTokens, contextTokens - tokens.length),
  };
}

/** How many tokens two prompts begin with in common. */
export function sharedPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** Where a prompt may begin: at the user's messages, not more than `chars` from the end; the last always. */
function turnStarts(history: PromptParts["history"], chars: number): number[] {
  const starts: number[] = [];
  let behind = 0;
  for (let i = history.length - 1; i >= 0; i--) {
    behind += history[i]!.content.length;
    if (behind > chars && starts.length > 0) break;
    if (history[i]!.role === "user") starts.unshift(i);
  }
  return starts;
}

/** The earliest start whose prompt has at most `room` tokens. */
function firstFit(
  starts: readonly number[],
  promptFrom: (start: number) => number[],
  room: number,
): { start: number; tokens: number[] } {
  let low = 0;
  let high = starts.length - 1;
  let found: { start: number; tokens: number[] } | undefined;
  for (let next = low; low <= high; next = (low + high) >> 1) { // all of it first: it mostly fits
    const tokens = promptFrom(starts[next]!);
    if (tokens.length <= room) {
      found = { start: starts[next]!, tokens };
      high = next - 1;
    } else {
      low = next + 1;
    }
  }
  if (found) return found;
  const least = promptFrom(starts.at(-1)!).length;
  throw new FlintError(
    "over_budget",
    `your message and the assistant's instructions take ${least} tokens and ${room} would fit: ` +
      "shorten the message",
  );
}
