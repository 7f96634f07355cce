/** `flint doctor --trace FILE`: a short answer, and what every thread did and waited for meanwhile. */
import fs from "node:fs";
import { dirname } from "node:path";
import { type Engine, FlintError, openEngine, Shelf, type TraceSummary } from "@flint/core";
import { needWrite } from "./permission.ts";

/** Long enough to see a few passes, short enough to look at. */
const TOKENS = 6;

/** What is to be traced, and where to. */
export interface TraceTask {
  readonly file: string;
  readonly dataDir: string;
  readonly model: string;
  readonly memoryBytes?: number | undefined;
  /** The command line, for the user to allow what it needs. */
  readonly again: readonly string[];
}

/** Writes the trace; returns lines for the user. @throws FlintError not_found | denied | over_budget */
export async function writeTrace(task: TraceTask): Promise<string[]> {
  await needWrite(dirname(task.file), task.again);
  const shelf = await Shelf.open(task.dataDir);
  const entry = shelf.list().find(({ name }) => name === task.model);
  if (!shelf.card(task.model)) {
    throw new FlintError("not_found", `no model "${task.model}" is imported: flint pull brings it`);
  }
  const folder = shelf.folderOf(task.model);
  const memoryBytes = task.memoryBytes ?? entry!.memoryBytes;
  const engine = await openEngine({ folder, memoryBytes });
  try {
    await say(engine, 1); // the first pass of all checks what it reads
    const trace = await engine.trace(() => say(engine, TOKENS));
    fs.writeFileSync(task.file, JSON.stringify(trace));
    return describe(trace.summary, task);
  } finally {
    await engine.close();
  }
}

async function say(engine: Engine, maxTokens: number): Promise<void> {
  const prompt = engine.text.chat([{ role: "user", content: "What is a flash memory?" }]);
  for await (const _ of engine.generate({ prompt, maxTokens, sampling: { temperature: 0 } }));
}

function describe(summary: TraceSummary, { file, model }: TraceTask): string[] {
  const { steps, stepMs, reading, overlap, waitFlash, waitThreads } = summary;
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return [
    `${file}: ${steps} passes of ${model}, ${Math.round(stepMs / steps)} ms each`,
    `flash was read ${percent(reading)} of the time, ${percent(overlap)} while computing`,
    `a compute thread waited for flash ${percent(waitFlash)}, for the other ${
      percent(waitThreads)
    }`,
  ];
}
