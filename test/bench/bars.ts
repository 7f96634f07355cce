/** What the core set out to reach, beside what it reached. Pure. */
import type { Report } from "./report.ts";
import { spread } from "./summary.ts";

/** A figure, the least it should be, and where it is taken from; undefined = not measured. */
export interface Bar {
  readonly name: string;
  readonly wanted: number;
  readonly got: number | undefined;
}

/** Cases of which the median stands for "a single chat". */
const SHORT = ["chat", "code edit", "chinese"];

/** All bars, in the order in which they were set. */
export function bars({ figures, findings, ends }: Report): Bar[] {
  const rate = (side: string, name: string) =>
    figures.find((one) => one.side === side && one.case === name)?.rate.median;
  const over = (side: string, rival: string, cases = SHORT) =>
    median(cases.map((name) => quotient(rate(side, name), rate(rival, name))));
  const beside = (name: string) => findings.find((one) => one.name.startsWith(name))?.beside?.ratio;
  const inverse = (ratio: number | undefined) => ratio && 1 / ratio;
  const limit = (name: string) =>
    figures.find((one) => one.side === "exact 50 %" && one.case === name)?.limit?.share;
  const within = ends.filter(({ capBytes }) => capBytes)
    .map(({ capBytes, peakBytes, kills }) => kills > 0 ? 0 : capBytes! / peakBytes);
  const table: readonly (readonly [string, number, number | undefined])[] = [
    ["exact 50 %, x naive", 3, over("exact 50 %", "naive")],
    ["exact 50 %, x hybrid", 1.7, over("exact 50 %", "hybrid")],
    ["exact 50 %, x llama.cpp mmap", 4, over("exact 50 %", "llama.cpp mmap")],
    ["exact 50 %, retrieval, x naive", 7, over("exact 50 %", "naive", ["retrieval"])],
    ["4 chats at once, x naive", 7, beside("4 chats")],
    ["8 chats at once, x naive", 10, beside("8 chats")],
    ["exact 70 %, x naive", 6, over("exact 70 %", "naive")],
    ["exact 35 %, x naive", 1.9, over("exact 35 %", "naive")],
    ["exact 25 %, x naive", 1.5, over("exact 25 %", "naive")],
    ["balanced 50 %, x naive", 5, over("balanced 50 %", "naive")],
    ["balanced 50 %, x hybrid", 3, over("balanced 50 %", "hybrid")],
    ["balanced 35 %, x naive", 3, over("balanced 35 %", "naive")],
    ["fast 50 %, x naive", 7, over("fast 50 %", "naive")],
    ["exact 50 %, of the physical limit", 0.75, median(SHORT.map(limit))],
    ["decoding in DRAM, x llama.cpp", 0.7, over("Flint in DRAM", "llama.cpp in DRAM")],
    ["prefill in DRAM, x llama.cpp", 0.4, beside("reading, Flint in DRAM")],
    ["prefill at 50 %, x in DRAM", 0.8, beside("reading, exact 50 %")],
    ["first token behind a stored prefix, times sooner", 10, inverse(beside("first token, again"))],
    ["the same after a restart", 10, inverse(beside("first token, after a restart"))],
    ["20 assistants in turn, x one", 0.85, beside("20 assistants")],
    ["one core busy, x free", 0.45, beside("one core busy, exact 50 %")],
    ["cap / peak, the tightest side", 1, within.length > 0 ? Math.min(...within) : undefined],
  ];
  return table.map(([name, wanted, got]) => ({ name, wanted, got }));
}

function quotient(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? spread(known).median : undefined;
}
