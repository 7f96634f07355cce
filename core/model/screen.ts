/**
 * The output head where only the best logits are wanted: a resident plane of two bits a weight
 * tells which rows can be among them (kernels/screen.as.ts), and only those are read and computed
 * exactly, by the kernel that computes whole heads: same bits.
 */
import { PAGE } from "../flash/layout.ts";
import { activationForm } from "../kernels/kernels.ts";
import { Counter } from "./control.ts";
import type { Placed } from "./plan.ts";
import type { ScreenPlan } from "./screen_plan.ts";
import { type Pass, strideOf, type Thread } from "./thread.ts";

/**
 * Deviations of a normal error (which it is: measured to 5.5 deviations on 37 million logits) that
 * a row is given: the best one is missed with a chance of 1e-9.
 */
const DEVIATIONS = 6;
/** Rows of each token that are computed first, so that their best one rules out the others. */
const FIRST_ROWS = 4;

/** Makes logit row i's input of the plane, once its activations are there. */
export function prepareScreen(thread: Thread, screen: ScreenPlan, i: number): void {
  const { kernels, plan, floats } = thread;
  const { width } = plan.spec;
  const x = screen.scratch + i * 8 * width;
  const { q8x256 } = plan.finals;
  // The error is counted from what the exact kernel would give: from the same activations.
  if (headForm(thread) === "q8x256") kernels.widen(q8x256 + i * plan.finals.q8x256Stride, width, x);
  else {
    const from = plan.finals.f32 + i * plan.finals.f32Stride;
    floats.copyWithin(x / 4, from / 4, from / 4 + width);
  }
  kernels.screenInput(
    x,
    screen.center,
    screen.factors,
    width,
    DEVIATIONS,
    x + 4 * width,
    screen.inputs + i * screen.inputBytes,
  );
}

/** Exact logits of all rows within their token's margin of its best, -Infinity elsewhere. */
export function screenedHead(thread: Thread, screen: ScreenPlan, pass: Pass): void {
  thread.traced("screen", -1, () => bound(thread, screen, pass));
  thread.barrier(
    0,
    () => thread.traced("rows that can win", -1, () => rescore(thread, screen, pass.logits)),
  );
}

/** What no logit can be above, for all rows. */
function bound(thread: Thread, screen: ScreenPlan, pass: Pass): void {
  const { kernels, plan } = thread;
  const stride = plan.spec.vocabulary * 4;
  for (const { unit, at } of screen.units) {
    const part = unit.parts[0]!;
    const rows = { count: part.rows, bytes: part.rowBytes * pass.logits, more: true };
    thread.spreadRows(rows, (from, to) => {
      const w = at + part.at + from * part.rowBytes;
      const out = plan.logits + (part.row + from) * 4;
      kernels.screen(w, to - from, part.cols, screen.inputs, pass.logits, out, stride);
    });
  }
}

function headForm({ plan }: Thread) {
  return activationForm(plan.head[0]!.unit.parts[0]!.type);
}

/** Bounds in, exact logits out. */
function rescore(thread: Thread, screen: ScreenPlan, tokens: number): void {
  const { floats, plan } = thread;
  const { vocabulary } = plan.spec;
  const bounds = Array.from({ length: tokens }, (_, i) => {
    const from = plan.logits / 4 + i * vocabulary;
    return floats.subarray(from, from + vocabulary);
  });
  const exact = new ExactRows(thread, screen, tokens);
  exact.add(new Set(bounds.flatMap((row) => highest(row, FIRST_ROWS))));
  const rest = new Set<number>();
  bounds.forEach((row, i) => {
    const floor = exact.best(i) - floats[screen.margins / 4 + i]!;
    for (let r = 0; r < vocabulary; r++) if (row[r]! >= floor && !exact.has(r)) rest.add(r);
  });
  exact.add(rest);
  bounds.forEach((row, i) => exact.write(i, row.fill(-Infinity)));
}

/** Indices of the `count` highest values. */
function highest(values: Float32Array, count: number): number[] {
  const best: number[] = [];
  let floor = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value > floor)) continue;
    let at = best.length;
    while (at > 0 && values[best[at - 1]!]! < value) at--;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
    if (best.length === count) floor = values[best[count - 1]!]!;
  }
  return best;
}

/** Pages read as one: of one unit, with the rows on them. */
interface Run {
  readonly unit: Placed["unit"];
  readonly from: number; // bytes from the unit's first page, whole pages
  end: number;
  readonly at: number; // where in the staging
  readonly rows: number[];
}

/** Head rows computed exactly for all tokens of a pass. */
class ExactRows {
  readonly #thread: Thread;
  readonly #screen: ScreenPlan;
  readonly #tokens: number;
  /** Exact logits of each row for all tokens. */
  readonly #rows = new Map<number, Float32Array>();

  constructor(thread: Thread, screen: ScreenPlan, tokens: number) {
    this.#thread = thread;
    this.#screen = screen;
    this.#tokens = tokens;
  }

  has(row: number): boolean {
    return this.#rows.has(row);
  }

  best(token: number): number {
    let best = -Infinity;
    for (const logits of this.#rows.values()) best = Math.max(best, logits[token]!);
    return best;
  }

  write(token: number, out: Float32Array): void {
    for (const [row, logits] of this.#rows) out[row] = logits[token]!;
  }

  /** Computes rows, from where they are pinned or from flash. */
  add(rows: ReadonlySet<number>): void {
    const { staging } = this.#screen;
    let runs: Run[] = [], staged = 0;
    for (const row of [...rows].sort((a, b) => a - b)) {
      const { unit, at } = this.#placeOf(row);
      if (at >= 0) {
        this.#compute(row, unit, at);
        this.#used(unit.parts[0]!.rowBytes);
        continue;
      }
      const begin = inUnit(unit, row), end = pageUp(begin + unit.parts[0]!.rowBytes);
      const last = runs.at(-1);
      const joins = last?.unit === unit && begin <= last.end;
      const from = joins ? last.end : begin - begin % PAGE;
      if (staged + end - from > staging.bytes) {
        this.#read(runs);
        runs = [];
        staged = 0;
      }
      if (joins && runs.length > 0) {
        last.end = end;
        last.rows.push(row);
        staged += end - from;
      } else {
        const first = begin - begin % PAGE;
        runs.push({ unit, from: first, end, at: staging.at + staged, rows: [row] });
        staged += end - first;
      }
    }
    this.#read(runs);
  }

  /** Reads all runs at once and computes each as it comes. */
  #read(runs: readonly Run[]): void {
    const { demand, control } = this.#thread;
    const numbers = runs.map(({ unit, from, end, at }) => {
      this.#used(end - from);
      return demand.post(unit.offset + from, end - from, at);
    });
    runs.forEach(({ unit, from, at, rows }, i) => {
      const start = performance.now();
      demand.wait(numbers[i]!);
      control.counters[Counter.headWaitMs]! += performance.now() - start;
      for (const row of rows) this.#compute(row, unit, at - from);
    });
  }

  /** @param unitAt  where the unit's first page lies, or would lie */
  #compute(row: number, unit: Placed["unit"], unitAt: number): void {
    const { kernels, plan, floats } = this.#thread;
    const { type, rowBytes, cols } = unit.parts[0]!;
    const x = plan.finals, form = activationForm(type);
    const { exact } = this.#screen;
    const stride = strideOf(x, form);
    const w = unitAt + inUnit(unit, row);
    kernels.matmul(type, w, rowBytes, 1, cols, x[form], stride, this.#tokens, exact, 4, false);
    this.#rows.set(row, floats.slice(exact / 4, exact / 4 + this.#tokens));
  }

  /** Units hold the same number of rows, but for the last. */
  #placeOf(row: number): Placed {
    const { head } = this.#thread.plan;
    return head[Math.floor(row / head[0]!.unit.parts[0]!.rows)]!;
  }

  #used(bytes: number): void {
    this.#thread.control.counters[Counter.headBytesUsed]! += bytes;
  }
}

function inUnit({ parts: [part] }: Placed["unit"], row: number): number {
  return part!.at + (row - part!.row) * part!.rowBytes;
}

function pageUp(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE;
}
