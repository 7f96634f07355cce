/** What every compute thread holds: kernels, memory map, meeting points, and its share of each job. */
import { Demand } from "../flash/demand.ts";
import { Consumer } from "../flash/stream.ts";
import { Tracer } from "../flash/trace.ts";
import { type ActivationForm, activationForm, type Kernels } from "../kernels/kernels.ts";
import type { UnitPart, VectorName } from "../flash/layout.ts";
import type { Control } from "./control.ts";
import { Word } from "./control.ts";
import type { Activation } from "./activation_plan.ts";
import type { Placed, Plan } from "./plan.ts";
import { ExpertWindows } from "./expert_windows.ts";
import { Windows } from "./windows.ts";

/**
 * Weight bytes of one piece of work, most and least. A piece of the most takes some 30 us, against
 * which handing it out is nothing; towards the end pieces shrink, so that nobody waits for long.
 */
const PIECE_MOST = 256 << 10;
const PIECE_LEAST = 32 << 10;
/** Items so few that the last thread at a barrier does them before it lets the others go. */
const ITEMS_ALONE = 4;
/** Waits that are shorter are not worth a line in a trace. */
const SPAN_MS_MIN = 0.01;
/** Rows are handed out in multiples of this: the kernels work on four at a time. */
const ROW_GRAIN = 4;

/** What this pass runs on, read from the control block at its start. */
export interface Pass {
  readonly tokens: number;
  readonly logits: number;
  /** Only the best logits are wanted, by screening. */
  readonly screened: boolean;
}

/** Rows, or neurons, `from` to before `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where token 0's vector lies, and bytes from one token's to the next. */
export interface Vectors {
  readonly at: number;
  readonly stride: number;
}

/**
 * One of several equal threads. All run the same code in the same order; the pieces of each phase
 * go to whoever is free. A piece's result does not depend on who computes it.
 */
export class Thread {
  readonly plan: Plan;
  readonly kernels: Kernels;
  readonly control: Control;
  /** The whole memory as i32 and as f32. */
  readonly words: Int32Array;
  readonly floats: Float32Array;
  readonly consumer: Consumer;
  readonly tracer = new Tracer();
  /** Where neurons are read one by one. */
  readonly windows: Windows | undefined;
  /** Where the FFNs are mixtures of experts. */
  readonly experts: ExpertWindows | undefined;
  readonly demand: Demand;
  /** Milliseconds this thread has waited for demanded neurons and experts. */
  demandMs = 0;
  /** Units by layer, with their addresses at the moment. */
  layers: Plan["layers"];
  #epoch = 0;
  #released = 0; // streamed units that no thread needs any more
  readonly #streamedMax: number;
  #offered = 0; // pieces of work since the last barrier, the same in every thread
  #ticket = -1; // the piece this thread holds; -1 = none yet
  readonly #threads: number;
  readonly #cuts = new Map<number, Int32Array>();

  constructor(
    needs: {
      plan: Plan;
      kernels: Kernels;
      control: Control;
      memory: WebAssembly.Memory;
    },
  ) {
    this.plan = needs.plan;
    this.layers = needs.plan.layers;
    this.kernels = needs.kernels;
    this.control = needs.control;
    this.words = new Int32Array(needs.memory.buffer);
    this.floats = new Float32Array(needs.memory.buffer);
    this.consumer = new Consumer(needs.control, needs.plan.ring);
    const { neurons, experts, spec } = needs.plan, { buffer } = needs.memory;
    this.windows = neurons && new Windows(neurons, needs.control, buffer, spec.neurons);
    this.experts = experts && new ExpertWindows(experts, needs.plan, needs.control, buffer);
    this.demand = new Demand(needs.control);
    this.#threads = needs.control.threads;
    this.#streamedMax = streamedMax(needs.plan);
  }

  /** Before a step: takes note of what was lent room since the last one. */
  begin(): void {
    const epoch = this.control.load(Word.epoch);
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    const loans = this.plan.loans.slice(0, this.control.load(Word.lent));
    const lent = new Map(loans.map((placed) => [placed.unit.id, placed]));
    this.layers = this.plan.layers.map((units) => units.map((one) => lent.get(one.unit.id) ?? one));
    this.consumer.restart();
    this.#released = 0;
  }

  /**
   * Meets the others. Streamed units taken before may be overwritten afterwards, but for the last
   * `held` ones, which are still in use. The last to come does `alone` before the others go on.
   */
  barrier(held = 0, alone?: () => void): void {
    const done = this.consumer.taken - held;
    const released = done !== this.#released;
    this.#released = done;
    const begin = this.tracer.begin();
    this.control.barrier(() => {
      if (released) this.control.call(Word.consumed, done | 0);
      alone?.();
    });
    this.tracer.end("wait for threads", begin);
    this.#offered = 0;
    this.#ticket = -1;
  }

  /** Meets the others with items 0..count-1 done in between, by one thread where they are few. */
  meet(count: number, work: (item: number) => void): void {
    if (count > ITEMS_ALONE) {
      this.barrier();
      this.spread(count, work);
      this.barrier();
    } else {
      this.barrier(0, () => {
        for (let item = 0; item < count; item++) work(item);
      });
    }
  }

  /** Does pieces 0..count-1 together with the other threads; returns when none is left to take. */
  spread(count: number, work: (piece: number) => void): void {
    const first = this.#offered;
    const end = this.#offered = first + count;
    if (this.#ticket < 0) this.#ticket = this.#next();
    for (; this.#ticket < end; this.#ticket = this.#next()) work(this.#ticket - first);
  }

  #next(): number {
    return Atomics.add(this.control.words, Word.ticket, 1);
  }

  /** The same for rows 0..count-1, some at a time. */
  spreadRows(rows: Rows, work: (from: number, to: number) => void): void {
    const cuts = this.#cutsOf(rows);
    this.spread(cuts.length - 1, (piece) => work(cuts[piece]!, cuts[piece + 1]!));
  }

  /** Where pieces of rows begin, and the end of the last. */
  #cutsOf({ count, bytes, grain = ROW_GRAIN, more = false }: Rows): Int32Array {
    const key = ((bytes * 2 ** 20 + count) * 64 + grain) * 2 + Number(more);
    let cuts = this.#cuts.get(key);
    if (!cuts) this.#cuts.set(key, cuts = cut({ count, bytes, grain, more }, this.#threads));
    return cuts;
  }

  /** Whether one more streamed unit may be taken before units are released at a barrier. */
  canTake(placed: Placed): boolean {
    return placed.at >= 0 || this.consumer.taken - this.#released < this.#streamedMax;
  }

  /** Address of a unit, waiting for flash where it is streamed. */
  take({ unit, at }: Placed): number {
    if (at >= 0) return at;
    const begin = this.tracer.begin(), { waitMs } = this.consumer;
    const address = this.consumer.take(unit);
    if (this.consumer.waitMs > waitMs) {
      this.tracer.end("wait for flash", begin, { layer: unit.layer, unit: unit.id });
    }
    return address;
  }

  /** Waits for a demanded read. */
  wait(read: number): void {
    const begin = this.tracer.begin(), start = performance.now();
    this.demand.wait(read);
    const waited = performance.now() - start;
    this.demandMs += waited;
    if (waited > SPAN_MS_MIN) this.tracer.end("wait for flash", begin);
  }

  /** Does a part of the pass, which a trace shows by its name. */
  traced(name: string, layer: number, work: () => void): void {
    const begin = this.tracer.begin();
    work();
    this.tracer.end(name, begin, { layer });
  }

  vector(layer: number, name: VectorName): number {
    return this.plan.vectors[layer]![name];
  }

  /** Quantizes row t of an activation, already there as f32, into the forms its weights want. */
  quantize(activation: Activation, t: number, cols: number): void {
    const x = activation.f32 + t * activation.f32Stride;
    for (const form of activation.forms) {
      if (form === "f32") continue;
      this.kernels.quantize(form, x, cols, activation[form] + t * strideOf(activation, form));
    }
  }

  /**
   * A unit part times all tokens, together with the other threads.
   * out[t][part.row + r] = part[r] . x[t]; `then` is told which rows of out are there.
   */
  multiply(
    unitAt: number,
    part: UnitPart,
    x: Activation,
    tokens: number,
    out: Vectors,
    then?: (from: number, to: number) => void,
  ): void {
    const form = activationForm(part.type);
    const input = { at: x[form], stride: strideOf(x, form) };
    this.spreadRows({ count: part.rows, bytes: part.rowBytes }, (from, to) => {
      const target = { at: out.at + (part.row + from) * 4, stride: out.stride };
      this.product(unitAt, part, { from, to }, input, tokens, target);
      then?.(part.row + from, part.row + to);
    });
  }

  /** Some rows of a unit part times all tokens, by this thread: out[t][r] (+)= part[from + r] . x[t]. */
  product(
    unitAt: number,
    part: UnitPart,
    rows: Range,
    x: Vectors,
    tokens: number,
    out: Vectors,
    accumulate = false,
  ): void {
    this.kernels.matmul(
      part.type,
      unitAt + part.at + rows.from * part.rowBytes,
      part.rowBytes,
      rows.to - rows.from,
      part.cols,
      x.at,
      x.stride,
      tokens,
      out.at,
      out.stride,
      accumulate,
    );
  }

  /** x += y for rows from..to of all tokens; (tokens, width) f32. */
  addRows(x: number, y: number, tokens: number, from: number, to: number): void {
    for (let t = 0; t < tokens; t++) {
      const row = (t * this.plan.spec.width + from) * 4;
      this.kernels.add(x + row, y + row, to - from);
    }
  }
}

/** Rows to be divided among the threads, `bytes` of weights each, in multiples of `grain`. */
export interface Rows {
  readonly count: number;
  readonly bytes: number;
  readonly grain?: number;
  /** Other work follows before the next barrier: the last pieces need not be small. */
  readonly more?: boolean;
}

/** Guided self-scheduling (Polychronopoulos & Kuck 1987): each piece a share of what is left. */
function cut({ count, bytes, grain, more }: Required<Rows>, threads: number): Int32Array {
  const cuts = [0];
  const rowsOf = (most: number) => Math.max(grain, Math.floor(most / bytes / grain) * grain);
  for (let from = 0; from < count;) {
    const share = (count - from) * bytes / (2 * threads);
    const piece = Math.min(PIECE_MOST, Math.max(share, more ? PIECE_MOST / 2 : PIECE_LEAST));
    cuts.push(from = Math.min(count, from + rowsOf(piece)));
  }
  return Int32Array.from(cuts);
}

/** Bytes between two tokens of an activation in a form. */
export function strideOf(activation: Activation, form: ActivationForm): number {
  return form === "f32"
    ? activation.f32Stride
    : form === "q8x256"
    ? activation.q8x256Stride
    : activation.q16x32Stride;
}

/** Units that may be held at once: half the ring, so that reading goes on meanwhile. */
function streamedMax(plan: Plan): number {
  const units = [...plan.layers.flat(), ...plan.head].filter((placed) => placed.at < 0);
  const most = units.reduce((bytes, { unit }) => Math.max(bytes, unit.bytes), 1);
  return Math.max(1, Math.floor(plan.ring.bytes / most / 2));
}
