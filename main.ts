/** Flint's one entrance: `deno task flint <command>`; see store/cli for the commands. */
import { join } from "node:path";
import { runCli } from "@flint/store";

/** Models and app data lie beside deno.json unless --data says otherwise. */
const dataDir = join(import.meta.dirname!, ".flint");

Deno.exitCode = await runCli(Deno.args, dataDir);
