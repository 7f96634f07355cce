/** One file from an address that the user named, through the door that plugins use. */
import { FlintError } from "@flint/core";
import { Egress, FILE_BYTES_MAX } from "@flint/plugins";
import { needNet } from "./permission.ts";

/** Whether the user means a URL rather than a path. */
export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place);
}

/**
 * The bytes behind a URL. `hosts` ("name" or "name:port") may be private; `again` is the command as
 * it was given. Throws "denied" before anything is sent, "unavailable" when it does not come.
 */
export async function fetchFile(
  text: string,
  hosts: readonly string[],
  again: readonly string[],
): Promise<Uint8Array> {
  const url = URL.parse(text);
  if (!url || url.host === "") throw new FlintError("bad_input", `${text} is no http(s) URL`);
  // A private host is named in full; a public name's addresses are known only once it is looked up.
  await needNet(hosts.includes(url.host) ? url.host : undefined, again);
  const egress = new Egress({ allowed: hosts, bytesMax: FILE_BYTES_MAX });
  const { status, body } = await egress.send({ url: url.href });
  if (status !== 200) throw new FlintError("unavailable", `${url.host} answers ${status}`);
  return body;
}
