/** What every compute thread holds: kernels, memory map, meeting points, and its share of each job. */
import { Consumer } from "../flash/stream.ts";
import { type ActivationForm, activationForm, type Kernels } from "../kernels/kernels.ts";
import type { UnitPart, VectorName } from "../flash/layout.ts";
import type { Control } from "./control.ts";
import { Word } from "./control.ts";
import type { Activation, Placed, Plan } from "./plan.ts";

/** Rows are shared out in multiples of this: the kernels work on four at a time. */
const ROW_GRAIN = 4;

/** What this pass runs on, read from the control block at its start. */
export interface Pass {
  readonly tokens: number;
  readonly logits: number;
}

/** One of `count` equal threads. All run the same code in the same order and differ in their shares. */
export class Thread {
  readonly plan: Plan;
  readonly kernels: Kernels;
  readonly control: Control;
  readonly index: number;
  readonly count: number;
  /** The whole memory as i32 and as f32. */
  readonly words: Int32Array;
  readonly floats: Float32Array;
  readonly consumer: Consumer;
  #released = 0; // streamed units that no thread needs any more
  readonly #streamedMax: number;

  constructor(
    needs: {
      plan: Plan;
      kernels: Kernels;
      control: Control;
      index: number;
      memory: WebAssembly.Memory;
    },
  ) {
    this.plan = needs.plan;
    this.kernels = needs.kernels;
    this.control = needs.control;
    this.index = needs.index;
    this.count = needs.control.threads;
    this.words = new Int32Array(needs.memory.buffer);
    this.floats = new Float32Array(needs.memory.buffer);
    this.consumer = new Consumer(needs.control, needs.plan.ring);
    this.#streamedMax = streamedMax(needs.plan);
  }

  /**
   * Meets the others. Streamed units taken before may be overwritten afterwards, but for the last
   * `held` ones, which are still in use.
   */
  barrier(held = 0): void {
    const done = this.consumer.taken - held;
    if (done === this.#released) this.control.barrier();
    else this.control.barrier(() => this.control.publish(Word.consumed, done | 0));
    this.#released = done;
  }

  /** Whether one more streamed unit may be taken before units are released at a barrier. */
  canTake(placed: Placed): boolean {
    return placed.at >= 0 || this.consumer.taken - this.#released < this.#streamedMax;
  }

  /** Address of a unit, waiting for flash where it is streamed. */
  take(placed: Placed): number {
    return placed.at >= 0 ? placed.at : this.consumer.take(placed.unit);
  }

  /** This thread's contiguous share of n things, in multiples of `grain`. */
  share(n: number, grain = ROW_GRAIN): { readonly from: number; readonly to: number } {
    const grains = Math.ceil(n / grain);
    const at = (thread: number) => Math.min(n, Math.floor(grains * thread / this.count) * grain);
    return { from: at(this.index), to: at(this.index + 1) };
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
   * This thread's rows of a unit part times all tokens.
   * out[t][part.row + r] = part[r] . x[t]
   */
  multiply(
    unitAt: number,
    part: UnitPart,
    x: Activation,
    tokens: number,
    out: { readonly at: number; readonly stride: number },
  ): void {
    const { from, to } = this.share(part.rows);
    if (from === to) return;
    const form = activationForm(part.type);
    this.kernels.matmul(
      part.type,
      unitAt + part.at + from * part.rowBytes,
      part.rowBytes,
      to - from,
      part.cols,
      form === "f32" ? x.f32 : x[form],
      strideOf(x, form),
      tokens,
      out.at + (part.row + from) * 4,
      out.stride,
      false,
    );
  }
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
