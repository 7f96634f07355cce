/** One file of a model hub, with ranges, redirects and the checksum that the hub declares. */
import { setTimeout as sleep } from "node:timers/promises";
import { FlintError } from "../errors.ts";
import type { HubFile } from "./catalog.ts";

const REDIRECTS_MAX = 5;
const TRIES = 4;
const RETRY_MS = 1000;
/** Silence after which a connection counts as dead. */
const STALL_MS = 60_000;

/** Where the hub is and who asks: HF_ENDPOINT and HF_TOKEN. */
export interface Hub {
  readonly endpoint: string;
  readonly token?: string;
}

/** What the hub says of a file before it is fetched. */
export interface HubDescription {
  /** Where the bytes are, pinned to the commit the description is of. */
  readonly url: string;
  readonly bytes: number;
  /** Hex: sha256 of a large file, git's blob sha1 of a small one. */
  readonly checksum: string;
}

/** Asks for size and checksum; throws "unavailable" with what the hub answered. */
export async function describe(
  hub: Hub,
  { repo, file }: HubFile,
  signal: AbortSignal,
): Promise<HubDescription> {
  const at = (revision: string) => `${hub.endpoint}/${repo}/resolve/${revision}/${file}`;
  const { headers } = await request(hub, at("main"), { method: "HEAD", signal }, "same host");
  const tag = headers.get("x-linked-etag") ?? headers.get("etag") ?? "";
  const bytes = Number(headers.get("x-linked-size") ?? headers.get("content-length"));
  const checksum = tag.replace(/^W\//, "").replaceAll('"', "");
  const known = /^([0-9a-f]{64}|[0-9a-f]{40})$/.test(checksum);
  if (!Number.isSafeInteger(bytes) || bytes <= 0 || !known) {
    throw new FlintError("unavailable", `the hub declares no checksum for ${repo}/${file}`);
  }
  return { url: at(headers.get("x-repo-commit") ?? "main"), bytes, checksum };
}

/**
 * Hands the bytes from `written()` on to `take`, going on where a broken connection stopped.
 * Throws after several tries that brought nothing.
 */
export async function fetchFrom(
  hub: Hub,
  { url, bytes }: HubDescription,
  written: () => number,
  take: (chunk: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; written() < bytes; tries++) {
    const start = written();
    try {
      await fetchOnce(hub, url, start, take, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FlintError || tries >= TRIES) throw error;
    }
    if (written() > start) tries = 0;
    else if (tries >= TRIES) throw new FlintError("unavailable", `${url} brings no more bytes`);
    if (written() < bytes) await sleep(RETRY_MS * tries, undefined, { signal });
  }
}

async function fetchOnce(
  hub: Hub,
  url: string,
  start: number,
  take: (chunk: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const stall = new AbortController();
  let timer = setTimeout(() => stall.abort(), STALL_MS);
  try {
    const headers = { range: `bytes=${start}-` };
    const both = AbortSignal.any([signal, stall.signal]);
    const answer = await request(hub, url, { headers, signal: both }, "any host");
    if (start > 0 && answer.status !== 206) {
      await answer.body?.cancel();
      throw new FlintError("unavailable", `${url} cannot go on at a byte`);
    }
    for await (const chunk of answer.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(() => stall.abort(), STALL_MS);
      await take(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * One request. It follows redirects itself: what the hub declares of a file is on its own last
 * answer, not on that of the storage it sends us to.
 */
async function request(
  hub: Hub,
  url: string,
  init: RequestInit,
  follow: "same host" | "any host",
): Promise<Response> {
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    const headers = new Headers(init.headers);
    headers.set("accept-encoding", "identity"); // lengths are those of the file
    if (hub.token && new URL(url).origin === new URL(hub.endpoint).origin) {
      headers.set("authorization", `Bearer ${hub.token}`);
    }
    await allow(url);
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    const location = answer.status >= 300 && answer.status < 400 && answer.headers.get("location");
    const next = location ? new URL(location, url) : undefined;
    const stay = next && follow === "same host" && next.origin !== new URL(url).origin;
    if (answer.ok || stay) return answer;
    await answer.body?.cancel();
    if (!next) throw new FlintError("unavailable", `${url} answered ${answer.status}`);
    url = next.href;
  }
  throw new FlintError("unavailable", `${url} redirects more than ${REDIRECTS_MAX} times`);
}

/** Flint runs with the loopback network alone; a hub's hosts are the user's to allow. */
async function allow(url: string): Promise<void> {
  const { host } = new URL(url);
  const { state } = await Deno.permissions.request({ name: "net", host });
  if (state === "granted") return;
  throw new FlintError("unavailable", `no permission for ${host}; run with --allow-net=${host}`);
}
