/**
 * Saves 1,000 versions of one assistant, telling each once it is acknowledged, and dies by kill -9
 * a millisecond after the one that is named, in the middle of others: FOLDER KILL_AT.
 */
import { openKv } from "@flint/core";
import { openRegistry } from "@flint/plugins";

const [folder, killAt] = Deno.args as [string, string];
const registry = openRegistry(openKv(folder));
await registry.create({ id: "owl", name: "Owl", instructions: "Say 1." });
for (let version = 1; version < 1000; version++) {
  await registry.update("owl", { instructions: `Say ${version + 1}.` }, version);
  Deno.stdout.writeSync(new TextEncoder().encode(`${version + 1}\n`));
  if (version + 1 === Number(killAt)) setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), 1);
}
