/**
 * Machines that take turns on one text, token by token, teacher-forced: what each read and how long
 * it took.
 */
import fs from "node:fs";
import { join } from "node:path";
import { importGguf, type ImportOptions } from "../../core/gguf/import.ts";
import type { Machine, MachineCounters } from "../../core/model/machine.ts";
import { spread } from "./summary.ts";

const ROUND_TOKENS = 8;

/** A synthetic model's flash store in `folder`, written and imported where it is missing. */
export async function syntheticStore(
  folder: string,
  name: string,
  write: (source: string) => void,
  options: Partial<ImportOptions> = {},
): Promise<string> {
  const source = join(folder, `${name}.gguf`);
  const target = join(folder, options.neurons ?? name);
  fs.mkdirSync(folder, { recursive: true });
  if (!fs.existsSync(source)) write(source);
  await importGguf({ source, target, name, ...options });
  return target;
}

/** One of the machines. */
export interface Side {
  readonly name: string;
  readonly machine: Machine;
  /** Tokens of a step before the figures. */
  readonly warmChunk: number;
}

/** What a side did. */
export interface Turns {
  readonly name: string;
  /** Milliseconds a token, of each round. */
  readonly ms: readonly number[];
  /** Logits of the tokens that were computed one by one. */
  readonly logits: readonly Float32Array[];
  /** A token's mean, over all rounds. */
  readonly bytesRead: number;
  readonly bytesUsed: number;
  readonly waitMs: number;
  /** Of bytesRead, those read on a guess, and of them those that were used. */
  readonly aheadBytesRead: number;
  readonly aheadBytesUsed: number;
}

/** How long a text is, in tokens: those before the figures, and rounds. */
export interface Length {
  readonly warm: number;
  readonly rounds: number;
}

/** Tokens of the text. */
export function tokensOf({ warm, rounds }: Length): number {
  return warm + rounds * ROUND_TOKENS;
}

/** Runs all sides over the text; ROUND_TOKENS tokens of each are a round. */
export async function takeTurns(
  sides: readonly Side[],
  text: readonly number[],
  length: Length,
): Promise<Turns[]> {
  const logits = sides.map(() => [] as Float32Array[]), ms = sides.map(() => [] as number[]);
  for (const [i, side] of sides.entries()) {
    await decode(side, text.slice(0, length.warm), 0, side.warmChunk, logits[i]!);
  }
  const before = sides.map(({ machine }) => machine.counters());
  for (let from = length.warm; from < tokensOf(length); from += ROUND_TOKENS) {
    for (const [i, side] of sides.entries()) {
      const start = performance.now();
      await decode(side, text.slice(from, from + ROUND_TOKENS), from, 1, logits[i]!);
      ms[i]!.push((performance.now() - start) / ROUND_TOKENS);
    }
  }
  return sides.map(({ name, machine }, i) => {
    const now = machine.counters(), start = before[i]!;
    const mean = (key: keyof MachineCounters) =>
      (now[key] - start[key]) / (now.steps - start.steps);
    return {
      ...{ name, ms: ms[i]!, logits: logits[i]! },
      bytesRead: mean("bytesRead"),
      bytesUsed: mean("bytesUsed"),
      waitMs: mean("waitMs"),
      aheadBytesRead: mean("aheadBytesRead"),
      aheadBytesUsed: mean("aheadBytesUsed"),
    };
  });
}

async function decode(
  { machine }: Side,
  text: readonly number[],
  from: number,
  chunk: number,
  logits: Float32Array[],
): Promise<void> {
  const blocks = Int32Array.from({ length: 32 }, (_, i) => i);
  for (let at = 0; at < text.length; at += chunk) {
    const some = text.slice(at, at + chunk);
    await machine.step(some.map((token, i) => (
      { token, position: from + at + i, blocks, logits: i + 1 === some.length }
    )));
    if (chunk === 1) logits.push(machine.logits(0).slice());
  }
}

/** Prints each side beside the first two. */
export function printTurns(all: readonly Turns[]): void {
  const median = ({ ms }: Turns) => spread(ms).median;
  const [naive, hybrid] = all as [Turns, Turns];
  for (const side of all) {
    const { name, ms, bytesRead, bytesUsed, waitMs, aheadBytesRead, aheadBytesUsed } = side;
    const ahead = aheadBytesRead === 0 ? "" : `${(aheadBytesRead / 1e6).toFixed(1)} of it ahead, ` +
      `${(100 * aheadBytesUsed / aheadBytesRead).toFixed(0)} % rightly, `;
    console.log(
      `${name.padEnd(9)} ${median(side).toFixed(1).padStart(7)} ms/token ` +
        `(${Math.min(...ms).toFixed(0)}-${Math.max(...ms).toFixed(0)}), ` +
        `${(bytesRead / 1e6).toFixed(1)} MB read of ${(bytesUsed / 1e6).toFixed(1)}, ` +
        `hit ${(100 * (1 - bytesRead / bytesUsed)).toFixed(1)} %, ${ahead}wait ${
          waitMs.toFixed(1)
        } ms, ` +
        `${(median(naive) / median(side)).toFixed(2)} x naive, ` +
        `${(median(hybrid) / median(side)).toFixed(2)} x hybrid`,
    );
  }
}
