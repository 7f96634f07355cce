/** The way to an MCP server on the web: the SDK's streamable HTTP over the one door that plugins have. */
import { type FetchLike, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { Web } from "../web.ts";

/** Where a server is and what it is sent beside the messages. */
export interface ServerAddress {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Longest answer, bytes: a picture in base64. Streams of events that wait beside it are opened anew after less. */
const ANSWER_BYTES_MAX = 12 << 20, EVENTS_BYTES_MAX = 1 << 20;
/** Longest exchange; a call ends before, a stream of events is opened anew. */
const MS_MAX = 30 * 60_000;
/** Answers that have no body (Fetch standard, "null body status"). */
const BODILESS = new Set([101, 204, 205, 304]);

/** A transport whose every request goes through `web`. */
export function httpTransport({ url, headers }: ServerAddress, web: Web) {
  return new StreamableHTTPClientTransport(new URL(url), {
    fetch: fetchThrough(web),
    requestInit: { headers: { ...headers } },
  });
}

/** `fetch` for the SDK: requests with a text body, answers that stream. */
function fetchThrough(web: Web): FetchLike {
  return async (url, { method = "GET", headers, body, signal } = {}) => {
    const answer = await web.stream({
      url: String(url),
      method,
      headers: Object.fromEntries(new Headers(headers)),
      body: typeof body === "string" ? new TextEncoder().encode(body) : undefined,
      signal: signal ?? undefined,
      bytesMax: method === "GET" ? EVENTS_BYTES_MAX : ANSWER_BYTES_MAX,
      msMax: MS_MAX,
    });
    const { status } = answer;
    const stream = BODILESS.has(status) ? null : ReadableStream.from(answer.body);
    return new Response(stream, { status, headers: { ...answer.headers } });
  };
}
