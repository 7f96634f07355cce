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
  /** What the machine allows. */
  readonly limit?: Limit;
  /** rate / the other side's, by its name. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** The machine's limit, medians over the turns. */
export interface Limit {
  /** Tokens a second. */
  readonly rate: number;
  /** Of it, what was reached. */
  readonly share: number;
  /** Bytes a second that the disk gave while a read was in flight, and right after the turn. */
  readonly served: number;
  readonly probed: number;
  /** Milliseconds of a pass with all weights in DRAM. */
  readonly resident: number;
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
}

/** Median, least and most. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

/** The value that a share of all is not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
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
  };
}

/**
 * What this machine could reach in a turn: tau / max((M - R) / B, T). tau: tokens a pass. M - R: the
 * bytes that a pass read, each once and no more than it needed. T: a pass of the same round with all
 * weights in DRAM. B, the disk, changes by the minute: it is the better of what it gave during the
 * turn, while a read was in flight, and what it gave right after, so that no limit lies below what
 * the disk has shown it can do.
 */
export function physicalLimit(turn: Turn, resident: Turn): Limit | undefined {
  const { flash, diskAfter: probed } = turn;
  if (!flash || !resident.flash || !probed || flash.readMs === 0) return;
  const served = flash.bytesRead / flash.readMs * 1000;
  const residentMs = resident.flash.stepMs / resident.flash.steps;
  const readMs = flash.bytesRead / flash.steps / Math.max(served, probed) * 1000;
  const rate = turn.windowTokens / flash.steps / Math.max(readMs, residentMs) * 1000;
  return { rate, share: rateOf(turn) / rate, served, probed, resident: residentMs };
}

/** The figures with the limit of those sides that use every weight. */
export function withLimits(
  figures: readonly Figures[],
  turns: readonly Turn[],
  sides: { readonly yardstick: string; readonly exact: readonly string[] },
): Figures[] {
  return figures.map((one) => {
    if (!sides.exact.includes(one.side)) return one;
    const limits = turns.filter((turn) => turn.side === one.side && turn.case === one.case)
      .flatMap((turn) => {
        const resident = turns.find((two) =>
          two.side === sides.yardstick && two.case === turn.case && two.round === turn.round
        );
        return resident ? physicalLimit(turn, resident) ?? [] : [];
      });
    if (limits.length === 0) return one;
    const middle = (key: keyof Limit) => spread(limits.map((limit) => limit[key])).median;
    const [rate, share, served] = [middle("rate"), middle("share"), middle("served")];
    const limit = { rate, share, served, probed: middle("probed"), resident: middle("resident") };
    return { ...one, limit };
  });
}
