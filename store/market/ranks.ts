/** "Why is this here?": a listing's score on each board, and what it was made of. */
import { type Board, BOARDS, type Boards, RATING_PRIOR, type Standing } from "./boards.ts";
import type { Ranks } from "./card.ts";
import type { Listing } from "./listing.ts";
import { HALF_LIFE_MS, ratingScore, trendingUse } from "./scores.ts";

/** Ranks are told as far as a board is read. */
const READ = 100;

/** All of it, from a listing's standing. */
export function ranksOf(boards: Boards, { id, manifest }: Listing, now = new Date()): Ranks {
  const standing = boards.standing(id);
  const placeOn = (board: Board, category?: string) =>
    boards.top({ board, limit: READ, ...category && { category } }, now)
      .find(({ listing }) => listing === id)?.rank;
  return {
    listing: id,
    boards: BOARDS.flatMap((board) => {
      if (!standing) return [];
      const rank = placeOn(board), categoryRank = placeOn(board, manifest.category);
      return [{
        ...{ board, ...REASONS[board](standing, now.getTime()) },
        ...rank && { rank },
        ...categoryRank && { categoryRank },
      }];
    }),
  };
}

type Reason = Pick<Ranks["boards"][number], "score" | "inputs" | "formula">;

const REASONS: Record<Board, (standing: Standing, nowMs: number) => Reason> = {
  installed: ({ installs }) => ({
    score: installs,
    inputs: { installs },
    formula: "accounts that have it installed",
  }),
  used: ({ uses }) => ({ score: uses, inputs: { uses }, formula: "turns it has answered" }),
  rated: ({ rating: { stars, weight } }) => ({
    score: weight > 0 ? ratingScore({ stars, weight }, RATING_PRIOR) : 0,
    inputs: { stars, weight, priorMean: RATING_PRIOR.mean, priorWeight: RATING_PRIOR.weight },
    formula: "(priorMean x priorWeight + stars) / (priorWeight + weight)",
  }),
  trending: ({ trending }, nowMs) => ({
    score: trending === -Infinity ? 0 : trendingUse(trending, nowMs),
    inputs: { trending, halfLifeDays: HALF_LIFE_MS / 86_400_000 },
    formula: "turns, each worth half after every half-life",
  }),
};
