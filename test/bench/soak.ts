/** `bench soak`: an hour of mixed chats under the cap; what it cost in memory, and whether it erred. */
import { modelFile, modelStore, type TestModel } from "../models.ts";
import { CappedProcess } from "./cgroup.ts";
import { OVERHEAD_BYTES } from "./protocol.ts";
import { linesOf } from "./side_process.ts";
import { flintProcess } from "./sides.ts";
import type { SoakCount, SoakTask } from "./soak_side.ts";

/** The tightest budget that is sold: 35 % of the file. */
const SHARE = 0.35;

/** What the command line asked for. */
export interface SoakOptions {
  readonly model: TestModel;
  readonly minutes: number;
  readonly json?: string | undefined;
}

/** Runs it and prints a line a minute. @throws Error where anything went wrong */
export async function soak({ model, minutes, json }: SoakOptions): Promise<void> {
  const memoryBytes = Math.floor(Deno.statSync(modelFile(model)!).size * SHARE);
  const task: SoakTask = { model: await modelStore(model), memoryBytes, minutes };
  const capBytes = memoryBytes + OVERHEAD_BYTES;
  const run = new CappedProcess(flintProcess("soak_side.ts", task), {
    capBytes,
    stderr: "inherit",
  });
  let count: SoakCount | undefined;
  for await (const line of linesOf(run.child.stdout)) {
    count = JSON.parse(line);
    console.log(`${model}: ${JSON.stringify(count)} peak ${run.use().peakBytes}`);
  }
  const end = await run.ended();
  const report = { model, capBytes, memoryBytes, ...count, ...end };
  console.log(JSON.stringify(report));
  if (json) await Deno.writeTextFile(json, JSON.stringify(report, null, 1) + "\n");
  if (end.code !== 0 || end.kills > 0 || !count || count.errors + count.changed > 0) {
    throw new Error(end.killed ? "killed at the cap" : "the soak went wrong: see above");
  }
}
