/** Figures as the pages show them; runs on both sides of the wire. */
import type { EngineReport } from "@flint/core";
import type { Say } from "./strings.ts";

const units = ["B", "KB", "MB", "GB", "TB"];

/** Bytes with two or three digits that matter: 1.2 MB, 560 MB. Decimal units, as --memory takes them. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes), unit = 0;
  while (value >= 999.5 && unit < units.length - 1) value /= 1000, unit++;
  return `${value.toFixed(unit > 0 && value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** A share 0..1 as whole percent. */
export function formatShare(share: number): string {
  return `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
}

/** Tokens per second with one decimal until it no longer tells. */
export function formatRate(perSecond: number): string {
  return perSecond.toFixed(perSecond < 99.95 ? 1 : 0);
}

/** Milliseconds, as seconds from one second on. */
export function formatMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** What is shown live of the core's report. */
export type CoreReport = Pick<
  EngineReport,
  "model" | "budget" | "counters" | "running" | "waiting"
>;
/** How the core spends its memory, bytes. */
type BudgetReport = CoreReport["budget"];

/** The parts of the budget in the order they are drawn. */
export const budgetParts = [
  "resident",
  "pinned",
  "window",
  "staging",
  "kv",
  "activations",
] as const;

/** One stretch of the budget bar, in percent of its length. */
export interface Stretch {
  readonly x: number;
  readonly width: number;
}

/** Lays the parts of a budget end to end. */
export function budgetBar(budget: BudgetReport): Stretch[] {
  let x = 0;
  return budgetParts.map((part) => {
    const width = budget.limit > 0 ? (100 * budget[part]) / budget.limit : 0;
    const stretch = { x, width };
    x += width;
    return stretch;
  });
}

/** Bytes of the budget in use. */
export function budgetUsed(budget: BudgetReport): number {
  return budgetParts.reduce((sum, part) => sum + budget[part], 0);
}

/** The live figures of the core, by the name of the place they are shown at. */
export type CoreFigures = Record<"hitRate" | "readPerToken" | "used" | "queue", string>;

/**
 * Hit rate and bytes per token since `before` (since the start, when no token came after it).
 * The first two are empty until then.
 */
export function coreFigures(
  now: CoreReport,
  before: CoreReport | undefined,
  say: Say,
): CoreFigures {
  const same = before?.model === now.model && before.counters.tokens < now.counters.tokens;
  const since = same ? before.counters : { tokens: 0, bytesRead: 0, bytesUsed: 0 };
  const tokens = now.counters.tokens - since.tokens;
  const read = now.counters.bytesRead - since.bytesRead;
  const used = now.counters.bytesUsed - since.bytesUsed;
  return {
    hitRate: used > 0 ? formatShare(1 - read / used) : "",
    readPerToken: tokens > 0 ? formatBytes(read / tokens) : "",
    used: say("budgetOf", {
      used: formatBytes(budgetUsed(now.budget)),
      limit: formatBytes(now.budget.limit),
    }),
    queue: `${now.running} / ${now.waiting}`,
  };
}

/** 1, 999, 1.2k, 34k, 1.2M. */
export function formatCount(count: number): string {
  if (count < 1000) return String(Math.round(count));
  const [value, unit] = count < 999_500 ? [count / 1000, "k"] : [count / 1e6, "M"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}${unit}`;
}
