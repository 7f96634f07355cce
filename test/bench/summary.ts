/** Turns into figures: medians with their spread, ratios, and how near the machine's limit. Pure. */
import type { Turn } from "./rounds.ts";

/** A median, and the least and the most that was seen. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** One side on one case. */
export interface Figures {
  readonly side: string;
  readonly case: string;
  /** Tokens a second after the first. */
  readonly rate: Spread;
  /** Of the first round: nothing of the prompt was known. */
  readonly firstTokenMs: number;
  readonly cpuSecondsPerToken: number;
  /** Tokens that agree with the yardstick's, of those that both said. */
  readonly same: number;
  readonly compared: number;
  /** Only of Flint's engine. */
  readonly flash?: FlashFigures;
  /** Tokens a second that the machine allows: physicalLimit. */
  readonly limit?: number;
  /** rate / the other side's, by its name. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** What a Flint side's passes cost. */
export interface FlashFigures {
  readonly tokensPerPass: number;
  readonly bytesReadPerToken: number;
  /** Of the weight bytes that passes used, the share that was in DRAM. */
  readonly hitRate: number;
  /** Of the passes' time, the share spent waiting for flash. */
  readonly waitShare: number;
  readonly passMs: number;
  /** Weight bytes of a pass that do not stay in DRAM. */
  readonly streamedBytes: number;
}

/** Median, least and most. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

const rateOf = (turn: Turn) => turn.windowTokens / turn.windowSeconds;

/** All sides on all cases; `yardstick` says what exact sides must say, `rivals` give the ratios. */
export function summarize(
  turns: readonly Turn[],
  yardstick: string,
  rivals: readonly string[],
): Figures[] {
  const groups = Map.groupBy(turns, (turn) => `${turn.side}\n${turn.case}`);
  const rates = new Map([...groups].map(([key, group]) => [key, spread(group.map(rateOf))]));
  return [...groups].map(([key, group]) => {
    const { side, case: name, firstTokenMs } = group[0]!;
    const rate = rates.get(key)!;
    const wanted = groups.get(`${yardstick}\n${name}`) ?? [];
    const flash = flashOf(group);
    return {
      side,
      case: name,
      rate,
      firstTokenMs,
      cpuSecondsPerToken: sum(group, (t) => t.cpuSeconds) / sum(group, (t) => t.windowTokens),
      ...agreement(group, wanted),
      ...(flash ? { flash } : {}),
      ratios: Object.fromEntries(rivals.flatMap((rival) => {
        const other = rates.get(`${rival}\n${name}`);
        return other ? [[rival, rate.median / other.median]] : [];
      })),
    };
  });
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

/** How long the worst turn goes on as the yardstick does in the same round. */
function agreement(group: readonly Turn[], yardstick: readonly Turn[]) {
  const pairs = group.map(({ round, said: [ids] }) => {
    const wanted = yardstick.find((turn) => turn.round === round)?.said[0] ?? [];
    const compared = Math.min(ids!.length, wanted.length);
    const differs = ids!.slice(0, compared).findIndex((id, i) => id !== wanted[i]);
    return { same: differs < 0 ? compared : differs, compared };
  });
  return pairs.reduce((a, b) => b.compared - b.same > a.compared - a.same ? b : a);
}

function flashOf(group: readonly Turn[]): FlashFigures | undefined {
  const uses = group.flatMap(({ flash }) => flash && flash.steps > 0 ? [flash] : []);
  if (uses.length === 0) return;
  const steps = sum(uses, (use) => use.steps), used = sum(uses, (use) => use.bytesUsed);
  const read = sum(uses, (use) => use.bytesRead), tokens = sum(group, (t) => t.windowTokens);
  return {
    tokensPerPass: tokens / steps,
    bytesReadPerToken: read / tokens,
    hitRate: Math.max(0, 1 - read / used),
    waitShare: sum(uses, (use) => use.waitMs) / sum(uses, (use) => use.stepMs),
    passMs: sum(uses, (use) => use.stepMs) / steps,
    streamedBytes: Math.max(0, used / steps - uses[0]!.pinnedBytes),
  };
}

/**
 * Tokens a second that this machine could reach: tau / max((M - R) / B, T), with tau tokens a pass,
 * M - R the bytes that do not stay in DRAM, B the disk and T a pass with all weights in DRAM.
 */
export function physicalLimit(
  flash: FlashFigures,
  resident: FlashFigures,
  bytesPerSecond: number,
): number {
  const seconds = Math.max(flash.streamedBytes / bytesPerSecond, resident.passMs / 1000);
  return flash.tokensPerPass / seconds;
}

/** The figures with the limit of those sides that use every weight. */
export function withLimits(
  figures: readonly Figures[],
  yardstick: string,
  exact: readonly string[],
  bytesPerSecond: number,
): Figures[] {
  return figures.map((one) => {
    const resident = figures.find((two) => two.side === yardstick && two.case === one.case)?.flash;
    if (!one.flash || !resident || !exact.includes(one.side)) return one;
    return { ...one, limit: physicalLimit(one.flash, resident, bytesPerSecond) };
  });
}
