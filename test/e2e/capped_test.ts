import assert from "node:assert/strict";
import { BENCH_CASES, promptOf } from "../bench/cases.ts";
import { cgroupRoot } from "../bench/cgroup.ts";
import { OVERHEAD_BYTES } from "../bench/protocol.ts";
import { SideProcess } from "../bench/side_process.ts";
import { flintSide } from "../bench/sides.ts";
import { modelFile, modelStore, modelText } from "../models.ts";

const file = modelFile("qwen2.5-coder-1.5b");
const missing = !file
  ? " (skipped: no qwen2.5-coder-1.5b.gguf)"
  : !cgroupRoot()
  ? " (skipped: memory cgroups are not writable)"
  : "";

async function answers(memoryBytes: number, capBytes?: number): Promise<number[][]> {
  const command = flintSide({ model: await modelStore("qwen2.5-coder-1.5b"), memoryBytes });
  const side = new SideProcess(command, capBytes);
  try {
    await side.ready();
    const said: number[][] = [];
    for (const one of BENCH_CASES.filter(({ name }) => name === "chat" || name === "chinese")) {
      const prompts = [promptOf(modelText(file!).text, one)];
      const answer = await side.ask({ prompts, maxTokens: 16, seconds: 60 });
      assert.ok("said" in answer, JSON.stringify(answer));
      if (memoryBytes < 1e9) assert.ok(answer.flash!.bytesRead > 0, "it streams");
      said.push([...answer.said[0]!]);
    }
    return said;
  } finally {
    await side.close();
  }
}

Deno.test({
  name:
    `budget: Qwen at 560 MB under a cgroup of budget and overhead says what it says at 2 GB${missing}`,
  ignore: missing !== "",
  fn: async () => {
    const capped = await answers(560e6, 560e6 + OVERHEAD_BYTES);
    assert.ok(capped.every((ids) => ids.length === 16), JSON.stringify(capped));
    assert.deepEqual(capped, await answers(2e9));
  },
});
