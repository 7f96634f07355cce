/**
 * How good guesses of a layer's experts are, by what they are made from, and what reading them while
 * attention computes would gain where reading decides. Simulated with the arena that the core runs;
 * the first quarter of a text is what its window learns from, the rest counts. Pure.
 */
import { Arena } from "../../core/flash/arena.ts";

/** What a guess is made from: the router asked early, or what was chosen before. */
export const CLUES = ["before attention", "layer before", "last token", "most used"] as const;
export type Clue = typeof CLUES[number];

/** One layer of a recorded text. */
export interface RoutedLayer {
  /** Experts of a token. */
  readonly used: number;
  /** (tokens, experts) the router's scores of what the FFN is given: they decide. */
  readonly scores: readonly Float64Array[];
  /** The same router's of the residual before this layer's attention. */
  readonly before: readonly Float64Array[];
  /** And of what the FFN of the layer before was given; undefined in the first layer. */
  readonly earlier: readonly Float64Array[] | undefined;
}

/** Times, in that of computing one expert. */
export interface Pace {
  readonly attention: number;
  /** Reading one expert. */
  readonly read: number;
}

/** What guessing is tried with. */
export interface Trial {
  /** Experts a layer that stay in DRAM, and of the guessed ones, how many may be read ahead. */
  readonly slots: number;
  readonly most: number;
  readonly pace: Pace;
}

/** How good the guesses of a clue are. */
export interface Foresight {
  /** Share of a token's experts that are among as many guesses. */
  readonly recall: number;
  /** Experts a token and layer that the window lacks, and the share of them that was on its way. */
  readonly missing: number;
  readonly foreseen: number;
  /** Experts a token and layer that were read ahead, and the share of them that was right. */
  readonly read: number;
  readonly precision: number;
  /** Time of a layer without guesses by its time with them. */
  readonly gain: number;
}

const SUMS = ["used", "named", "missing", "read", "right", "plainTime", "time", "visits"] as const;
type Sums = Record<typeof SUMS[number], number>;

/** Guesses of one clue over all layers. */
export function foresee(layers: readonly RoutedLayer[], clue: Clue, trial: Trial): Foresight {
  const sums = Object.fromEntries(SUMS.map((name) => [name, 0])) as Sums;
  for (const layer of layers) replay(layer, clue, trial, sums);
  return {
    recall: sums.named / sums.used,
    missing: sums.missing / sums.visits,
    foreseen: sums.right / sums.missing,
    read: sums.read / sums.visits,
    precision: sums.right / sums.read,
    gain: sums.plainTime / sums.time,
  };
}

function replay(layer: RoutedLayer, clue: Clue, { slots, most, pace }: Trial, sums: Sums): void {
  const { scores, used } = layer, items = scores[0]!.length;
  const arena = new Arena(new ArrayBuffer(Arena.bytes(items)), 0, {
    ...{ items, slots, eviction: "lfu" },
  });
  const uses = new Float64Array(items);
  scores.forEach((row, t) => {
    const chosen = best(row, used), hints = hintsOf(layer, clue, t, uses);
    if (hints && t >= scores.length / 4) {
      const lacks = (item: number) => arena.slotOf(item) < 0;
      const right = (item: number) => chosen.includes(item);
      const named = best(hints, used), missing = chosen.filter(lacks).length;
      const read = named.filter(lacks).subarray(0, most), came = read.filter(right).length;
      sums.visits++;
      sums.used += used;
      sums.named += named.filter(right).length;
      sums.missing += missing;
      sums.read += read.length;
      sums.right += came;
      sums.plainTime += layerTime(used, missing, 0, pace);
      sums.time += layerTime(used, missing - came, read.length, pace);
    }
    arena.exchange(chosen.slice().sort(), () => {});
    for (const item of chosen) uses[item]!++;
  });
}

/** What is guessed reads while attention computes; what was not waits for the router, and behind it. */
function layerTime(used: number, late: number, ahead: number, { attention, read }: Pace): number {
  const behind = Math.max(0, ahead * read - attention) + late * read;
  return attention + Math.max(used, behind + Math.min(late, 1)); // the last to come computes alone
}

function hintsOf(
  { before, earlier, scores }: RoutedLayer,
  clue: Clue,
  t: number,
  uses: Float64Array,
): Float64Array | undefined {
  if (clue === "before attention") return before[t];
  if (clue === "layer before") return earlier?.[t];
  return clue === "most used" ? uses : scores[t - 1];
}

/** The places of the highest scores, best first. */
function best(scores: Float64Array, count: number): Int32Array {
  return Int32Array.from(scores, (_, i) => i)
    .sort((a, b) => scores[b]! - scores[a]! || a - b).subarray(0, count);
}
