import assert from "node:assert/strict";
import type { BenchResult, SideTask } from "../bench/cases.ts";
import { benchCases, OVERHEAD_BYTES } from "../bench/cases.ts";
import { cgroupRoot, runCapped } from "../bench/cgroup.ts";
import { flintSide } from "../bench/sides.ts";
import { modelFile, modelStore } from "../models.ts";

const missing = !modelFile("qwen2.5-coder-1.5b")
  ? " (skipped: no qwen2.5-coder-1.5b.gguf)"
  : !cgroupRoot()
  ? " (skipped: memory cgroups are not writable)"
  : "";

async function answers(memoryBytes: number, capBytes?: number): Promise<string[]> {
  const cases = benchCases(16).filter(({ name }) => name === "chat" || name === "chinese");
  const task: SideTask = { model: await modelStore("qwen2.5-coder-1.5b"), memoryBytes, cases };
  const run = await runCapped(flintSide(task), capBytes ? { capBytes } : {});
  assert.equal(run.code, 0, run.killed ? `killed at ${capBytes} bytes` : run.stderr);
  const results: BenchResult[] = JSON.parse(run.stdout.trim().split("\n").at(-1)!);
  if (memoryBytes < 1e9) assert.ok(results.every(({ hitRate }) => hitRate! < 0.7), "it streams");
  return results.map(({ text }) => text);
}

Deno.test({
  name:
    `budget: Qwen at 560 MB under a cgroup of budget and overhead says what it says at 2 GB${missing}`,
  ignore: missing !== "",
  fn: async () => {
    const capped = await answers(560e6, 560e6 + OVERHEAD_BYTES);
    assert.ok(capped.every((text) => text.length > 10), JSON.stringify(capped));
    assert.deepEqual(capped, await answers(2e9));
  },
});
