/**
 * One HTTP exchange with addresses that were checked before: no look-up of its own, no redirects,
 * no more bytes than asked for. Built on node:http, for fetch cannot be told where to connect.
 */
import { FlintError } from "@flint/core/errors";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { pipeline, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { type Address, noLeave } from "./address.ts";

/** What is sent, and where to. */
export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Checked addresses of the URL's host. */
  readonly addresses: readonly Address[];
  /** Most bytes of the answer's body, unpacked. */
  readonly bytesMax: number;
  readonly signal: AbortSignal;
}

/** What comes back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Unpacked, once. @throws FlintError over_budget when more comes than wanted */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection, read or not. */
  close(): void;
}

/** Answers' headers may take this much. */
const HEADER_BYTES_MAX = 32 << 10;
const UNPACK = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** Sends, and receives up to the body. Rejects when there is no answer. */
export async function exchange(sent: Exchange): Promise<Answer> {
  await needLeave(sent);
  const message = await begin(sent);
  return {
    status: message.statusCode!,
    headers: flat(message.headers),
    body: read(message, sent),
    close: () => message.destroy(),
  };
}

/** Deno asks for leave by address, and throws where nobody could catch it: so it is asked before. */
async function needLeave({ url, addresses }: Exchange): Promise<void> {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  for (const { address, family } of addresses) {
    const host = `${family === 6 ? `[${address}]` : address}:${port}`;
    if ((await Deno.permissions.query({ name: "net", host })).state === "granted") continue;
    throw noLeave(url.host);
  }
}

function begin({ url, method, headers, body, addresses, signal }: Exchange) {
  const lookup: LookupFunction = (_host, options, done) => {
    if (options.all) done(null, addresses as { address: string; family: number }[]);
    else done(null, addresses[0]!.address, addresses[0]!.family);
  };
  const options = {
    method,
    lookup,
    signal,
    agent: false as const, // a kept connection would outlive the check of its address
    maxHeaderSize: HEADER_BYTES_MAX,
    headers: {
      "accept-encoding": "gzip, deflate, br",
      "user-agent": "Flint",
      ...headers,
      // Else node:http sends no length with DELETE, and the body is lost.
      ...(body ? { "content-length": String(body.length) } : {}),
    },
  };
  const request = (url.protocol === "https:" ? https : http).request(url, options);
  return new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", reject);
    request.end(body);
  });
}

async function* read(message: IncomingMessage, { url, bytesMax, signal }: Exchange) {
  let size = 0;
  try {
    for await (const piece of unpacked(message)) {
      signal.throwIfAborted();
      size += piece.length;
      if (size > bytesMax) {
        throw new FlintError("over_budget", `${url.host} answers with more than ${bytesMax} bytes`);
      }
      yield piece;
    }
  } finally {
    message.destroy();
  }
}

/** The body without its packing: counted unpacked, a small file may hold a large one. */
function unpacked(message: IncomingMessage): AsyncIterable<Uint8Array> {
  const packing = message.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (packing === "identity" || packing === "") return message;
  const unpack = Object.hasOwn(UNPACK, packing)
    ? UNPACK[packing as keyof typeof UNPACK]
    : undefined;
  if (!unpack) throw new FlintError("unavailable", `the answer is packed as "${packing}"`);
  const stream: Transform = unpack();
  pipeline(message, stream, () => {}); // an error ends the stream, and with it the loop that reads
  return stream;
}

function flat(headers: IncomingMessage["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
}
