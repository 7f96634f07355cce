/** How far one model's word on each next token is from another's: samples, and what they say. Pure. */
import { divergence } from "../../core/calibrate/measure.ts";
import type { HeldOut } from "./held_out.ts";

/** A mean and its standard error. */
export interface Figure {
  readonly mean: number;
  readonly error: number;
}

/** What one side lost against the exact model. */
export interface Judgement {
  readonly tokens: number;
  /** KL divergence from exact, nats a token. */
  readonly divergence: Figure;
  /** Share of positions whose likeliest token is the same. */
  readonly sameTop: Figure;
  readonly perplexityRatio: Figure;
  /** Mean divergence by kind of text. */
  readonly byKind: Readonly<Record<string, number>>;
}

/** What was lost at one position of a text. */
export interface Sample {
  readonly kind: HeldOut["kind"];
  /** KL divergence from exact, nats. */
  readonly divergence: number;
  readonly sameTop: boolean;
  /** Log probability of the text's next token that was lost; absent behind its last. */
  readonly lost?: number;
}

/** From the log probabilities of both behind a text's token `at`. */
export function sampleOf(
  { kind, tokens }: HeldOut,
  at: number,
  exact: Float32Array,
  row: Float32Array,
): Sample {
  const next = tokens[at + 1];
  const sameTop = best(row) === best(exact);
  const sample = { kind, divergence: divergence(exact, row), sameTop };
  return next === undefined ? sample : { ...sample, lost: exact[next]! - row[next]! };
}

/** What all samples of a side say. */
export function judge(samples: readonly Sample[]): Judgement {
  const lost = figure(samples.flatMap((sample) => sample.lost ?? []));
  const ratio = Math.exp(lost.mean);
  const kinds = Map.groupBy(samples, ({ kind }) => kind);
  const divergences = (some: readonly Sample[]) => figure(some.map((sample) => sample.divergence));
  return {
    tokens: samples.length,
    divergence: divergences(samples),
    sameTop: figure(samples.map(({ sameTop }) => sameTop ? 1 : 0)),
    perplexityRatio: { mean: ratio, error: lost.error * ratio },
    byKind: Object.fromEntries([...kinds].map(([kind, some]) => [kind, divergences(some).mean])),
  };
}

function best(row: Float32Array): number {
  let at = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[at]!) at = i;
  return at;
}

function figure(values: readonly number[]): Figure {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
