/** What a command needs beyond the permissions of its task, such as another data folder: the user's to allow. */
import { FlintError } from "@flint/core";
import { commandLine } from "@flint/plugins";

/**
 * Asks at a terminal; elsewhere throws FlintError "denied" with the command that allows it.
 * `again` is the command as it was given, such as "start --data /big".
 */
export async function needWrite(path: string, again: readonly string[]): Promise<void> {
  const { state } = await Deno.permissions.request({ name: "write", path });
  if (state === "granted") return;
  const allow = commandLine([`--allow-write=${path}`]);
  const command = commandLine(["deno", "task", "flint", ...again]);
  throw new FlintError(
    "denied",
    `Flint may not write to ${path}. To allow it: FLINT_ALLOW=${allow} ${command}`,
  );
}
