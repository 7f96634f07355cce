/** Progress on stderr: one line that moves at a terminal, a line now and then elsewhere. */
import { FlintError, type HouseStatus, type ModelHouse, type Progress } from "@flint/core";
import { formatBytes, print, remark, write } from "./terminal.ts";

const BAR_CHARS = 24;
/** Of a stage, between two lines where no line can move. */
const STEP_SHARE = 0.1;

/** What a line can show: the house's progress, or a calibration's. */
export type Shown = Omit<Progress, "stage"> & { readonly stage: Progress["stage"] | "calibrating" };

/** Shows one state after the other. */
export class ProgressLine {
  readonly #moving = Deno.stderr.isTerminal();
  readonly #steps = new Steps();
  #shown = "";

  /** Shows a state; the same one twice costs nothing. */
  show(progress: Shown): void {
    const text = words(progress);
    if (this.#moving) this.#move(bar(progress) + text);
    else if (this.#steps.isNew(progress)) remark(text);
  }

  /** Prints a line that stays. */
  say(text: string): void {
    this.clear();
    remark(text);
  }

  /** Makes room for other lines. */
  clear(): void {
    if (this.#shown !== "") write(Deno.stderr, "\r\x1b[K");
    this.#shown = "";
  }

  #move(line: string): void {
    const fitting = line.slice(0, (Deno.consoleSize().columns || 80) - 1);
    if (fitting !== this.#shown) write(Deno.stderr, `\r\x1b[K${fitting}`);
    this.#shown = fitting;
  }
}

/** Shows a house's progress until it ends; with `json`, its statuses as lines of stdout. */
export async function follow(
  statuses: AsyncIterable<HouseStatus>,
  line: ProgressLine,
  { json = false }: { readonly json?: boolean | undefined },
): Promise<void> {
  const steps = new Steps();
  for await (const status of statuses) {
    if (!json) {
      line.show(status.progress);
      if (status.progress.stage === "ready") line.clear();
    } else if (steps.isNew(status.progress, status.serving)) {
      print(JSON.stringify({ event: "status", ...status }));
    }
  }
  line.clear();
}

/** Shows a house's progress until the wanted model serves; with `early`, until any does. Throws why none will. */
export async function untilServing(
  house: Pick<ModelHouse, "watch" | "engine">,
  signal: AbortSignal,
  { early = false } = {},
): Promise<void> {
  const line = new ProgressLine();
  for await (const { serving, wanted, progress } of house.watch(signal)) {
    line.show(progress);
    if (serving === wanted || (early && serving) || progress.stage === "failed") break;
  }
  line.clear();
  if (signal.aborted) throw new FlintError("cancelled", "stopped before a model was open");
  house.engine(); // throws, and says why, if there is none
}

/** Tells the states that are worth a line of their own. */
class Steps {
  #last = "";

  isNew({ model, stage, done, total, note }: Shown, serving = ""): boolean {
    const step = total > 0 ? Math.floor(done / total / STEP_SHARE) : 0;
    const state = [model, stage, step, note, serving].join("\0");
    const differs = state !== this.#last;
    this.#last = state;
    return differs;
  }
}

function words({ model, stage, done, total, note }: Shown): string {
  // An import passes over the file several times: of its bytes only the share means something.
  const amount = total === 0
    ? ""
    : stage === "pulling"
    ? ` ${formatBytes(done)} of ${formatBytes(total)}`
    : ` ${Math.floor(100 * done / total)} %`;
  return `${model}: ${stage}${amount}${note === undefined ? "" : ` (${note})`}`;
}

function bar({ done, total }: Shown): string {
  if (total === 0) return "";
  const full = Math.round(BAR_CHARS * done / total);
  const percent = String(Math.floor(100 * done / total)).padStart(3);
  return `${"█".repeat(full)}${"░".repeat(BAR_CHARS - full)} ${percent} %  `;
}
