/** What the model is shown: layer upon layer, each within its budget, with an account of what was cut. Pure. */
import { type ChatMessage, FlintError, type TextFace } from "@flint/core";
import {
  earlierLayer,
  instructionsLayer,
  knowledgeLayer,
  memoryLayer,
  type Passage,
  RULE,
  whole,
} from "./layers.ts";
import type { LayerUse, Summary } from "./schema.ts";

/** What a prompt is made from. */
export interface PromptParts {
  readonly instructions: string;
  /** What tells of the assistant's tools; all its chats begin with it, as with the instructions. */
  readonly tools?: string;
  /** What the assistant remembers about the user, the oldest first. Default: nothing. */
  readonly facts?: readonly string[];
  readonly summary?: Summary | undefined;
  /** What was looked up for the last message, the best first; absent where nothing ever is. */
  readonly knowledge?: readonly Passage[];
  /** From the user's last message on, all stays. */
  readonly history: readonly ChatMessage[];
  readonly text: TextFace;
  /** The longest sequence there may be, answer included. */
  readonly contextTokens: number;
  /** Longest answer wanted; at most half the context is kept free for it. */
  readonly maxTokens: number;
}

/** A prompt and how it came about. */
export interface Prompt {
  /** The system's message, then the turns that are shown. */
  readonly messages: readonly ChatMessage[];
  /** The same as the model reads it. */
  readonly tokens: readonly number[];
  /** The first tokens, which every chat of the assistant shares: its instructions and tools. */
  readonly prefixTokens: number;
  /** Index of the first message that is shown. */
  readonly start: number;
  /** How many before it are not summed up either. */
  readonly dropped: number;
  /** What each layer took that has something, and what was cut of it. */
  readonly layers: readonly LayerUse[];
  /** Longest answer that fits behind it. */
  readonly answerTokens: number;
}

/** Of what the answer leaves of the context; longer instructions are cut at their end. */
const INSTRUCTIONS_SHARE = 3 / 4;
/** Of the context, and never of what the last message needs. The conversation has the rest. */
const SHARES = { memory: 1 / 8, earlier: 1 / 8, knowledge: 1 / 4 };

/** More characters than a token has on average in any text; what lies further back can't fit. */
const TOKEN_CHARS_MAX = 16;

/**
 * Fills the layers by their weight: instructions and the last message, facts, notes on older turns,
 * passages; then whole turns, the newest first.
 * Throws FlintError "over_budget" when the instructions and the last message alone do not fit.
 */
export function buildPrompt(parts: PromptParts): Prompt {
  const { history, text, contextTokens, tools = "" } = parts;
  const reserved = Math.min(parts.maxTokens, Math.floor(contextTokens / 2));
  const room = contextTokens - reserved;
  const starts = turnStarts(history, contextTokens * TOKEN_CHARS_MAX);
  const question = history.slice(starts.at(-1)!);

  const instructions = instructionsLayer(parts.instructions, room * INSTRUCTIONS_SHARE, text);
  const told = whole("tools", tools, room, text);
  const rules = whole("rules", isMarked(parts) ? RULE : "", room, text);
  const head = system(instructions.text, told.text);
  let free = room - text.chat([system(head.content, rules.text), ...question]).length;
  const within = (share: number) => Math.min(contextTokens * share, free);
  const memory = memoryLayer(parts.facts ?? [], within(SHARES.memory), text);
  free -= memory.cost;
  const earlier = earlierLayer(inPlace(parts.summary, history), within(SHARES.earlier), text);
  free -= earlier.cost;
  const knowledge = knowledgeLayer(parts.knowledge ?? [], within(SHARES.knowledge), text);

  const first = system(head.content, rules.text, memory.text, earlier.text);
  const messagesFrom = (start: number) => [
    first,
    ...withSources(history.slice(start), knowledge.text),
  ];
  const from = starts.filter((start) => start >= earlier.use.shown);
  const { start, tokens } = firstFit(from, (start) => text.chat(messagesFrom(start)), room);
  const layers = [instructions, told, rules, memory, earlier, knowledge].map(({ use }) => use)
    .filter(({ shown, tokens, cut }) => (shown > 0 && tokens > 0) || cut > 0);
  const dropped = start - earlier.use.shown;
  const others = layers.reduce((sum, { tokens }) => sum + tokens, 0);
  layers.push({
    layer: "conversation",
    tokens: Math.max(0, tokens.length - others),
    budget: Math.max(0, room - others),
    shown: history.length - start,
    cut: dropped,
  });
  return {
    messages: messagesFrom(start),
    tokens,
    prefixTokens: sharedPrefix(text.chat([head], { open: false }), tokens),
    start,
    dropped,
    layers,
    answerTokens: Math.min(parts.maxTokens, contextTokens - tokens.length),
  };
}

function isMarked({ facts = [], summary, knowledge, tools }: PromptParts): boolean {
  return facts.length > 0 || [summary, knowledge, tools].some((part) => part !== undefined);
}

/** What comes behind the instructions leaves them the beginning that all chats share. */
function system(...texts: readonly string[]): ChatMessage {
  return { role: "system", content: texts.filter((text) => text !== "").join("\n\n") };
}

/** A summary behind which the conversation can go on. */
function inPlace(summary: Summary | undefined, history: PromptParts["history"]) {
  return summary && isUsers(history[summary.until]) ? summary : undefined;
}

/** Passages stand before the question they were looked up for, so that all before it stays as it was. */
function withSources(turns: PromptParts["history"], sources: string): ChatMessage[] {
  const at = turns.findLastIndex(isUsers);
  if (sources === "") return [...turns];
  return turns.with(at, { ...turns[at]!, content: `${sources}\n\n${turns[at]!.content}` });
}

/** Whether the user said it, and no tool in their place. */
function isUsers(message: ChatMessage | undefined): boolean {
  return message?.role === "user" && message.toolCallId === undefined;
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
    if (isUsers(history[i])) starts.unshift(i);
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
