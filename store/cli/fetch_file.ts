/**
 * One file from a host that the user named. Until there is a policy of which hosts Flint may reach,
 * nothing else is fetched: not by a redirect either.
 */
import { FlintError } from "@flint/core";
import { FILE_BYTES_MAX } from "@flint/plugins";
import { needNet } from "./permission.ts";

/** Longest wait for all of the file. */
const FETCH_MS_MAX = 30_000;

/** Whether the user means a URL rather than a path. */
export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place);
}

/**
 * The bytes behind a URL. `hosts` are those allowed ("name" or "name:port"); `again` is the command
 * as it was given. Throws "denied" before anything is sent, "unavailable" when it does not come.
 */
export async function fetchFile(
  text: string,
  hosts: readonly string[],
  again: readonly string[],
): Promise<Uint8Array> {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "") {
    throw new FlintError("bad_input", `${text} is no http(s) URL without a password`);
  }
  if (!hosts.includes(url.host)) {
    throw new FlintError(
      "denied",
      `Flint fetches nothing from ${url.host} unless you allow it: add --allow-host ${url.host}, ` +
        "or save the file and add that",
    );
  }
  await needNet(url.host, again);
  const signal = AbortSignal.timeout(FETCH_MS_MAX);
  try {
    return await bytesOf(await fetch(url, { redirect: "error", signal }), url);
  } catch (cause) {
    if (cause instanceof FlintError) throw cause;
    throw new FlintError("unavailable", `${url} did not come: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function bytesOf(response: Response, url: URL): Promise<Uint8Array> {
  if (!response.ok) {
    await response.body?.cancel();
    throw new FlintError("unavailable", `${url} answers ${response.status}`);
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) { // leaving the loop cancels the rest
    size += piece.length;
    if (size > FILE_BYTES_MAX) {
      throw new FlintError("bad_input", `${url} has more than the ${FILE_BYTES_MAX} bytes allowed`);
    }
    pieces.push(piece);
  }
  return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}
