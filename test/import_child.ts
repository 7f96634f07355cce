/** Imports a model and dies by kill -9 once `killAt` bytes of work are done: SOURCE TARGET KILL_AT. */
import { importGguf } from "../core/gguf/import.ts";

const [source, target, killAt] = Deno.args as [string, string, string];
await importGguf({
  source,
  target,
  name: "tiny",
  onProgress: (done) => {
    if (done >= Number(killAt)) Deno.kill(Deno.pid, "SIGKILL");
  },
});
