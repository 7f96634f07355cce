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

/** The same for reaching a host, "name" or "name:port"; without one, any host. */
export async function needNet(
  host: string | undefined,
  again: readonly string[],
): Promise<void> {
  const { state } = await Deno.permissions.request(host ? { name: "net", host } : { name: "net" });
  if (state === "granted") return;
  refuse(`reach ${host ?? "the net"}`, host ? `--allow-net=${host}` : "--allow-net", again);
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
