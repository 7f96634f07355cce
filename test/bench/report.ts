/** The comparison as Markdown: what README shows. Pure. */
import { type Bar, bars } from "./bars.ts";
import { type Finding, findingLine } from "./further.ts";
import type { SideEnd } from "./rounds.ts";
import type { Side } from "./sides.ts";
import type { Figures, Limit } from "./summary.ts";

/** All that one run of the bench found; what `--json` keeps. */
export interface Report {
  readonly model: string;
  readonly machine: string;
  readonly date: string;
  /** Bytes a second of the disk, after each turn that read. */
  readonly disk: readonly number[];
  readonly rounds: number;
  readonly figures: readonly Figures[];
  readonly ends: readonly SideEnd[];
  readonly findings: readonly Finding[];
}

const CASES = ["chat", "retrieval", "code edit", "chinese"];
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

/** The table of rates, the table of costs, and the further cases. */
export function markdown(report: Report, sides: readonly Side[]): string {
  const { figures } = report;
  const known = sides.filter(({ name }) => report.ends.some((end) => end.side === name));
  const find = (side: string, name: string) =>
    figures.find((one) => one.side === side && one.case === name);
  const rates = known.map((side) => [
    side.name,
    ...CASES.map((name) => rateCell(find(side.name, name))),
    sameCell(side, figures.filter((one) => one.side === side.name)),
    peakCell(report.ends.find((end) => end.side === side.name)!),
  ]);
  const costs = known.flatMap((side) => {
    const chat = find(side.name, "chat");
    if (!chat) return [];
    return [[side.name, ...costCells(chat)]];
  });
  return [
    ...table(["side", ...CASES, "same tokens", "peak of cap"], rates),
    "",
    ...table([
      ...["side", "first token", "read a token", "in DRAM", "waiting", "CPU a token"],
      ...["tokens a pass", "of the limit"],
    ], costs),
    "",
    ...table(["what it set out to reach", "wanted", "got"], bars(report).map(barCells)),
    "",
    ...report.findings.map((finding) => `- ${findingLine(finding)}`),
    ...report.ends.flatMap(({ side, outcome }) => outcome ? [`- ${side}: ${outcome}`] : []),
  ].join("\n") + "\n";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const width = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(width[i]!)).join(" | ")} |`;
  return [line(head), line(width.map((w) => "-".repeat(w))), ...rows.map(line)];
}

function rateCell(one: Figures | undefined): string {
  if (!one) return "";
  const { median, least, most } = one.rate;
  const over = one.ratios["naive"];
  const ratio = over && one.side !== "naive" ? `, ${over.toFixed(1)} x` : "";
  return `${median.toPrecision(3)} (${least.toPrecision(2)} to ${most.toPrecision(2)})${ratio}`;
}

function sameCell(side: Side, all: readonly Figures[]): string {
  const same = all.reduce((sum, one) => sum + one.same, 0);
  const compared = all.reduce((sum, one) => sum + one.compared, 0);
  if (compared === 0) return "";
  return same === compared ? "all" : `${same} of ${compared}${side.exact ? " (FAULT)" : ""}`;
}

function peakCell({ peakBytes, capBytes, cacheBytes }: SideEnd): string {
  const cap = capBytes ? ` of ${mb(capBytes)}` : "";
  return peakBytes === 0 ? "" : `${mb(peakBytes)}${cap}, page cache ${mb(cacheBytes)}`;
}

function barCells({ name, wanted, got }: Bar): string[] {
  return [
    name,
    String(wanted),
    got === undefined ? "" : `${got.toPrecision(3)}${got < wanted ? "" : " ✓"}`,
  ];
}

function costCells({ flash, limit, firstTokenMs, cpuSecondsPerToken }: Figures): string[] {
  return [
    `${(firstTokenMs / 1000).toFixed(1)} s`,
    flash ? mb(flash.bytesReadPerToken) : "",
    flash ? percent(flash.hitRate) : "",
    flash ? percent(flash.waitShare) : "",
    `${cpuSecondsPerToken.toFixed(2)} s`,
    flash ? flash.tokensPerPass.toFixed(2) : "",
    limit ? limitCell(limit) : "",
  ];
}

function limitCell({ share, rate, served, probed, resident }: Limit): string {
  const speeds = [served, probed].map((bytes) => (bytes / 1e9).toFixed(2)).join(" / ");
  return `${percent(share)} of ${rate.toPrecision(3)} (${speeds} GB/s, ${resident.toFixed(0)} ms)`;
}
