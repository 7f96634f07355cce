/**
 * What waited for what: spans of time that each thread notes while tracing is on, and their picture
 * in Chrome's trace-event format (chrome://tracing, Perfetto).
 */

/** Something that took a while. */
export interface Span {
  readonly name: string;
  /** Milliseconds since 1970: the threads' clocks begin at different times. */
  readonly begin: number;
  readonly end: number;
  readonly layer?: number;
  readonly unit?: number;
}

/** What one thread did; the spans of readers overlap where several reads are in flight. */
export interface TraceRow {
  readonly name: string;
  readonly spans: readonly Span[];
}

/** Spans that a thread may note between two collections; later ones are left out. */
const SPANS_MAX = 1 << 16;
/** Names of spans in which a thread computes nothing. */
const WAITS = new Set(["wait for flash", "wait for threads"]);

/** One thread's notes. Costs a comparison while it is off. */
export class Tracer {
  on = false;
  #spans: Span[] = [];

  /** When a span begins, to be given to `end`. */
  begin(): number {
    return this.on ? performance.timeOrigin + performance.now() : 0;
  }

  end(name: string, begin: number, about?: { readonly layer?: number; readonly unit?: number }) {
    if (!this.on || begin === 0 || this.#spans.length >= SPANS_MAX) return;
    this.#spans.push({ name, begin, end: performance.timeOrigin + performance.now(), ...about });
  }

  /** The spans noted since the last time. */
  take(): Span[] {
    const spans = this.#spans;
    this.#spans = [];
    return spans;
  }
}

/** One event of the format. */
export interface TraceEvent {
  /** "X" a span, "M" the name of a line. */
  readonly ph: "X" | "M";
  /** Always 1: one process. */
  readonly pid: number;
  /** Line of the picture. */
  readonly tid: number;
  /** What is done. */
  readonly name: string;
  /** Begin, microseconds. */
  readonly ts?: number;
  /** Length, microseconds. */
  readonly dur?: number;
  /** Layer and unit of a span; the line's name. */
  readonly args: Readonly<Record<string, string | number>>;
}

/** The rows as trace events; overlapping spans of one row are put in lanes below each other. */
export function traceEvents(rows: readonly TraceRow[]): TraceEvent[] {
  const start = Math.min(...rows.flatMap(({ spans }) => spans.map(({ begin }) => begin)));
  const events: TraceEvent[] = [];
  let tid = 0;
  for (const { name, spans } of rows) {
    lanesOf(spans).forEach((lane, i) => {
      const title = i === 0 ? name : `${name} (${i + 1})`;
      events.push({ ph: "M", pid: 1, tid, name: "thread_name", args: { name: title } });
      for (const { name, begin, end, ...args } of lane) {
        const ts = (begin - start) * 1000, dur = (end - begin) * 1000;
        events.push({ ph: "X", pid: 1, tid, name, ts, dur, args });
      }
      tid++;
    });
  }
  return events;
}

/** Spans by begin, each in the first lane where it lies inside or behind the spans before it. */
function lanesOf(spans: readonly Span[]): Span[][] {
  const lanes: { spans: Span[]; open: Span[] }[] = [];
  for (const span of spans.toSorted((a, b) => a.begin - b.begin || b.end - a.end)) {
    const fits = ({ open }: { open: Span[] }) => {
      while (open.length > 0 && open.at(-1)!.end <= span.begin) open.pop();
      return open.length === 0 || span.end <= open.at(-1)!.end;
    };
    let lane = lanes.find(fits);
    if (!lane) lanes.push(lane = { spans: [], open: [] });
    lane.spans.push(span);
    lane.open.push(span);
  }
  return lanes.map(({ spans }) => spans);
}

/** What a trace says at a glance; shares of the steps' time, 0..1. */
export interface TraceSummary {
  /** Passes. */
  readonly steps: number;
  /** Their time, all together. */
  readonly stepMs: number;
  /** Reads were in flight. */
  readonly reading: number;
  /** Reads were in flight while the first compute thread computed. */
  readonly overlap: number;
  /** The first compute thread waited for flash. */
  readonly waitFlash: number;
  /** It waited for the other threads. */
  readonly waitThreads: number;
}

/** Sums up rows as Machine.trace gives them. */
export function summarizeTrace(rows: readonly TraceRow[]): TraceSummary {
  const spansOf = (name: string) =>
    rows.filter((row) => row.name.startsWith(name)).flatMap(({ spans }) => spans);
  const steps = spansOf("main").filter(({ name }) => name === "step");
  const stepMs = lengthOf(steps);
  const reads = intersection(union(spansOf("reader")), union(steps));
  const compute = spansOf("compute 0");
  const waits = union(compute.filter(({ name }) => WAITS.has(name)));
  const waited = (name: string) => lengthOf(compute.filter((span) => span.name === name)) / stepMs;
  return {
    steps: steps.length,
    stepMs,
    reading: lengthOf(reads) / stepMs,
    overlap: (lengthOf(reads) - lengthOf(intersection(reads, waits))) / stepMs,
    waitFlash: waited("wait for flash"),
    waitThreads: waited("wait for threads"),
  };
}

type Interval = Pick<Span, "begin" | "end">;

const lengthOf = (intervals: readonly Interval[]) =>
  intervals.reduce((sum, { begin, end }) => sum + end - begin, 0);

function union(intervals: readonly Interval[]): Interval[] {
  const merged: { begin: number; end: number }[] = [];
  for (const { begin, end } of intervals.toSorted((a, b) => a.begin - b.begin)) {
    const last = merged.at(-1);
    if (last && begin <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ begin, end });
  }
  return merged;
}

/** Of two unions. */
function intersection(some: readonly Interval[], others: readonly Interval[]): Interval[] {
  const common: Interval[] = [];
  for (let i = 0, j = 0; i < some.length && j < others.length;) {
    const begin = Math.max(some[i]!.begin, others[j]!.begin);
    const end = Math.min(some[i]!.end, others[j]!.end);
    if (begin < end) common.push({ begin, end });
    if (some[i]!.end < others[j]!.end) i++;
    else j++;
  }
  return common;
}
