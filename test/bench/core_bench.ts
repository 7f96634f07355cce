/** `bench core`: every side on one model in one go; a table, a JSON file and a picture come of it. */
import os from "node:os";
import type { TestModel } from "../models.ts";
import { furtherCases } from "./further.ts";
import { picture } from "./picture.ts";
import { markdown, type Report } from "./report.ts";
import { type Pace, Rounds } from "./rounds.ts";
import { memoryOf, RESIDENT, type Side, SIDES } from "./sides.ts";
import { summarize, withLimits } from "./summary.ts";

/** What the command line asked for. */
export interface BenchOptions {
  readonly model: TestModel;
  readonly pace: Pace;
  /** Names of the sides to run; all, if empty. */
  readonly sides: readonly string[];
  /** Whether the cases beside the comparison run too. */
  readonly further: boolean;
  readonly json?: string | undefined;
  readonly svg?: string | undefined;
  readonly markdown?: string | undefined;
}

/** Runs it, and writes what was asked for. */
export async function benchCore(options: BenchOptions): Promise<void> {
  const { model, pace } = options;
  const sides = SIDES.filter(({ name }) =>
    options.sides.length === 0 || options.sides.includes(name)
  );
  checkMemory(sides, model);
  const rounds = new Rounds(model, sides);
  let findings: Report["findings"] = [], ends: Report["ends"] = [];
  try {
    await rounds.open();
    await rounds.run(pace);
    if (options.further) findings = await furtherCases(rounds, pace);
  } finally {
    ends = await rounds.close();
  }
  const figures = withLimits(
    summarize(rounds.turns, RESIDENT, ["naive", "hybrid", "llama.cpp mmap"]),
    rounds.turns,
    { yardstick: RESIDENT, exact: sides.filter(({ exact }) => exact).map(({ name }) => name) },
  );
  const disk = rounds.turns.flatMap(({ diskAfter }) => diskAfter ?? []);
  const report: Report = {
    ...{ model, machine: machineName(), date: new Date().toISOString().slice(0, 10) },
    ...{ disk, rounds: pace.rounds, figures, ends, findings },
  };
  await write(report, sides, options);
}

async function write(report: Report, sides: readonly Side[], options: BenchOptions) {
  const tables = markdown(report, sides);
  console.log(`${report.model} on ${report.machine}, ${report.date}\n\n${tables}`);
  if (options.markdown) await Deno.writeTextFile(options.markdown, tables);
  if (options.json) await Deno.writeTextFile(options.json, JSON.stringify(report, null, 1) + "\n");
  if (options.svg) {
    const shown = sides.filter(({ name }) => report.figures.some(({ side }) => side === name));
    const names = shown.map(({ name }) => name);
    await Deno.writeTextFile(options.svg, picture(report.figures, names));
  }
}

/** The sides stay open beside each other. @throws Error where DRAM is too small for them together */
function checkMemory(sides: readonly Side[], model: TestModel): void {
  const needed = sides.map((side) => memoryOf(side, model).memoryBytes).reduce((a, b) => a + b, 0);
  if (needed < os.freemem()) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `the sides together need ${gigabytes(needed)}, ${gigabytes(os.freemem())} are free: ` +
      `name fewer with --sides`,
  );
}

function machineName(): string {
  const cpus = os.cpus();
  return `${cpus.length} cores of ${cpus[0]?.model ?? "an unnamed processor"}`;
}
