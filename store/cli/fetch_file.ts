/** One file from an address that the user named, through the door that plugins use. */
import { FlintError } from "@flint/core";
import { Door, FILE_BYTES_MAX } from "@flint/plugins";

/** Whether the user means a URL rather than a path. */
export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place);
}

/**
 * The bytes behind a URL; `hosts` ("name" or "name:port") may be private. Throws as the door does,
 * and "unavailable" when something else than the file comes.
 */
export async function fetchFile(text: string, hosts: readonly string[]): Promise<Uint8Array> {
  const url = URL.parse(text);
  if (!url || url.host === "") throw new FlintError("bad_input", `${text} is no http(s) URL`);
  const door = new Door({ allowed: hosts });
  try {
    const { status, body } = await door.send({ url: url.href, bytesMax: FILE_BYTES_MAX });
    if (status !== 200) throw new FlintError("unavailable", `${url.host} answers ${status}`);
    return body;
  } finally {
    await door.close();
  }
}
