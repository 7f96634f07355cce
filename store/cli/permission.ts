/** What a command needs beyond the permissions of its task, such as another data folder: the user's to allow. */
import { FlintError } from "@flint/core";

/**
 * Asks at a terminal; elsewhere throws FlintError "denied" with the command that allows it.
 * `again` is the command as it was given, such as "start --data /big".
 */
export async function needWrite(path: string, again: readonly string[]): Promise<void> {
  const { state } = await Deno.permissions.request({ name: "write", path });
  if (state !== "granted") refuse(`write to ${path}`, `--allow-write=${path}`, again);
}

/** The same for reaching a host, "name" or "name:port". */
export async function needNet(host: string, again: readonly string[]): Promise<void> {
  const { state } = await Deno.permissions.request({ name: "net", host });
  if (state !== "granted") refuse(`reach ${host}`, `--allow-net=${host}`, again);
}

function refuse(what: string, flag: string, again: readonly string[]): never {
  const command = `deno task flint ${again.map(quote).join(" ")}`;
  throw new FlintError(
    "denied",
    `Flint may not ${what}. To allow it: FLINT_ALLOW=${quote(flag)} ${command}`,
  );
}

/** A word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
