/** How a step's places are divided: a token each, then prompts; guess.ts may fill the rest. */
import type { Sequence } from "./sequence.ts";

/** One sequence's part of a step. */
export interface Share {
  readonly sequence: Sequence;
  /** Known tokens, from `computed` on. */
  count: number;
  /** Guesses that follow them. */
  draft: readonly number[];
  /** Whether the last known token and the guesses want logits. */
  logits: boolean;
}

/**
 * Part of a step that prompts may take while others talk, whose tokens come as often as steps do.
 * At half its size Qwen 1.5B takes 0.44 s for a token and 0.75 s for 16 (a quarter of 64): beside a
 * prompt those who talk go on at 0.6 of their rate.
 */
const PROMPT_PART = 1 / 4;

/** Places of a step that are still free. */
export interface Places {
  tokens: number;
  /** Of them, how many may want logits. */
  logits: number;
}

/** Parts of a step for those who can go on, in turn. Whoever finds no place is first next time. */
export function divide(sequences: readonly Sequence[], left: Places): Share[] {
  const shares: Share[] = [];
  for (const sequence of sequences) {
    const share: Share = { sequence, count: 0, draft: [], logits: false };
    if (give(share, 1, left)) shares.push(share);
  }
  const prompts = shares.filter((share) => rest(share) > 0);
  prompts.sort((one, two) => rest(one) - rest(two)); // so that what short ones leave goes to long ones
  const kept = prompts.length < shares.length ? Math.ceil(left.tokens * (1 - PROMPT_PART)) : 0;
  prompts.forEach((share, i) => {
    const fair = Math.floor((left.tokens - kept) / (prompts.length - i));
    give(share, Math.min(rest(share), fair), left);
  });
  return shares;
}

const rest = ({ sequence, count }: Share) => sequence.pending - count;

/** Adds `count` tokens, one fewer where their logits find no place; false if none were added. */
function give(share: Share, count: number, left: Places): boolean {
  if (count > 0 && count === rest(share)) {
    if (left.logits > 0) share.logits = true;
    else count--;
  }
  if (count < 1 || count > left.tokens) return share.logits = false;
  share.count += count;
  left.tokens -= count;
  if (share.logits) left.logits--;
  return true;
}
