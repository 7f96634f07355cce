/** `flint bench`: the measurements of test/bench, which are a program of their own. */
import type { Command } from "commander";
import { FlintError } from "@flint/core";

/** Adds the command. What follows it goes to the bench as it is. */
export function addBench(program: Command): void {
  program.command("bench")
    .description("measure the core on this machine beside llama.cpp (`deno task bench`)")
    .argument("[arguments...]", "core [--quick] [--json FILE]", ["core"])
    .allowUnknownOption()
    .action(async (args: string[]) => {
      const child = new Deno.Command("deno", { args: ["task", "--quiet", "bench", ...args] });
      const { success } = await child.spawn().status;
      if (!success) throw new FlintError("unavailable", "the bench failed: see above");
    });
}
