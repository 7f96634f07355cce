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

/** Takes one position of one text after the other. */
export class Samples {
  readonly #divergences: number[] = [];
  readonly #same: number[] = [];
  readonly #lost: number[] = [];
  readonly #byKind: Record<string, number[]> = {};

  /** Log probabilities of both behind a text's token `at`. */
  add({ kind, tokens }: HeldOut, at: number, exact: Float32Array, row: Float32Array): void {
    const kl = divergence(exact, row), next = tokens[at + 1];
    this.#divergences.push(kl);
    (this.#byKind[kind] ??= []).push(kl);
    this.#same.push(best(row) === best(exact) ? 1 : 0);
    if (next !== undefined) this.#lost.push(exact[next]! - row[next]!);
  }

  judge(): Judgement {
    const lost = figure(this.#lost), ratio = Math.exp(lost.mean);
    const kinds = Object.entries(this.#byKind).map(([kind, all]) => [kind, figure(all).mean]);
    return {
      tokens: this.#divergences.length,
      divergence: figure(this.#divergences),
      sameTop: figure(this.#same),
      perplexityRatio: { mean: ratio, error: lost.error * ratio },
      byKind: Object.fromEntries(kinds),
    };
  }
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
