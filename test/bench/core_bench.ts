/**
 * The core beside llama.cpp, in one run, on the same prompts, under the same memory cgroup: budget
 * plus a fixed overhead for the process. Prints a table; `--json FILE` keeps the figures.
 *
 *   deno task bench core [--quick] [--json FILE]
 */
import { parseArgs } from "node:util";
import { modelFile, modelStore, type TestModel } from "../models.ts";
import { type BenchCase, benchCases, type BenchResult, OVERHEAD_BYTES } from "./cases.ts";
import { cgroupRoot, runCapped } from "./cgroup.ts";
import { flintSide, llamaSide } from "./sides.ts";

const SHARES = [1, 0.7, 0.5];

interface Row {
  readonly model: string;
  readonly side: "flint" | "llama.cpp";
  readonly share: number;
  readonly capBytes: number;
  readonly peakBytes: number;
  /** What happened instead of results: killed by the cap, or a failure's words. */
  readonly outcome?: string;
  readonly results: readonly BenchResult[];
}

async function measure(
  name: TestModel,
  side: Row["side"],
  share: number,
  cases: readonly BenchCase[],
): Promise<Row> {
  const file = modelFile(name)!;
  const memoryBytes = Math.floor(Deno.statSync(file).size * share);
  const capBytes = memoryBytes + OVERHEAD_BYTES;
  const command = side === "flint"
    ? flintSide({ model: await modelStore(name), memoryBytes, cases })
    : llamaSide({ model: file, memoryBytes, cases });
  const run = await runCapped(command, { capBytes });
  const row = { model: name, side, share, capBytes, peakBytes: run.peakBytes };
  if (run.killed) return { ...row, outcome: "killed at the cap", results: [] };
  if (run.code !== 0) return { ...row, outcome: lastLine(run.stderr), results: [] };
  return { ...row, results: JSON.parse(lastLine(run.stdout)) };
}

const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? "";

function print(row: Row): void {
  const head = `${row.model.padEnd(19)} ${String(row.share * 100).padStart(3)} %  ${
    row.side.padEnd(9)
  }`;
  const peak = `peak ${(row.peakBytes / 1e6).toFixed(0)} of ${(row.capBytes / 1e6).toFixed(0)} MB`;
  if (row.outcome) return console.log(`${head} ${row.outcome}; ${peak}`);
  for (const one of row.results) {
    const flash = one.bytesReadPerToken === undefined
      ? ""
      : `, ${(one.bytesReadPerToken / 1e6).toFixed(1)} MB read a token, hit rate ${
        ((one.hitRate ?? 0) * 100).toFixed(1)
      } %`;
    console.log(
      `${head} ${one.case.padEnd(10)} ${one.tokensPerSecond.toFixed(2).padStart(7)} tokens/s, ` +
        `first after ${(one.firstTokenMs / 1000).toFixed(2)} s${flash}; ${peak}`,
    );
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false }, json: { type: "string" } },
  });
  if (!cgroupRoot()) console.log("memory cgroups are not writable here: no side can be capped");
  const models: TestModel[] = values.quick
    ? ["smollm2-135m"]
    : ["smollm2-135m", "qwen2.5-coder-1.5b"];
  const cases = values.quick ? benchCases(24).slice(0, 2) : benchCases(24);
  const rows: Row[] = [];
  for (const model of models.filter((name) => modelFile(name))) {
    for (const share of SHARES) {
      for (const side of ["flint", "llama.cpp"] as const) {
        const row = await measure(model, side, share, cases);
        print(row);
        rows.push(row);
      }
    }
  }
  if (values.json) await Deno.writeTextFile(values.json, JSON.stringify(rows, null, 2) + "\n");
}

await main();
