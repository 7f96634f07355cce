/** "Why is this here?": a listing's score on each board, and what it was made of. */
import {
  type Board,
  BOARDS,
  type Boards,
  RATING_PRIOR,
  scoreOf,
  type Standing,
  toldScore,
} from "./boards.ts";
import { DAY_MS } from "../money/calendar.ts";
import type { Ranks } from "./card.ts";
import type { Listing } from "./listing.ts";
import { HALF_LIFE_MS, NEVER } from "./scores.ts";

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
        ...{ board, score: toldScore(board, scoreOf(board, standing), now) },
        ...REASONS[board](standing),
        ...rank && { rank },
        ...categoryRank && { categoryRank },
      }];
    }),
  };
}

type Reason = Pick<Ranks["boards"][number], "inputs" | "formula">;

const REASONS: Record<Board, (standing: Standing) => Reason> = {
  installed: ({ installs }) => ({
    inputs: { installs },
    formula: "accounts that have it installed",
  }),
  used: ({ uses }) => ({ inputs: { uses }, formula: "turns it has answered" }),
  rated: ({ rating: { stars, weight } }) => ({
    inputs: { stars, weight, priorMean: RATING_PRIOR.mean, priorWeight: RATING_PRIOR.weight },
    formula: "(priorMean x priorWeight + stars) / (priorWeight + weight)",
  }),
  trending: ({ trending }) => ({
    // JSON has no -Infinity.
    inputs: { ...trending !== NEVER && { trending }, halfLifeDays: HALF_LIFE_MS / DAY_MS },
    formula: "turns, each worth half after every half-life",
  }),
};
