/** Drives the machine while there is work: schedule -> step -> settle. */
import { setImmediate } from "node:timers/promises";
import { FlintError } from "../errors.ts";
import type { Machine, StepToken } from "../model/machine.ts";
import type { Habits, Used } from "./habits.ts";
import type { Lending } from "./lending.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Sequence } from "./sequence.ts";

/** The one loop that steps the machine. */
export class Runner {
  readonly #machine: Machine;
  readonly #scheduler: Scheduler;
  readonly #lending: Lending;
  readonly #habits: Habits;
  #work: Promise<void> | undefined;
  #closed = false;
  #seen: { readonly sequence: Sequence; readonly used: Used } | undefined;

  constructor(
    needs: { machine: Machine; scheduler: Scheduler; habits: Habits; lending: Lending },
  ) {
    this.#machine = needs.machine;
    this.#scheduler = needs.scheduler;
    this.#lending = needs.lending;
    this.#habits = needs.habits;
  }

  /** Queues a sequence. Throws FlintError "busy" or, after close, "unavailable". */
  submit(sequence: Sequence): void {
    if (this.#closed) throw closed();
    this.#scheduler.submit(sequence);
    this.#scheduler.prepare();
    this.wake();
  }

  /** Something may go on that could not before. */
  wake(): void {
    if (!this.#closed) this.#work ??= this.#run();
  }

  /** Ends every sequence as failed and resolves when no step runs. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#work;
    this.#scheduler.fail(closed());
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      // A turn for readers and new requests: who leaves now takes no part in the next step.
      await setImmediate();
      try {
        await this.#lending.adjust();
        const batch = this.#scheduler.schedule();
        if (batch.length === 0) break;
        await this.#step(batch);
      } catch (error) {
        this.#scheduler.fail(error);
      }
    }
    this.#observe();
    this.#work = undefined;
  }

  /** Tells the habits what the last step used. */
  #observe(): void {
    if (this.#seen) this.#habits.observe(this.#seen.sequence, this.#seen.used);
    this.#seen = undefined;
  }

  async #step(batch: readonly StepToken[]): Promise<void> {
    const before = this.#machine.counters();
    const running = this.#machine.step(batch);
    this.#observe(); // while the threads compute
    await running;
    const after = this.#machine.counters();
    const bits = this.#machine.active(), sole = this.#scheduler.sole;
    this.#scheduler.settle((i) => this.#machine.logits(i), {
      tokens: batch.length,
      bytesUsed: after.bytesUsed - before.bytesUsed,
      bytesRead: after.bytesRead - before.bytesRead,
      ms: after.stepMs - before.stepMs,
      waitMs: after.waitMs - before.waitMs,
    });
    if (bits && sole) this.#seen = { sequence: sole, used: usedBy(sole, batch, bits) };
  }
}

/** What the batch's tokens used, but for guesses that did not come true. */
function usedBy({ tokens }: Sequence, batch: readonly StepToken[], bits: Int32Array): Used {
  const wrong = batch.findIndex(({ token, position }) => tokens[position] !== token);
  const count = wrong < 0 ? batch.length : wrong;
  return {
    position: batch[0]!.position,
    count,
    bits: bits.slice(0, count * bits.length / batch.length),
  };
}

const closed = () => new FlintError("unavailable", "the engine is closed");
