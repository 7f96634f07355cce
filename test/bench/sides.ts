/** The command lines of the bench's sides: each is a process, so that its memory can be capped. */
import path from "node:path";
import type { SideTask } from "./cases.ts";

const ROOT = path.join(import.meta.dirname!, "..", "..");

function side(config: string, script: string, task: SideTask): string[] {
  const run = [Deno.execPath(), "run", "-A", "--no-check", `--config=${path.join(ROOT, config)}`];
  return [...run, path.join(ROOT, script), JSON.stringify(task)];
}

/** Flint; `task.model` is a flash store's folder. */
export const flintSide = (task: SideTask) => side("deno.json", "test/bench/flint_side.ts", task);

/** llama.cpp by mmap; `task.model` is a GGUF file. */
export const llamaSide = (task: SideTask) =>
  side("test/peer/deno.json", "test/peer/llama_side.ts", task);
