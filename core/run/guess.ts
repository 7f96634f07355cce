/**
 * How many guesses a step checks, and whose: as many as make the most tokens in the time, by how
 * likely they come true and by what further tokens cost now (Leviathan et al., 2211.17192, 3.5;
 * where flash is what a step waits for they cost next to nothing, where compute is, 20-30 %).
 */
import type { MachineLimits } from "../model/machine.ts";
import type { KvCache } from "./kv_cache.ts";
import type { Pace } from "./pace.ts";
import type { Draft } from "./sequence.ts";
import type { Places, Share } from "./share.ts";

/** What guesses need to know of the step's surroundings. */
export interface GuessNeeds {
  readonly limits: MachineLimits;
  readonly cache: KvCache;
  readonly pace: Pace;
}

/** Adds guesses to the shares that wait for a token, as far as they pay and there are places left. */
export function guess(shares: readonly Share[], left: Places, needs: GuessNeeds): void {
  const places = Math.min(left.tokens, left.logits);
  if (places < 1) return;
  const drafts = shares.flatMap((share) => {
    const draft = share.logits ? propose(share, places, needs) : undefined;
    return draft ? [{ share, draft }] : [];
  });
  const likeliest = drafts
    .flatMap(({ share, draft }) => draft.chances.map((chance, i) => ({ share, chance, i })))
    .sort((one, two) => two.chance - one.chance || one.i - two.i) // equally sure ones in turn
    .slice(0, places);
  const used = shares.reduce((sum, { count }) => sum + count, 0);
  const paying = likeliest.slice(0, payingCount(likeliest, used, shares.length, needs.pace));
  for (const { share, draft } of drafts) {
    const count = paying.filter((one) => one.share === share).length;
    share.draft = roomFor(share, draft.tokens.slice(0, count), needs);
  }
}

/** How many of the guesses make the most tokens in the time, `others` being said without any. */
function payingCount(
  guesses: readonly { readonly chance: number }[],
  used: number,
  others: number,
  pace: Pace,
): number {
  let said = others, best = said / pace.expect(used), count = 0;
  guesses.forEach(({ chance }, i) => {
    said += chance;
    const rate = said / pace.expect(used + i + 1);
    if (rate <= best) return;
    best = rate;
    count = i + 1;
  });
  return count;
}

function propose({ sequence }: Share, max: number, { limits }: GuessNeeds): Draft | undefined {
  const { tokens, drafter } = sequence;
  const length = Math.min(max, limits.contextTokens - tokens.length);
  return length > 0 ? drafter?.propose(tokens, length) : undefined;
}

/** Guesses that fit the blocks that can be had without taking another's. */
function roomFor({ sequence }: Share, draft: readonly number[], { limits, cache }: GuessNeeds) {
  const { tokens } = sequence;
  const blocks = [...sequence.blocks];
  const need = Math.ceil((tokens.length + draft.length) / limits.blockTokens);
  while (blocks.length < need && cache.free > 0) blocks.push(cache.grow()!);
  if (blocks.length > sequence.blocks.length) sequence.setBlocks(blocks);
  return draft.slice(0, blocks.length * limits.blockTokens - tokens.length);
}
