/** How a step's places are divided among sequences: one token each, then prompts, then guesses. */
import type { MachineLimits } from "../model/machine.ts";
import type { KvCache } from "./kv_cache.ts";
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
 * At half its size Qwen 1.5B takes 0.75 s for a token and some 0.15 s for each more: with a quarter
 * of 64, a step is a third as long as a full one, and a prompt is read 15 % later.
 */
const PROMPT_PART = 1 / 4;

/** Parts of a step for those who can go on, in turn. Whoever finds no place is first next time. */
export function divide(
  sequences: readonly Sequence[],
  limits: MachineLimits,
  cache: KvCache,
): Share[] {
  const left = { tokens: limits.batchTokens, logits: limits.batchLogits };
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
  const talkers = shares.filter(({ logits, sequence }) => logits && sequence.drafter);
  talkers.forEach((share, i) => {
    const fair = Math.floor(Math.min(left.tokens, left.logits) / (talkers.length - i));
    share.draft = propose(share.sequence, fair, limits, cache);
    left.tokens -= share.draft.length;
    left.logits -= share.draft.length;
  });
  return shares;
}

const rest = ({ sequence, count }: Share) => sequence.pending - count;

/** Adds `count` tokens, one fewer where their logits find no place; false if none were added. */
function give(share: Share, count: number, left: { tokens: number; logits: number }): boolean {
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

/** Guesses that fit the context and the blocks that can be had without taking another's. */
function propose(sequence: Sequence, max: number, limits: MachineLimits, cache: KvCache) {
  const { tokens, drafter } = sequence;
  const draft = drafter!.propose(tokens, Math.min(max, limits.contextTokens - tokens.length));
  const blocks = [...sequence.blocks];
  const need = Math.ceil((tokens.length + draft.length) / limits.blockTokens);
  while (blocks.length < need && cache.free > 0) blocks.push(cache.grow()!);
  if (blocks.length > sequence.blocks.length) sequence.setBlocks(blocks);
  return draft.slice(0, blocks.length * limits.blockTokens - tokens.length);
}
